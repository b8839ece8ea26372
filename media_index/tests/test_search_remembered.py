"""What searches remember in Redis, and when they forget it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache

from media_index.models import Image
from media_index.services import matching, search
from media_index.services.filtering import Filters
from media_index.services.generation import index_changed
from media_index.services.search import media_search
from media_index.services.tagging import image_caption, images_rate, images_tag
from media_index.tests.gallery import hung, painted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_cache", "reading_engine")]
Committing = Callable[..., Any]


def pks(**question: Any) -> list[int]:
    return [hit.image_id for hit in media_search(**question, limit=9).hits]


@pytest.mark.parametrize("question", [{"words": "rose"}, {"words": "red"}, {"like": painted("red")}, {}])
def test_an_answer_is_remembered(question: dict[str, Any]) -> None:
    image = hung("red", tags=["rose"])
    assert pks(**question) == [image.pk]
    Image.objects.all().delete()  # behind its back
    assert pks(**question) == [image.pk]


def test_another_question_has_another_answer() -> None:
    image = hung("red", tags=["rose"])
    assert pks(words="rose") == [image.pk]
    assert pks(words="tulip") == []
    assert pks(words="rose", filters=Filters(rating_min=1)) == []
    assert pks(words="rose", min_similarity=0.99) == []
    assert pks(like=painted("blue")) == []
    assert pks(like=painted("red")) == [image.pk]
    assert media_search(words="rose", limit=9, offset=1).hits == []


@pytest.mark.parametrize(
    "write",
    [
        lambda image: images_tag(image_ids=[image.pk], add=["tulip"]),
        lambda image: images_rate(image_ids=[image.pk], rating=1),
        lambda image: image_caption(image=image, caption="A tulip"),
        lambda _: index_changed(),
    ],
)
def test_a_write_outdates_it(write: Callable[[Image], None], django_capture_on_commit_callbacks: Committing) -> None:
    image = hung("red")
    assert pks(words="tulip") == []
    Image.objects.filter(pk=image.pk).update(words="tulip")
    assert pks(words="tulip") == []
    with django_capture_on_commit_callbacks(execute=True):
        write(image)
        Image.objects.filter(pk=image.pk).update(words="tulip")
        assert pks(words="tulip") == []  # until the write is committed
    assert pks(words="tulip") == [image.pk]


def test_an_answer_that_a_write_overtakes_is_not_remembered(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Committing
) -> None:
    image = hung("red")
    honest = matching.matches_written

    def slow(*args: Any, **options: Any) -> Any:
        found = honest(*args, **options)
        with django_capture_on_commit_callbacks(execute=True):
            images_tag(image_ids=[image.pk], add=["rose"])
        return found

    monkeypatch.setattr(search, "matches_written", slow)
    assert pks(words="rose") == []
    monkeypatch.undo()
    assert pks(words="rose") == [image.pk]


def test_it_forgets_when_redis_lost_the_generation() -> None:
    image = hung("red", tags=["rose"])
    assert pks(words="rose") == [image.pk]
    Image.objects.all().delete()
    cache.delete("media_index.generation")
    assert pks(words="rose") == []
