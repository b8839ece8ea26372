"""The real clips through the embedded engines: when somebody is visible, and what words find.

VISIBLE was labelled by eye: of each second the frame in its middle. Somebody's shadow alone is nobody.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from faces.services.uploads import event_create
from videos.models import Video
from videos.services.indexing import video_index
from videos.services.search import moments_search
from videos.tests.portraits import a_film

pytestmark = pytest.mark.django_db(transaction=True)
VISIBLE = [(6, 20), (23, 45), (50, 70), (74, 87), (92, 120), (123, 136)]  # six people, each from second to second
SECONDS = 139


@pytest.fixture(scope="module")
def clips() -> Path:
    if not (folder := os.environ.get("PHOTOFINDER_ASSETS")):
        pytest.skip("PHOTOFINDER_ASSETS does not name a folder with films")
    return Path(folder) / "data" / "videos"


@pytest.fixture
def films(clips: Path, own_storage: None) -> dict[str, Video]:
    """Both, indexed as a site does it."""
    event = event_create(name="Gala")
    found = {name: a_film(event, (clips / f"{name}.mp4").read_bytes(), name=name) for name in ("people", "bottle")}
    for video in found.values():
        video_index(video_id=video.pk)
        video.refresh_from_db()
        assert (video.state, video.error) == ("ready", "")
    return found


def seconds(spans: Any) -> set[int]:
    return {second for start, end in spans for second in range(SECONDS) if start <= second + 0.5 < end}


def visits(found: list[Any]) -> set[int]:
    """The numbers of the visits (of VISIBLE) that these events are of; -1 for one that is of none."""
    return {
        next((n for n, (start, end) in enumerate(VISIBLE) if start <= hit.event.timestamp_s < end), -1) for hit in found
    }


def test_they_are_searched_by_what_they_show(films: dict[str, Video]) -> None:
    people = list(films["people"].events.order_by("start_s"))
    seen = [(event.start_s, event.end_s) for event in people if event.object_counts.get("person")]
    found, true = seconds(seen), seconds(VISIBLE)
    precision, recall = len(found & true) / len(found), len(found & true) / len(true)
    assert precision >= 0.95 and recall >= 0.93
    assert [event.object_counts for event in people] == [{"person": 1}] * len(VISIBLE), "one after the other"
    assert not [event for event in films["bottle"].events.all() if "person" in event.object_counts], "an arm"

    walking = moments_search(words="people walking", limit=20).hits
    assert visits(walking) >= {0, 2, 3, 4, 5} and -1 not in visits(walking)
    for words in ("a person", "человек"):
        hits = moments_search(words=words, limit=20).hits
        assert visits(hits[:6]) == {0, 1, 2, 3, 4, 5}, words
        assert {hit.event.video_id for hit in hits[:6]} == {films["people"].pk}
    black = moments_search(words="a person in black", limit=3).hits
    assert visits(black) == {1, 2, 3}
    assert visits(moments_search(words="человек в сером", limit=3).hits) == {0, 4, 5}
    for nothing in ("an empty room", "nobody is there", "пустая комната", "a car on a street", "fireworks", "a dog"):
        assert moments_search(words=nothing, limit=20).total == 0, nothing
