"""The page of Admin that searches all films."""

from typing import Any

import pytest

from faces.models import Event, Face
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in, text
from videos.admin import search
from videos.models import Video
from videos.tests.happenings import happening
from videos.tests.portraits import a_film, seen

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fake_engine", "own_storage", "plain_static"),
]


@pytest.fixture
def event(own_storage: None) -> Event:
    return event_create(name="Gala")


@pytest.fixture
def films(event: Event) -> list[Video]:
    """One of the event with somebody in it, one of none."""
    party, street = a_film(event, name="party.mp4"), a_film(None, name="street.mp4")
    seen(party, {4.0: (1,)})
    happening(party, 3, 9, "Two people walking on the left.", object_counts={"person": 2})
    happening(party, 30, 34, "A person standing.", object_counts={"person": 1})
    happening(street, 70, 75, "A car on a road.", object_counts={"car": 1})
    return [party, street]


def _search(language: str = "en", **query: Any) -> Any:
    return signed_in("moderator", language=language).get(address("videos_video_search"), query)


def _captions(**query: Any) -> list[str]:
    return [card.event.caption for card in _search(**query).context["cards"]]


def test_words_find_moments_of_all_films_best_first(films: list[Video]) -> None:
    answer = _search(q="people walking")
    card = answer.context["cards"][0]
    assert card.event.caption == "Two people walking on the left."
    page = text(answer)
    assert f'href="{address("videos_video_change", films[0].pk)}?t=3.0"' in page
    assert "party.mp4" in page
    assert "0:03–0:09" in page
    assert f"{card.similarity}</span>" in page
    assert "Best first." in page


def test_filters_choose_moments_with_and_without_words(films: list[Video], event: Event) -> None:
    person = Face.objects.get().person_id
    assert _captions(objects="person>=2") == ["Two people walking on the left."]
    assert _captions(objects="car") == ["A car on a road."]
    assert _captions(event=event.pk) == ["Two people walking on the left.", "A person standing."]
    assert _captions(video=films[1].pk) == ["A car on a road."]
    assert _captions(person=person) == ["Two people walking on the left."]
    assert _captions(start="1:05") == ["A car on a road."]
    assert _captions(start="10", end="0:50") == ["A person standing."]
    assert "Two people walking on the left." not in _captions(q="people walking", objects="person=1")


def test_filters_are_offered_by_name_and_taken_away_one_by_one(films: list[Video], event: Event) -> None:
    page = text(_search(q="people", event=event.pk, video=films[0].pk))
    assert "Film: party.mp4" in page
    assert "Event: Gala" in page
    assert f'href="?q=people&amp;event={event.pk}"' in page


def test_what_finds_nothing_says_so_with_a_hint(films: list[Video]) -> None:
    page = text(_search(q="quarterly tax report"))
    assert "Nothing in the films looks like this" in page
    assert "a person walking" in page
    assert "Try fewer filters" in text(_search(q="people walking", objects="dog"))
    assert "В фильмах нет ничего похожего" in text(_search("ru", q="quarterly tax report"))


def test_without_a_question_it_asks_for_one() -> None:
    assert "No film is indexed yet." in text(_search())
    happening(a_film(None), 3, 9, "A dog.")
    assert "Describe a moment" in text(_search())


@pytest.mark.parametrize("query", [{"objects": "2 > person"}, {"start": "noon"}, {"video": "x"}, {"page": "-1"}])
def test_nonsense_is_said_to_be_nonsense(films: list[Video], query: dict[str, str]) -> None:
    page = text(_search(q="people", **query))
    assert ("cannot be understood" in page) == ("page" not in query)


def test_many_moments_come_in_pages(films: list[Video], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOMENTS_PER_PAGE", 2)
    answer = _search(end="9999")
    assert len(answer.context["cards"]) == 2
    assert "1–2 / 3" in text(answer)
    assert len(_search(end="9999", page=2).context["cards"]) == 1


def test_a_caption_in_the_language_of_the_reader(films: list[Video]) -> None:
    happening(films[1], 80, 82, "A dog.", caption_ru="Собака.")
    assert "Собака." in text(_search("ru", q="собака"))
