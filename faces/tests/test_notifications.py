"""Subscribers are told of new photos: after each upload, together, never twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.db.models import F
from django.utils import timezone

from faces.engines.fake import vector_of
from faces.models import Attendee, Event, Notification, Photo, Portrait, SelfieSearch, Subscription
from faces.services.attendance import Asker
from faces.services.attendees import attendee_subscribe, attendee_unsubscribe
from faces.services.likenesses import Likeness, likeness_of
from faces.services.notifications import events_notify, notification_claim, notification_done
from faces.services.results import result_object, result_photos
from faces.tests.attendance import ANN, BOB, attendee, names, open_event, selfie, visitor_search
from faces.tests.painting import painted, process, processed, upload
from photofinder.errors import Problem

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_engine", "sent")]


@pytest.fixture
def ann(fake_engine: Any) -> Likeness:
    return likeness_of(vector_of(ANN))


@pytest.fixture
def gala() -> Event:
    event = open_event()
    processed(event, painted(ANN, BOB), painted(BOB))
    return event


@pytest.fixture
def subscription(gala: Event, ann: Likeness) -> Subscription:
    return attendee_subscribe(attendee=attendee(), event=gala, likeness=ann)


def _notify(event: Event) -> list[list[str]]:
    """What is announced now, file names by notification."""
    before = set(Notification.objects.values_list("pk", flat=True))
    events_notify(event_ids=[event.pk])
    fresh = Notification.objects.exclude(pk__in=before).order_by("pk")
    return [names(result_photos(row.search)[:]) for row in fresh]


def test_new_photos_are_announced_together_and_once(gala: Event, subscription: Subscription) -> None:
    processed(gala, painted(ANN), painted(BOB), painted(ANN))
    assert _notify(gala) == [["1.png", "3.png"]]
    assert _notify(gala) == []
    processed(gala, painted(ANN))
    assert _notify(gala) == [["1.png"]]


def test_what_was_there_before_is_known(gala: Event, subscription: Subscription) -> None:
    Event.objects.update(news=F("news") + 1)
    assert _notify(gala) == []
    assert [row.photo.original_name for row in subscription.announced.all()] == ["1.png"]


def test_what_came_between_their_search_and_the_subscription_is_announced(gala: Event, ann: Likeness) -> None:
    me = attendee()
    asker = Asker(SelfieSearch.Channel.BOT, me, has_consent=True)
    visitor_search(gala, selfie(ANN), asker=asker)
    processed(gala, painted(ANN))
    events_notify(event_ids=[gala.pk])
    attendee_subscribe(attendee=me, event=gala, likeness=ann)
    assert _notify(gala) == [["1.png"]]
    assert _notify(gala) == []


def test_who_subscribes_before_the_first_photo_is_told_of_it(ann: Likeness) -> None:
    event = open_event("Early")
    attendee_subscribe(attendee=attendee(), event=event, likeness=ann)
    processed(event, painted(ANN))
    assert _notify(event) == [["1.png"]]


def test_it_waits_until_the_event_has_no_photo_on_its_way(gala: Event, subscription: Subscription) -> None:
    waiting = upload(gala, painted(ANN))
    processed(gala, painted(ANN))
    assert _notify(gala) == []
    process(waiting)
    assert len(_notify(gala)[0]) == 2


def test_it_waits_until_the_event_is_open(gala: Event, subscription: Subscription) -> None:
    Event.objects.update(access="closed")
    processed(gala, painted(ANN))
    assert _notify(gala) == []
    Event.objects.update(access="public")
    assert len(_notify(gala)) == 1


def test_photos_count_from_their_release_on(gala: Event, subscription: Subscription) -> None:
    Event.objects.update(released_only=True)
    processed(gala, painted(ANN))
    assert _notify(gala) == []
    Photo.objects.update(is_released=True)
    Event.objects.update(news=F("news") + 1)
    assert _notify(gala) == [["1.png"]]


def test_what_somebody_said_is_not_them_is_not_announced(gala: Event, subscription: Subscription) -> None:
    processed(gala, painted(ANN))
    _notify(gala)
    search = Notification.objects.get().search
    photo = result_photos(search)[:1][0].face.photo
    result_object(search=search, photo_id=photo.pk)
    subscription.announced.filter(photo=photo).delete()
    Event.objects.update(news=F("news") + 1)
    assert _notify(gala) == []


def test_nobody_else_is_told(gala: Event, subscription: Subscription) -> None:
    processed(gala, painted(BOB))
    assert _notify(gala) == []


def test_two_workers_at_once_announce_once(gala: Event, subscription: Subscription) -> None:
    processed(gala, painted(ANN), painted(ANN))

    def notify() -> None:
        events_notify(event_ids=[gala.pk])
        connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(notify) for _ in range(4)]:
            done.result()
    assert Notification.objects.count() == 1


def test_each_is_claimed_by_one(gala: Event, subscription: Subscription) -> None:
    processed(gala, painted(ANN))
    _notify(gala)
    claim = notification_claim(channel="telegram")
    assert claim is not None and not claim.is_repeated
    assert notification_claim(channel="telegram") is None
    assert notification_claim(channel="viber") is None
    notification_done(notification=claim.notification)
    _wait(minutes=6)
    assert notification_claim(channel="telegram") is None


def test_one_whose_carrier_died_is_given_out_once_more(gala: Event, subscription: Subscription) -> None:
    processed(gala, painted(ANN))
    _notify(gala)
    notification_claim(channel="telegram")
    _wait(minutes=6)
    again = notification_claim(channel="telegram")
    assert again is not None and again.is_repeated
    _wait(minutes=6)
    assert notification_claim(channel="telegram") is None
    assert Notification.objects.get().state == "sent"


def test_whoever_left_the_messenger_is_not_told_any_more(gala: Event, subscription: Subscription) -> None:
    processed(gala, painted(ANN))
    _notify(gala)
    claim = notification_claim(channel="telegram")
    assert claim is not None
    notification_done(notification=claim.notification, is_gone=True)
    assert (Subscription.objects.count(), Notification.objects.count()) == (0, 0)


def test_only_the_vector_of_a_selfie_is_kept(subscription: Subscription) -> None:
    portrait = Portrait.objects.get()
    assert portrait.crop_key == ""
    person = subscription.attendee.person
    assert person is not None and person.name == ""


def test_with_the_last_subscription_the_vector_goes(gala: Event, subscription: Subscription, ann: Likeness) -> None:
    lunch = open_event("Lunch")
    attendee_subscribe(attendee=attendee(), event=lunch, likeness=ann)
    attendee_unsubscribe(attendee=attendee(), event=gala)
    assert Portrait.objects.count() == 1
    attendee_unsubscribe(attendee=attendee(), event=lunch)
    assert Portrait.objects.count() == 0


def test_subscribing_twice_is_subscribing_once(gala: Event, subscription: Subscription, ann: Likeness) -> None:
    attendee_subscribe(attendee=attendee(), event=gala, likeness=ann)
    assert (Subscription.objects.count(), Portrait.objects.count(), Attendee.objects.count()) == (1, 1, 1)


def test_nobody_subscribes_without_agreeing(gala: Event, ann: Likeness) -> None:
    silent = Attendee.objects.create(channel="telegram", address="8")
    with pytest.raises(Problem) as problem:
        attendee_subscribe(attendee=silent, event=gala, likeness=ann)
    assert problem.value.code == "consent_needed"


def _wait(*, minutes: int) -> None:
    Notification.objects.filter(state="claimed").update(claimed_at=timezone.now() - timedelta(minutes=minutes))
