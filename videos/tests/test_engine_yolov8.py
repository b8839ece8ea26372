"""YOLOv8 detectors whose sums are known: what a frame becomes for them, and what their numbers become."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from photofinder.errors import EngineUnavailable
from videos.engines.base import Box, Detection, Frame, Pixels
from videos.engines.yolov8 import Yolov8ObjectEngine

SIDE, CELL = 64, 8
CHANNELS = {0: "red", 1: "green", 2: "blue"}
GRAY = 114 / 255
# Where a frame (width, height) lies in a picture of 64 x 64: left, top, width, height, as Ultralytics has it.
PLACES = {
    (64, 64): (0, 0, 64, 64),
    (64, 32): (0, 16, 64, 32),
    (32, 64): (16, 0, 32, 64),
    (64, 37): (0, 13, 64, 37),
    (37, 64): (13, 0, 37, 64),
    (128, 74): (0, 13, 64, 37),
    (50, 33): (0, 11, 64, 42),
    (33, 50): (11, 0, 42, 64),
    (768, 432): (0, 14, 64, 36),
    (640, 3): (0, 32, 64, 1),
}


def save(
    path: Path,
    nodes: list[Any],
    constants: dict[str, NDArray[Any]],
    *,
    shape: Sequence[Any] = ("n", 3, SIDE, SIDE),
    kind: str = "FLOAT",
    said: dict[str, str] | None = None,
) -> Path:
    """A network from `images` to `output0`."""
    onnx = pytest.importorskip("onnx")
    types = getattr(onnx.TensorProto, kind)
    graph = onnx.helper.make_graph(
        nodes,
        "yolo",
        [onnx.helper.make_tensor_value_info("images", types, list(shape))],
        [onnx.helper.make_tensor_value_info("output0", types, None)],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.helper.set_model_props(model, {"names": str(CHANNELS)} if said is None else said)
    path.write_bytes(model.SerializeToString())
    return path


def node(kind: str, inputs: str, output: str, **attributes: Any) -> Any:
    return pytest.importorskip("onnx").helper.make_node(kind, inputs.split(), [output], **attributes)


def cells(path: Path, *, dtype: Any = np.float32, **options: Any) -> Path:
    """The picture in cells of 8 x 8: the box of each, and as three classes how red, green and blue it is."""
    middles = np.arange(CELL / 2, SIDE, CELL)
    x, y = (each.ravel() for each in np.meshgrid(middles, middles))
    boxes = np.stack([x, y, np.full_like(x, CELL), np.full_like(x, CELL)])[None]
    nodes = [
        node("AveragePool", "images", "pooled", kernel_shape=[CELL, CELL], strides=[CELL, CELL]),
        node("Reshape", "pooled flat", "scores"),
        # Each picture's own boxes: the constant ones added to zeros made of its scores, of which there are no four.
        node("ReduceSum", "scores axis", "sums", keepdims=1),
        node("Mul", "sums zero", "zeros"),
        node("Add", "zeros boxes", "placed"),
        node("Concat", "placed scores", "output0", axis=1),
    ]
    constants = {"flat": np.array([0, 3, -1]), "axis": np.array([1]), "zero": np.zeros((1, 4, 1), dtype)}
    return save(path, nodes, constants | {"boxes": boxes.astype(dtype)}, **options)


def fixed(path: Path, boxes: Sequence[Box], scores: NDArray[np.float64], **options: Any) -> Path:
    """Those boxes (left, top, width, height in pixels), with `scores` (classes, boxes) for a white picture."""
    rows = [[x + w / 2, y + h / 2, w, h] for x, y, w, h in boxes]
    nodes = [
        node("ReduceMean", "images", "bright", axes=[1, 2, 3]),
        node("Reshape", "bright shape", "one"),
        node("Mul", "one scores", "sure"),
        node("Mul", "one zero", "none"),
        node("Add", "none boxes", "placed"),
        node("Concat", "placed sure", "output0", axis=1),
    ]
    constants = {"shape": np.array([-1, 1, 1]), "zero": np.zeros((1, 1, 1)), "scores": scores[None]}
    floats = constants | {"boxes": np.array(rows).T[None]}
    return save(
        path,
        nodes,
        {name: value if name == "shape" else value.astype(np.float32) for name, value in floats.items()},
        **options,
    )


def frame(pixels: Pixels) -> Frame:
    return Frame(0.0, pixels)


def plain(size: tuple[int, int], colour: Sequence[int]) -> Frame:
    return frame(np.full((size[1], size[0], 3), colour, np.uint8))


def striped(size: tuple[int, int], seed: int) -> Frame:
    """Columns of bright colours, no two alike."""
    row = np.random.default_rng(seed).integers(90, 256, (1, size[0], 3), np.uint8)
    return frame(np.repeat(row, size[1], axis=0))


def expected(picture: NDArray[np.float64], place: tuple[int, int, int, int]) -> list[Detection]:
    """What `cells` sees in a picture (64, 64, 3), worked out cell by cell."""
    left, top, width, height = place
    found = []
    for y in range(0, SIDE, CELL):
        for x in range(0, SIDE, CELL):
            means = picture[y : y + CELL, x : x + CELL].mean(axis=(0, 1)) / 255
            x0, x1 = max(x, left), min(x + CELL, left + width)
            y0, y1 = max(y, top), min(y + CELL, top + height)
            if means.max() > 0.25 and x0 < x1 and y0 < y1:
                box = ((x0 - left) / width, (y0 - top) / height, (x1 - x0) / width, (y1 - y0) / height)
                found.append(Detection(CHANNELS[int(means.argmax())], float(means.max()), box))
    return found


def assert_same(found: Sequence[Detection], wanted: Sequence[Detection], *, within: float = 1e-5) -> None:
    def numbers(one: Detection) -> list[float]:
        return [*one.box, one.score]

    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    # Of the same score any may be the first.
    found, wanted = (sorted(each, key=lambda one: (round(one.box[1], 3), one.box[0])) for each in (found, wanted))
    assert [one.label for one in found] == [one.label for one in wanted]
    for one, other in zip(found, wanted, strict=True):
        assert numbers(one) == pytest.approx(numbers(other), abs=within)


@pytest.mark.parametrize("colour", [(255, 0, 0), (20, 200, 40), (10, 90, 230), (0, 0, 0)])
@pytest.mark.parametrize("size", PLACES)
def test_a_frame_of_any_shape_lies_in_the_middle_between_gray_bars(
    size: tuple[int, int], colour: tuple[int, int, int], tmp_path: Path
) -> None:
    """Cells that the frame's edge cuts show where it is and how gray the bars are, to the pixel."""
    left, top, width, height = PLACES[size]
    picture = np.full((SIDE, SIDE, 3), 114.0)
    picture[top : top + height, left : left + width] = colour
    [found] = Yolov8ObjectEngine(model=cells(tmp_path / "cells.onnx")).detect([plain(size, colour)])
    assert_same(found, expected(picture, PLACES[size]))


def test_a_frame_that_fits_is_not_blurred(tmp_path: Path) -> None:
    seen = striped((64, 37), 1)
    picture = np.full((SIDE, SIDE, 3), 114.0)
    picture[13:50] = seen.pixels
    [found] = Yolov8ObjectEngine(model=cells(tmp_path / "cells.onnx")).detect([seen])
    assert len(found) == 48
    assert_same(found, expected(picture, PLACES[64, 37]))


@pytest.mark.parametrize("batch", ["n", 1, 2, 3, 8])
def test_frames_together_give_what_each_gives_alone(batch: str | int, tmp_path: Path) -> None:
    engine = Yolov8ObjectEngine(model=cells(tmp_path / "cells.onnx", shape=(batch, 3, SIDE, SIDE)))
    frames = [striped(size, seed) for seed, size in enumerate(PLACES)][:7]
    together = engine.detect(frames)
    assert together == [found for one in frames for found in engine.detect([one])]
    assert len({str(found) for found in together}) == 7
    assert engine.detect([]) == []


def test_half_precision_is_given_to_a_model_that_asks_for_it(tmp_path: Path) -> None:
    frames = [striped((64, 37), 1), striped((128, 74), 2)]
    model = cells(tmp_path / "half.onnx", dtype=np.float16, kind="FLOAT16")
    halves = Yolov8ObjectEngine(model=model).detect(frames)
    wholes = Yolov8ObjectEngine(model=cells(tmp_path / "whole.onnx")).detect(frames)
    for half, whole in zip(halves, wholes, strict=True):
        assert_same([replace(one, label="") for one in half], [replace(one, label="") for one in whole], within=2e-3)


def test_a_model_of_any_size_is_given_the_size_that_its_metadata_names(tmp_path: Path) -> None:
    said = {"names": str(CHANNELS), "imgsz": f"[{SIDE}, {SIDE}]"}
    engine = Yolov8ObjectEngine(model=cells(tmp_path / "any.onnx", shape=("n", 3, "h", "w"), said=said))
    [found] = engine.detect([plain((64, 64), (255, 0, 0))])
    assert len(found) == 64


def found_by_fixed(folder: Path, boxes: Sequence[Box], scores: Any, bright: int = 255) -> list[tuple[str, Box]]:
    engine = Yolov8ObjectEngine(model=fixed(folder / "fixed.onnx", boxes, np.array(scores, np.float64)))
    [found] = engine.detect([plain((SIDE, SIDE), [bright] * 3)])
    return [(one.label, tuple(SIDE * side for side in one.box)) for one in found]  # type: ignore[misc]


def test_of_boxes_of_one_class_that_overlap_the_surest_remains(tmp_path: Path) -> None:
    """Widths of 20 that are 3 and 4 apart share 17 / 23 and 16 / 24: more and less than 0.7."""
    boxes = [(4.0, 4, 20, 20), (7, 4, 20, 20), (40, 4, 20, 20), (44, 4, 20, 20)]
    scores = [[0.8, 0.9, 0.5, 0.6], [0] * 4, [0] * 4]
    found = found_by_fixed(tmp_path, boxes, scores)
    assert [box[0] for _label, box in found] == pytest.approx([7, 44, 40])


def test_things_of_two_classes_may_be_in_one_place(tmp_path: Path) -> None:
    boxes = [(4.0, 4, 20, 20), (4, 4, 20, 20), (4, 4, 20, 20)]
    found = found_by_fixed(tmp_path, boxes, [[0.5, 0.7, 0.1], [0.4, 0, 0.2], [0, 0, 0.6]])
    assert [label for label, _box in found] == ["red", "blue"]


def test_what_it_is_not_sure_of_is_left_out(tmp_path: Path) -> None:
    boxes = [(0.0, 0, 10, 10), (20, 0, 10, 10)]
    scores = [[0.24, 0], [0, 0.26], [0, 0]]
    assert [label for label, _box in found_by_fixed(tmp_path, boxes, scores)] == ["green"]
    assert found_by_fixed(tmp_path, boxes, scores, bright=200) == []


def test_boxes_end_where_the_frame_does(tmp_path: Path) -> None:
    boxes = [(-10.0, 30, 20, 60), (70, 0, 10, 10)]
    found = found_by_fixed(tmp_path, boxes, [[0.9, 0.8], [0, 0], [0, 0]])
    assert [box for _label, box in found] == [pytest.approx((0, 30, 10, 34))]


@pytest.mark.parametrize(("number", "name"), [(0, "person"), (2, "car"), (9, "traffic light"), (79, "toothbrush")])
def test_a_model_that_names_nothing_knows_the_things_of_coco(number: int, name: str, tmp_path: Path) -> None:
    scores = np.zeros((80, 1))
    scores[number] = 0.9
    engine = Yolov8ObjectEngine(model=fixed(tmp_path / "coco.onnx", [(0, 0, 32, 32)], scores, said={}))
    [[found]] = engine.detect([plain((64, 64), (255, 255, 255))])
    assert found.label == name
    assert found.box == pytest.approx((0, 0, 0.5, 0.5))


def test_its_spec_tells_models_apart(tmp_path: Path) -> None:
    one = Yolov8ObjectEngine(model=cells(tmp_path / "one.onnx")).spec
    other = Yolov8ObjectEngine(model=cells(tmp_path / "other.onnx", said={"names": "['a', 'b', 'c']"})).spec
    assert (one.engine, one.model, one.dim) == ("yolov8", "one", 0)
    assert one.version != other.version


def test_a_missing_file_is_said_with_what_to_do(tmp_path: Path) -> None:
    engine = Yolov8ObjectEngine(model=tmp_path / "none.onnx")
    for ask in (engine.load, lambda: engine.spec, lambda: engine.detect([plain((8, 8), (0, 0, 0))])):
        with pytest.raises(EngineUnavailable, match=r"none\.onnx.*yolo export"):
            ask()


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path.write_bytes(b"<html>404</html>"), "cannot be run"),
        (lambda path: cells(path, said={}), "7 numbers a box, not 4 and one for each of 80"),
        (lambda path: cells(path, said={"names": "{1: 'a', 2: 'b', 3: 'c'}"}), "metadata"),
        (lambda path: cells(path, said={"names": "no names"}), "metadata"),
        (lambda path: save(path, [node("Relu", "images", "output0")], {}), "black picture"),
        (lambda path: save(path, [node("Relu", "images", "output0")], {}, shape=("n", 3)), "no pictures"),
    ],
)
def test_a_file_that_is_no_yolov8_is_said_to_be_none(make: Any, why: str, tmp_path: Path) -> None:
    make(tmp_path / "wrong.onnx")
    with pytest.raises(EngineUnavailable, match=rf"wrong\.onnx .*{why}.*yolo export"):
        Yolov8ObjectEngine(model=tmp_path / "wrong.onnx").load()
