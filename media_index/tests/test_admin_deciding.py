"""Tags, ratings and captions from the pages of Admin, and taking them back."""

from typing import Any

import pytest
from django.test import Client

from faces.tests.desk import address, signed_in
from media_index.admin.saying import tags_text
from media_index.models import Image
from media_index.services.tagging import images_rate, images_tag
from media_index.tests.gallery import hung

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reading_engine", "plain_static", "empty_cache")]


@pytest.fixture
def moderator() -> Client:
    return signed_in("moderator")


def _decide(browser: Client, **fields: Any) -> Any:
    return browser.post(address("media_index_decide"), fields)


def _tags(image: Image) -> list[str]:
    return [tag.name for tag in image.tags.all()]


def _rating(image: Image) -> int:
    return int(Image.objects.values_list("rating", flat=True).get(pk=image.pk))


def test_several_images_get_several_tags_and_only_these_are_taken_back(moderator: Client) -> None:
    one, other = hung("red", tags=["sea"]), hung("blue")
    told = _decide(moderator, kind="tag", images=[one.pk, other.pk], tags="Sea, summer").json()
    assert told["sentence"] == "Sea, summer: given to 2 images."
    assert [image["tags"] for image in told["images"]] == [["sea", "summer"], ["sea", "summer"]]
    moderator.post(told["undo"])
    assert (_tags(one), _tags(other)) == (["sea"], [])


def test_a_tag_is_taken_away_and_given_back_to_those_who_had_it(moderator: Client) -> None:
    one, other = hung("red", tags=["sea"]), hung("blue")
    told = _decide(moderator, kind="untag", images=[one.pk, other.pk], tags="SEA").json()
    assert told["sentence"] == "SEA: taken from 1 image."
    assert _tags(one) == []
    moderator.post(told["undo"])
    assert (_tags(one), _tags(other)) == (["sea"], [])


def test_ratings_are_given_in_bulk_and_taken_back_where_nobody_rated_since(moderator: Client) -> None:
    one, other, third = hung("red", rating=2), hung("blue"), hung("green", rating=5)
    told = _decide(moderator, kind="rate", images=[one.pk, other.pk, third.pk], rating=4).json()
    assert told["sentence"] == "★★★★ for 3 images."
    images_rate(image_ids=[third.pk], rating=1)
    moderator.post(told["undo"])
    assert [_rating(image) for image in (one, other, third)] == [2, 0, 1]


def test_what_is_said_of_one_image_is_written_and_taken_back(moderator: Client) -> None:
    image = hung("red", tags=["sea"])
    told = _decide(moderator, kind="say", image=image.pk, caption=" At sea ", tags="boat,  wind", rating=3).json()
    assert told["images"] == [
        {"id": image.pk, "rating": 3, "caption": "At sea", "tags": ["boat", "wind"], "tags_text": "boat, wind"}
    ]
    assert moderator.post(told["undo"]).json()["images"][0] == {
        "id": image.pk, "rating": 0, "caption": "", "tags": ["sea"], "tags_text": "sea",
    }  # fmt: skip


def test_a_tag_with_a_comma_stands_in_quotes(moderator: Client) -> None:
    image = hung("red", tags=['gala, "late"'])
    field = tags_text(_tags(image))
    told = _decide(moderator, kind="say", image=image.pk, caption="", tags=f"{field}, sea", rating=0).json()
    assert told["images"][0]["tags"] == ['gala, "late"', "sea"]


def test_a_decision_is_taken_back_once_and_by_nobody_else(moderator: Client) -> None:
    image = hung("red")
    undo = _decide(moderator, kind="tag", images=image.pk, tags="sea").json()["undo"]
    assert signed_in("organiser").post(undo).status_code == 404
    assert moderator.post(undo).status_code == 200
    images_tag(image_ids=[image.pk], add=["sea"])
    assert moderator.post(undo).status_code == 404
    assert _tags(image) == ["sea"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "tag", "tags": "sea"}, "nothing_chosen"),
        ({"kind": "tag", "images": "1", "tags": " , "}, "bad_tag"),
        ({"kind": "tag", "images": "1", "tags": "x" * 90}, "bad_tag"),
        ({"kind": "tag", "images": "one", "tags": "sea"}, "malformed"),
        ({"kind": "tag", "images": "9" * 25, "tags": "sea"}, "malformed"),
        ({"kind": "tag", "images": "999999999", "tags": "sea"}, "not_found"),
        ({"kind": "rate", "images": "1", "rating": "6"}, "bad_rating"),
        ({"kind": "rate", "images": "1"}, "nothing_chosen"),
        ({"kind": "say", "image": "1", "rating": "0", "caption": "x" * 5001}, "too_long"),
        ({"kind": "burn"}, "malformed"),
        ({}, "malformed"),
        ({"kind": "keep", "group": "1", "image": "1"}, "decided_already"),
        ({"kind": "keep_best", "groups": ["1", "2"]}, "decided_already"),
        ({"kind": "name", "category": "1", "name": "x"}, "not_found"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(moderator: Client, fields: dict[str, Any], code: str) -> None:
    image = hung("red", tags=["old"])
    swapped = {
        name: image.pk if name in ("images", "image") and value == "1" else value for name, value in fields.items()
    }
    answer = _decide(moderator, **swapped)
    assert answer.json()["code"] == code
    assert answer.status_code >= 400
    assert answer.json()["detail"]
    assert _tags(image) == ["old"]


def test_only_those_who_may_change_images_decide() -> None:
    image = hung("red")
    assert _decide(signed_in(""), kind="tag", images=image.pk, tags="sea").status_code == 403
    assert _decide(Client(), kind="tag", images=image.pk, tags="sea").status_code == 302
    assert signed_in("moderator").get(address("media_index_decide")).status_code == 405
    assert _tags(image) == []
