"""What is deleted leaves nothing: films, events with films, and frames in which somebody was who was forgotten."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from faces.engines.fake import vector_of
from faces.models import ErasedStill, Event, Face, FaceVector, PendingDeletion, Person, Photo, UploadBatch
from faces.services import erasure
from faces.services.deletion import event_delete, events_delete_on
from faces.services.erasure import likeness_forget, likeness_opt_out, person_forget
from faces.services.files import files_delete
from faces.services.likenesses import likeness_of
from faces.services.moments import moments_of_person
from faces.services.retention import events_expire
from faces.services.stills import stills_add, stills_drop, stills_resume
from faces.tests.attendance import ANN, BOB, open_event
from faces.tests.painting import painted, process, processed
from media_index.models import Image
from photofinder import storage
from videos.models import Video, VideoEvent, VideoStill
from videos.services import deletion
from videos.services.deletion import event_videos_delete, leavings_drop, video_delete
from videos.tests.portraits import a_film, seen

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_engine", "own_storage")]
BOTH, ALONE, BOBS = 3.0, 20.0, 40.0


@pytest.fixture
def event(own_storage: None) -> Event:
    return open_event(retention_days=30)


@pytest.fixture
def film(event: Event) -> Video:
    """Ann and Bob in one frame, each alone in another; an event with its frame."""
    film = seen(a_film(event), {BOTH: (ANN, BOB), ALONE: (ANN,), BOBS: (BOB,)})
    key = storage.frame_key(film.pk, BOTH)
    storage.save(key, b"frame")
    VideoEvent.objects.create(
        video=film, edition=0, start_s=2, timestamp_s=BOTH, end_s=5, caption="Two people.", frame_key=key,
        contract="c", embedding=[0.0] * 384,
    )  # fmt: skip
    return film


@pytest.fixture
def dropping(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message that is sent when frames are to go is carried out at once."""
    monkeypatch.setattr(erasure, "enqueue", lambda _path, ids: stills_drop(photo_ids=ids))


def kept_files(root: str = "") -> set[str]:
    """The files in the storage, after those that are to go went."""
    files_delete(ids=list(PendingDeletion.objects.values_list("pk", flat=True)))
    folder = Path(default_storage.path(root))
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def seconds(video: Video) -> list[float]:
    return sorted(video.stills.filter(photo__isnull=False).values_list("timestamp_s", flat=True))


def person_alone(video: Video, at: float) -> Person:
    person = Face.objects.get(photo__stills__video=video, photo__stills__timestamp_s=at).person
    assert person
    return person


def test_a_film_is_deleted_with_everything(film: Video) -> None:
    assert len(kept_files()) > 10
    video_delete(video=film)
    for model in (Video, VideoEvent, VideoStill, Photo, Face, FaceVector, Image, UploadBatch):
        assert not model.objects.exists(), model
    assert not Person.objects.current().exists()
    assert kept_files() == set()


def test_photos_and_other_films_stay(film: Video, event: Event) -> None:
    (photo,) = processed(event, painted(ANN))
    other = seen(a_film(event, name="other.mp4"), {7.0: (ANN,)})
    ann = person_alone(film, ALONE)
    video_delete(video=film)
    ann.refresh_from_db()
    assert (ann.faces_count, ann.photos_count) == (2, 1)
    assert set(Photo.objects.values_list("pk", flat=True)) == {photo.pk, other.stills.get().photo_id}
    assert other.key in kept_files()


def test_a_film_that_was_killed_while_it_was_deleted_is_deleted_again(
    film: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(**_: Any) -> None:
        raise KeyboardInterrupt

    film.stills.filter(timestamp_s=BOBS).delete()  # as if its worker was killed before it wrote this one down
    with monkeypatch.context() as patch:
        patch.setattr(deletion, "files_drop", killed)
        with pytest.raises(KeyboardInterrupt):
            video_delete(video=film)
    assert not Photo.objects.exists(), "with the film's row they would be nobody's"
    film.refresh_from_db()
    assert film.state == Video.State.FAILED
    video_delete(video=film)
    assert kept_files() == set()


def test_what_a_worker_wrote_of_a_film_that_was_gone_goes_too(film: Video) -> None:
    assert film.batch
    worker = Video.objects.select_related("batch").get(pk=film.pk)
    UploadBatch.objects.create(event=film.batch.event)
    Video.objects.filter(pk=film.pk).delete()
    storage.save(storage.frame_key(worker.pk, 50), b"late")
    leavings_drop(video=worker)
    assert not Photo.objects.exists()
    assert kept_files() == set()


def test_an_event_takes_its_films_along(film: Video, event: Event) -> None:
    processed(event, painted(ANN))
    event_delete(event=event)
    for _ in range(3):
        events_delete_on(event_ids=[event.pk])
    assert not Event.objects.exists()
    assert not Video.objects.exists()
    assert not Photo.objects.exists()
    assert kept_files() == set()


def test_films_of_no_event_stay_when_an_event_goes(event: Event) -> None:
    lonely = a_film(None)
    event_videos_delete(event=event)
    assert Video.objects.get() == lonely


FORGETTING: dict[str, Callable[[Video], Any]] = {
    "forget": lambda film: person_forget(person=person_alone(film, ALONE), by=None),
    "likeness": lambda film: likeness_forget(likeness=likeness_of(vector_of(ANN))),
    "opt-out": lambda film: likeness_opt_out(likeness=likeness_of(vector_of(ANN))),
}


@pytest.mark.usefixtures("dropping")
@pytest.mark.parametrize("how", FORGETTING)
def test_frames_of_whoever_is_forgotten_are_deleted(film: Video, how: str) -> None:
    FORGETTING[how](film)
    assert seconds(film) == [BOBS]
    assert Face.objects.count() == 1
    stills = Photo.objects.select_related("image")
    assert {path for path in kept_files() if path.startswith("images/")} == {photo.image.key for photo in stills}
    assert len(kept_files("crops")) == 1
    (bob,) = Person.objects.current()
    found = moments_of_person(person=bob, events=Event.objects.all(), shown=Face.objects.all(), is_attendee=False)
    assert [moment.timestamp_s for moment in found] == [BOBS]


def test_frames_whose_message_was_lost_are_deleted_later(film: Video) -> None:
    person_forget(person=person_alone(film, ALONE), by=None)
    stills_resume()
    assert seconds(film) == [BOBS]


@pytest.mark.usefixtures("dropping")
def test_the_same_frame_does_not_come_back(film: Video) -> None:
    assert film.batch
    still = VideoStill.objects.get(timestamp_s=ALONE).photo
    assert still
    with storage.open_file(still.image.key) as file:
        data = file.read()
    person_forget(person=person_alone(film, ALONE), by=None)
    assert ErasedStill.objects.count() == 2
    assert stills_add(batch=film.batch, stills=[("again", data)]) == [None]
    assert not Photo.objects.filter(original_name="again").exists()


def test_frames_in_which_nobody_is_known_are_not_kept(film: Video) -> None:
    likeness_opt_out(likeness=likeness_of(vector_of(ANN)))
    assert film.batch
    (photo,) = stills_add(batch=film.batch, stills=[("later", painted(ANN))])
    assert photo
    process([photo])
    stills_resume()
    assert not Photo.objects.filter(original_name="later").exists()


@pytest.mark.usefixtures("dropping")
def test_the_end_of_retention_takes_all_frames(film: Video, event: Event) -> None:
    then = timezone.now() - datetime.timedelta(days=31)
    UploadBatch.objects.update(created_at=then)
    Event.objects.update(created_at=then)
    events_expire()
    assert not Face.objects.exists()
    assert not VideoStill.objects.filter(photo__isnull=False).exists()
    assert {path.split("/")[0] for path in kept_files()} == {"films", "frames"}
    assert Video.objects.get() == film
