"""Tags, ratings and captions that people give on the pages of Admin, singly and in bulk, and taking them back."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from media_index.admin.asked import Fields, Told
from media_index.models import Image
from media_index.services.tagging import (
    BEST_RATING,
    as_tag,
    image_caption,
    image_retag,
    images_rate,
    images_tag,
    tag_ids,
)
from photofinder.errors import Problem

_Given = Image.tags.through
_MOST_LETTERS = 10_000  # of a field of tags


def tags_in(text: str) -> list[str]:
    """The tags of a field in which commas part them; one that holds a comma stands in quotes.

    Raises Problem `bad_tag`.
    """
    line = " ".join(text.replace("\0", "").split())[:_MOST_LETTERS]
    names = next(csv.reader([line], skipinitialspace=True), [])
    return list(dict.fromkeys(as_tag(name) for name in names if name.strip()))


def tags_text(tags: Iterable[str]) -> str:
    """The tags as such a field holds them."""
    doubled = (tag.replace('"', '""') for tag in tags)
    return ", ".join(f'"{tag}"' if "," in tag or '"' in tag else tag for tag in doubled)


@transaction.atomic
def tag(sent: Fields, actor: User) -> Told:
    """Give the images tags."""
    ids, names = _ids(sent), _names(sent)
    changes = {name: sorted(set(ids) - _carriers(name, ids)) for name in names}
    _tags_change(add=changes)
    text = ngettext("%(tags)s: given to %(count)d image.", "%(tags)s: given to %(count)d images.", len(ids))
    return _told(text % {"tags": ", ".join(names), "count": len(ids)}, ids, {"kind": "tags", "remove": changes})


@transaction.atomic
def untag(sent: Fields, actor: User) -> Told:
    """Take tags away from the images."""
    ids, names = _ids(sent), _names(sent)
    changes = {name: sorted(_carriers(name, ids)) for name in names}
    _tags_change(remove=changes)
    count = len({pk for changed in changes.values() for pk in changed})
    text = ngettext("%(tags)s: taken from %(count)d image.", "%(tags)s: taken from %(count)d images.", count)
    return _told(text % {"tags": ", ".join(names), "count": count}, ids, {"kind": "tags", "add": changes})


@transaction.atomic
def rate(sent: Fields, actor: User) -> Told:
    """Rate the images."""
    images, rating = sent.images(), sent.number("rating")
    ids = [image.pk for image in images]
    before = [[image.pk, image.rating] for image in images if image.rating != rating]
    images_rate(image_ids=ids, rating=rating)
    if rating:
        text = ngettext("%(stars)s for %(count)d image.", "%(stars)s for %(count)d images.", len(ids))
    else:
        text = ngettext("%(count)d image has no rating now.", "%(count)d images have no rating now.", len(ids))
    undo = {"kind": "ratings", "before": before, "given": rating}
    return _told(text % {"stars": "★" * rating, "count": len(ids)}, ids, undo)


@transaction.atomic
def say(sent: Fields, actor: User) -> Told:
    """Write down all that the page of one image says of it."""
    image, rating = sent.image(), sent.number("rating")
    before = {
        "kind": "said",
        "image": image.pk,
        "caption": image.caption,
        "tags": sorted(image.tags.values_list("name", flat=True)),
        "rating": image.rating,
    }
    _say(image, caption=sent.text("caption"), tags=tags_in(sent.text("tags")), rating=rating)
    return _told(_("Saved."), [image.pk], before)


@transaction.atomic
def tags_undo(kept: Mapping[str, Any], actor: User) -> Told:
    """Take tags back, or give them again."""
    add, remove = kept.get("add", {}), kept.get("remove", {})
    _tags_change(add=add, remove=remove)
    ids = sorted({pk for changed in (*add.values(), *remove.values()) for pk in changed})
    return _told(_("Taken back: the tags are as they were."), ids)


@transaction.atomic
def ratings_undo(kept: Mapping[str, Any], actor: User) -> Told:
    """Give back the ratings before; images that were rated otherwise since stay."""
    still = set(_rated(kept["before"], kept["given"]))
    for rating in range(BEST_RATING + 1):
        ids = [pk for pk, before in kept["before"] if before == rating and pk in still]
        if ids:
            images_rate(image_ids=ids, rating=rating)
    return _told(_("Taken back: the ratings are as they were."), [pk for pk, _before in kept["before"]])


@transaction.atomic
def said_undo(kept: Mapping[str, Any], actor: User) -> Told:
    """What was said of one image before."""
    image = Image.objects.filter(pk=kept["image"]).first()
    if image is None:
        raise Problem("not_found", _("What you chose is not there any more. Reload the page."))
    _say(image, caption=kept["caption"], tags=kept["tags"], rating=kept["rating"])
    return _told(_("Taken back: it says what it said before."), [image.pk])


def _say(image: Image, *, caption: str, tags: Sequence[str], rating: int) -> None:
    image_retag(image=image, tags=tags)
    images_rate(image_ids=[image.pk], rating=rating)
    image_caption(image=image, caption=caption)


def _tags_change(
    *, add: Mapping[str, Sequence[int]] | None = None, remove: Mapping[str, Sequence[int]] | None = None
) -> None:
    for name, ids in (add or {}).items():
        if ids:
            images_tag(image_ids=_there(ids), add=[name])
    for name, ids in (remove or {}).items():
        if ids:
            images_tag(image_ids=_there(ids), remove=[name])


def _told(sentence: str, ids: Iterable[int], undo: Mapping[str, Any] | None = None) -> Told:
    """With what the cards of the images have to show."""
    images = Image.objects.filter(pk__in=ids).prefetch_related("tags").order_by("pk")
    about = [
        {
            "id": image.pk,
            "rating": image.rating,
            "caption": image.caption,
            "tags": (tags := [tag.name for tag in image.tags.all()]),
            "tags_text": tags_text(tags),
        }
        for image in images
    ]
    return Told(sentence, undo, {"images": about})


def _ids(sent: Fields) -> list[int]:
    return [image.pk for image in sent.images()]


def _names(sent: Fields) -> list[str]:
    names = tags_in(sent.text("tags"))
    if not names:
        raise Problem("bad_tag", _("Write a tag first."))
    return names


def _there(ids: Sequence[int]) -> list[int]:
    return list(Image.objects.filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))


def _carriers(name: str, ids: Sequence[int]) -> set[int]:
    """Those of the images that have the tag."""
    return set(_Given.objects.filter(tag__in=tag_ids(name), image__in=ids).values_list("image_id", flat=True))


def _rated(before: Sequence[Sequence[int]], rating: int) -> list[int]:
    ids = [pk for pk, _before in before]
    return list(Image.objects.filter(pk__in=ids, rating=rating).values_list("pk", flat=True))
