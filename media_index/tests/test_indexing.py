"""What the index makes of an image, and what becomes of one that it cannot read."""

from typing import Any

import numpy as np
import pytest

from media_index.models import Image, ImageClusterMember, ImageContract, ImageEmbedding, ImageHash
from media_index.services import indexing
from media_index.services.contracts import contract_in_use, contracts_live
from media_index.services.indexing import images_index, images_resume
from media_index.tests.gallery import painted
from media_index.tests.indexed import indexed, ingested, pairs
from media_index.tests.scenes import saved, scene
from photofinder import storage
from photofinder.errors import EngineUnavailable

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reading_engine")]
THUMBNAIL_PX = 512


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The messages that would go out on commit."""
    messages: list[list[int]] = []

    def record(path: str, ids: list[int], *, chunk: int | None = None) -> None:
        size = chunk or max(len(ids), 1)
        messages.extend(list(ids[start : start + size]) for start in range(0, len(ids), size))

    monkeypatch.setattr(indexing, "enqueue", record)
    return messages


def test_an_image_gets_hashes_sharpness_an_embedding_a_category_and_words() -> None:
    (image,) = indexed(scene(1))
    assert image.indexed_at
    assert image.sharpness and image.sharpness > 0
    assert image.words is not None
    assert image.index_attempts == 0
    assert ImageHash.objects.get(image=image).is_flat is False
    contract = contract_in_use()
    assert ImageEmbedding.objects.get(image=image).contract == contract
    assert ImageClusterMember.objects.get(image=image).cluster.cover == image


def test_many_images_in_one_task_are_the_same_as_one_by_one() -> None:
    pictures = [scene(1), scene(2), saved(scene(1), quality=60), painted("red"), painted("red", "red", "red", "blue")]
    images = [ingested(pixels) for pixels in pictures]
    images_index(image_ids=[image.pk for image in images])
    assert not Image.objects.waiting().exists()
    assert pairs() == {(images[0].pk, images[2].pk)}


def test_a_second_message_finds_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    (image,) = indexed(scene(1))
    monkeypatch.setattr(indexing, "pictures_read", None)
    images_index(image_ids=[image.pk])
    assert ImageEmbedding.objects.count() == 1


def test_an_image_that_is_indexed_again_keeps_everything_once() -> None:
    images = indexed(scene(1), saved(scene(1), quality=60))
    Image.objects.update(indexed_at=None)
    images_index(image_ids=[image.pk for image in images])
    assert ImageEmbedding.objects.count() == ImageClusterMember.objects.count() == ImageHash.objects.count() == 2
    assert len(pairs()) == 1


def test_an_image_without_its_thumbnail_fails_alone() -> None:
    lost, fine = ingested(scene(1)), ingested(scene(2))
    storage.delete(lost.thumbnail_key(THUMBNAIL_PX))
    images_index(image_ids=[lost.pk, fine.pk])
    lost.refresh_from_db()
    fine.refresh_from_db()
    assert lost.index_error == "The file is not in the storage any more."
    assert lost.indexed_at is None
    assert fine.indexed_at and not fine.index_error


@pytest.mark.parametrize("content", [b"", b"no picture", b"RIFF\x10\x00\x00\x00WEBPVP8 "])
def test_an_image_with_a_damaged_thumbnail_fails_alone(content: bytes) -> None:
    broken, fine = ingested(scene(1)), ingested(scene(2))
    storage.save(broken.thumbnail_key(THUMBNAIL_PX), content)
    images_index(image_ids=[broken.pk, fine.pk])
    assert Image.objects.exclude(index_error="").get() == broken
    assert Image.objects.exclude(indexed_at=None).get() == fine


def test_one_pixel_is_an_image() -> None:
    (image,) = indexed(np.zeros((1, 1, 3), np.uint8))
    assert image.indexed_at


def test_a_frame_of_a_video_is_left_out() -> None:
    still = ingested(scene(1))
    Image.objects.update(is_still=True)
    images_index(image_ids=[still.pk])
    assert not ImageHash.objects.exists()


def test_a_crash_leaves_nothing_half_done_and_the_next_run_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    image = ingested(scene(1))
    with monkeypatch.context() as broken:
        broken.setattr(indexing, "duplicates_add", _crash)
        with pytest.raises(RuntimeError):
            images_index(image_ids=[image.pk])
    assert not ImageEmbedding.objects.exists() and not ImageClusterMember.objects.exists()
    images_index(image_ids=[image.pk])
    image.refresh_from_db()
    assert image.indexed_at and ImageClusterMember.objects.count() == 1


def test_an_image_that_was_tried_before_is_sent_on_alone(sent: list[list[int]]) -> None:
    tried, fresh = ingested(scene(1)), ingested(scene(2))
    Image.objects.filter(pk=tried.pk).update(index_attempts=1)
    images_index(image_ids=[tried.pk, fresh.pk])
    assert sent == [[tried.pk]]
    assert Image.objects.exclude(indexed_at=None).get() == fresh


def test_an_image_that_crashes_every_time_fails_with_a_reason(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    image = ingested(scene(1))
    monkeypatch.setattr(indexing, "hashes_of", _crash)
    for _ in range(settings.PIPELINE_ATTEMPTS):
        with pytest.raises(RuntimeError):
            images_index(image_ids=[image.pk])
    images_index(image_ids=[image.pk])
    image.refresh_from_db()
    assert image.index_error == "Indexing stopped 3 times; see the worker's log."
    assert not Image.objects.waiting().exists()


def test_without_any_engine_images_fail_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    image = ingested(scene(1))

    def missing() -> None:
        raise EngineUnavailable("Run this command.")

    monkeypatch.setattr(indexing, "contracts_live", missing)
    images_index(image_ids=[image.pk])
    image.refresh_from_db()
    assert image.index_error == "Run this command."


def test_waiting_images_are_sent_again_in_chunks(settings: Any, sent: list[list[int]], monkeypatch: Any) -> None:
    settings.PIPELINE_STALLED_SECONDS, settings.IMAGE_CHUNK = 0, 2
    monkeypatch.setattr(indexing, "queue_length", lambda queue: 0)
    ids = [ingested(scene(number, width=64, height=64)).pk for number in range(3)]
    images_resume()
    assert sent == [ids[:2], ids[2:]]


def test_waiting_images_are_not_sent_again_while_messages_wait(sent: Any, monkeypatch: Any, settings: Any) -> None:
    settings.PIPELINE_STALLED_SECONDS = 0
    monkeypatch.setattr(indexing, "queue_length", lambda queue: 1)
    ingested(scene(1, width=64, height=64))
    images_resume()
    assert not sent


def test_the_chosen_engine_without_weights_leaves_the_index_to_the_other(chosen_engine: Any, tmp_path: Any) -> None:
    ImageContract.objects.all().delete()
    chosen_engine("clip", folder=str(tmp_path / "nothing"))
    ((contract, engine),) = contracts_live()
    assert contract.in_use and engine.spec.engine == "classic"


def _crash(*args: Any, **kwargs: Any) -> None:
    raise RuntimeError("as if killed")
