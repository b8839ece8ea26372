"""No picture of a face is left behind by a process that is killed, or by a storage that is away."""

from typing import Any

import pytest
from django.core.files.storage import default_storage

from faces.models import Event, Face, PendingDeletion, Person, Photo, Portrait
from faces.services import files as file_services
from faces.services import pipeline, portraits
from faces.services.erasure import person_forget
from faces.services.files import file_adopted, files_condemn, files_delete, files_drop, files_keep, files_resume
from faces.services.portraits import person_register
from faces.tests.attendance import ANN, BOB, open_event, selfie
from faces.tests.painting import painted, painted_looks, processed, upload
from faces.tests.test_erasure import files, own_storage  # noqa: F401
from photofinder import storage
from photofinder.images import Picture

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_engine", "sent", "own_storage")]


def _killed(*args: Any, **options: Any) -> Any:
    raise KeyboardInterrupt


def _portrait(det_score: float) -> Picture:
    return Picture.from_bytes(painted_looks([(ANN, 1.0, det_score)]))


def _detection_killed(ids: list[int], monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "faces_write", _killed)
        for _ in range(times):
            with pytest.raises(KeyboardInterrupt):
                pipeline.photos_detect(photo_ids=ids)


@pytest.fixture
def fresh(own_storage: None) -> list[int]:  # noqa: F811 - the fixture
    """A photo whose faces are to be found."""
    ids = [photo.pk for photo in upload(open_event(), painted(ANN))]
    pipeline.photos_ingest(photo_ids=ids)
    return ids


def test_a_replaced_portraits_picture_is_deleted_later(monkeypatch: pytest.MonkeyPatch) -> None:
    user_id = person_register(picture=_portrait(0.6)).person.user_id
    for score in (0.7, 0.75, 0.8, 0.85):
        person_register(picture=_portrait(score), user_id=user_id)
    with monkeypatch.context() as patch:
        patch.setattr(file_services, "files_delete", lambda ids: None)
        person_register(picture=_portrait(0.9), user_id=user_id)
        person_forget(person=Person.objects.get(user_id=user_id), by=None)
    assert (Portrait.objects.count(), len(files("portraits"))) == (0, 6)
    files_resume()
    assert files("portraits") == set()


def test_cut_outs_of_a_photo_that_failed_do_not_stay(fresh: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    _detection_killed(fresh, monkeypatch, times=3)
    assert len(files("crops")) == 1
    pipeline.photos_detect(photo_ids=fresh)
    assert (Photo.objects.get().error_code, files("crops")) == ("crashed", set())


def test_cut_outs_of_an_attempt_that_was_killed_go_before_the_next(
    fresh: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    _detection_killed(fresh, monkeypatch, times=1)
    monkeypatch.setattr(pipeline, "_analyse", lambda stage, photos: [(photo, []) for photo in photos])
    pipeline.photos_detect(photo_ids=fresh)
    assert (Photo.objects.get().state, files("crops")) == ("analysed", set())


def test_cut_outs_that_faces_have_outlive_a_killed_attempt(
    own_storage: None,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo = processed(open_event(), painted(ANN, BOB))[0]
    before = files("crops")
    Photo.objects.update(state="ingested")
    _detection_killed([photo.pk], monkeypatch, times=2)
    assert files("crops") == before


def test_a_registration_that_is_refused_leaves_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portraits, "portrait_keep", _killed)
    with pytest.raises(KeyboardInterrupt):
        person_register(picture=selfie(ANN))
    assert (files("portraits"), PendingDeletion.objects.count()) == (set(), 0)


def test_a_registration_that_is_killed_is_given_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(file_services, "files_delete", lambda ids: None)
        with pytest.raises(KeyboardInterrupt), file_adopted(key=storage.portrait_key(), content=b"face"):
            raise KeyboardInterrupt
    files_resume()
    assert len(files("portraits")) == 1
    PendingDeletion.objects.update(due_at="2020-01-01T00:00Z")
    files_resume()
    assert files("portraits") == set()


def test_a_picture_that_is_there_is_written_down_no_more() -> None:
    person_register(picture=selfie(ANN))
    assert (len(files("portraits")), PendingDeletion.objects.count()) == (1, 0)


def test_a_storage_that_is_away_keeps_one_file_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("crops/a", "crops/b", "crops/c"):
        storage.save(key, b"x")
    delete = storage.delete

    def away(key: str) -> None:
        if key == "crops/b":
            raise OSError("the storage is away")
        delete(key)

    with monkeypatch.context() as patch:
        patch.setattr(storage, "delete", away)
        files_drop(keys=["crops/a", "crops/b", "crops/c"])
    assert (files("crops"), list(PendingDeletion.objects.values_list("key", flat=True))) == ({"b"}, ["crops/b"])
    files_resume()
    assert files("crops") == set()


def test_a_file_that_is_written_again_is_not_deleted() -> None:
    ids = files_condemn(keys=["crops/a"])
    files_keep(keys=["crops/a"])
    storage.save("crops/a", b"x")
    files_delete(ids=ids)
    assert default_storage.exists("crops/a")


def test_what_others_need_is_asked_once_for_all_files(django_assert_num_queries: Any) -> None:
    event: Event = open_event()
    processed(event, painted(ANN), painted(BOB), painted(ANN, BOB))
    keys = {face.crop_key for face in Face.objects.select_related("photo__image")}
    ids = files_condemn(keys=keys)
    with django_assert_num_queries(8):  # the transaction, who is at it, four kinds of rows, what is done
        files_delete(ids=ids)
    assert len(files("crops")) == 4
