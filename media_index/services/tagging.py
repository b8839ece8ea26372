"""What people say of images: tags, ratings, captions."""

from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from media_index.models import Image, Tag
from media_index.services.describing import images_describe, superseding
from media_index.services.generation import index_changed
from photofinder.errors import Problem

TAG_LETTERS, CAPTION_LETTERS, BEST_RATING = 80, 5000, 5
_Given = Image.tags.through


@transaction.atomic
def images_tag(*, image_ids: Sequence[int], add: Collection[str] = (), remove: Collection[str] = ()) -> None:
    """Give these images tags, and take others away; one that is in both is given.

    Upper and lower case make no other tag. Raises Problem `bad_tag`.
    """
    removed = Tag.objects.filter(pk__in=_known([as_tag(name) for name in remove]))
    added = _tags([as_tag(name) for name in add])
    _Given.objects.filter(image__in=image_ids, tag__in=removed).delete()
    rows = [_Given(image_id=image, tag_id=tag) for image in sorted(image_ids) for tag in added]
    _Given.objects.bulk_create(rows, ignore_conflicts=True)
    images_describe(image_ids=image_ids)


@transaction.atomic
def image_retag(*, image: Image, tags: Collection[str]) -> None:
    """Give the image these tags and no others. Raises Problem `bad_tag`."""
    before = image.tags.values_list("name", flat=True)
    images_tag(image_ids=[image.pk], add=tags, remove=list(before))


@transaction.atomic
def images_rate(*, image_ids: Sequence[int], rating: int) -> None:
    """Give these images a rating of 1-5, or none with 0. Raises Problem `bad_rating`."""
    if not 0 <= rating <= BEST_RATING:
        raise Problem("bad_rating", _("A rating is a number from 0 to %d.") % BEST_RATING)
    images = Image.objects.filter(pk__in=image_ids)
    list(images.locked())
    images.update(rating=rating)
    index_changed()


@transaction.atomic
def image_caption(*, image: Image, caption: str) -> None:
    """Say what the image shows; an empty caption takes it away. Raises Problem `too_long`."""
    image.caption = caption.replace("\0", "").strip()
    if len(image.caption) > CAPTION_LETTERS:
        raise Problem("too_long", _("A caption has at most %d letters.") % CAPTION_LETTERS)
    list(Image.objects.filter(pk__in={image.pk, *superseding([image.pk])}).locked())  # whose words follow
    image.save(update_fields=["caption"])
    images_describe(image_ids=[image.pk])


def as_tag(text: str) -> str:
    """A tag as it is kept. Raises Problem `bad_tag`."""
    name = " ".join(text.replace("\0", "").split())
    if not name or len(name) > TAG_LETTERS:
        raise Problem("bad_tag", _("A tag has 1 to %d letters.") % TAG_LETTERS)
    return name


def tag_ids(name: str) -> list[int]:
    """The id of the tag of that name, whatever its case; none when nobody has given it."""
    return _known([name])


def _tags(names: list[str]) -> list[int]:
    """The ids of the tags with these names, made where there are none, in an order that lets nobody wait in a ring."""
    Tag.objects.bulk_create([Tag(name=name) for name in sorted(set(names))], ignore_conflicts=True)
    return sorted(_known(names))


def _known(names: Collection[str]) -> list[int]:
    """PostgreSQL makes the letters small on both sides: its rules for that are not Python's."""
    lowered = [Lower(Value(name)) for name in names]
    known = Tag.objects.annotate(lowered=Lower("name")).filter(lowered__in=lowered)
    return list(known.values_list("pk", flat=True))
