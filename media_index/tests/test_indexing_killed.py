"""Killing the index's workers neither loses nor doubles anything."""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.db.models import Count

from media_index.models import Image, ImageCluster, ImageClusterMember, ImageEmbedding, ImageHash
from media_index.services.indexing import images_resume
from media_index.tests.indexed import ingested, pairs
from media_index.tests.scenes import saved, scene
from photofinder.celery import enqueue
from photofinder.tests.workers import empty_broker, wait_until, worker

pytestmark = pytest.mark.django_db(transaction=True)
SCENES = 15


def test_every_image_is_indexed_once_after_sigkill(tmp_path: Path, settings: Any) -> None:
    settings.PIPELINE_STALLED_SECONDS = 0
    settings.IMAGE_CHUNK = 2
    empty_broker()
    originals = [ingested(scene(number)) for number in range(SCENES)]
    copies = [ingested(saved(scene(number), quality=70)) for number in range(SCENES)]
    enqueue(site.IMAGE_INDEXING, [image.pk for image in originals + copies], chunk=2)
    for count in (2, 8):
        with worker(tmp_path / "killed.log") as doomed:
            wait_until(partial(_are_indexed, count))
            doomed.kill()
        assert not _are_indexed(2 * SCENES), "the worker was killed too late to prove anything"
    with worker(tmp_path / "one.log"), worker(tmp_path / "two.log"):
        wait_until(partial(_are_indexed, 2 * SCENES))
    assert pairs() >= {(first.pk, second.pk) for first, second in zip(originals, copies, strict=True)}
    assert ImageHash.objects.count() == ImageEmbedding.objects.count() == 2 * SCENES
    assert ImageClusterMember.objects.count() == 2 * SCENES
    sizes = Counter(dict(ImageCluster.objects.values_list("pk", "size")))
    assert sizes == Counter(dict(ImageClusterMember.objects.values_list("cluster").annotate(n=Count("pk"))))


def _are_indexed(count: int) -> bool:
    """Whether so many are; does meanwhile what beat does, sending again what the dead held."""
    images_resume()
    return Image.objects.exclude(indexed_at=None).count() >= count
