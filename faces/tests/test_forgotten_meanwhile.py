"""Whoever is forgotten while something else is written about them: it waits, ends well, and nothing comes back."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections

from faces.engines.fake import vector_of
from faces.models import Announced, Attendee, Event, Face, Notification, Person, SelfieSearch, Subscription
from faces.services import consolidation, erasure, notifications
from faces.services.attendees import attendee_subscribe, attendee_unsubscribe, subscriptions_drop
from faces.services.consolidation import event_consolidate
from faces.services.erasure import attendee_forget, event_expire, person_forget
from faces.services.likenesses import likeness_of
from faces.services.notifications import events_notify
from faces.services.traces import traces_of_people
from faces.tests.attendance import ANN, BOB, attendee, open_event
from faces.tests.painting import painted, painted_looks, process, processed, upload
from faces.tests.test_erasure import vectors_like

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_engine", "sent")]
_SECONDS = 20


class _Pause:
    """A step of one worker that waits for the test."""

    def __init__(self) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()

    def after(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """The step, and a wait after its first time."""

        def paused(*args: Any, **options: Any) -> Any:
            answer = step(*args, **options)
            if not self.reached.is_set():
                self.reached.set()
                assert self.go_on.wait(_SECONDS)
            return answer

        return paused


@pytest.fixture
def gala() -> Event:
    event = open_event()
    processed(event, painted(ANN, BOB), painted(ANN))
    return event


@pytest.fixture
def me(gala: Event) -> Attendee:
    """Somebody who is about to be told of a new photo."""
    me = attendee()
    attendee_subscribe(attendee=me, event=gala, likeness=likeness_of(vector_of(ANN)))
    processed(gala, painted(ANN))
    return me


@contextmanager
def _meanwhile(pause: _Pause, work: Callable[[], Any]) -> Iterator[Callable[[Callable[[], Any]], Future[Any]]]:
    """Another worker is at `work` until its pause; the context starts a second one, which may have to wait for it."""

    def on_its_own(task: Callable[[], Any]) -> Any:
        try:
            return task()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        done = pool.submit(on_its_own, work)
        assert pause.reached.wait(_SECONDS)
        try:
            yield lambda task: pool.submit(on_its_own, task)
        finally:
            pause.go_on.set()
        done.result(timeout=_SECONDS)


def _until_somebody_waits() -> None:
    """Until a connection waits for a lock that another one holds."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")


@pytest.mark.parametrize("ending", ["forget", "unsubscribe", "retention"])
def test_an_announcement_that_is_being_written_goes_along(
    gala: Event, me: Attendee, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    endings: dict[str, Callable[[], Any]] = {
        "forget": lambda: attendee_forget(attendee=me),
        "unsubscribe": lambda: attendee_unsubscribe(attendee=me, event=gala),
        "retention": lambda: event_expire(event=gala),
    }
    pause = _Pause()
    monkeypatch.setattr(notifications, "_new_photos", pause.after(notifications._new_photos))
    with _meanwhile(pause, lambda: events_notify(event_ids=[gala.pk])) as start:
        ended = start(endings[ending])
        _until_somebody_waits()
        pause.go_on.set()
        ended.result(timeout=_SECONDS)
    assert not Notification.objects.exists()
    assert (Subscription.objects.count(), Announced.objects.count()) == (0, 0)
    assert vectors_like(ANN) == 0 or ending == "unsubscribe"


def test_who_is_forgotten_before_the_announcement_is_written_is_told_nothing(
    gala: Event, me: Attendee, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause = _Pause()
    monkeypatch.setattr(erasure, "subscriptions_drop", pause.after(subscriptions_drop))
    with _meanwhile(pause, lambda: attendee_forget(attendee=me)) as start:
        told = start(lambda: events_notify(event_ids=[gala.pk]))
        _until_somebody_waits()
        pause.go_on.set()
        told.result(timeout=_SECONDS)
    assert not SelfieSearch.objects.exclude(attendee=None).exists()
    assert not Notification.objects.exists()


def test_a_plan_made_before_gives_no_face_to_whoever_was_forgotten(
    gala: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A face which the forgetting does not find, as of another engine, and which the plan would give to them."""
    person = Person.objects.get(faces__photo__original_name="2.png")
    process(upload(gala, painted_looks([(ANN, 0.8, 0.9)])), settled=False)
    face = Face.objects.latest("pk")
    Face.objects.filter(pk=face.pk).update(person=None, engine_person=None, assigned_by="")
    Person.objects.refresh({person.pk}, contract=face.contract)
    monkeypatch.setattr(erasure, "traces_of_person", lambda person: traces_of_people([person.pk]))
    pause = _Pause()
    monkeypatch.setattr(consolidation, "_Plan", pause.after(consolidation._Plan))
    with _meanwhile(pause, lambda: event_consolidate(event=gala)):
        person_forget(person=person, by=None)
    face.refresh_from_db()
    assert face.person is not None and face.person.forgotten_at is None
