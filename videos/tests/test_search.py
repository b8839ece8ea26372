"""Events of films by words and filters, their captions embedded by the real engine."""

from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from faces.models import Event, Face
from faces.services.uploads import event_create
from photofinder.engines import get_engine
from photofinder.errors import Problem
from videos.models import Video, VideoEvent
from videos.services.filtering import CountFilter, Filters, counts_read
from videos.services.search import Found, moments_search
from videos.tests.happenings import happening
from videos.tests.portraits import a_film, seen

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "own_storage")]


@pytest.fixture
def event(own_storage: None) -> Event:
    return event_create(name="Gala")


@pytest.fixture
def films(event: Event) -> tuple[Video, Video]:
    """One of the event, in which people walk, and one of none."""
    party, street = a_film(event, name="party.mp4"), a_film(None, name="street.mp4")
    happening(party, 3, 9, "Two people walk from left to right.", object_counts={"person": 2})
    happening(party, 30, 34, "A person stands near the camera.", object_counts={"person": 1, "face": 1})
    happening(street, 10, 15, "A red car drives along the road.", object_counts={"car": 1})
    happening(street, 70, 75, "A man walks his dog.", object_counts={"person": 1, "dog": 1})
    return party, street


def captions(found: Found) -> list[str]:
    return [hit.event.caption for hit in found.hits]


def by_words(words: str, **filters: Any) -> list[str]:
    return captions(moments_search(words=words, filters=Filters(**filters), limit=50))


def starts(**filters: Any) -> list[float]:
    return sorted(hit.event.start_s for hit in moments_search(filters=Filters(**filters), limit=50).hits)


@pytest.mark.usefixtures("films")
def test_what_is_most_like_the_words_comes_first() -> None:
    found = moments_search(words="people walking", limit=50)
    similarities = [hit.similarity or 0 for hit in found.hits]
    assert captions(found)[0] == "Two people walk from left to right."
    assert similarities == sorted(similarities, reverse=True)
    assert all(0.5 <= similarity <= 1 for similarity in similarities)
    assert found.total == len(found.hits)
    assert by_words("a vehicle on the street")[:1] == ["A red car drives along the road."]
    assert by_words("somebody walks a dog")[:1] == ["A man walks his dog."]


@pytest.mark.usefixtures("films")
@pytest.mark.parametrize("words", ["an empty room", "an aeroplane in the clouds", "zzqx"])
def test_nothing_is_found_where_nothing_is_like_the_words(words: str) -> None:
    assert by_words(words) == []


@pytest.mark.usefixtures("films")
def test_words_that_stand_in_a_caption_raise_it() -> None:
    meant = moments_search(words="somebody is close to the lens", limit=50).hits
    written = moments_search(words="stands near the camera", limit=50).hits
    assert written[0].event.caption == "A person stands near the camera."
    assert all((hit.similarity or 0) < (written[0].similarity or 0) for hit in meant)


def test_words_of_the_russian_caption_are_found_in_any_form(event: Event) -> None:
    video = a_film(event)
    happening(video, 3, 9, "Two people walk.", caption_ru="Двое людей идут слева направо.")
    happening(video, 20, 25, "A bottle on a table.", caption_ru="Бутылка на столе.")
    assert by_words("бутылки") == ["A bottle on a table."]


def test_filters_hold_at_once(films: tuple[Video, Video], event: Event) -> None:
    party, street = films
    assert starts(video=party.pk) == [3, 30]
    assert starts(event=event.pk) == [3, 30]
    assert starts(video=street.pk, event=event.pk) == []
    assert starts(start_s=9, end_s=10) == [3, 10], "what touches the time passes"
    assert starts(start_s=35) == [70]
    assert starts(end_s=2) == []
    assert by_words("man walking", video=street.pk) == ["A man walks his dog."]


@pytest.mark.usefixtures("films")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("person>=2", [3]),
        ("person", [3, 30, 70]),
        ("person=1", [30, 70]),
        ("person=0", [10]),
        ("person<2", [10, 30, 70]),
        ("person>1", [3]),
        ("person<=1, car", [10]),
        ("dog", [70]),
        ("Dog, person >= 1", [70]),
        ("unicorn", []),
        ("unicorn=0", [3, 10, 30, 70]),
        ("", [3, 10, 30, 70]),
    ],
)
def test_things_are_counted(text: str, expected: list[float]) -> None:
    assert starts(counts=counts_read(text)) == expected


@pytest.mark.parametrize(
    "text", ["person>=", "person>=two", "2", "person==2", "person;drop", "'", "a" * 50, "person>-1"]
)
def test_counts_that_cannot_be_read_are_a_problem(text: str) -> None:
    with pytest.raises(Problem) as refused:
        counts_read(text)
    assert refused.value.code == "invalid"


@pytest.mark.usefixtures("films")
def test_a_label_is_never_code() -> None:
    for label in ("') OR 1=1 --", "person__gte", "%s", '"', "a b"):
        assert starts(counts=(CountFilter(label, "gte", 1),)) == []


def test_somebody_is_found_where_a_still_shows_them(films: tuple[Video, Video]) -> None:
    party, _ = films
    seen(party, {5.0: (1,), 32.0: (2,)})
    anna, boris = (Face.objects.get(photo__stills__timestamp_s=at).person_id for at in (5.0, 32.0))
    assert anna and boris
    assert (starts(person=anna), starts(person=boris)) == ([3], [30])
    assert by_words("people walking", person=anna) == ["Two people walk from left to right."]


def test_what_was_dismissed_shows_nobody(films: tuple[Video, Video]) -> None:
    party, _ = films
    seen(party, {5.0: (1,)})
    face = Face.objects.get()
    assert face.person_id
    Face.objects.update(dismissed=True)
    assert starts(person=face.person_id) == []


def test_pages_follow_each_other_and_the_total_is_of_all(event: Event) -> None:
    video = a_film(event)
    for start in range(0, 70, 10):
        happening(video, start, start + 5, "Two people walk.")
    for words in ("", "people walking"):
        pages = [moments_search(words=words, limit=3, offset=offset) for offset in (0, 3, 6, 9)]
        assert [len(page.hits) for page in pages] == [3, 3, 1, 0]
        assert {page.total for page in pages} == {7}
        assert len({hit.event.pk for page in pages for hit in page.hits}) == 7


def test_with_filters_alone_they_come_by_film_and_time(films: tuple[Video, Video]) -> None:
    party, street = films
    found = moments_search(limit=50)
    assert [(hit.event.video_id, hit.event.start_s, hit.similarity) for hit in found.hits] == [
        (street.pk, 10, None),
        (street.pk, 70, None),
        (party.pk, 3, None),
        (party.pk, 30, None),
    ]


@pytest.fixture
def crowded(films: tuple[Video, Video]) -> None:
    """Very many other events, that look like nothing in particular."""
    contract = get_engine("text").spec.contract
    vectors = np.random.default_rng(5).normal(size=(1000, 384)).astype(np.float32)
    rows = [
        VideoEvent(
            video=films[1],
            edition=0,
            start_s=100.0 + number,
            timestamp_s=100.5 + number,
            end_s=101.0 + number,
            caption="Noise.",
            contract=contract,
            embedding=vector / np.linalg.norm(vector),
        )
        for number, vector in enumerate(vectors)
    ]
    VideoEvent.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE videos_videoevent")


@pytest.mark.usefixtures("crowded")
def test_among_many_events_the_index_finds_the_same(settings: Any) -> None:
    exact = by_words("people walking")
    with connection.cursor() as cursor:  # as it would be of ten times as many
        cursor.execute("SET LOCAL enable_seqscan = off")
    settings.VIDEO_EXACT_EVENTS, settings.VIDEO_SEARCH_CANDIDATES = 100, 20
    with CaptureQueriesContext(connection) as queries:
        assert by_words("people walking") == exact
    asked, *_another_reading = (query["sql"] for query in queries.captured_queries if "<=>" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {asked}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Scan using videoevent_hnsw" in plan


def test_captions_of_another_text_engine_are_found_by_their_words_only(event: Event) -> None:
    happening(a_film(event), 3, 9, "Two people walk.", contract="another engine")
    assert by_words("pedestrians") == []
    assert by_words("people walk") == ["Two people walk."]
