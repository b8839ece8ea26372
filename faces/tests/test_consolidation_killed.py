"""A worker that is killed while it consolidates an event leaves people as they were, and beat lets another finish."""

from pathlib import Path

import pytest
from django.db import connection, transaction

from faces.models import Event, Face, Person
from faces.services.consolidation import events_resume
from faces.services.decisions import people_merge, person_name
from faces.services.turns import take_turn
from faces.services.uploads import event_create
from faces.tasks import consolidate_people
from faces.tests.ledger_laws import assert_rows_agree
from faces.tests.painting import painted, process, processed, upload
from photofinder.tests.workers import empty_broker, wait_until, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_engine")]
ENGINE = {"FACE_ENGINE": "faces.engines.fake.FakeFaceEngine"}


@pytest.fixture
def gala() -> Event:
    """One person in two pieces, of whom a consolidation makes one, and two whom a moderator spoke of."""
    empty_broker()
    event = event_create(name="Gala")
    processed(event, painted(1, 9), painted(9), painted(17))
    ann, _, dan = Person.objects.order_by("pk")
    person_name(person=ann, name="Ann", actor=None)
    people_merge(into=ann, others=[dan], actor=None)
    pieces = event_create(name="Pieces")
    processed(pieces, painted(9))
    pieces.photos.update(event=event)
    process(upload(event, painted(25)), settled=False)
    return event


def test_it_is_finished_after_sigkill_in_the_middle(gala: Event, tmp_path: Path) -> None:
    before = _owners()
    with worker(tmp_path / "killed.log", **ENGINE) as doomed, transaction.atomic():
        take_turn()  # the plan is made; to carry it out the worker waits for this turn
        _send_now(gala)
        wait_until(_somebody_waits)
        doomed.kill()
    wait_until(lambda: not _somebody_waits())
    assert _owners() == before
    assert gala in Event.objects.unsettled()
    empty_broker()
    with worker(tmp_path / "survivor.log", **ENGINE):
        events_resume()
        wait_until(lambda: gala not in Event.objects.unsettled())
    assert Person.objects.current().count() == 3
    assert Person.objects.filter(name="Ann", faces_count=2).exists()
    assert_rows_agree()


def _send_now(event: Event) -> None:
    """Although the transaction is not over."""
    consolidate_people.delay([event.pk])


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(cursor.fetchone()[0])


def _owners() -> dict[int, int | None]:
    return dict(Face.objects.values_list("pk", "person"))
