"""Films in Admin: the list with how far each is, what can be done with them, and by whom."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from faces.models import Event
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in, text
from photofinder import storage
from videos.models import Video
from videos.tests.filming import crossing, film
from videos.tests.happenings import happening
from videos.tests.portraits import a_film

State = Video.State
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fake_engine", "own_storage", "plain_static"),
]


@pytest.fixture
def event(own_storage: None) -> Event:
    return event_create(name="Gala")


def _list(role: str = "organiser", language: str = "en", **query: Any) -> Any:
    return signed_in(role, language=language).get(address("videos_video_changelist"), query)


def _do(action: str, *videos: Video, role: str = "organiser", **fields: Any) -> Any:
    sent = {"action": action, "_selected_action": [video.pk for video in videos], **fields}
    return signed_in(role).post(address("videos_video_changelist"), sent, follow=True)


def _state(video: Video, state: State, **fields: Any) -> Video:
    Video.objects.filter(pk=video.pk).update(state=state, **fields)
    video.refresh_from_db()
    return video


def test_the_list_says_how_far_a_film_is(event: Event) -> None:
    video = _state(a_film(event, seconds=150), State.INDEXING, position_s=75, working_s=600)
    happening(video, 3, 6, "A person walking.")
    happening(video, 30, 40, "A dog.", edition=video.edition + 1)  # not of this edition
    page = text(_list())
    assert "1:15 of 2:30 · 1 event · about 10 minutes left" in page
    assert 'value="75.0" max="150.0"' in page
    assert "data-unfinished" in page
    assert "1:15 из 2:30" in text(_list(language="ru"))


def test_a_film_that_failed_says_why(event: Event) -> None:
    _state(a_film(event), State.FAILED, error_code="no_video_stream", error="This file has sound only.")
    page = text(_list())
    assert "There is no picture in it" in page
    assert "data-unfinished" not in page


def test_the_list_is_filtered_by_event_and_state_and_searched_by_name(event: Event) -> None:
    ready = _state(a_film(event, name="opening.mp4"), State.READY)
    other = a_film(None, name="dinner.mp4")

    def shown(**query: Any) -> list[Video]:
        return list(_list(**query).context["cl"].queryset)

    assert shown() == [other, ready]
    assert shown(event__id__exact=event.pk) == [ready]
    assert shown(state__exact="queued") == [other]
    assert shown(q="dinn") == [other]


def test_films_are_indexed_again_but_not_while_they_are_sent(event: Event) -> None:
    ready, sending = _state(a_film(event), State.READY), _state(a_film(event), State.SENDING)
    page = text(_do("index_again", ready, sending))
    assert "1 film is indexed again." in page
    assert list(Video.objects.order_by("pk").values_list("state", "edition")) == [("queued", 1), ("sending", 0)]
    signed_in("organiser").post(address("videos_video_reindex", ready.pk))
    assert Video.objects.get(pk=ready.pk).edition == 2


def test_films_are_deleted_after_a_question_with_all_their_files(event: Event) -> None:
    going, staying = a_film(event, name="going.mp4"), a_film(event)
    happening(going, 3, 6, "A person walking.")
    page = text(_do("delete_selected", going))
    assert "going.mp4" in page
    assert "This cannot be undone." in page
    assert Video.objects.count() == 2
    assert "1 film is deleted." in text(_do("delete_selected", going, sure="1"))
    assert list(Video.objects.all()) == [staying]
    assert storage.film_keys(going.pk) == set()
    assert default_storage.exists(staying.key)


def test_the_page_of_a_film_deletes_it_too(event: Event) -> None:
    video = a_film(event)
    browser = signed_in("organiser")
    assert video.name in text(browser.get(address("videos_video_delete", video.pk)))
    browser.post(address("videos_video_delete", video.pk))
    assert not Video.objects.exists()


def test_moderators_look_only(event: Event) -> None:
    video = a_film(event)
    browser = signed_in("moderator")
    page = text(browser.get(address("videos_video_changelist")))
    assert video.name in page
    assert "index_again" not in page
    assert "Index again" not in text(browser.get(address("videos_video_change", video.pk)))
    for name in ("videos_video_reindex", "videos_video_delete"):
        assert browser.post(address(name, video.pk)).status_code == 403
    _do("delete_selected", video, role="moderator", sure="1")
    assert Video.objects.get().state == State.QUEUED


@pytest.mark.parametrize("name", ["change", "state", "file", "delete", "reindex"])
def test_others_see_nothing_of_films(event: Event, name: str) -> None:
    browser = signed_in("")
    assert browser.get(address("videos_video_search")).status_code == 403
    assert browser.get(address("videos_video_changelist")).status_code == 403
    assert browser.get(address(f"videos_video_{name}", a_film(event).pk)).status_code == 403


def test_a_film_at_a_path_is_played_from_there(event: Event, settings: Any, tmp_path: Path) -> None:
    settings.VIDEO_ROOTS = [str(tmp_path)]
    path = film(tmp_path / "there.mp4", crossing((0, 1)), seconds=1)
    video = Video.objects.create(event=event, name="there.mp4", path=str(path), state=State.READY)
    browser = signed_in("moderator")
    link = address("videos_video_file", video.pk)
    assert f'src="{link}"' in text(browser.get(address("videos_video_change", video.pk)))
    answer = browser.get(link, headers={"range": "bytes=4-7"})
    assert (answer.status_code, answer["Content-Type"]) == (206, "video/mp4")
    assert b"".join(answer) == b"ftyp"
    path.unlink()
    assert browser.get(link).status_code == 404
    settings.VIDEO_ROOTS = []
    assert browser.get(link).status_code == 404


def test_an_event_shows_its_films(event: Event) -> None:
    _state(a_film(event, name="opening.mp4", seconds=90), State.READY)
    page = text(signed_in("moderator").get(address("faces_event_change", event.pk)))
    assert "opening.mp4" in page
    assert "1 film" in page
    assert "1:30" in page
    assert "pf-films-title" not in text(
        signed_in("moderator").get(address("faces_event_change", event_create(name="Other").pk))
    )
