"""The words that images are found by: tags, captions, names of events and of files."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from media_index.facts import MOST_NAMES, ImageFacts
from media_index.models import Image
from media_index.services.generation import index_changed
from media_index.wording import name_words, words_apart

LANGUAGE = "russian"  # PostgreSQL's configuration of that name stems words in Latin letters as English
_CHUNK = 1000  # images in one statement
_MOST_LETTERS = 20_000  # of each kind: an image that lies in a thousand folders is found by the first of them
_DESCRIBE = f"""
UPDATE media_index_image AS image SET words =
    setweight(to_tsvector('{LANGUAGE}', said.tags), 'A') || setweight(to_tsvector('{LANGUAGE}', said.told), 'B') ||
    setweight(to_tsvector('{LANGUAGE}', said.names), 'C')
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS said (id, tags, told, names)
WHERE image.id = said.id
"""
# However many files an image has, no more of them are read than count.
_FOUND = """
SELECT image.id, file.name FROM unnest(%s::bigint[]) AS image (id) CROSS JOIN LATERAL
    (SELECT name FROM media_index_sourcefile WHERE image_id = image.id ORDER BY id LIMIT %s) AS file
"""


def images_describe(*, image_ids: Sequence[int]) -> None:
    """Make the words of these images, and of those that supersede them, follow from what is written of them now.

    Tags weigh most, then captions and names of events, then names of files and the folders that they were found in.
    """
    for start in range(0, len(image_ids), _CHUNK):
        ids = image_ids[start : start + _CHUNK]
        words_write(image_ids={*ids, *superseding(ids)})


def superseding(image_ids: Collection[int]) -> set[int]:
    """The images that were kept instead of some of these."""
    return set(Image.objects.filter(superseded__in=image_ids).values_list("pk", flat=True))


def facts_of(image_ids: Sequence[int]) -> dict[int, ImageFacts]:
    """What is known of each of these images besides its row: names, the sent ones before the found ones, and events;
    an image that was kept stands for those that it supersedes too, which lists and searches do not show.
    """
    rows = Image.objects.filter(superseded_by__in=image_ids).order_by("pk").values_list("pk", "superseded_by")
    superseded: dict[int, Any] = dict(rows)
    own = _facts({*image_ids, *superseded})
    facts = {image: own[image] for image in image_ids}
    for image, kept in superseded.items():
        facts[kept].add(names=own[image].names, events=own[image].events)
    return facts


def _facts(image_ids: Collection[int]) -> dict[int, ImageFacts]:
    facts = {image: ImageFacts() for image in image_ids}
    for path in settings.IMAGE_TEXTS:
        for image, told in import_string(path)(image_ids).items():
            facts[image].add(names=told.names, events=told.events)
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, [list(facts), MOST_NAMES])
        for image, name in cursor.fetchall():
            facts[image].add(names=[name])
    return facts


@transaction.atomic
def words_write(*, image_ids: Collection[int]) -> None:
    """Make the words of these images follow, and of no others.

    The rows are locked before anything is read, so whoever is last has read what the one before wrote.
    """
    images = Image.objects.filter(pk__in=image_ids).locked()
    rows = list(images.prefetch_related("tags").only("caption"))
    facts = facts_of([image.pk for image in rows])
    tags = [_joined(words_apart(tag.name) for tag in image.tags.all()) for image in rows]
    told = [_joined(map(words_apart, [image.caption, *facts[image.pk].events.values()])) for image in rows]
    names = [_joined(map(name_words, facts[image.pk].names)) for image in rows]
    with connection.cursor() as cursor:
        cursor.execute(_DESCRIBE, [[image.pk for image in rows], tags, told, names])
    index_changed()


def _joined(texts: Iterable[str]) -> str:
    """Each text once."""
    return " ".join(dict.fromkeys(texts))[:_MOST_LETTERS]
