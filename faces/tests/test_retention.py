"""When an event's retention ends its faces are deleted, and that is written down."""

import datetime
from typing import Any

import pytest
from django.utils import timezone

from faces.engines.fake import vector_of
from faces.models import (
    Attendee,
    Erasure,
    Event,
    Face,
    Person,
    Photo,
    Portrait,
    SelfieSearch,
    Subscription,
    UploadBatch,
)
from faces.services.attendees import attendee_subscribe
from faces.services.erasure import event_expire
from faces.services.likenesses import likeness_of
from faces.services.pipeline import photos_reembed
from faces.services.portraits import person_register
from faces.services.retention import events_expire, retention_end
from faces.tests.attendance import ANN, BOB, attendee, open_event, selfie, visitor_search
from faces.tests.painting import painted, processed
from faces.tests.test_erasure import files, own_storage, vectors_like  # noqa: F401

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_engine", "sent", "own_storage")]


@pytest.fixture
def gala() -> Event:
    event = open_event(retention_days=30)
    processed(event, painted(ANN, BOB), painted(BOB))
    return event


def _age(event: Event, days: int) -> None:
    then = timezone.now() - datetime.timedelta(days=days)
    UploadBatch.objects.filter(event=event).update(created_at=then)
    Event.objects.filter(pk=event.pk).update(created_at=then)


def test_it_ends_so_many_days_after_the_event_and_its_last_upload(gala: Event) -> None:
    today = timezone.localdate()
    assert retention_end(gala) == today + datetime.timedelta(days=30)
    _age(gala, 10)
    assert retention_end(gala) == today + datetime.timedelta(days=20)
    gala.date = today + datetime.timedelta(days=5)
    assert retention_end(gala) == today + datetime.timedelta(days=35)
    gala.retention_days = None
    assert retention_end(gala) is None


def test_faces_are_deleted_on_time_and_not_before(gala: Event) -> None:
    _age(gala, 29)
    events_expire()
    assert Face.objects.count() == 3
    _age(gala, 30)
    events_expire()
    assert (Face.objects.count(), vectors_like(ANN), vectors_like(BOB), files("crops")) == (0, 0, 0, set())
    assert Photo.objects.count() == 2


def test_it_is_written_down_once(gala: Event) -> None:
    _age(gala, 40)
    events_expire()
    events_expire()
    log = Erasure.objects.get()
    assert (log.kind, log.event, log.counts["faces"], log.counts["people"]) == ("retention", gala, 3, 2)
    gala.refresh_from_db()
    assert gala.biometrics_deleted_at is not None


def test_who_is_at_other_events_too_stays_there(gala: Event) -> None:
    other = open_event("Lunch")
    processed(other, painted(ANN))
    person_register(picture=selfie(BOB), name="Bob")
    _age(gala, 40)
    events_expire()
    assert len(visitor_search(other, selfie(ANN)).matches.photos) == 1
    assert Person.objects.get(name="Bob").forgotten_at is None


def test_subscriptions_and_results_of_the_event_end(gala: Event) -> None:
    me = attendee()
    attendee_subscribe(attendee=me, event=gala, likeness=likeness_of(vector_of(ANN)))
    visitor_search(gala, selfie(ANN))
    _age(gala, 40)
    events_expire()
    assert (Subscription.objects.count(), Portrait.objects.count()) == (0, 0)
    assert list(SelfieSearch.objects.values_list("code", "faces")) == [("", [])]
    assert Attendee.objects.get().consented_at is not None


def test_a_new_engine_does_not_bring_them_back(gala: Event) -> None:
    _age(gala, 40)
    events_expire()
    assert photos_reembed() == 0


def test_it_goes_on_after_being_killed_half_way(gala: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    from faces.services import erasure

    monkeypatch.setattr(erasure, "_RETENTION_CHUNK", 2)
    whole: Any = erasure._forget

    def killed(*args: Any, **options: Any) -> Any:
        if Erasure.objects.exists():
            raise KeyboardInterrupt
        return whole(*args, **options)

    monkeypatch.setattr(erasure, "_forget", killed)
    with pytest.raises(KeyboardInterrupt):
        event_expire(event=gala)
    assert Face.objects.count() == 1
    monkeypatch.setattr(erasure, "_forget", whole)
    _age(gala, 40)
    events_expire()
    assert Face.objects.count() == 0
    assert sum(row.counts["faces"] for row in Erasure.objects.all()) == 3


def test_a_deletion_that_was_killed_after_its_last_face_is_finished(
    gala: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor_search(gala, selfie(ANN))
    _age(gala, 40)

    def killed(*args: Any, **options: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Event.objects, "filter", killed)  # when the last faces are gone
        with pytest.raises(KeyboardInterrupt):
            event_expire(event=gala)
    assert Face.objects.count() == 0
    SelfieSearch.objects.update(code="kept")
    events_expire()
    gala.refresh_from_db()
    assert gala.biometrics_deleted_at is not None
    assert SelfieSearch.objects.get().code == ""


def test_one_event_that_fails_keeps_no_other_from_it(gala: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    from faces.services import retention

    broken = open_event("Broken", retention_days=30)
    processed(broken, painted(BOB))
    _age(gala, 40)
    _age(broken, 40)

    def expire(event: Event) -> None:
        if event == broken:
            raise OSError("the storage is away")
        event_expire(event=event)

    monkeypatch.setattr(retention, "event_expire", expire)
    events_expire()
    assert set(Face.objects.values_list("photo__event", flat=True)) == {broken.pk}
