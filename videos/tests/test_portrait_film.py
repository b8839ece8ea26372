"""A film of real portraits: a selfie finds the person at the right seconds, by the engines of a real site."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from conftest import Caller
from faces.models import Event, Person, Photo
from faces.services.moments import moments_of_person
from faces.services.uploads import event_create
from faces.tests.painting import process
from videos.models import Video
from videos.services.indexing import video_index
from videos.tests.portraits import a_film, portrait, portrait_film

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("plain_static", "own_storage")]
HERO, OTHER, THIRD = "Serena_Williams", "Tom_Ridge", "Vicente_Fox"
HERE = [(6.0, 13.0), (30.0, 37.0)]  # when the hero is shown


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shown = {
        HERE[0]: portrait(HERO, 1),
        (18.0, 25.0): portrait(OTHER, 1),
        HERE[1]: portrait(HERO, 2),
        (42.0, 48.0): portrait(THIRD, 1),
    }
    return portrait_film(tmp_path_factory.mktemp("films") / "portraits.mp4", shown, seconds=52)


@pytest.fixture
def event(film: Path) -> Event:
    """A published event whose one film is indexed, with all faces in it given to people."""
    event = event_create(name="Gala", published=True)
    video = a_film(event, film.read_bytes())
    video_index(video_id=video.pk)
    video.refresh_from_db()
    assert (video.state, video.error) == (Video.State.READY, "")
    process(list(event.photos.all()))
    return event


def selfie() -> SimpleUploadedFile:
    return SimpleUploadedFile("me.jpg", portrait(HERO, 4).read_bytes())


def are_right(moments: list[dict[str, Any]]) -> bool:
    """Whether there is a moment for each time that the hero is shown, and none besides."""
    spans = sorted((moment["start_s"], moment["end_s"], moment["timestamp_s"]) for moment in moments)
    return len(spans) == len(HERE) and all(
        abs(start - begins) <= 2 and abs(end - ends) <= 2 and begins <= at <= ends
        for (start, end, at), (begins, ends) in zip(spans, HERE, strict=True)
    )


def test_a_selfie_finds_the_person_at_the_right_seconds(
    event: Event, caller: Callable[[str], Caller], client: Client
) -> None:
    organiser = caller("organiser")
    answer = organiser.upload("videos/search/", photo=selfie(), event=event.slug)
    assert answer.status_code == 200, answer.content
    assert are_right(answer.json()), answer.json()
    similarities = [moment["similarity"] for moment in answer.json()]
    assert similarities == sorted(similarities, reverse=True)
    assert min(similarities) >= 0.5

    people = organiser.read("users/", event=event.slug).json()["results"]
    assert len(people) == 3
    assert {person["photos_count"] for person in people} == {0}
    found = organiser.upload("search/", photo=selfie(), event=event.slug).json()
    assert found["photos"] == []
    (match,) = found["matches"]
    assert match["photos_count"] == 0
    moments = organiser.read(f"users/{match['user_id']}/moments/", event=event.slug).json()
    assert are_right(moments["results"])

    person = Person.objects.get(user_id=match["user_id"])
    assert person.faces_count == Photo.objects.stills().filter(faces__person=person).count() > 2
    events, shown = Event.objects.all(), person.faces.model.objects.shown()
    by_service = moments_of_person(person=person, events=events, shown=shown, is_attendee=True)
    assert [moment.film for moment in by_service] == ["party.mp4"] * 2

    form = {"photo": selfie(), "consent": "1"}
    page = client.post(f"/e/{event.slug}/find/", form, follow=True).content.decode()
    assert page.count('class="moment"') == 2
    assert "No photos of you yet" not in page
