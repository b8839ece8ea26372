"""The page of a film in Admin as the server renders it: its events, who is seen in them, clips, what words find."""

from pathlib import Path
from typing import Any

import pytest

from faces.models import Event, Face, Person, Photo
from faces.services.decisions import person_name
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in, text
from videos.admin import film_page
from videos.admin.film_page import seconds_read
from videos.models import Video, VideoEvent
from videos.services.timeline import motion_bars
from videos.tests.filming import crossing, film
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
def video(event: Event) -> Video:
    video = a_film(event)
    Video.objects.update(state="ready", position_s=60, motion=[0, 5, 90], codec="h264")
    video.refresh_from_db()
    return video


def _page(video: Video, *, language: str = "en", **query: Any) -> Any:
    browser = signed_in("moderator", language=language)
    return browser.get(address("videos_video_change", video.pk), query)


def _captions(answer: Any) -> list[str]:
    return [card.caption for card in answer.context["cards"]]


def test_events_are_cards_in_the_order_of_time(video: Video) -> None:
    late = happening(video, 30, 34, "A dog.")
    early = happening(video, 3, 9, "Two people.", caption_ru="Два человека.", object_counts={"person": 2})
    answer = _page(video)
    assert [card.event for card in answer.context["cards"]] == [early, late]
    page = text(answer)
    assert "0:03–0:09" in page
    assert "person: 2" in page
    assert f"/change/?t={early.start_s:.1f}" in page
    russian = text(_page(video, language="ru"))
    assert "Два человека." in russian
    assert "человек: 2" in russian


def test_who_is_seen_in_an_event_leads_to_the_person(video: Video) -> None:
    seen(video, {4.0: (1,), 5.0: (1, 2), 31.0: (2,)})
    happening(video, 3, 9, "Two people.")
    happening(video, 20, 22, "Nobody.")
    last = happening(video, 30, 34, "One person.")
    of_last = Face.objects.filter(photo__stills__timestamp_s=31.0).get()
    assert of_last.person
    person_name(person=of_last.person, name="Ann Example", actor=None)
    answer = _page(video)
    assert [len(card.people) for card in answer.context["cards"]] == [2, 0, 1]
    assert answer.context["cards"][2].event == last
    assert f'href="{address("faces_person_change", of_last.person_id)}"' in text(answer)
    assert "Ann Example" in text(answer)
    Face.objects.filter(pk=of_last.pk).update(dismissed=True)
    assert _page(video).context["cards"][2].people == []
    assert Person.objects.count() == 2


def test_words_choose_and_rank_the_events_of_this_film(video: Video, event: Event) -> None:
    happening(video, 3, 9, "A dog running over a lawn.")
    happening(video, 30, 34, "Two people walking on the left.")
    happening(a_film(event), 1, 2, "Two people walking.")
    answer = _page(video, q="people walking")
    assert _captions(answer)[0] == "Two people walking on the left."
    assert answer.context["cards"][0].similarity
    assert "Two people walking." not in _captions(answer)
    assert "Nothing in this film looks like this" in text(_page(video, q="quarterly tax report"))


def test_a_moment_of_a_long_film_is_on_the_page_that_opens(video: Video, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film_page, "CARDS_PER_PAGE", 2)
    for start in range(5):
        happening(video, start * 10, start * 10 + 5, f"Event {start}.")
    assert _captions(_page(video)) == ["Event 0.", "Event 1."]
    assert _captions(_page(video, t="31.5")) == ["Event 2.", "Event 3."]
    assert _captions(_page(video, t="31.5", page="1")) == ["Event 0.", "Event 1."]
    assert len(_page(video).context["timeline"]["events"]) == 5


def test_a_film_that_is_indexed_tells_its_page_what_is_new(video: Video) -> None:
    Video.objects.update(state="indexing", position_s=20, working_s=10)
    browser = signed_in("moderator")
    link = address("videos_video_state", video.pk)
    before = browser.get(link).json()
    assert "data-unfinished" in before["state"]
    assert "0:20 of 1:00" in before["state"]
    assert before["version"] == _page(video).context["version"]
    happening(video, 3, 9, "Two people.")
    after = browser.get(link).json()
    assert after["version"] != before["version"]
    assert after["url"].startswith("/media/films/")


def test_a_page_waits_for_people_to_be_recognised(video: Video) -> None:
    seen(video, {4.0: (1,)})
    happening(video, 3, 9, "A person.")
    link = address("videos_video_state", video.pk)
    Photo.objects.update(state="ingested")
    before = signed_in("moderator").get(link).json()
    assert "data-unfinished" in before["state"]
    assert "People are being recognised" in before["state"]
    Photo.objects.update(state="ready")
    after = signed_in("moderator").get(link).json()
    assert "data-unfinished" not in after["state"]
    assert after["version"] != before["version"]


def test_the_page_of_a_film_that_failed_says_why(video: Video) -> None:
    Video.objects.update(state="failed", error_code="storage_full", error="Make room.")
    page = text(_page(video))
    assert "The storage is full" in page
    assert "Make room." in page


def test_a_clip_of_an_event_is_a_film_of_its_own(event: Event, tmp_path: Path) -> None:
    path = film(tmp_path / "party.mp4", crossing((0, 6)), seconds=6)
    video = a_film(event, path.read_bytes(), seconds=6)
    row = happening(video, 2, 4, "A block.")
    browser = signed_in("moderator")
    link = address("videos_video_clip", video.pk, row.pk)
    assert link in text(browser.get(address("videos_video_change", video.pk)))
    answer = browser.get(link)
    assert "party%200.02" in answer["Content-Disposition"]
    assert b"".join(answer)[4:8] == b"ftyp"
    assert browser.get(address("videos_video_clip", video.pk + 1, row.pk)).status_code == 404


def test_a_clip_that_cannot_be_made_leads_back_with_the_reason(video: Video) -> None:
    row = happening(video, 3, 9, "Two people.")
    answer = signed_in("moderator").get(address("videos_video_clip", video.pk, row.pk), follow=True)
    assert answer.redirect_chain == [(f"{address('videos_video_change', video.pk)}?t=3.0", 302)]
    assert "The clip could not be made: Not a film." in text(answer)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("12.5", 12.5), ("1:20", 80), ("1:02:03", 3723), ("", None), ("-5", None), ("1e9", None), ("nan", None)],
)
def test_times_are_read_as_people_write_them(said: str, seconds: float | None) -> None:
    assert seconds_read(said) == seconds


def test_much_motion_is_drawn_in_few_bars() -> None:
    assert motion_bars([1, 9, 2, 3, 7], most=3) == ([9, 3, 7], 2)
    assert motion_bars([4, 5], most=600) == ([4, 5], 1)
    assert motion_bars([], most=600) == ([], 1)


def test_nonsense_in_an_address_opens_the_film_from_its_start(video: Video) -> None:
    happening(video, 3, 9, "Two people.")
    for query in ({"t": "nan"}, {"t": "9" * 30}, {"page": "x"}, {"q": " "}):
        assert len(_page(video, **query).context["cards"]) == VideoEvent.objects.count()
