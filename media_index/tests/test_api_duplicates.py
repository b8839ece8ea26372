"""Groups of duplicates over HTTP."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import Caller
from media_index.models import DuplicatePair, Image
from media_index.services import duplicate_groups
from media_index.services.duplicate_groups import revision_of
from media_index.tests.gallery import hung

Callers = Callable[[str], Caller]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_cache", "reading_engine")]


def group_of(*images: Image) -> int:
    """The number of a group in which the first image is a duplicate of each of the others."""
    first, *others = images
    for other in others:
        DuplicatePair.objects.create(first=first, second=other, distance=2, similarity=0.97, group=first.pk)
    return first.pk


def seen(*images: Image) -> dict[str, str]:
    """That the group had these images."""
    return {"revision": revision_of(image.pk for image in images)}


def shown(caller: Caller) -> set[str]:
    """What a search without any filter shows."""
    return {row["sha256"] for row in caller.read("media/search/").json()["results"]}


def test_it_lists_groups_with_their_images_the_best_first(caller: Callers) -> None:
    small, large = hung(width=300, height=200, tags=["rose"]), hung(width=3000, height=2000)
    number = group_of(small, large)
    [group] = caller("client").read("media/duplicates/").json()["results"]
    assert (group["number"], [row["sha256"] for row in group["images"]]) == (number, [large.sha256, small.sha256])
    pair = {"first": small.sha256, "second": large.sha256, "distance": 2, "similarity": 0.97}
    assert group["pairs"] == [pair]
    assert group["images"][1]["tags"] == ["rose"]


def test_it_goes_on_after_the_last_group(caller: Callers) -> None:
    numbers = [group_of(hung(), hung()) for _ in range(3)]
    client = caller("client")
    page = client.read("media/duplicates/", limit=2).json()
    assert ([group["number"] for group in page["results"]], page["next"]) == (numbers[:2], numbers[1])
    page = client.read("media/duplicates/", limit=2, after=page["next"]).json()
    assert ([group["number"] for group in page["results"]], page["next"]) == (numbers[2:], None)
    assert client.read("media/duplicates/", limit=0).status_code == 400


def test_the_best_is_kept(caller: Callers) -> None:
    small, large = hung(width=300, height=200, tags=["rose"], rating=4), hung(width=3000, height=2000)
    number = group_of(small, large)
    moderator = caller("moderator")
    assert moderator.send(f"media/duplicates/{number}/resolve/", seen(small, large)).status_code == 204
    assert moderator.read("media/duplicates/").json()["results"] == []
    kept = moderator.read(f"media/{large.sha256}/").json()
    assert (kept["tags"], kept["rating"]) == (["rose"], 4)
    assert moderator.read(f"media/{small.sha256}/").json()["superseded_by"] == large.sha256
    again = moderator.send(f"media/duplicates/{number}/resolve/", seen(small, large))
    assert (again.status_code, again.json()["code"]) == (409, "decided_already")


def test_a_chosen_one_is_kept_and_that_can_be_undone(caller: Callers) -> None:
    small, large, other = hung(width=300, height=200), hung(width=3000, height=2000), hung()
    number = group_of(small, large)
    organiser = caller("organiser")
    path = f"media/duplicates/{number}"
    group = seen(small, large)
    assert organiser.send(f"{path}/resolve/", {"keep": other.sha256} | group).json()["code"] == "not_in_group"
    assert organiser.send(f"{path}/resolve/", {"keep": small.sha256} | group).status_code == 204
    assert organiser.read(f"media/{large.sha256}/").json()["superseded_by"] == small.sha256
    assert organiser.send(f"{path}/undo/").status_code == 204
    assert shown(organiser) == {small.sha256, large.sha256, other.sha256}
    assert len(organiser.read("media/duplicates/").json()["results"]) == 1


def test_some_of_a_group_or_all_of_it_are_dismissed(caller: Callers) -> None:
    one, two, three = hung(), hung(), hung()
    number = group_of(one, two, three)
    moderator = caller("moderator")
    path = f"media/duplicates/{number}/dismiss/"
    assert moderator.send(path, {"images": [three.sha256]} | seen(one, two, three)).status_code == 204
    [group] = moderator.read("media/duplicates/").json()["results"]
    assert {row["sha256"] for row in group["images"]} == {one.sha256, two.sha256}
    assert moderator.send(path, seen(one, two)).status_code == 204
    assert moderator.read("media/duplicates/").json()["results"] == []
    assert shown(moderator) == {one.sha256, two.sha256, three.sha256}


@pytest.mark.parametrize("sent", [{"images": []}, {"images": "all"}, {"images": [7 * "x" * 10]}])
def test_it_refuses_what_makes_no_sense(caller: Callers, sent: dict[str, object]) -> None:
    images = hung(), hung()
    number = group_of(*images)
    path = f"media/duplicates/{number}/dismiss/"
    assert caller("moderator").send(path, sent | seen(*images)).status_code == 400


@pytest.mark.parametrize("decision", ["dismiss", "resolve"])
def test_it_decides_only_what_was_read(caller: Callers, decision: str) -> None:
    one, two = hung(), hung()
    number = group_of(one, two)
    moderator = caller("moderator")
    [group] = moderator.read("media/duplicates/").json()["results"]
    assert {"revision": group["revision"]} == seen(one, two)
    DuplicatePair.objects.create(first=two, second=hung(), distance=7, similarity=0.7, group=number)
    path = f"media/duplicates/{number}/{decision}/"
    assert moderator.send(path).status_code == 400, "it has to say what it is about"
    answer = moderator.send(path, {"revision": group["revision"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "changed_since")
    assert len(shown(moderator)) == 3


def test_a_large_group_comes_as_its_best_images(caller: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicate_groups, "IMAGES_READ", 2)
    group_of(*[hung() for _ in range(5)])
    [group] = caller("client").read("media/duplicates/").json()["results"]
    assert (len(group["images"]), group["images_more"]) == (2, 3)
    assert (len(group["pairs"]), group["pairs_more"]) == (1, 3)


def test_there_is_nothing_to_undo(caller: Callers) -> None:
    answer = caller("moderator").send("media/duplicates/12345/undo/")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_undo")


@pytest.mark.parametrize("role", ["client", "bot", ""])
def test_only_staff_decides(caller: Callers, role: str) -> None:
    number = group_of(hung(), hung())
    assert caller(role).read("media/duplicates/").status_code == (200 if role == "client" else 403)
    for decision in ("dismiss", "resolve", "undo"):
        assert caller(role).send(f"media/duplicates/{number}/{decision}/").status_code == 403


def test_it_asks_the_database_equally_often_for_any_number_of_groups(caller: Callers) -> None:
    client = caller("client")

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.read("media/duplicates/").status_code == 200
        return len(asked)

    group_of(hung(), hung())
    queries()
    few = queries()
    for _ in range(3):
        group_of(hung(tags=["rose"]), hung(names=["a.jpg"]), hung())
    assert queries() == few
