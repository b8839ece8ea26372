"""Another engine: its vectors, the same people, the same decisions."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from faces.engines.fake import FakeFaceEngine
from faces.models import Event, Face, Person, Photo
from faces.services import consolidation, pipeline
from faces.services.decisions import decision_undo, faces_reject, faces_split, people_merge, person_name
from faces.services.uploads import event_create
from faces.tests.painting import painted, processed
from photofinder import engines
from photofinder.contracts import EngineSpec

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]
ANN, BOB, EVE = 1, 9, 17


class OtherFakeEngine(FakeFaceEngine):
    """The same squares under another contract."""

    @property
    def spec(self) -> EngineSpec:
        return EngineSpec("fake", "squares", "2", super().spec.dim, "flat")


@pytest.fixture
def gala() -> Event:
    event = event_create(name="Gala")
    processed(event, painted(ANN, BOB), painted(ANN, BOB, EVE), painted(ANN))
    return event


def _change_engine(settings: Any, gala: Event) -> None:
    settings.ENGINES = {"face": {"CLASS": "faces.tests.test_reembed.OtherFakeEngine", "OPTIONS": {}}}
    engines._make.cache_clear()
    assert pipeline.photos_reembed(event=gala) == 3
    ids = list(Photo.objects.values_list("pk", flat=True))
    pipeline.photos_detect(photo_ids=ids)
    pipeline.photos_assign(photo_ids=ids)
    consolidation.events_consolidate(event_ids=[gala.pk])


def _owners() -> dict[int, int | None]:
    return dict(Face.objects.order_by("pk").values_list("pk", "person"))


def test_people_names_and_decisions_outlive_a_change_of_the_engine(gala: Event, settings: Any) -> None:
    ann, bob, eve = Person.objects.current().order_by("-faces_count")
    person_name(person=ann, name="Ann", actor=None)
    merge = people_merge(into=bob, others=[eve], actor=None)
    faces_split(person=ann, faces=[ann.faces.order_by("pk")[0].pk], actor=None)
    faces_reject(person=ann, faces=[ann.faces.order_by("pk")[1].pk], actor=None)
    before = _owners()
    _change_engine(settings, gala)
    assert _owners() == before
    assert set(Face.objects.values_list("contract", flat=True)) == {OtherFakeEngine().spec.contract}
    assert Person.objects.get(pk=ann.pk).name == "Ann"
    assert {person.contract for person in Person.objects.current()} == {OtherFakeEngine().spec.contract}
    decision_undo(decision=merge, actor=None)
    assert Person.objects.get(pk=eve.pk).faces_count == 1


def test_a_photo_that_the_engine_has_seen_is_not_looked_at_again(gala: Event) -> None:
    assert pipeline.photos_reembed() == 0


def test_a_face_that_the_new_engine_does_not_find_stays_only_when_a_moderator_spoke_of_it(
    gala: Event, settings: Any, monkeypatch: Any
) -> None:
    eve = Person.objects.current().get(faces_count=1)
    person_name(person=eve, name="Eve", actor=None)
    kept = faces_split(person=Person.objects.current().get(faces_count=3), faces=[Face.objects.all()[0].pk], actor=None)
    monkeypatch.setattr(OtherFakeEngine, "analyse", lambda _self, pictures: [[] for _ in pictures])
    _change_engine(settings, gala)
    assert list(Face.objects.values_list("person", flat=True)) == [kept.payload["new"]]


def test_the_command_names_an_event_that_is_not_there() -> None:
    with pytest.raises(CommandError, match="no event nowhere"):
        call_command("reembed_faces", event="nowhere")
