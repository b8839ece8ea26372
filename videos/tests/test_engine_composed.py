"""Sentences say what was seen, how many, in which colour, where and in what light, in English and in Russian."""

import numpy as np
import pytest

from videos.engines.base import Detection, Frame, Scene
from videos.engines.composed import ComposedCaptionEngine

GREY = (128, 128, 128)
Colour = tuple[int, int, int]
Path = tuple[tuple[float, float], ...]
MIDDLE: Path = ((0.5, 0.5),)
BOX = (0.4, 0.1, 0.2, 0.8)


def said(counts: dict[str, int], path: Path = MIDDLE, *, room: Colour = GREY, worn: Colour | None = None) -> list[str]:
    pixels = np.full((180, 320, 3), room, np.uint8)
    if worn:
        pixels[18:162, 128:192] = worn
    detections = tuple(Detection(label, 0.9, BOX) for label in counts if worn)
    scene = Scene(Frame(1.0, pixels), detections, counts, path)
    (caption,) = ComposedCaptionEngine().describe([scene])
    return [caption.english, caption.russian]


@pytest.mark.parametrize(
    ("counts", "english", "russian"),
    [
        ({"person": 1}, "A person is standing in the middle.", "Человек стоит посередине."),
        ({"person": 2}, "Two people are standing in the middle.", "Два человека стоят посередине."),
        ({"person": 6}, "Six people are standing in the middle.", "6 человек стоят посередине."),
        ({"person": 40}, "Many people are standing in the middle.", "40 человек стоят посередине."),
        ({"object": 1}, "Something is moving in the middle.", "Что-то движется посередине."),
        ({"object": 2}, "Two things are moving in the middle.", "Несколько предметов движутся посередине."),
        ({"umbrella": 1}, "An umbrella is moving in the middle.", "Зонт движется посередине."),
        (
            {"car": 2, "dog": 1, "person": 1},
            "A person, two cars and a dog are moving in the middle.",
            "Человек, машина (2) и собака движутся посередине.",
        ),
        ({"bus": 2, "knife": 2}, "Two buses and two knives are moving in the middle.", None),
        ({"robot": 1}, "A robot is moving in the middle.", "Robot движется посередине."),
        ({}, "Something is moving in the middle.", "Что-то движется посередине."),
    ],
)
def test_what_is_seen_and_how_many(counts: dict[str, int], english: str, russian: str | None) -> None:
    found = said(counts)
    assert found[0] == english
    assert russian is None or found[1] == russian


@pytest.mark.parametrize(
    ("places", "english", "russian"),
    [
        ([0.1, 0.5, 0.9], "walking from the left to the right.", "идёт слева направо."),
        ([0.9, 0.5, 0.1], "walking from the right to the left.", "идёт справа налево."),
        ([0.1, 0.3, 0.5], "walking from the left to the middle.", "идёт слева к середине."),
        ([0.05, 0.2, 0.3], "walking on the left.", "идёт слева."),
        ([0.8, 0.81, 0.8], "standing on the right.", "стоит справа."),
        (
            [0.1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.9],
            "walking from the left to the right and standing in the middle.",
            "идёт слева направо и стоит посередине.",
        ),
    ],
)
def test_where_somebody_walks_and_stands(places: list[float], english: str, russian: str) -> None:
    path = tuple((x, 0.5) for x in places)
    assert said({"person": 1}, path) == [f"A person is {english}", f"Человек {russian}"]


@pytest.mark.parametrize(
    ("worn", "english", "russian"),
    [
        ((10, 10, 15), "black", "чёрном"),
        ((240, 240, 240), "white", "белом"),
        ((120, 120, 125), "grey", "сером"),
        ((200, 20, 30), "red", "красном"),
        ((110, 60, 20), "brown", "коричневом"),
        ((250, 140, 20), "orange", "оранжевом"),
        ((240, 220, 40), "yellow", "жёлтом"),
        ((30, 150, 50), "green", "зелёном"),
        ((30, 70, 200), "blue", "синем"),
        ((120, 40, 170), "purple", "фиолетовом"),
        ((230, 60, 170), "pink", "розовом"),
    ],
)
def test_what_one_person_wears(worn: Colour, english: str, russian: str) -> None:
    assert said({"person": 1}, worn=worn) == [
        f"A person in {english} is standing in the middle.",
        f"Человек в {russian} стоит посередине.",
    ]


def test_of_several_people_no_colour_is_said() -> None:
    assert said({"person": 2}, worn=(200, 20, 30))[0] == "Two people are standing in the middle."


@pytest.mark.parametrize(
    ("level", "english", "russian"),
    [(20, "in the middle, in the dark.", ", в темноте."), (230, "in bright light.", ", при ярком свете.")],
)
def test_in_what_light(level: int, english: str, russian: str) -> None:
    found = said({"object": 1}, room=(level,) * 3)
    assert found[0].endswith(english) and found[1].endswith(russian)
