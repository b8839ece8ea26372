"""Opting out by selfie: one's faces are removed, and do not come back with later photos."""

import io
from typing import Any

import pytest

from faces.engines.fake import vector_of
from faces.models import ErasedPlace, Erasure, Event, Face, FaceVector, OptOut, OptOutCode, Person, Photo
from faces.services import pipeline, suppression
from faces.services.decisions import faces_confirm
from faces.services.erasure import likeness_opt_out, opt_outs_apply, people_suppress
from faces.services.likenesses import Likeness, likeness_of
from faces.services.portraits import person_register
from faces.services.uploads import batch_create, photos_upload
from faces.tests.attendance import ANN, BOB, open_event, selfie, visitor_search
from faces.tests.painting import painted, process, processed, upload
from faces.tests.test_erasure import own_storage, vectors_like  # noqa: F401
from photofinder.errors import Problem
from photofinder.vectors import padded

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_engine", "sent", "own_storage")]


@pytest.fixture
def gala() -> Event:
    event = open_event()
    processed(event, painted(ANN, BOB), painted(BOB), painted(ANN))
    return event


@pytest.fixture
def ann(fake_engine: Any) -> Likeness:
    return likeness_of(vector_of(ANN))


def test_it_removes_what_is_there(gala: Event, ann: Likeness) -> None:
    receipt = likeness_opt_out(likeness=ann)
    assert (receipt.kind, receipt.counts["faces"]) == ("opt_out", 2)
    assert vectors_like(ANN) == 0
    assert visitor_search(gala, selfie(ANN)).matches.photos == []


def test_later_photos_do_not_bring_them_back(gala: Event, ann: Likeness) -> None:
    likeness_opt_out(likeness=ann)
    processed(gala, painted(ANN), painted(ANN, BOB), painted(ANN, likeness=0.8))
    processed(open_event("Lunch"), painted(ANN))
    assert vectors_like(ANN) == 0
    assert visitor_search(gala, selfie(ANN)).matches.photos == []
    assert Photo.objects.filter(state="ready").count() == Photo.objects.count() == 7
    assert len(visitor_search(gala, selfie(BOB)).matches.photos) == 3


def test_the_same_photo_sent_to_another_event_does_not_either(gala: Event, ann: Likeness) -> None:
    data = painted(ANN, BOB)
    processed(gala, data)
    likeness_opt_out(likeness=ann)
    processed(open_event("Lunch"), data)
    assert vectors_like(ANN) == 0


def test_what_is_kept_of_them_is_no_vector(gala: Event, ann: Likeness) -> None:
    likeness_opt_out(likeness=ann)
    code = bytes(OptOutCode.objects.first().code)  # type: ignore[union-attr] # it is there
    raw = padded(vector_of(ANN))
    assert raw.astype(">f2").tobytes()[:32] not in code
    assert len(code) == 512
    assert ErasedPlace.objects.count() == 2


def test_another_key_does_not_know_them(gala: Event, ann: Likeness, settings: Any) -> None:
    likeness_opt_out(likeness=ann)
    assert suppression.suppressed(padded(vector_of(ANN))[None], contract=ann.contract).all()
    settings.SECRET_KEY = "another key"
    suppression._directions.cache_clear()
    assert not suppression.suppressed(padded(vector_of(ANN))[None], contract=ann.contract).any()
    suppression._directions.cache_clear()


def test_somebody_whose_faces_only_together_resemble_them_is_removed(gala: Event, ann: Likeness) -> None:
    likeness_opt_out(likeness=ann)
    ErasedPlace.objects.all().delete()
    event = open_event("Lunch")
    photos = upload(event, painted(BOB), painted(BOB))
    process(photos, settled=False)
    bob = Person.objects.get(faces__photo=photos[0])
    Person.objects.filter(pk=bob.pk).update(centroid=padded(vector_of(ANN)))
    people_suppress(event=event)
    assert not Face.objects.filter(photo__event=event).exists()
    assert Erasure.objects.filter(kind="opt_out").count() == 2


def test_an_opt_out_while_a_photo_is_looked_at_counts_as_well(gala: Event, ann: Likeness) -> None:
    photos = upload(gala, painted(ANN, BOB))
    ids = [photo.pk for photo in photos]
    pipeline.photos_ingest(photo_ids=ids)
    pipeline.photos_detect(photo_ids=ids)
    faces = Face.objects.filter(photo__in=ids)
    keys = list(faces.values_list("pk", flat=True))
    likeness_opt_out(likeness=ann)
    assert faces.count() == 1
    FaceVector.objects.filter(face__in=keys).update(embedding=padded(vector_of(ANN)))
    pipeline.photos_assign(photo_ids=ids)
    assert faces.count() == 0


def test_a_new_engine_learns_from_the_places_whom_to_leave_out(gala: Event, ann: Likeness) -> None:
    likeness_opt_out(likeness=ann)
    OptOutCode.objects.update(contract="old/engine")
    photo = Photo.objects.filter(original_name="3.png").get()
    Photo.objects.filter(pk=photo.pk).update(state="ingested")
    pipeline.photos_detect(photo_ids=[photo.pk])
    assert not photo.faces.exists()
    assert OptOutCode.objects.filter(contract=ann.contract).count() == 1
    processed(gala, painted(ANN))
    assert vectors_like(ANN) == 0


def _read_by_an_earlier_engine(gala: Event) -> None:
    Photo.objects.update(analysed_with="old/engine")
    Face.objects.update(contract="old/engine")
    Person.objects.update(contract="old/engine")


def _read_anew() -> None:
    pipeline.photos_reembed()
    ids = list(Photo.objects.values_list("pk", flat=True))
    pipeline.photos_detect(photo_ids=ids)
    pipeline.photos_assign(photo_ids=ids)


def test_faces_that_an_earlier_engine_read_are_counted_and_go_when_they_are_read_anew(
    gala: Event, ann: Likeness
) -> None:
    _read_by_an_earlier_engine(gala)
    receipt = likeness_opt_out(likeness=ann)
    assert (receipt.counts["faces"], receipt.counts["uncompared"]) == (0, 4)
    _read_anew()
    assert (vectors_like(ANN), Face.objects.count()) == (0, 2)


def test_a_face_of_an_earlier_engine_of_which_a_moderator_spoke_goes_as_well(gala: Event, ann: Likeness) -> None:
    person = Person.objects.get(faces__photo__original_name="3.png")
    faces_confirm(person=person, faces=list(person.faces.values_list("pk", flat=True)), actor=None)
    _read_by_an_earlier_engine(gala)
    likeness_opt_out(likeness=ann)
    _read_anew()
    assert vectors_like(ANN) == 0


def test_who_opted_out_is_not_registered(gala: Event, ann: Likeness) -> None:
    likeness_opt_out(likeness=ann)
    with pytest.raises(Problem) as problem:
        person_register(picture=selfie(ANN))
    assert problem.value.code == "opted_out"
    assert person_register(picture=selfie(BOB)).is_best


def test_an_opt_out_that_is_deleted_lets_later_photos_in(gala: Event, ann: Likeness) -> None:
    likeness_opt_out(likeness=ann)
    OptOut.objects.get().delete()
    processed(gala, painted(ANN))
    assert len(visitor_search(gala, selfie(ANN)).matches.photos) == 1


def test_strangers_are_not_taken_for_them(gala: Event, ann: Likeness) -> None:
    likeness_opt_out(likeness=ann)
    batch = batch_create(event=gala, by=None)
    accepted, _ = photos_upload(batch=batch, files=[("x.png", io.BytesIO(painted(*range(4, 12))))])
    process([accepted[0].photo])
    assert accepted[0].photo.faces.count() == 8


def test_opting_out_again_adds_to_the_first_time(gala: Event, ann: Likeness) -> None:
    first = likeness_opt_out(likeness=ann)
    second = likeness_opt_out(likeness=likeness_of(vector_of(ANN, 0.9)))
    assert first.opt_out == second.opt_out == OptOut.objects.get()
    for _ in range(10):
        likeness_opt_out(likeness=ann)
    assert (OptOut.objects.count(), OptOutCode.objects.count()) == (1, 8)


def test_however_many_opted_out_a_later_photo_that_a_search_would_find_is_left_out(gala: Event, ann: Likeness) -> None:
    likeness_opt_out(likeness=ann)
    OptOutCode.objects.bulk_create(
        OptOutCode(opt_out=OptOut.objects.create(), contract=ann.contract, code=bytes(512)) for _ in range(1000)
    )
    processed(gala, painted(ANN, likeness=0.7))
    assert visitor_search(gala, selfie(ANN)).matches.photos == []


def test_those_whom_a_new_engine_cannot_know_are_counted(ann: Likeness) -> None:
    likeness_opt_out(likeness=ann)
    assert suppression.opt_outs_unknown() == 0
    OptOutCode.objects.update(contract="old/engine")
    assert suppression.opt_outs_unknown() == 1


def test_a_new_engine_learns_of_several_faces_the_best_most_surely(gala: Event, ann: Likeness) -> None:
    weak, *others = [*processed(gala, painted(ANN, likeness=0.7)), *Photo.objects.filter(original_name="3.png")]
    likeness_opt_out(likeness=ann)
    OptOutCode.objects.update(contract="old/engine")
    for photo in (weak, *others):
        Photo.objects.filter(pk=photo.pk).update(state="ingested")
        pipeline.photos_detect(photo_ids=[photo.pk])
    learnt = OptOutCode.objects.filter(contract=ann.contract)
    assert learnt.count() == 2
    for likeness in (1.0, 0.9, 0.8, 0.7):
        vector = padded(vector_of(ANN, likeness))[None]
        assert suppression.suppressed(vector, contract=ann.contract).all()


def test_of_very_many_faces_a_new_engine_keeps_the_codes_of_the_best(ann: Likeness) -> None:
    gala = open_event()
    photos = processed(gala, *(painted(ANN, det_score=0.5 + number / 40) for number in range(12)))
    likeness_opt_out(likeness=ann)
    OptOutCode.objects.all().delete()
    for photo in photos:
        Photo.objects.filter(pk=photo.pk).update(state="ingested")
        pipeline.photos_detect(photo_ids=[photo.pk])
    qualities = list(OptOutCode.objects.order_by("-quality").values_list("quality", flat=True))
    assert len(qualities) == 8
    assert min(filter(None, qualities)) > 0.5


def test_what_came_in_before_the_new_engine_learnt_of_them_goes_when_it_has(gala: Event, ann: Likeness) -> None:
    likeness_opt_out(likeness=ann)
    OptOutCode.objects.update(contract="old/engine")
    lunch = open_event("Lunch")
    processed(lunch, painted(ANN), painted(BOB))
    opt_outs_apply()
    assert Face.objects.filter(photo__event=lunch).count() == 2
    Photo.objects.filter(original_name="3.png", event=gala).update(state="ingested")
    pipeline.photos_detect(photo_ids=list(Photo.objects.filter(state="ingested").values_list("pk", flat=True)))
    opt_outs_apply()
    assert (vectors_like(ANN), Face.objects.filter(photo__event=lunch).count()) == (0, 1)
