"""Where a face was forgotten none comes back from: with the same engine, with another, through copies, in a race."""

from typing import Any

import pytest

from faces.engines.fake import vector_of
from faces.models import ErasedPlace, Event, Face, Person, Photo
from faces.services import consolidation, pipeline
from faces.services.erasure import event_expire, likeness_forget, likeness_opt_out
from faces.services.likenesses import Likeness, likeness_of
from faces.tests.attendance import ANN, BOB, open_event
from faces.tests.painting import painted, painted_looks, process, processed, upload
from faces.tests.test_erasure import own_storage, vectors_like  # noqa: F401
from photofinder import engines

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_engine", "sent", "own_storage")]


@pytest.fixture
def ann(fake_engine: Any) -> Likeness:
    return likeness_of(vector_of(ANN))


@pytest.fixture
def gala(own_storage: None) -> Event:  # noqa: F811 - the fixture
    event = open_event()
    processed(event, painted(ANN, BOB), painted(ANN))
    return event


def _change_engine(settings: Any) -> None:
    settings.ENGINES = {"face": {"CLASS": "faces.tests.test_reembed.OtherFakeEngine", "OPTIONS": {}}}
    engines._make.cache_clear()


def _looked_at_again() -> None:
    ids = list(Photo.objects.filter(state="ingested").values_list("pk", flat=True))
    pipeline.photos_detect(photo_ids=ids)
    pipeline.photos_assign(photo_ids=ids)


def test_the_same_engine_does_not_look_at_a_photo_again_whose_faces_were_forgotten(gala: Event, ann: Likeness) -> None:
    likeness_forget(likeness=ann)
    assert pipeline.photos_reembed() == 0
    assert Photo.objects.filter(state="ready").count() == 2


def test_another_engine_leaves_out_the_places_where_forgotten_faces_were(
    gala: Event, ann: Likeness, settings: Any
) -> None:
    likeness_forget(likeness=ann)
    assert set(ErasedPlace.objects.values_list("opt_out", flat=True)) == {None}
    _change_engine(settings)
    assert pipeline.photos_reembed() == 2
    _looked_at_again()
    assert (vectors_like(ANN), vectors_like(BOB) > 0, Face.objects.count()) == (0, True, 1)


def test_the_same_photo_in_another_event_does_not_bring_them_back(ann: Likeness) -> None:
    data = painted(ANN, BOB)
    processed(open_event(), data)
    likeness_forget(likeness=ann)
    processed(open_event("Lunch"), data)
    assert (vectors_like(ANN), Face.objects.count()) == (0, 2)


def test_who_was_only_forgotten_is_found_in_later_photos(gala: Event, ann: Likeness) -> None:
    likeness_forget(likeness=ann)
    processed(gala, painted(ANN))
    assert Face.objects.filter(photo__original_name="1.png").count() == 2


def test_what_the_retention_deletes_is_no_such_place(gala: Event) -> None:
    event_expire(event=gala)
    assert not ErasedPlace.objects.exists()


def _known_by_place_only(event: Event) -> bytes:
    """A photo in which Ann's face is hers by a moderator's hand: neither selfie nor code would know it."""
    data = painted_looks([(ANN, 0.55, 0.9)])
    face = processed(event, data)[0].faces.get()
    person = Person.objects.filter(faces__photo__original_name="2.png").get()
    Face.objects.filter(pk=face.pk).update(person=person, engine_person=person)
    Person.objects.refresh({person.pk, face.person_id or 0}, contract=face.contract)
    return data


def test_a_face_that_was_written_while_it_was_forgotten_goes(gala: Event) -> None:
    ids = [photo.pk for photo in upload(open_event("Lunch"), _known_by_place_only(gala))]
    pipeline.photos_ingest(photo_ids=ids)
    pipeline.photos_detect(photo_ids=ids)
    face = Face.objects.select_related("photo").get(photo__in=ids)
    ErasedPlace.objects.create(image_id=face.photo.image_id, box=face.box)
    pipeline.photos_assign(photo_ids=ids)
    assert not Face.objects.filter(photo__in=ids).exists()


def test_a_copy_of_a_face_that_opted_out_is_not_made(gala: Event, ann: Likeness) -> None:
    data = _known_by_place_only(gala)
    lunch = open_event("Lunch")
    ids = [photo.pk for photo in upload(lunch, data)]
    pipeline.photos_ingest(photo_ids=ids)
    likeness_opt_out(likeness=ann)
    pipeline.photos_detect(photo_ids=ids)
    pipeline.photos_assign(photo_ids=ids)
    consolidation.events_consolidate(event_ids=[lunch.pk])
    assert not Face.objects.filter(photo__in=ids).exists()


def test_a_photo_whose_known_faces_are_deleted_meanwhile_is_looked_at_itself(
    gala: Event, monkeypatch: pytest.MonkeyPatch, sent: Any
) -> None:
    data = painted(BOB)
    processed(gala, data)
    photos = upload(open_event("Lunch"), data)
    ids = [photo.pk for photo in photos]
    pipeline.photos_ingest(photo_ids=ids)
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "take_turn", lambda: event_expire(event=gala))
        pipeline.photos_detect(photo_ids=ids)
    assert (Photo.objects.get(pk=ids[0]).state, sent[-1]) == ("ingested", ("faces.tasks.detect_faces", ids))
    process(photos)
    assert Face.objects.filter(photo__in=ids).count() == 1
