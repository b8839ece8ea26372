"""The embedded caption engine: a sentence composed of what was seen, how many, in which colour, where, in what light.

A person in grey is walking from the left to the right and standing in the middle, in bright light.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import cv2
import numpy as np

from photofinder.contracts import EngineSpec
from videos.engines.base import Caption, Pixels, Scene
from videos.wording import RUSSIAN

_NUMBERS = ("", "a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_PLURALS = {"person": "people", "sheep": "sheep", "mouse": "mice", "knife": "knives", "skis": "skis"}
_PEOPLE = ("", "человек", "два человека", "три человека", "четыре человека")
_STEP, _WAY = 0.04, 0.12  # of the frame: what somebody walks from look to look, and in all
_LEFT, _RIGHT = 0.36, 0.64
_DARK, _BRIGHT = 60, 165  # brightness on average
_CLEAR = 0.45  # of the pixels, that have the colour which a person is said to wear
_AT = {"left": ("on the left", "слева"), "middle": ("in the middle", "посередине"), "right": ("on the right", "справа")}
_FROM = {"left": "слева", "middle": "от середины", "right": "справа"}
_TO = {"left": "налево", "middle": "к середине", "right": "направо"}
_DOING = {  # in English; in Russian of one and of several
    "walking": ("walking", "идёт", "идут"),
    "standing": ("standing", "стоит", "стоят"),
    "moving": ("moving", "движется", "движутся"),
}
_COLOURS = {
    "black": "чёрном", "white": "белом", "grey": "сером", "red": "красном", "orange": "оранжевом",
    "brown": "коричневом", "yellow": "жёлтом", "green": "зелёном", "blue": "синем", "purple": "фиолетовом",
    "pink": "розовом",
}  # fmt: skip
_HUES = ((8, "red"), (20, "orange"), (34, "yellow"), (85, "green"), (130, "blue"), (155, "purple"), (170, "pink"))


class ComposedCaptionEngine:
    """Sentences in English and Russian."""

    spec = EngineSpec("composed", "sentence", "2", 0, "")

    def load(self) -> None:
        """Nothing is to be loaded."""

    def describe(self, scenes: Sequence[Scene]) -> list[Caption]:
        """One sentence for each scene."""
        return [_caption(scene) for scene in scenes]


def _caption(scene: Scene) -> Caption:
    colour = _worn(scene) if scene.counts == {"person": 1} else ""
    light, dim = _light(scene.frame.pixels)
    english = f"{_who(scene.counts)}{f' in {colour}' if colour else ''} {_does(scene)}{light}."
    russian = f"{_who_russian(scene.counts)}{f' в {_COLOURS[colour]}' if colour else ''} {_does_russian(scene)}{dim}."
    return Caption(english[0].upper() + english[1:], russian[0].upper() + russian[1:])


def _who(counts: Mapping[str, int]) -> str:
    named = [_counted(label, count) for label, count in _by_number(counts)]
    return " and ".join(filter(None, [", ".join(named[:-1]), named[-1] if named else "something"]))


def _counted(label: str, count: int) -> str:
    if label == "object":
        return "something" if count == 1 else f"{_number(count)} things"
    if count == 1:
        return f"{'an' if label[0] in 'aeiou' else 'a'} {label}"
    return f"{_number(count)} {_plural(label)}"


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else "many"


def _plural(label: str) -> str:
    if label in _PLURALS:
        return _PLURALS[label]
    return f"{label}es" if label.endswith(("s", "x", "ch", "sh")) else f"{label}s"


def _who_russian(counts: Mapping[str, int]) -> str:
    named = [_counted_russian(label, count) for label, count in _by_number(counts)]
    return " и ".join(filter(None, [", ".join(named[:-1]), named[-1] if named else "что-то"]))


def _counted_russian(label: str, count: int) -> str:
    if label == "object":
        return "что-то" if count == 1 else "несколько предметов"
    if label == "person":
        return _PEOPLE[count] if count < len(_PEOPLE) else f"{count} человек"
    name = RUSSIAN.get(label, label)
    return name if count == 1 else f"{name} ({count})"


def _by_number(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """People first."""
    return sorted(counts.items(), key=lambda item: (item[0] != "person", -item[1], item[0]))


def _does(scene: Scene) -> str:
    be = "are" if _are_several(scene.counts) else "is"
    said = [f"{_DOING[doing][0]} {_where(way)}" for doing, way in _doings(scene)]
    return f"{be} {' and '.join(said)}"


def _where(way: tuple[str, str]) -> str:
    start, end = way
    return _AT[start][0] if start == end else f"from the {start} to the {end}"


def _does_russian(scene: Scene) -> str:
    form = 2 if _are_several(scene.counts) else 1
    return " и ".join(f"{_DOING[doing][form]} {_where_russian(way)}" for doing, way in _doings(scene))


def _where_russian(way: tuple[str, str]) -> str:
    start, end = way
    return _AT[start][1] if start == end else f"{_FROM[start]} {_TO[end]}"


def _are_several(counts: Mapping[str, int]) -> bool:
    return sum(counts.values()) > 1


def _doings(scene: Scene) -> list[tuple[str, tuple[str, str]]]:
    """What is done, with where it begins and where it ends."""
    path = scene.path or ((0.5, 0.5),)
    first, last = _place(path[0]), _place(path[-1])
    if set(scene.counts) != {"person"}:
        return [("moving", (first, last))]
    steps = list(pairwise(path))
    still = [start for start, end in steps if abs(end[0] - start[0]) < _STEP]
    places = [x for x, _y in path]
    if max(places) - min(places) < _WAY:
        return [("standing", (_usual(path), _usual(path)))]
    stands = [("standing", (_usual(still), _usual(still)))] if len(still) * 2 > len(steps) else []
    return [("walking", (first, last)), *stands]


def _place(point: tuple[float, float]) -> str:
    return "left" if point[0] < _LEFT else "right" if point[0] > _RIGHT else "middle"


def _usual(points: Sequence[tuple[float, float]]) -> str:
    return Counter(map(_place, points)).most_common(1)[0][0]


def _light(pixels: Pixels) -> tuple[str, str]:
    mean = float(np.mean(pixels[::8, ::8]))
    if mean < _DARK:
        return ", in the dark", ", в темноте"
    return (", in bright light", ", при ярком свете") if mean > _BRIGHT else ("", "")


def _worn(scene: Scene) -> str:
    """The colour of most of what the largest person wears from shoulders to hips; empty where none is clear."""
    boxes = [found.box for found in scene.detections if found.label == "person"]
    if not boxes:
        return ""
    left, top, width, height = max(boxes, key=lambda box: box[2] * box[3])
    rows, columns = scene.frame.pixels.shape[:2]
    middle = scene.frame.pixels[
        int((top + height * 0.25) * rows) : int((top + height * 0.6) * rows),
        int((left + width * 0.3) * columns) : int((left + width * 0.7) * columns),
    ]
    if not middle.size:
        return ""
    hsv = cv2.cvtColor(np.ascontiguousarray(middle[::2, ::2]), cv2.COLOR_RGB2HSV).reshape(-1, 3)
    colour, count = Counter(_colour(*map(int, pixel)) for pixel in hsv).most_common(1)[0]
    return colour if count >= _CLEAR * len(hsv) else ""


def _colour(hue: int, saturation: int, value: int) -> str:
    """The name of a colour in OpenCV's HSV: hue of 0-180, the others 0-255."""
    if value < 60:
        return "black"
    if saturation < 50:
        return "white" if value > 190 else "grey"
    name = next((name for limit, name in _HUES if hue < limit), "red")
    return "brown" if name == "orange" and value < 150 else name
