"""Tags, ratings and captions, singly and in bulk."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from media_index.models import Image, Tag
from media_index.services.search import media_search
from media_index.services.tagging import image_caption, image_retag, images_rate, images_tag
from media_index.tests.gallery import hung
from photofinder.errors import Problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_cache", "reading_engine")]


def tags(image: Image) -> list[str]:
    """The image's tags."""
    return [tag.name for tag in image.tags.all()]


def test_tags_are_given_and_taken_away_in_bulk() -> None:
    images = [hung(tags=["old", "stays"]) for _ in range(3)]
    images_tag(image_ids=[image.pk for image in images[:2]], add=["new"], remove=["old"])
    assert [tags(image) for image in images] == [["new", "stays"], ["new", "stays"], ["old", "stays"]]


def test_upper_and_lower_case_and_spaces_make_no_other_tag() -> None:
    image = hung(tags=["Белые ночи"])
    images_tag(image_ids=[image.pk], add=["  белые   НОЧИ ", "белые ночи", "Белые\0 ночи"])
    assert tags(image) == ["Белые ночи"]
    images_tag(image_ids=[image.pk], remove=["БЕЛЫЕ ночи"])
    assert tags(image) == []
    assert Tag.objects.count() == 1


def test_the_same_again_changes_nothing() -> None:
    image = hung(tags=["rose"])
    images_tag(image_ids=[image.pk], add=["rose"], remove=["never given"])
    assert tags(image) == ["rose"]


def test_a_tag_that_is_given_and_taken_away_at_once_is_given() -> None:
    image = hung(tags=["rose"])
    images_tag(image_ids=[image.pk], add=["Rose"], remove=["rose"])
    assert tags(image) == ["rose"]


def test_all_tags_can_be_replaced() -> None:
    image = hung(tags=["one", "two"])
    image_retag(image=image, tags=["two", "three"])
    assert sorted(tags(image)) == ["three", "two"]
    image_retag(image=image, tags=[])
    assert tags(image) == []


@pytest.mark.parametrize("name", ["", "  ", "\0", "x" * 81])
def test_a_tag_has_letters_and_not_too_many(name: str) -> None:
    image = hung(tags=["rose"])
    for change in ({"add": ["fine", name]}, {"remove": [name]}):
        with pytest.raises(Problem) as caught:
            images_tag(image_ids=[image.pk], **change)
        assert caught.value.code == "bad_tag"
    assert tags(image) == ["rose"]


def test_the_longest_tag_is_taken() -> None:
    image = hung()
    images_tag(image_ids=[image.pk], add=["x" * 80])
    assert tags(image) == ["x" * 80]


def test_ratings_are_given_in_bulk() -> None:
    images = [hung() for _ in range(3)]
    images_rate(image_ids=[image.pk for image in images[:2]], rating=5)
    assert list(Image.objects.order_by("pk").values_list("rating", flat=True)) == [5, 5, 0]
    images_rate(image_ids=[images[0].pk], rating=0)
    assert Image.objects.get(pk=images[0].pk).rating == 0


@pytest.mark.parametrize("rating", [-1, 6, 1000])
def test_a_rating_is_a_number_from_0_to_5(rating: int) -> None:
    image = hung(rating=3)
    with pytest.raises(Problem) as caught:
        images_rate(image_ids=[image.pk], rating=rating)
    assert caught.value.code == "bad_rating"
    assert Image.objects.get(pk=image.pk).rating == 3


def test_a_caption_is_searched_and_can_be_taken_away(django_capture_on_commit_callbacks: object) -> None:
    image = hung()
    for caption, found in [(" Закат\0 над рекой ", [image.pk]), ("", [])]:
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
            image_caption(image=image, caption=caption)
        assert [hit.image_id for hit in media_search(words="закаты", limit=9).hits] == found
    with pytest.raises(Problem) as caught:
        image_caption(image=image, caption="x" * 5001)
    assert caught.value.code == "too_long"


def test_bulk_takes_the_same_number_of_queries_for_any_number_of_images() -> None:
    few, many = [hung().pk for _ in range(2)], [hung().pk for _ in range(12)]
    with CaptureQueriesContext(connection) as of_few:
        images_tag(image_ids=few, add=["rose", "red"], remove=["blue"])
    with CaptureQueriesContext(connection) as of_many:
        images_tag(image_ids=many, add=["rose", "red"], remove=["blue"])
    assert len(of_many) == len(of_few)
