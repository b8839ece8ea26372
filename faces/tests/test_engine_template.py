"""What all engines with weights do alike."""

import time
from threading import Event, Thread

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from faces.engines.candidates import Unembedded, unembedded
from faces.engines.template import TemplateFaceEngine
from faces.tests.photographs import canvas, encoded
from photofinder.contracts import EngineSpec
from photofinder.errors import EngineUnavailable, RefusedFile
from photofinder.images import Picture


class Corners(TemplateFaceEngine):
    """Finds a face in the corner of every picture but a broken one; its vector is the mean colour of the crop."""

    def __init__(self, *, mirror: bool = False, batch_size: int = 8, threads: int = 2) -> None:
        super().__init__(mirror=mirror, batch_size=batch_size, threads=threads)
        self.loads = 0
        self.at_work = 0
        self.batches: list[int] = []
        self.is_missing = False

    @property
    def spec(self) -> EngineSpec:
        return EngineSpec("corners", "mean", "1", 3, "none")

    def _load(self) -> None:
        if self.is_missing:
            raise EngineUnavailable("There are no corners.")
        self.loads += 1

    def _find(self, picture: Picture) -> list[tuple[Unembedded, NDArray[np.uint8]]]:
        if picture.width == 13:
            raise RefusedFile("damaged", "A broken picture.")
        self.at_work += 1
        time.sleep(0.02)
        pixels = picture.pixels()
        row = np.array([0, 0, 0.5, 0.5, 0.9, *[0.1] * 10], np.float32)
        self.at_work -= 1
        return [(unembedded(row, picture, pixels, np.zeros((112, 112, 3), np.uint8), (0, 0, 0)), pixels[:2, :2])]

    def _embed(self, crops: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        self.batches.append(len(crops))
        return np.array([crop.mean(axis=(0, 1)) for crop in crops], np.float32)


def picture(width: int = 40, colour: tuple[int, int, int] = (128, 128, 128)) -> Picture:
    pixels = canvas(width, 30)
    pixels[:] = colour
    return encoded(Image.fromarray(pixels))


def test_it_loads_once_whoever_comes_first() -> None:
    engine = Corners()
    threads = [Thread(target=engine.analyse, args=([picture()],)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.load()
    assert engine.loads == 1


def test_what_was_missing_may_be_there_the_next_time() -> None:
    engine = Corners()
    engine.is_missing = True
    with pytest.raises(EngineUnavailable):
        engine.analyse([picture()])
    engine.is_missing = False
    assert len(engine.analyse([picture()])[0]) == 1


def test_vectors_find_their_faces_across_batches() -> None:
    engine = Corners(batch_size=2)
    colours = [(250, 30 * number, 10) for number in range(7)]
    for faces, colour in zip(engine.analyse([picture(colour=colour) for colour in colours]), colours, strict=True):
        expected = np.array(colour) / np.linalg.norm(colour)
        assert faces[0].embedding == pytest.approx(expected, abs=0.03)
    assert sorted(engine.batches) == [1, 2, 2, 2]


def test_a_mirrored_crop_counts_as_much_as_the_crop() -> None:
    engine = Corners(mirror=True)
    assert np.linalg.norm(engine.analyse([picture(colour=(200, 100, 50))])[0][0].embedding) == pytest.approx(1)
    assert sum(engine.batches) == 2


def test_after_a_broken_picture_no_other_is_in_use_any_more() -> None:
    engine = Corners()
    pictures = [picture(13), *(picture() for _ in range(5))]
    with pytest.raises(RefusedFile):
        engine.analyse(pictures)
    assert engine.at_work == 0
    assert all(other._decoded is None for other in pictures)
    assert [len(faces) for faces in engine.analyse(pictures[1:])] == [1] * 5


def test_one_analysis_runs_at_a_time() -> None:
    engine, started = Corners(threads=1), Event()

    def analyse() -> None:
        started.set()
        engine.analyse([picture()])

    second = Thread(target=analyse)
    with engine._lock:
        second.start()
        started.wait()
        assert engine.loads == 0
    second.join()
    assert engine.loads == 1
