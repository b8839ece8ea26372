"""An attendee's search: what it shows, what it writes down, what it remembers."""

from typing import Any

import pytest
from django.utils import timezone

from faces.models import Event, NotMe, Photo, SelfieSearch, Suggestion
from faces.services.answers import suggestion_answer
from faces.services.attendance import Asker, attendee_search
from faces.services.decisions import people_hide
from faces.services.erasure import results_drop
from faces.services.results import (
    result_object,
    result_open,
    result_photos,
    result_share,
    result_unobject,
    shared_open,
)
from faces.tests.attendance import ANN, BOB, CARL, attendee, names, open_event, selfie, visitor_search
from faces.tests.painting import painted, processed
from photofinder.errors import Problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "sent")]


@pytest.fixture
def gala() -> Event:
    event = open_event()
    processed(event, painted(ANN, BOB), painted(BOB), painted(ANN), painted(ANN, likeness=0.8), painted())
    return event


def test_it_finds_the_visitors_photos_and_keeps_them_behind_a_code(gala: Event) -> None:
    found = visitor_search(gala, selfie(ANN))
    assert names(found.matches.photos) == ["1.png", "3.png", "4.png"]
    assert names(result_photos(result_open(code=found.search.code))[:]) == ["1.png", "3.png", "4.png"]
    assert result_photos(found.search)[:1][0].similarity > 0.9


def test_nobody_is_searched_for_without_having_agreed(gala: Event) -> None:
    with pytest.raises(Problem) as problem:
        visitor_search(gala, selfie(ANN), asker=Asker(SelfieSearch.Channel.PAGE))
    assert problem.value.code == "consent_needed"
    assert SelfieSearch.objects.count() == 0


def test_the_audit_log_says_what_was_asked_without_a_picture(gala: Event) -> None:
    visitor_search(gala, selfie(ANN))
    visitor_search(gala, selfie(CARL))
    for picture in (selfie(), selfie(ANN, BOB)):
        with pytest.raises(Problem):
            visitor_search(gala, picture)
    rows = SelfieSearch.objects.order_by("pk").values_list("channel", "event", "outcome", "photos_count", "has_consent")
    outcomes = [("found", 3), ("nothing", 0), ("no_face", 0), ("several_faces", 0)]
    assert list(rows) == [("page", gala.pk, outcome, count, True) for outcome, count in outcomes]


def test_hidden_people_are_not_found_and_nobody_else_in_their_place(gala: Event) -> None:
    ann = visitor_search(gala, selfie(ANN)).matches.people[0].person
    people_hide(people=[ann], actor=None)
    assert visitor_search(gala, selfie(ANN)).matches.photos == []
    people_hide(people=[ann], actor=None, hidden=False)
    assert len(visitor_search(gala, selfie(ANN)).matches.photos) == 3


def test_only_released_photos_are_shown_where_the_event_asks_for_that(gala: Event) -> None:
    Event.objects.update(released_only=True)
    assert visitor_search(gala, selfie(ANN)).matches.photos == []
    Photo.objects.filter(original_name="3.png").update(is_released=True)
    found = visitor_search(gala, selfie(ANN))
    assert names(found.matches.photos) == ["3.png"]
    assert [match.photos_count for match in found.matches.people] == [1]
    Photo.objects.update(is_released=False)
    assert result_photos(found.search).count() == 0


def test_a_visitor_cannot_ask_for_less_similar_ones(gala: Event) -> None:
    lunch = open_event("Lunch")
    processed(lunch, painted(ANN))
    found, more = (
        visitor_search(lunch, selfie(ANN, likeness=0.5), asker=asker, min_similarity=0.001)
        for asker in (Asker(SelfieSearch.Channel.PAGE, has_consent=True), Asker(SelfieSearch.Channel.API))
    )
    assert (len(found.matches.photos), len(more.matches.photos)) == (0, 1)


def test_another_photo_of_oneself_adds_to_what_was_found(gala: Event) -> None:
    far = visitor_search(gala, selfie(ANN, likeness=0.7))
    both = visitor_search(gala, selfie(ANN), likeness=far.likeness, earlier=far.search)
    assert both.likeness.vectors.shape == (2, 512)
    assert names(both.matches.photos) == ["1.png", "3.png", "4.png"]


def test_a_likeness_alone_asks_again(gala: Event) -> None:
    likeness = visitor_search(gala, selfie(ANN)).likeness
    again = visitor_search(gala, None, likeness=likeness)
    assert (len(again.matches.photos), again.selfie) == (3, None)


def test_with_nothing_nothing_is_asked(gala: Event) -> None:
    with pytest.raises(Problem) as problem:
        visitor_search(gala, None)
    assert problem.value.code == "nothing_sent"


def test_not_me_hides_at_once_and_asks_the_moderators(gala: Event) -> None:
    search = visitor_search(gala, selfie(ANN)).search
    photo = Photo.objects.get(original_name="1.png")
    objection = result_object(search=search, photo_id=photo.pk)
    assert names(result_photos(search)[:]) == ["3.png", "4.png"]
    question = Suggestion.objects.get()
    assert (question.is_objection, question.face, question.one) == (True, objection.face, objection.face.person)
    assert Suggestion.objects.queue().first() == question


def test_moderators_answer_that_it_is_them_or_not(gala: Event) -> None:
    search = visitor_search(gala, selfie(ANN)).search
    faces = {}
    for name in ("1.png", "3.png"):
        faces[name] = result_object(search=search, photo_id=Photo.objects.get(original_name=name).pk).face
    person = faces["1.png"].person
    for name, is_same in {"1.png": True, "3.png": False}.items():
        suggestion_answer(suggestion=Suggestion.objects.get(face=faces[name]), is_same=is_same, actor=None)
        faces[name].refresh_from_db()
    assert (faces["1.png"].person, faces["1.png"].assigned_by) == (person, "moderator")
    assert faces["3.png"].person != person
    assert not Suggestion.objects.filter(is_objection=True).exists()


def test_objecting_twice_is_objecting_once(gala: Event) -> None:
    search = visitor_search(gala, selfie(ANN)).search
    photo = Photo.objects.get(original_name="1.png").pk
    assert result_object(search=search, photo_id=photo) == result_object(search=search, photo_id=photo)
    result_unobject(search=search, photo_id=photo)
    assert (NotMe.objects.count(), result_photos(search).count()) == (0, 3)


def test_an_attendees_objection_holds_in_their_next_search(gala: Event) -> None:
    asker = Asker(SelfieSearch.Channel.BOT, attendee(), has_consent=True)
    search = visitor_search(gala, selfie(ANN), asker=asker).search
    result_object(search=search, photo_id=Photo.objects.get(original_name="1.png").pk)
    assert names(visitor_search(gala, selfie(ANN), asker=asker).matches.photos) == ["3.png", "4.png"]
    assert len(visitor_search(gala, selfie(ANN)).matches.photos) == 3


def test_a_visitors_objection_holds_when_they_add_a_photo(gala: Event) -> None:
    first = visitor_search(gala, selfie(ANN))
    result_object(search=first.search, photo_id=Photo.objects.get(original_name="1.png").pk)
    both = visitor_search(gala, selfie(ANN), likeness=first.likeness, earlier=first.search)
    assert names(both.matches.photos) == ["3.png", "4.png"]


def test_it_holds_with_a_third_photo_too(gala: Event) -> None:
    first = visitor_search(gala, selfie(ANN))
    result_object(search=first.search, photo_id=Photo.objects.get(original_name="1.png").pk)
    second = visitor_search(gala, selfie(ANN), likeness=first.likeness, earlier=first.search)
    third = visitor_search(gala, selfie(ANN), likeness=second.likeness, earlier=second.search)
    assert names(third.matches.photos) == ["3.png", "4.png"]


def test_taking_it_back_takes_the_question_back(gala: Event) -> None:
    search = visitor_search(gala, selfie(ANN)).search
    photo = Photo.objects.get(original_name="1.png").pk
    result_object(search=search, photo_id=photo)
    result_unobject(search=search, photo_id=photo)
    assert not Suggestion.objects.filter(is_objection=True).exists()


def test_a_photo_that_was_not_found_cannot_be_objected_to(gala: Event) -> None:
    search = visitor_search(gala, selfie(ANN)).search
    with pytest.raises(Problem) as problem:
        result_object(search=search, photo_id=Photo.objects.get(original_name="2.png").pk)
    assert problem.value.code == "not_found"


def test_others_look_with_a_code_of_their_own(gala: Event) -> None:
    search = visitor_search(gala, selfie(ANN)).search
    code = result_share(search=search)
    assert code == result_share(search=search) != search.code
    assert shared_open(code=code) == search
    for open_it, wrong in ((result_open, code), (shared_open, search.code), (shared_open, ""), (result_open, "")):
        with pytest.raises(Problem):
            open_it(code=wrong)


def test_a_result_expires(gala: Event, settings: Any) -> None:
    settings.RESULT_SECONDS = -1
    search = visitor_search(gala, selfie(ANN)).search
    with pytest.raises(Problem):
        result_open(code=search.code)
    results_drop()
    search.refresh_from_db()
    assert (search.code, search.faces, search.outcome, search.photos_count) == ("", [], "found", 3)


def test_the_audit_log_forgets_who_asked_when_results_expire(gala: Event, settings: Any) -> None:
    me = attendee()
    asker = Asker(SelfieSearch.Channel.BOT, me, has_consent=True)
    visitor_search(gala, selfie(ANN), asker=asker)
    visitor_search(gala, selfie(CARL), asker=asker)
    results_drop()
    assert SelfieSearch.objects.filter(attendee=me).count() == 2
    settings.RESULT_SECONDS = -1
    SelfieSearch.objects.exclude(expires_at=None).update(expires_at=timezone.now())
    results_drop()
    assert SelfieSearch.objects.filter(attendee=None).count() == 2


def test_a_result_closes_with_its_event(gala: Event) -> None:
    search = visitor_search(gala, selfie(ANN)).search
    Event.objects.update(access="closed")
    assert result_photos(search).count() == 0


def test_each_event_has_its_own_threshold(gala: Event) -> None:
    from faces.models import EventCalibration
    from faces.services.people import current_calibration, current_contract

    lunch = open_event("Lunch")
    processed(lunch, painted(ANN, likeness=0.8))
    near = current_calibration().threshold / 4
    values = {"chosen_rate": 1e-4, "chosen_distance": near, "answers": 20, "contract": current_contract()}
    EventCalibration.objects.create(event=lunch, threshold=near, **values)
    asker = Asker(SelfieSearch.Channel.API)
    found = attendee_search(asker=asker, events=Event.objects.all(), picture=selfie(ANN))
    assert {match.face.photo.event for match in found.matches.photos} == {gala}
    assert (
        attendee_search(asker=asker, events=Event.objects.filter(pk=lunch.pk), picture=selfie(ANN)).matches.photos == []
    )
