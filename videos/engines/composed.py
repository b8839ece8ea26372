"""The embedded caption engine: a sentence composed of what was seen, where, how it moves, and the light."""

from collections.abc import Sequence

import numpy as np

from photofinder.contracts import EngineSpec
from videos.engines.base import Caption, Pixels, Scene

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_WALK = 0.12  # of the frame's width that somebody walks
_DARK, _BRIGHT = 70, 170


class ComposedCaptionEngine:
    """Sentences in English and Russian."""

    spec = EngineSpec("composed", "sentence", "1", 0, "")

    def load(self) -> None:
        """Nothing is to be loaded."""

    def describe(self, scenes: Sequence[Scene]) -> list[Caption]:
        """One sentence for each scene."""
        return [_caption(scene) for scene in scenes]


def _caption(scene: Scene) -> Caption:
    people = scene.counts.get("person", 0)
    who = {0: "something", 1: "a person", 2: "two people"}.get(people, "several people")
    verb = "walking" if people and _moves(scene) else "standing" if people else "moving"
    return Caption(f"{who} {verb} {_place(scene)}, in a {_light(scene.frame.pixels)} scene".capitalize() + ".")


def _moves(scene: Scene) -> bool:
    places = [x for x, _y in scene.path]
    return max(places) - min(places) >= _WALK if places else False


def _place(scene: Scene) -> str:
    x = scene.path[0][0] if scene.path else 0.5
    return "on the left" if x < 0.36 else "on the right" if x > 0.64 else "in the middle"


def _light(pixels: Pixels) -> str:
    mean = float(np.mean(pixels[::8, ::8]))
    return "dark" if mean < _DARK else "bright" if mean > _BRIGHT else "plain"
