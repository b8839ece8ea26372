"""Being forgotten: nothing of a person's face is left, in the database or in the storage; others stay."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.db import connection

from faces.engines.fake import vector_of
from faces.models import (
    Attendee,
    Decision,
    Event,
    Face,
    PendingDeletion,
    Person,
    Photo,
    Portrait,
    SelfieSearch,
)
from faces.services import files as file_services
from faces.services.attendance import Asker
from faces.services.attendees import attendee_subscribe
from faces.services.decisions import decision_undo, faces_dismiss, people_hide, people_merge, person_name
from faces.services.erasure import attendee_forget, likeness_forget, person_forget
from faces.services.files import files_condemn, files_delete, files_resume
from faces.services.likenesses import Likeness, likeness_of
from faces.services.pipeline import photos_detect
from faces.services.portraits import person_register
from faces.tests.attendance import ANN, BOB, attendee, open_event, selfie, visitor_search
from faces.tests.painting import painted, processed
from photofinder import storage
from photofinder.errors import Problem
from photofinder.vectors import FaceVectorField, padded

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_engine", "sent", "own_storage")]


@pytest.fixture
def like_ann(fake_engine: Any) -> Likeness:
    return likeness_of(vector_of(ANN))


@pytest.fixture
def own_storage(settings: Any, tmp_path: Any) -> None:
    """A storage of this test's own, to be searched."""
    backend = "photofinder.storage.SignedFileSystemStorage"
    default = {"BACKEND": backend, "OPTIONS": {"location": tmp_path / "media", "base_url": "/media/"}}
    settings.STORAGES = settings.STORAGES | {"default": default}


@pytest.fixture
def gala(own_storage: None) -> Event:
    event = open_event()
    processed(event, painted(ANN, BOB), painted(BOB), painted(ANN), painted(ANN, likeness=0.8))
    return event


def vectors_like(identity: int) -> int:
    """How many vectors in all columns of all tables resemble that identity."""
    wanted = padded(vector_of(identity))
    count = 0
    for model in apps.get_app_config("faces").get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, FaceVectorField):
                rows = model._default_manager.exclude(**{field.name: None}).values_list(field.name, flat=True)
                count += sum(float(np.asarray(row, np.float32) @ wanted) > 0.4 for row in rows)
    return count


def files(folder: str) -> set[str]:
    """The names of all files below a folder of the storage."""
    root = Path(default_storage.path(folder))
    return {path.name for path in root.rglob("*") if path.is_file()}


def test_a_selfie_is_enough_to_be_forgotten(gala: Event, like_ann: Any) -> None:
    before = files("crops")
    receipt = likeness_forget(likeness=like_ann)
    assert receipt.counts == {"faces": 3, "crops": 3, "portraits": 0, "people": 1, "subscriptions": 0, "uncompared": 0}
    assert (vectors_like(ANN), vectors_like(BOB) > 0) == (0, True)
    assert len(files("crops")) == len(before) - 3 == 2
    assert visitor_search(gala, selfie(ANN)).matches.photos == []
    assert len(visitor_search(gala, selfie(BOB)).matches.photos) == 2
    assert Photo.objects.count() == 4


def test_hidden_people_and_drafts_are_no_refuge(gala: Event, like_ann: Any) -> None:
    processed(open_event("Draft", published=False), painted(ANN))
    people_hide(people=list(Person.objects.all()), actor=None)
    assert likeness_forget(likeness=like_ann).counts["faces"] == 4
    assert vectors_like(ANN) == 0


def test_a_persons_id_answers_no_more_and_their_name_is_nowhere(gala: Event) -> None:
    ann, bob = _person(ANN), _person(BOB)
    person_name(person=ann, name="Ann Secret", actor=None)
    person_name(person=ann, name="Ann Hidden", actor=None)
    user = User.objects.create(username="moderator")
    receipt = person_forget(person=ann, by=user)
    assert (receipt.kind, receipt.by) == ("forget", user)
    with pytest.raises(Person.DoesNotExist):
        Person.objects.resolve(ann.user_id)
    assert Person.objects.resolve(bob.user_id) == bob
    assert not _mentioned("Secret") and not _mentioned("Hidden")


def test_who_was_merged_into_them_is_forgotten_too(gala: Event) -> None:
    processed(gala, painted(5))
    ann, other = _person(ANN), _person(5)
    person_name(person=other, name="Old Name", actor=None)
    people_merge(into=ann, others=[other], actor=None, name="")
    person_forget(person=ann, by=None)
    assert (vectors_like(ANN), vectors_like(5)) == (0, 0)
    assert not _mentioned("Old Name")
    with pytest.raises(Person.DoesNotExist):
        Person.objects.resolve(other.user_id)


def test_an_attendee_takes_everything_along(gala: Event, like_ann: Any) -> None:
    me = attendee()
    attendee_subscribe(attendee=me, event=gala, likeness=like_ann)
    person_register(picture=selfie(ANN), name="Ann")
    visitor_search(gala, selfie(ANN), asker=_asker(me))
    receipt = attendee_forget(attendee=me)
    assert receipt.counts == {"faces": 3, "crops": 4, "portraits": 2, "people": 3, "subscriptions": 1, "uncompared": 0}
    assert vectors_like(ANN) == 0
    assert (Attendee.objects.count(), Portrait.objects.count(), files("portraits")) == (0, 0, set())
    assert list(SelfieSearch.objects.values_list("code", "faces")) == [("", [])]


def test_an_attendee_of_whom_nothing_is_known_loses_what_there_is(gala: Event) -> None:
    receipt = attendee_forget(attendee=attendee())
    assert (receipt.counts["faces"], Attendee.objects.count(), Face.objects.count()) == (0, 0, 5)


def test_a_crop_that_another_event_needs_stays(gala: Event, like_ann: Any) -> None:
    data = painted(ANN)
    processed(gala, data)
    first = Face.objects.latest("pk")
    other = open_event("Lunch")
    processed(other, data)
    keys = {face.crop_key for face in Face.objects.filter(photo__image=first.photo.image)}
    assert len(keys) == 1
    files_delete(ids=files_condemn(keys=keys))
    assert default_storage.exists(keys.pop())


def test_a_face_that_is_found_a_little_elsewhere_leaves_no_crop_behind(gala: Event) -> None:
    face = Face.objects.get(photo__original_name="3.png")
    face.box = [face.box[0] + 0.02, *face.box[1:]]
    face.save(update_fields=["box"])
    storage.save(face.crop_key, b"the old one")
    Photo.objects.filter(pk=face.photo_id).update(state="ingested")
    photos_detect(photo_ids=[face.photo_id])
    kept = {row.crop_key.rpartition("/")[2] for row in Face.objects.select_related("photo__image")}
    assert files("crops") == kept


def test_files_that_a_killed_process_left_are_deleted_later(
    gala: Event, like_ann: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(file_services, "files_delete", lambda ids: None)
        likeness_forget(likeness=like_ann)
    assert len(files("crops")) == 5
    files_resume()
    assert len(files("crops")) == 2
    assert not PendingDeletion.objects.exists()


def test_faces_that_moderators_took_for_none_go_as_well(gala: Event, like_ann: Likeness) -> None:
    faces_dismiss(faces=[Face.objects.get(photo__original_name="3.png").pk], actor=None)
    assert likeness_forget(likeness=like_ann).counts["faces"] == 3
    assert vectors_like(ANN) == 0


def test_a_name_that_went_to_somebody_else_by_a_merge_goes_too(gala: Event) -> None:
    processed(gala, painted(5))
    ann, other = _person(ANN), _person(5)
    person_name(person=ann, name="Ann Secret", actor=None)
    merge = people_merge(into=other, others=[ann], actor=None)
    decision_undo(decision=merge, actor=None)
    person_forget(person=ann, by=None)
    assert not _mentioned("Secret")


def test_what_their_searches_found_is_gone(gala: Event, like_ann: Likeness) -> None:
    mine, others = (visitor_search(gala, selfie(identity)).search for identity in (ANN, BOB))
    likeness_forget(likeness=like_ann)
    assert list(SelfieSearch.objects.exclude(code="")) == [others]
    assert mine.outcome == "found"


def test_the_ledger_goes_on_without_them(gala: Event) -> None:
    ann, bob = _person(ANN), _person(BOB)
    person_name(person=bob, name="Bob", actor=None)
    person_forget(person=ann, by=None)
    processed(gala, painted(BOB))
    assert (_person(BOB).name, _person(BOB).faces_count) == ("Bob", 3)
    assert Decision.objects.count() == 1


def test_a_receipt_cannot_be_guessed_and_says_no_name(gala: Event, like_ann: Any) -> None:
    receipt = likeness_forget(likeness=like_ann)
    assert len(receipt.number) == 14
    assert "Ann" not in str(receipt.counts)


def test_registering_once_more_after_being_forgotten_is_a_new_start(gala: Event) -> None:
    old = person_register(picture=selfie(ANN), name="Ann").person
    person_forget(person=old, by=None)
    with pytest.raises(Problem):
        person_register(picture=selfie(ANN), user_id=old.user_id)
    assert person_register(picture=selfie(ANN)).person != old


def _asker(me: Attendee) -> Any:
    return Asker(SelfieSearch.Channel.BOT, me, has_consent=True)


def _person(identity: int) -> Person:
    found = visitor_search(Event.objects.earliest("pk"), selfie(identity)).matches.people[0].person
    SelfieSearch.objects.all().delete()
    return Person.objects.get(pk=found.pk)


def _mentioned(word: str) -> bool:
    """Whether any row of any table has the word in it."""
    tables: Collection[str] = connection.introspection.table_names()
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}" AS row WHERE row::text ILIKE %s', [f"%{word}%"])
            if cursor.fetchone()[0]:
                return True
    return False
