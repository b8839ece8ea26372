"""Photos and events are deleted with everything that is kept of them, and nothing that others use goes along."""

import time
from collections.abc import Sequence
from threading import Event as ThreadEvent
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.module_loading import import_string

from faces.engines.fake import vector_of
from faces.models import (
    Attendee,
    Decision,
    Erasure,
    Event,
    Face,
    PendingDeletion,
    Person,
    Photo,
    Portrait,
    Suggestion,
    Verdict,
)
from faces.services import deletion, erasure
from faces.services.attendees import attendee_subscribe
from faces.services.decisions import decision_undo, faces_confirm, faces_split, people_merge, person_cover, person_name
from faces.services.deletion import event_delete, events_delete_resume, photos_delete, previews_renew
from faces.services.deliveries import preview_key
from faces.services.files import files_resume
from faces.services.likenesses import likeness_of
from faces.services.people import current_contract
from faces.tests.attendance import ANN, BOB, attendee, open_event, selfie, visitor_search
from faces.tests.painting import painted, processed
from faces.tests.test_erasure import files, own_storage, vectors_like  # noqa: F401
from media_index.models import DuplicatePair, Image, Source, SourceFile
from media_index.services import duplicate_decisions
from media_index.services.duplicate_decisions import group_resolve
from media_index.services.duplicate_groups import groups_open
from media_index.services.turns import Turn, take_turn
from media_index.tests.indexed import paired, seen
from media_index.tests.test_indexing_at_once import at_once as together
from media_index.tests.test_turns import after, slowly
from photofinder import storage
from photofinder.vectors import padded

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fake_engine", "sent", "own_storage", "at_once"),
]
FOLDERS = ("images", "thumbs", "previews", "crops")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks run when the transaction commits, in this process."""

    def run(path: str, ids: Sequence[int], *, chunk: int | None = None) -> None:
        transaction.on_commit(lambda: import_string(path)(list(ids)))

    monkeypatch.setattr(deletion, "enqueue", run)


@pytest.fixture
def gala(own_storage: None) -> Event:  # noqa: F811 - the fixture
    event = open_event()
    processed(event, painted(ANN, BOB), painted(BOB), painted(ANN))
    for photo in event.photos.select_related("image", "event"):
        for side in (512, 1600):
            preview_key(photo=photo, long_side=side)
    return event


def _photo(name: str) -> Photo:
    return Photo.objects.get(original_name=name)


def _delete(*photos: Photo) -> int:
    return photos_delete(photo_ids=[photo.pk for photo in photos], by=None)


def _person(identity: int) -> Person:
    return Person.objects.nearest(padded(vector_of(identity)), contract=current_contract())[0]


def test_a_photo_goes_with_its_faces_and_all_of_its_files(gala: Event) -> None:
    gone = _photo("3.png")
    digest = gone.image.sha256
    assert any(digest in name for folder in FOLDERS for name in files(folder))
    assert _delete(gone) == 1
    assert (Photo.objects.count(), Face.objects.count(), Image.objects.count()) == (2, 3, 2)
    assert not any(digest in name for folder in FOLDERS for name in files(folder))


def test_the_other_photos_keep_theirs(gala: Event) -> None:
    before = {folder: len(files(folder)) for folder in FOLDERS}
    _delete(_photo("3.png"))
    after = {folder: len(files(folder)) for folder in FOLDERS}
    assert before == {"images": 3, "thumbs": 6, "previews": 6, "crops": 4}
    assert after == {"images": 2, "thumbs": 4, "previews": 4, "crops": 3}


def test_it_is_written_down_with_numbers(gala: Event) -> None:
    _delete(_photo("1.png"), _photo("3.png"))
    row = Erasure.objects.get()
    assert (row.kind, row.event) == ("deleted", gala)
    assert not PendingDeletion.objects.exists()
    assert row.counts == {"photos": 2, "faces": 3, "crops": 3, "originals": 2}


def test_people_keep_what_they_have_elsewhere(gala: Event) -> None:
    ann = _person(ANN)
    _delete(_photo("3.png"))
    ann.refresh_from_db()
    assert (ann.faces_count, ann.photos_count) == (1, 1)
    assert ann.cover_face == Face.objects.get(person=ann)
    assert len(visitor_search(gala, selfie(ANN)).matches.photos) == 1


def test_of_whom_nothing_is_left_nobody_is_asked_and_nobody_finds_them(gala: Event) -> None:
    ann, bob = _person(ANN), _person(BOB)
    Suggestion.objects.create(event=gala, one=ann, other=bob, distance=0.4)
    _delete(_photo("1.png"), _photo("3.png"))
    ann.refresh_from_db()
    assert (ann.faces_count, ann.centroid, ann.cover_face) == (0, None, None)
    assert not Suggestion.objects.exists()
    assert ann not in Person.objects.current()


def test_the_ledger_stays_readable_and_what_is_left_of_a_decision_can_be_undone(gala: Event) -> None:
    ann, bob = _person(ANN), _person(BOB)
    split = faces_split(person=bob, faces=[bob.faces.order_by("pk")[0].pk], actor=None)
    merge = people_merge(into=ann, others=[bob], actor=None, name="Ann")
    cover = Face.objects.get(photo=_photo("3.png"))
    person_cover(person=ann, face=cover, actor=None)
    faces_confirm(person=ann, faces=[cover.pk], actor=None)
    _delete(_photo("3.png"))
    assert not Verdict.objects.filter(face=cover.pk).exists()
    assert Decision.objects.count() == 4
    decision_undo(decision=merge, actor=None)
    decision_undo(decision=split, actor=None)
    assert sorted(Person.objects.current().values_list("faces_count", flat=True)) == [1, 2]


def test_an_original_that_another_event_has_stays_with_its_copies_there(gala: Event) -> None:
    lunch, data = open_event("Lunch"), painted(ANN)
    here = processed(gala, data)[0]
    there = processed(lunch, data)[0]
    _delete(here)
    there = Photo.objects.select_related("image", "event").get(pk=there.pk)
    assert storage.exists(there.image.key) and storage.exists(there.image.thumbnail_key(512))
    assert storage.exists(Face.objects.get(photo=there).crop_key)
    assert len(visitor_search(lunch, selfie(ANN)).matches.photos) == 1


def test_an_original_that_lies_in_a_source_stays_in_the_archive(gala: Event) -> None:
    photo = _photo("3.png")
    source = Source.objects.create(location="/photos")
    SourceFile.objects.create(
        source=source, path=b"3.png", path_digest=b"3", name="3.png", size=1, changed_ns=1, seen_in=1, image=photo.image
    )
    _delete(photo)
    assert Image.objects.filter(pk=photo.image_id).exists()
    assert storage.exists(photo.image.key)


def test_files_are_deleted_later_when_the_message_is_lost(gala: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "enqueue", lambda *args, **options: None)
    _delete(_photo("1.png"), _photo("2.png"), _photo("3.png"))
    assert files("images") != set()
    files_resume()
    assert [files(folder) for folder in FOLDERS] == [set()] * 4


def test_a_photo_that_comes_back_before_its_files_are_deleted_keeps_them(
    gala: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = painted(BOB)
    photo = processed(gala, data)[0]
    with monkeypatch.context() as patch:
        patch.setattr(deletion, "enqueue", lambda *args, **options: None)
        _delete(photo)
    again = processed(gala, data)[0]
    files_resume()
    assert storage.exists(again.image.key)
    assert storage.exists(again.image.thumbnail_key(1600))


def test_an_event_goes_with_everything_in_it(gala: Event) -> None:
    attendee_subscribe(attendee=attendee(), event=gala, likeness=likeness_of(vector_of(ANN)))
    visitor_search(gala, selfie(ANN))
    person_name(person=_person(BOB), name="Bob", actor=None)
    event_delete(event=gala)
    assert not Event.objects.exists()
    assert (Photo.objects.count(), Face.objects.count(), Portrait.objects.count()) == (0, 0, 0)
    assert (vectors_like(ANN), vectors_like(BOB)) == (0, 0)
    assert [files(folder) for folder in FOLDERS] == [set()] * 4
    assert not Person.objects.exclude(name="").exists()
    assert Attendee.objects.get().consented_at is not None


def test_another_event_stays_as_it_is(gala: Event) -> None:
    lunch = open_event("Lunch")
    processed(lunch, painted(ANN), painted(BOB))
    event_delete(event=gala)
    assert list(Event.objects.all()) == [lunch]
    assert len(visitor_search(lunch, selfie(ANN)).matches.photos) == 1
    assert sorted(Person.objects.current().values_list("faces_count", flat=True)) == [1, 1]
    assert len(files("images")) == 2


def test_a_logo_goes_that_no_other_event_has(gala: Event) -> None:
    key = storage.logo_key("a" * 64)
    storage.save(key, b"logo")
    Event.objects.update(watermark_logo=key)
    event_delete(event=gala)
    assert not default_storage.exists(key)


@pytest.mark.parametrize("after", range(4))
def test_a_deletion_that_is_killed_anywhere_goes_on(gala: Event, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    monkeypatch.setattr(deletion, "PHOTOS_AT_ONCE", 1)
    calls, real = [], erasure.erasure_record

    def killed(**options: Any) -> Any:
        calls.append(1)
        if len(calls) > after:
            raise KeyboardInterrupt
        return real(**options)

    with monkeypatch.context() as patch:
        patch.setattr(deletion, "erasure_record", killed)
        try:
            event_delete(event=gala)
        except KeyboardInterrupt:
            assert Event.objects.get().deletion_began_at is not None
            assert Photo.objects.count() == 3 - after
    events_delete_resume()
    files_resume()
    assert not Event.objects.exists()
    assert [files(folder) for folder in FOLDERS] == [set()] * 4


def test_copies_in_an_old_look_go_when_the_event_looks_otherwise(gala: Event) -> None:
    photo = Photo.objects.select_related("image", "event").filter(event=gala)[0]
    old = preview_key(photo=photo, long_side=512)
    Event.objects.update(watermark_text="© Gala")
    photo.event.refresh_from_db()
    new = preview_key(photo=photo, long_side=512)
    previews_renew(event=gala)
    assert (storage.exists(old), storage.exists(new)) == (False, True)


def test_copies_in_a_look_that_another_event_has_stay(gala: Event) -> None:
    data = painted(ANN)
    processed(gala, data)
    there = processed(open_event("Lunch"), data)[0]
    key = preview_key(photo=Photo.objects.select_related("image", "event").get(pk=there.pk), long_side=512)
    Event.objects.filter(pk=gala.pk).update(watermark_text="© Gala")
    previews_renew(event=gala)
    assert storage.exists(key)


@pytest.fixture
def copies(gala: Event) -> list[Photo]:
    """Photos of which the images were found to be duplicates."""
    photos = list(gala.photos.select_related("image").order_by("image"))
    paired(*[photo.image for photo in photos])
    return photos


def _resolve(photos: Sequence[Photo], keep: Photo) -> None:
    images = [photo.image for photo in photos]
    group_resolve(number=images[0].pk, seen=seen(*images), keep=keep.image, actor=None)


def test_copies_of_a_deleted_image_are_shown_and_wait_again(copies: list[Photo]) -> None:
    kept, second, third = copies
    DuplicatePair.objects.create(
        first=second.image, second=third.image, distance=1, similarity=0.9, group=kept.image_id
    )
    _resolve(copies, kept)
    _delete(kept)
    [group] = groups_open(limit=9)
    assert {image.pk for image in group.images} == {second.image_id, third.image_id}
    assert Image.objects.shown().count() == 2


@pytest.mark.parametrize("slow", [(duplicate_decisions, "_pairs_seen"), (deletion, "index_turns")])
def test_an_image_is_deleted_while_its_group_is_resolved(
    copies: list[Photo], slow: tuple[Any, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module, name = slow
    reached = slowly(monkeypatch, module, name)
    resolve = lambda: _resolve(copies, copies[0])  # noqa: E731
    actions = [resolve, lambda: _delete(copies[1])]
    first, second = actions if module is duplicate_decisions else actions[::-1]
    together(first, after(reached, second))
    assert not Image.objects.filter(pk=copies[1].image_id).exists()
    assert not DuplicatePair.objects.filter(second=copies[1].image_id).exists()


def test_an_image_is_deleted_while_a_duplicate_of_it_is_found(copies: list[Photo]) -> None:
    """The new pair is checked against the image when its transaction ends."""
    DuplicatePair.objects.all().delete()
    reached = ThreadEvent()

    @transaction.atomic
    def find() -> None:
        take_turn(Turn.DUPLICATES)
        paired(copies[0].image, copies[1].image)
        reached.set()
        time.sleep(0.7)

    together(find, after(reached, lambda: _delete(copies[1])))
    assert not Image.objects.filter(pk=copies[1].image_id).exists()
    assert not DuplicatePair.objects.exists()
