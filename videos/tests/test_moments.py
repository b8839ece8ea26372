"""When somebody is in films: stills joined to moments, of those only whom the asker may see."""

from typing import Any

import pytest

from faces.models import Event, Face, Person
from faces.services.decisions import faces_reject, people_hide, people_merge
from faces.services.moments import Moment, moments_of_matches, moments_of_person, moments_of_result
from faces.services.people import person_get
from faces.tests.attendance import ANN, BOB, CARL, open_event, selfie, staff_search, visitor_search
from faces.tests.painting import painted, processed
from videos.models import Video, VideoEvent
from videos.tests.portraits import a_film, seen

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_engine", "own_storage")]
FACES = {3.0: (ANN,), 5.0: (ANN, BOB), 8.9: (ANN,), 13.0: (ANN,), 30.0: (BOB,), 59.5: (ANN,)}


@pytest.fixture
def event(own_storage: None) -> Event:
    return open_event()


@pytest.fixture
def film(event: Event) -> Video:
    return seen(a_film(event), FACES)


def person_at(video: Video, at: float) -> Person:
    """Whoever is in the still at that second."""
    (face,) = Face.objects.filter(photo__stills__video=video, photo__stills__timestamp_s=at)
    assert face.person
    return face.person


def of_person(person: Person, **options: Any) -> list[Moment]:
    wanted: dict[str, Any] = {"events": Event.objects.all(), "shown": Face.objects.all(), "is_attendee": False}
    return moments_of_person(person=person, **(wanted | options))


def spans(moments: list[Moment]) -> list[tuple[float, float]]:
    return [(moment.start_s, moment.end_s) for moment in moments]


def test_stills_less_than_four_seconds_apart_are_one_moment(film: Video) -> None:
    assert spans(of_person(person_at(film, 3))) == [(1.5, 10.4), (11.5, 14.5), (58.0, 60.0)]
    assert spans(of_person(person_at(film, 30))) == [(3.5, 6.5), (28.5, 31.5)]


def test_a_moment_tells_what_happens_there(film: Video) -> None:
    common: dict[str, Any] = {"video": film, "edition": 0, "contract": "c", "embedding": [0.0] * 384, "frame_key": ""}
    for start, caption in ((2.0, "Two people."), (28.0, "A person.")):
        counts = {"person": 2}
        VideoEvent.objects.create(
            start_s=start, timestamp_s=start + 1, end_s=start + 4, caption=caption, object_counts=counts, **common
        )
    first, second, last = of_person(person_at(film, 3))
    assert (first.caption, first.object_counts, first.film) == ("Two people.", {"person": 2}, "party.mp4")
    assert first.still.stills.get().timestamp_s == first.timestamp_s
    assert (second.caption, last.clock) == ("", "0:58–1:00")


def test_films_of_other_events_are_told_apart(film: Video) -> None:
    other = open_event("Lunch")
    seen(a_film(other, name="lunch.mp4"), {7.0: (ANN,)})
    ann = person_at(film, 3)
    here = of_person(ann, events=Event.objects.filter(videos=film))
    assert {moment.video for moment in here} == {film.pk}


def test_a_face_that_was_rejected_shows_no_moment(film: Video) -> None:
    ann, face = person_at(film, 3), Face.objects.get(photo__stills__timestamp_s=59.5)
    faces_reject(person=ann, faces=[face.pk], actor=None)
    assert spans(of_person(ann)) == [(1.5, 10.4), (11.5, 14.5)]


def test_whoever_was_merged_brings_their_moments_along(film: Video) -> None:
    ann, bob = person_at(film, 3), person_at(film, 30)
    people_merge(into=ann, others=[bob], actor=None)
    assert (28.5, 31.5) in spans(of_person(person_get(bob.user_id)))


def test_a_person_in_films_only_is_a_person(film: Video) -> None:
    ann = person_at(film, 3)
    assert (ann.faces_count, ann.photos_count) == (5, 0)
    assert list(ann.appearances.values_list("faces_count", "photos_count")) == [(5, 0)]
    found = staff_search(selfie(ANN)).matches
    assert [(match.person, match.photos_count) for match in found.people] == [(ann, 0)]
    assert found.photos == []
    assert spans(moments_of_matches(found.stills, is_attendee=False)).count((1.5, 10.4)) == 1


def test_photos_and_films_know_the_same_person(film: Video, event: Event) -> None:
    processed(event, painted(ANN), painted(CARL))
    ann = person_at(film, 3)
    assert (ann.faces_count, ann.photos_count) == (6, 1)
    assert ann.cover_face and not ann.cover_face.photo.is_still
    found = visitor_search(event, selfie(ANN))
    assert len(found.matches.photos) == 1
    assert len(moments_of_result(found.search)) == 3


def test_attendees_do_not_see_moments_of_the_hidden(film: Video, event: Event) -> None:
    found = visitor_search(event, selfie(ANN))
    assert len(moments_of_result(found.search)) == 3
    people_hide(people=[person_at(film, 3)], hidden=True, actor=None)
    assert moments_of_result(found.search) == []
    assert visitor_search(event, selfie(ANN)).matches.stills == []


def test_where_only_released_photos_are_shown_attendees_see_no_film(film: Video, event: Event) -> None:
    Event.objects.update(released_only=True)
    assert visitor_search(event, selfie(ANN)).matches.stills == []
    ann = person_at(film, 3)
    assert of_person(ann, shown=Face.objects.shown(), is_attendee=True) == []
    assert len(of_person(ann)) == 3


def test_only_who_may_have_the_film_is_led_into_it(film: Video, event: Event) -> None:
    ann = person_at(film, 3)
    assert all(moment.player for moment in of_person(ann, is_attendee=True))
    Event.objects.update(originals_allowed=False)
    assert not any(moment.player for moment in of_person(ann, is_attendee=True))
    assert all(moment.player for moment in of_person(ann))
