"""One image over HTTP; tags, ratings and captions, singly and in bulk."""

from collections.abc import Callable

import pytest

from conftest import Caller
from media_index.models import Image
from media_index.tests.gallery import hung

Callers = Callable[[str], Caller]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_cache", "reading_engine")]


def test_it_shows_an_image(caller: Callers) -> None:
    best = hung("red", names=["roses/IMG_1.jpg"], taken_at="2026-05-01T12:00Z")
    copy = hung("red", superseded_by=best)
    shown = caller("client").read(f"media/{best.sha256}/").json()
    assert (shown["name"], shown["taken_at"], shown["similarity"]) == ("IMG_1.jpg", "2026-05-01T12:00:00Z", None)
    assert shown["superseded_by"] is None
    assert caller("client").read(f"media/{copy.sha256}/").json()["superseded_by"] == best.sha256


def test_it_has_no_thumbnail_before_it_was_ingested(caller: Callers) -> None:
    image = hung()
    Image.objects.update(ingested_at=None)
    assert caller("client").read(f"media/{image.sha256}/").json()["thumbnail_url"] is None


@pytest.mark.parametrize("sha256", ["0" * 64, "x", "search2"])
def test_it_knows_no_other(caller: Callers, sha256: str) -> None:
    assert caller("client").read(f"media/{sha256}/").status_code == 404


def test_it_shows_no_still_of_a_video(caller: Callers) -> None:
    image = hung(is_still=True)
    assert caller("client").read(f"media/{image.sha256}/").status_code == 404


@pytest.mark.parametrize("role", ["organiser", "moderator", "client"])
def test_an_image_is_tagged_rated_and_captioned(caller: Callers, role: str) -> None:
    image = hung(tags=["old"])
    sent = {"tags": ["Rose", "красное"], "rating": 5, "caption": "A rose"}
    answer = caller(role).patch(f"/api/v1/media/{image.sha256}/", sent, format="json")
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in sent} == sent


def test_only_what_is_sent_changes(caller: Callers) -> None:
    image = hung(tags=["rose"], rating=3, caption="A rose")
    answer = caller("client").patch(f"/api/v1/media/{image.sha256}/", {"rating": 1}, format="json").json()
    assert (answer["tags"], answer["rating"], answer["caption"]) == (["rose"], 1, "A rose")


@pytest.mark.parametrize(
    "sent",
    [{}, {"tags": [""]}, {"tags": ["x" * 81]}, {"rating": 6}, {"rating": -1}, {"rating": "many"}, {"tags": "rose"}],
)
def test_nothing_changes_by_what_makes_no_sense(caller: Callers, sent: dict[str, object]) -> None:
    image = hung(tags=["rose"], rating=3)
    answer = caller("client").patch(f"/api/v1/media/{image.sha256}/", sent, format="json")
    assert answer.status_code == 400
    assert (Image.objects.get().rating, image.tags.get().name) == (3, "rose")


def test_a_bad_caption_takes_the_rating_back(caller: Callers) -> None:
    image = hung(rating=3)
    sent = {"rating": 5, "caption": "x" * 5001}
    assert caller("client").patch(f"/api/v1/media/{image.sha256}/", sent, format="json").status_code == 400
    assert Image.objects.get().rating == 3


def test_many_are_tagged_and_rated_at_once(caller: Callers) -> None:
    images = [hung(tags=["old"]) for _ in range(3)]
    digests = [image.sha256 for image in images[:2]]
    client = caller("client")
    answer = client.send("media/tags/", {"images": digests, "add": ["new"], "remove": ["OLD"]})
    assert (answer.status_code, answer.json()) == (200, {"images": 2})
    assert client.send("media/ratings/", {"images": digests, "rating": 4}).json() == {"images": 2}
    shown = [client.read(f"media/{image.sha256}/").json() for image in images]
    assert [(row["tags"], row["rating"]) for row in shown] == [(["new"], 4), (["new"], 4), (["old"], 0)]


def test_many_are_refused_with_the_one_that_is_not_there(caller: Callers) -> None:
    image = hung()
    sent = {"images": [image.sha256, "0" * 64], "add": ["new"], "rating": 5}
    for path in ("media/tags/", "media/ratings/"):
        answer = caller("client").send(path, sent)
        assert (answer.status_code, answer.json()["detail"]) == (404, f"There is no image {'0' * 64}.")
    assert (image.tags.count(), Image.objects.get().rating) == (0, 0)


@pytest.mark.parametrize("role", ["bot", ""])
def test_bots_and_strangers_may_not(caller: Callers, role: str) -> None:
    image = hung()
    assert caller(role).read(f"media/{image.sha256}/").status_code == 403
    assert caller(role).patch(f"/api/v1/media/{image.sha256}/", {"rating": 1}, format="json").status_code == 403
    for path in ("media/tags/", "media/ratings/"):
        assert caller(role).send(path, {"images": [image.sha256], "rating": 1}).status_code == 403
