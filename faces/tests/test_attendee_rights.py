"""What attendees and those who act for them may not do: see what is not for them, speak for or be told of others."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from faces.engines.fake import vector_of
from faces.models import Attendee, Event, Face, Notification, NotMe, Person, Portrait, SelfieSearch, Subscription
from faces.services.attendance import Asker
from faces.services.attendees import attendee_change, attendee_subscribe
from faces.services.decisions import people_hide
from faces.services.erasure import attendee_forget
from faces.services.likenesses import Likeness, likeness_of
from faces.services.notifications import events_notify, notification_claim, notification_done
from faces.services.portraits import person_register
from faces.services.releases import events_announce
from faces.services.results import result_object, result_share
from faces.tests.attendance import ANN, BOB, attendee, names, open_event, selfie, staff_search, visitor_search
from faces.tests.painting import painted, painted_looks, processed
from photofinder.errors import Problem

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_engine", "sent", "plain_static")]


@pytest.fixture
def gala() -> Event:
    event = open_event()
    processed(event, painted(ANN, BOB), painted(BOB), painted(ANN))
    return event


@pytest.fixture
def ann(fake_engine: Any) -> Likeness:
    return likeness_of(vector_of(ANN))


@pytest.fixture
def stray(gala: Event) -> Face:
    """A face like Ann's that is nobody's."""
    face = processed(gala, painted_looks([(ANN, 0.8, 0.9)]))[0].faces.get()
    Face.objects.filter(pk=face.pk).update(person=None, engine_person=None, assigned_by="")
    return face


def _subscribe_and_add(gala: Event, ann: Likeness) -> None:
    attendee_subscribe(attendee=attendee(), event=gala, likeness=ann)
    processed(gala, painted(ANN))
    events_notify(event_ids=[gala.pk])


def test_who_left_the_messenger_is_not_kept(gala: Event, ann: Likeness) -> None:
    _subscribe_and_add(gala, ann)
    claim = notification_claim(channel="telegram")
    assert claim
    notification_done(notification=claim.notification, is_gone=True)
    assert (Subscription.objects.count(), Portrait.objects.count(), Attendee.objects.get().person) == (0, 0, None)


def test_consent_that_is_taken_back_ends_all(gala: Event, ann: Likeness) -> None:
    attendee_subscribe(attendee=attendee(), event=gala, likeness=ann)
    attendee_change(attendee=Attendee.objects.get(), consent=False)
    assert (Portrait.objects.count(), Subscription.objects.count()) == (0, 0)


def test_what_staff_found_is_not_shared(client: Any, gala: Event) -> None:
    draft = open_event("Draft", published=False)
    processed(draft, painted(ANN))
    search = staff_search(selfie(ANN)).search
    with pytest.raises(Problem) as problem:
        result_share(search=search)
    assert problem.value.code == "not_shareable"
    SelfieSearch.objects.filter(pk=search.pk).update(shared_code="shared-before")
    assert [client.get(f"/s/shared-before/{page}").status_code for page in ("", "zip/")] == [404, 404]


def test_nobody_is_told_of_somebody_else(gala: Event, ann: Likeness) -> None:
    me, lunch = attendee(), open_event("Lunch")
    attendee_subscribe(attendee=me, event=gala, likeness=ann)
    with pytest.raises(Problem) as problem:
        attendee_subscribe(attendee=me, event=lunch, likeness=likeness_of(vector_of(BOB)))
    assert (problem.value.code, Subscription.objects.get().event) == ("subscribed_as_another", gala)


def test_clients_do_not_speak_for_attendees(caller: Callable[[str], Any], gala: Event, ann: Likeness) -> None:
    attendee_subscribe(attendee=attendee("42"), event=gala, likeness=ann)
    client = caller("client")
    photo = SimpleUploadedFile("a.png", painted(ANN))
    assert client.read("attendees/telegram/42/").status_code == 403
    assert client.upload("search/", photo=photo, attendee="telegram:42").json()["code"] == "permission_denied"
    assert client.send("notifications/claim/", {"channel": "telegram"}).status_code == 403


def test_a_bot_cannot_add_to_what_staff_found(caller: Callable[[str], Any], gala: Event) -> None:
    processed(open_event("Draft", published=False), painted(ANN))
    found = staff_search(selfie(ANN)).search
    photo = SimpleUploadedFile("a.png", painted(ANN))
    assert caller("bot").upload("search/", photo=photo, event="gala", result=found.code).status_code == 404


def test_who_was_forgotten_meanwhile_has_to_agree_again(gala: Event, ann: Likeness) -> None:
    me = attendee()
    attendee_forget(attendee=Attendee.objects.get(pk=me.pk))
    for ask in (
        lambda: attendee_subscribe(attendee=me, event=gala, likeness=ann),
        lambda: visitor_search(gala, selfie(ANN), asker=Asker(SelfieSearch.Channel.BOT, me, has_consent=True)),
    ):
        with pytest.raises(Problem) as problem:
            ask()
        assert problem.value.code == "consent_needed"


def test_hidden_people_are_not_for_clients(caller: Callable[[str], Any], gala: Event) -> None:
    ann = Person.objects.get(faces__photo__original_name="3.png")
    people_hide(people=[ann], actor=None)
    client, moderator = caller("client"), caller("moderator")
    seen = [[row["user_id"] for row in who.read("users/").json()["results"]] for who in (client, moderator)]
    assert [str(ann.user_id) in rows for rows in seen] == [False, True]
    assert client.read(f"users/{ann.user_id}/photos/").status_code == 404


def test_nothing_of_a_hidden_person_is_found(gala: Event, stray: Face) -> None:
    people_hide(people=[Person.objects.get(faces__photo__original_name="3.png")], actor=None)
    assert names(visitor_search(gala, selfie(ANN)).matches.photos) == []


def test_who_is_shown_again_is_told_of(gala: Event, ann: Likeness) -> None:
    attendee_subscribe(attendee=attendee(), event=gala, likeness=ann)
    person = Person.objects.get(faces__photo__original_name="3.png")
    people_hide(people=[person], actor=None)
    processed(gala, painted(ANN))
    events_notify(event_ids=[gala.pk])
    assert not Notification.objects.exists()
    people_hide(people=[person], actor=None, hidden=False)
    events_notify(event_ids=[gala.pk])
    assert Notification.objects.count() == 1


def test_news_of_an_event_that_was_closed_waits_until_it_is_open(gala: Event, ann: Likeness) -> None:
    _subscribe_and_add(gala, ann)
    Event.objects.filter(pk=gala.pk).update(published=False)
    assert notification_claim(channel="telegram") is None
    Event.objects.filter(pk=gala.pk).update(published=True)
    assert notification_claim(channel="telegram") is not None


def test_what_was_taken_back_before_it_was_told_is_news_later(gala: Event, ann: Likeness) -> None:
    _subscribe_and_add(gala, ann)
    Event.objects.filter(pk=gala.pk).update(released_only=True)
    assert notification_claim(channel="telegram") is None
    Event.objects.filter(pk=gala.pk).update(released_only=False)
    events_announce(event_ids=[gala.pk])
    events_notify(event_ids=[gala.pk])
    assert notification_claim(channel="telegram") is not None


def test_not_me_on_nobodys_face_is_on_the_list_of_objections(
    client: Any, admin_user: Any, gala: Event, stray: Face
) -> None:
    found = visitor_search(gala, selfie(ANN))
    result_object(search=found.search, photo_id=stray.photo_id)
    client.force_login(admin_user)
    assert NotMe.objects.get().face == stray
    assert stray.photo.original_name in client.get("/admin/faces/notme/").content.decode()


def test_listing_people_asks_the_same_queries_for_any_number_of_registered(
    caller: Callable[[str], Any], django_assert_max_num_queries: Any
) -> None:
    for identity in range(8):
        person_register(picture=selfie(identity * 3))
    client = caller("client")
    client.read("users/")
    with django_assert_max_num_queries(9):
        client.read("users/")
