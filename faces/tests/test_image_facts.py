"""What the media index hears of events and people."""

import io
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache

from conftest import Caller
from faces.models import Event, Face, Person, Photo
from faces.services import image_facts
from faces.services.decisions import faces_dismiss, people_hide, people_merge
from faces.services.deletion import photos_delete
from faces.services.uploads import event_create
from faces.tests.painting import painted, processed, upload
from media_index.models import Image
from media_index.services.describing import facts_of, images_describe
from media_index.services.filtering import Filters
from media_index.services.search import media_search
from photofinder.errors import Problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]
ANN, BOB = 3, 17


@pytest.fixture(autouse=True)
def forgetful() -> None:
    """Nothing is remembered."""
    cache.clear()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[int]]]:
    """The messages to the index."""
    messages: list[tuple[str, list[int]]] = []
    monkeypatch.setattr(image_facts, "enqueue", lambda path, ids, **_: messages.append((path, list(ids))))
    return messages


def found(words: str = "", **filters: Any) -> set[int]:
    """The images that these words find among what passes, by what is written."""
    cache.clear()
    return {hit.image_id for hit in media_search(words=words, filters=Filters(**filters), limit=99).hits}


def person(photo: Photo) -> Person:
    """Whose face is the only one in the photo."""
    face: Any = Face.objects.get(photo=photo)
    return face.person  # type: ignore[no-any-return]


def described(*photos: Photo) -> list[int]:
    """The images of the photos, described."""
    ids = [photo.image_id for photo in photos]
    images_describe(image_ids=ids)
    return ids


def test_a_photo_is_found_by_the_names_of_its_event_and_its_file() -> None:
    [gala] = described(*upload(event_create(name="Выпускной бал 2026"), painted(ANN)))
    described(*upload(event_create(name="Lunch"), painted(BOB)))
    assert found("выпускные") == found("бал") == {gala}
    assert facts_of([gala])[gala].events == {"vypusknoi-bal-2026": "Выпускной бал 2026"}
    assert facts_of([gala])[gala].names == ["1.png"]


def test_an_event_is_a_filter() -> None:
    [gala] = described(*upload(event_create(name="Gala"), painted(ANN)))
    [lunch] = described(*upload(event_create(name="Lunch"), painted(BOB)))
    assert found(event="gala") == {gala}
    assert found(event="lunch") == {lunch}
    assert found("png", event="lunch") == {lunch}
    with pytest.raises(Problem, match="There is no event nowhere"):
        found(event="nowhere")


def test_a_new_photo_of_an_event_is_found_at_once_by_the_filter() -> None:
    event = event_create(name="Gala")
    described(*upload(event, painted(ANN)))
    filters = Filters(event="gala")
    assert media_search(filters=filters, limit=9).total == 1
    upload(event, painted(BOB))
    assert media_search(filters=filters, limit=9).total == 2


def test_a_person_is_a_filter_also_under_the_id_of_who_was_merged() -> None:
    ann, bob = processed(event_create(name="Gala"), painted(ANN), painted(BOB))
    one, other = person(ann), person(bob)
    assert found(person=str(one.user_id)) == {ann.image_id}
    people_merge(into=one, others=[other], actor=None)
    assert found(person=str(one.user_id)) == found(person=str(other.user_id)) == {ann.image_id, bob.image_id}


def test_hidden_people_are_found_and_faces_that_are_none_are_not() -> None:
    [ann] = processed(event_create(name="Gala"), painted(ANN))
    one = person(ann)
    people_hide(people=[one], hidden=True, actor=None)
    assert found(person=str(one.user_id)) == {ann.image_id}
    faces_dismiss(faces=[face.pk for face in ann.faces.all()], actor=None)
    assert found(person=str(one.user_id)) == set()


@pytest.mark.parametrize("value", ["nobody", str(uuid.UUID(int=0))])
def test_nobody_is_not_found(value: str) -> None:
    with pytest.raises(Problem) as caught:
        found(person=value)
    assert caught.value.code == "not_found"


def test_photos_are_described_anew_when_their_event_is_renamed(admin_client: Any, told: Any) -> None:
    event = event_create(name="Gala")
    [image] = described(*upload(event, painted(ANN)))
    told.clear()
    form = {"name": "Ужин", "slug": "gala", "access": "public", "watermark_opacity": 60}
    form |= {"watermark_corner": "bottom_right", "text": ""}
    answer = admin_client.post(f"/admin/faces/event/{event.pk}/settings/", form)
    assert (answer.status_code, Event.objects.get().name) == (302, "Ужин")
    assert told == [(settings.IMAGE_DESCRIBING, [image])]
    images_describe(image_ids=[image])
    assert (found("ужины"), found("gala")) == ({image}, set())


def test_an_image_that_another_event_gets_is_described_anew(told: Any) -> None:
    data = painted(ANN)
    [photo] = upload(event_create(name="Gala"), data)
    assert told == [(settings.IMAGE_DESCRIBING, [])], "a new image is described when it is indexed"
    told.clear()
    upload(event_create(name="Lunch"), data)
    assert told == [(settings.IMAGE_DESCRIBING, [photo.image_id])]


def test_an_image_that_an_event_loses_is_described_anew(told: Any) -> None:
    data = painted(ANN)
    [photo] = upload(event_create(name="Gala"), data)
    described(*upload(event_create(name="Lunch"), data))
    told.clear()
    photos_delete(photo_ids=[photo.pk], by=None)
    assert told == [(settings.IMAGE_DESCRIBING, [photo.image_id])]
    images_describe(image_ids=[photo.image_id])
    assert (found("gala"), found("lunch")) == (set(), {photo.image_id})


def test_what_superseded_an_image_that_goes_is_described_anew(told: Any) -> None:
    [copy] = upload(event_create(name="Gala"), painted(ANN))
    [kept] = described(*upload(event_create(name="Lunch"), painted(BOB)))
    Image.objects.filter(pk=copy.image_id).update(superseded_by=kept)
    images_describe(image_ids=[copy.image_id])
    assert found("gala") == {kept}
    told.clear()
    photos_delete(photo_ids=[copy.pk], by=None)
    assert told == [(settings.IMAGE_DESCRIBING, [copy.image_id, kept])]
    images_describe(image_ids=[copy.image_id, kept])
    assert found("gala") == set()


def test_an_image_that_is_gone_is_not_described() -> None:
    [photo] = upload(event_create(name="Gala"), painted(ANN))
    photos_delete(photo_ids=[photo.pk], by=None)
    images_describe(image_ids=[photo.image_id])
    assert found() == set()


def test_the_api_says_of_which_events_an_image_is(caller: Callable[[str], Caller]) -> None:
    data = painted(ANN)
    [photo] = upload(event_create(name="Gala"), data)
    lunch = event_create(name="Lunch")
    caller("organiser").upload(f"events/{lunch.slug}/photos/", files=io.BytesIO(data))
    shown = caller("client").read(f"media/{photo.image.sha256}/").json()
    assert (shown["events"], shown["name"]) == (["gala", "lunch"], "1.png")


def test_an_image_that_was_kept_is_found_in_the_events_of_those_it_supersedes() -> None:
    [copy] = described(*upload(event_create(name="Gala"), painted(ANN)))
    [kept] = described(*upload(event_create(name="Lunch"), painted(ANN)))
    Image.objects.filter(pk=copy).update(superseded_by=kept)
    images_describe(image_ids=[kept])
    assert found(event="gala") == found("gala") == {kept}
    assert facts_of([kept])[kept].names[0] == "1.png"
    assert list(facts_of([kept])[kept].events) == ["lunch", "gala"]
