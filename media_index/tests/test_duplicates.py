"""Images that show the same picture are found as duplicates, and make groups."""

from typing import Any

import numpy as np
import pytest
from django.db import connection

from media_index.components import components
from media_index.hashing import bits, distance
from media_index.likeness import CANDIDATE_BITS
from media_index.models import DuplicatePair, Image, ImageHash
from media_index.models.vectors import BANDS
from media_index.services import duplicates
from media_index.services.candidates import candidates_by_hash, hashes_near
from media_index.services.indexing import images_index
from media_index.tests.indexed import bare, indexed, ingested, pairs
from media_index.tests.scenes import lit, noise, resized, saved, scene, trimmed
from photofinder import storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reading_engine")]


@pytest.fixture
def classic(chosen_engine: Any) -> None:
    chosen_engine("classic")


@pytest.mark.usefixtures("classic")
@pytest.mark.parametrize(
    "change",
    [
        lambda pixels: saved(pixels, quality=50),
        lambda pixels: resized(pixels, 0.5),
        lambda pixels: trimmed(pixels, 0.03),
        lambda pixels: lit(pixels, 1.2),
    ],
    ids=["re-saved", "resized", "cropped", "brightened"],
)
def test_a_changed_copy_is_found(change: Any) -> None:
    original, other, copy = indexed(scene(1), scene(2), change(scene(1)))
    pair = DuplicatePair.objects.get()
    assert (pair.first, pair.second, pair.group) == (original, copy, original.pk)
    assert 0 < pair.similarity <= 1
    assert pair.distance == distance(*(int(ImageHash.objects.get(image=image).phash, 2) for image in (original, copy)))
    assert not DuplicatePair.objects.filter(first=other)


def test_flat_pictures_are_no_duplicates() -> None:
    indexed(noise(30, seed=1), noise(30, seed=2))
    assert not pairs()


def test_copies_of_copies_are_one_group_with_the_smallest_number() -> None:
    images = indexed(*[saved(scene(1), quality=quality) for quality in (95, 85, 75)])
    assert set(DuplicatePair.objects.values_list("group", flat=True)) == {images[0].pk}
    assert pairs() == {(images[a].pk, images[b].pk) for a, b in ((0, 1), (0, 2), (1, 2))}


def test_a_new_image_joins_two_groups_into_one() -> None:
    """Two groups of two pairs, and a pair that connects them."""
    images = [bare() for _ in range(4)]
    for first, second in ((0, 2), (1, 3)):
        connect(images[first], images[second])
    connect(images[2], images[3])
    assert set(DuplicatePair.objects.values_list("group", flat=True)) == {images[0].pk}


def connect(first: Image, second: Image) -> None:
    pair = DuplicatePair(first=first, second=second, distance=0, similarity=1)
    duplicates.pairs_connect([pair])
    pair.save()


def test_what_was_dismissed_does_not_come_back() -> None:
    images = indexed(scene(1), saved(scene(1), quality=70))
    DuplicatePair.objects.update(state=DuplicatePair.State.DISMISSED)
    Image.objects.update(indexed_at=None)
    images_index(image_ids=[image.pk for image in images])
    assert DuplicatePair.objects.get().state == DuplicatePair.State.DISMISSED


def test_dismissed_pairs_connect_no_groups() -> None:
    first, second, third = (bare() for _ in range(3))
    connect(first, second)
    DuplicatePair.objects.update(state=DuplicatePair.State.DISMISSED)
    connect(second, third)
    assert DuplicatePair.objects.get(first=second).group == second.pk


def test_superseded_images_are_no_candidates() -> None:
    first, second = indexed(scene(1), scene(2))
    Image.objects.filter(pk=first.pk).update(superseded_by=second)
    indexed(saved(scene(1), quality=70))
    assert not pairs()


def test_a_candidate_without_its_thumbnail_is_passed_over() -> None:
    (first,) = indexed(scene(1))
    storage.delete(first.thumbnail_key(512))
    (second,) = indexed(saved(scene(1), quality=70))
    assert second.indexed_at and not pairs()


def test_thousands_with_one_hash_are_not_all_compared(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.IMAGE_DUPLICATE_CANDIDATES = 3
    (first,) = indexed(scene(1))
    phash = ImageHash.objects.get(image=first).phash
    crowd(3000, phash)
    assert next(iter(candidates_by_hash(phash=int(phash, 2)))) == first.pk
    assert len(candidates_by_hash(phash=int(phash, 2))) == 3
    images_index(image_ids=[ingested(saved(scene(1), quality=70)).pk])
    assert len(pairs()) == 1


def crowd(count: int, phash: str | None = None) -> None:
    """So many images with that hash, or with any."""
    one = "%s::bit(64)" if phash else "(random() * 9e18)::bigint::bit(64)"
    sql = f"""
        WITH image AS (
            INSERT INTO media_index_image
            SELECT (jsonb_populate_record(model, jsonb_build_object(
                'id', (SELECT max(id) FROM media_index_image) + n, 'sha256', md5(n::text) || md5(n::text)))).*
            FROM media_index_image model, generate_series(1, %s) n
            WHERE model.id = (SELECT max(id) FROM media_index_image)
            RETURNING id
        )
        INSERT INTO media_index_imagehash (image_id, phash, dhash, ahash, is_flat)
        SELECT id, hash, hash, hash, false FROM image, LATERAL (SELECT {one} AS hash WHERE id > 0) hashed
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [count, phash] if phash else [count])
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('media_index_image', 'id'), max(id)) FROM media_index_image"
        )
        cursor.execute("ANALYZE media_index_imagehash, media_index_image")


def test_the_indexes_of_all_bands_find_candidates_among_many() -> None:
    bare()
    crowd(50_000)
    plan = hashes_near(phash=int(ImageHash.objects.first().phash, 2)).explain()  # type: ignore[union-attr]
    assert all(f"imagehash_bits_{number}" in plan for number in range(len(BANDS))), plan
    assert "Seq Scan on media_index_imagehash" not in plan


def test_every_hash_within_the_distance_is_found(settings: Any) -> None:
    settings.IMAGE_DUPLICATE_CANDIDATES = 1000
    random, phash = np.random.default_rng(0), 0x0123456789ABCDEF
    near = set()
    for differing in range(12):
        for _ in range(20):
            value = phash
            for bit in random.choice(64, differing, replace=False):
                value ^= 1 << int(bit)
            image = bare()
            ImageHash.objects.create(image=image, phash=bits(value), dhash=bits(0), ahash=bits(0))
            if differing <= CANDIDATE_BITS:
                near.add((image.pk, differing))
    found = candidates_by_hash(phash=phash)
    assert set(found.items()) == near
    assert list(found.values()) == sorted(found.values())


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ([], {}),
        ([(5, 3)], {5: 3, 3: 3}),
        ([(1, 2), (3, 4)], {1: 1, 2: 1, 3: 3, 4: 3}),
        ([(4, 3), (2, 4), (9, 3), (7, 8)], {2: 2, 3: 2, 4: 2, 9: 2, 7: 7, 8: 7}),
    ],
)
def test_components_have_the_smallest_number(edges: list[tuple[int, int]], expected: dict[int, int]) -> None:
    assert components(edges) == expected
