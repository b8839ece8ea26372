"""What people decide of groups of duplicates, and undoing it. Nothing decided comes back by itself."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from media_index.models import DuplicateDecision, DuplicatePair, Image, SourceFile, Tag
from media_index.services.duplicates import groups_split, pairs_connect, pairs_open
from media_index.services.generation import index_changed
from media_index.services.turns import Turn, take_turn
from photofinder.celery import enqueue
from photofinder.errors import Problem

Kind, State = DuplicateDecision.Kind, DuplicatePair.State


@dataclass(frozen=True)
class DuplicateGroup:
    """Images that open pairs connect, the best first."""

    number: int
    images: list[Image]
    pairs: list[DuplicatePair]


def groups_open(*, after: int = 0, limit: int) -> list[DuplicateGroup]:
    """At most `limit` groups that wait for a decision, those with numbers above `after`, in their order."""
    waiting = pairs_open().filter(group__gt=after).order_by("group").values_list("group", flat=True)
    return _groups(list(waiting.distinct()[:limit]))


def group_get(*, number: int) -> DuplicateGroup:
    """The group of that number. Raises Problem `decided_already`."""
    groups = _groups([number])
    if not groups:
        raise _stale()
    return groups[0]


def best_first(images: Iterable[Image]) -> list[Image]:
    """The one with most pixels first; of equal ones the sharper, then the larger file, then the one that was there
    before.
    """
    return sorted(
        images, key=lambda image: (-image.width * image.height, -(image.sharpness or 0), -image.bytes, image.pk)
    )


@transaction.atomic
def group_resolve(*, number: int, keep: Image, actor: User | None) -> DuplicateDecision:
    """Keep one image of a group: the index shows it instead of the others, and it gets their tags and best rating.

    In events all of them stay. Raises Problem `decided_already`, `not_in_group`.
    """
    pairs = _pairs_locked(number)
    images = _images_locked(pairs)
    if keep.pk not in images:
        raise Problem("not_in_group", _("This image is not in the group."))
    kept, others = images.pop(keep.pk), list(images)
    hidden = Image.objects.filter(Q(pk__in=others) | Q(superseded_by__in=others))
    before = {
        "hidden": [list(row) for row in hidden.order_by("pk").values_list("pk", "superseded_by")],
        "kept": kept.pk,
        "rating": kept.rating,
        "tags": _tags_give(kept, others),
    }
    hidden.update(superseded_by=kept)
    kept.rating = max([kept.rating, *(image.rating for image in images.values())])
    kept.save(update_fields=["rating"])
    decision = DuplicateDecision.objects.create(kind=Kind.RESOLVED, group=number, keep=kept, actor=actor, before=before)
    _decide(pairs, State.RESOLVED, decision)
    _words_follow([kept.pk])
    return decision


def groups_resolve(*, numbers: Collection[int], actor: User | None) -> int:
    """Keep the best of each of these groups; how many there were: others may have decided some meanwhile."""
    groups = _groups(sorted(numbers))
    return sum(_resolved(group, actor) for group in groups)


@transaction.atomic
def group_dismiss(*, number: int, images: Sequence[Image] | None = None, actor: User | None) -> DuplicateDecision:
    """Say that these images of a group show another picture than all others of it do; without `images`, that each of
    them shows its own. Raises Problem `decided_already`, `not_in_group`.
    """
    pairs = _pairs_locked(number)
    if images is not None:
        apart = {image.pk for image in images}
        if not apart or apart - {pk for pair in pairs for pk in (pair.first_id, pair.second_id)}:
            raise Problem("not_in_group", _("This image is not in the group."))
        pairs = [pair for pair in pairs if pair.first_id in apart or pair.second_id in apart]
    decision = DuplicateDecision.objects.create(kind=Kind.DISMISSED, group=number, actor=actor)
    _decide(pairs, State.DISMISSED, decision)
    groups_split(number)
    return decision


@transaction.atomic
def group_undo(*, number: int, actor: User | None) -> DuplicateDecision:
    """Take the last decision of the group of that number back: its pairs wait again, and what was hidden is shown.

    Tags and rating that the kept image got are taken from it unless people changed them since. `actor` is who decides
    now; the pairs belong to nobody's decision then. Raises Problem `nothing_to_undo`, `later_decision`.
    """
    take_turn(Turn.DUPLICATES)
    made = DuplicateDecision.objects.filter(group=number, undone_at=None).order_by("-pk").select_for_update()
    decision = made.first()
    if decision is None:
        raise Problem("nothing_to_undo", _("No decision of this group can be undone."))
    if decision.kind == Kind.RESOLVED:
        _show_again(decision)
    pairs = list(decision.pairs.exclude(state=State.OPEN))
    pairs_connect(pairs)
    for pair in pairs:
        pair.state, pair.decided_by, pair.decided_at, pair.decision = State.OPEN, None, None, None
    DuplicatePair.objects.bulk_update(
        pairs, ["group", "state", "decided_by", "decided_at", "decision"], batch_size=1000
    )
    decision.undone_at, decision.undone_by = timezone.now(), actor
    decision.save(update_fields=["undone_at", "undone_by"])
    index_changed()
    return decision


def copies(*, after: int = 0, limit: int) -> list[Image]:
    """At most `limit` images with an id above `after` that lie in several files of sources: exact copies."""
    files = SourceFile.objects.filter(image__gt=after).exclude(state=SourceFile.State.GONE).values("image")
    several = files.annotate(count=Count("pk")).filter(count__gt=1).order_by("image").values("image")[:limit]
    return list(Image.objects.filter(pk__in=[row["image"] for row in several]).prefetch_related("files").order_by("pk"))


def _groups(numbers: Sequence[int]) -> list[DuplicateGroup]:
    pairs: dict[int, list[DuplicatePair]] = defaultdict(list)
    for pair in pairs_open().filter(group__in=numbers).select_related("first", "second").order_by("first", "second"):
        pairs[pair.group].append(pair)
    return [DuplicateGroup(number, best_first(_images(pairs[number])), pairs[number]) for number in sorted(pairs)]


def _images(pairs: Iterable[DuplicatePair]) -> Collection[Image]:
    return {image.pk: image for pair in pairs for image in (pair.first, pair.second)}.values()


def _pairs_locked(number: int) -> list[DuplicatePair]:
    take_turn(Turn.DUPLICATES)
    pairs = list(pairs_open().filter(group=number).select_for_update().order_by("pk"))
    if not pairs:
        raise _stale()
    return pairs


def _images_locked(pairs: Iterable[DuplicatePair]) -> dict[int, Image]:
    ids = {image for pair in pairs for image in (pair.first_id, pair.second_id)}
    rows = Image.objects.filter(pk__in=ids).select_for_update(no_key=True).order_by("pk")
    return {image.pk: image for image in rows}


def _stale() -> Problem:
    return Problem("decided_already", _("Somebody has decided this group meanwhile, or it has become another one."))


def _decide(pairs: Iterable[DuplicatePair], state: str, decision: DuplicateDecision) -> None:
    rows = DuplicatePair.objects.filter(pk__in=[pair.pk for pair in pairs])
    rows.update(state=state, decided_by=decision.actor, decided_at=decision.at, decision=decision)
    index_changed()


def _resolved(group: DuplicateGroup, actor: User | None) -> bool:
    try:
        group_resolve(number=group.number, keep=group.images[0], actor=actor)
    except Problem:  # decided meanwhile
        return False
    return True


def _tags_give(keep: Image, others: Collection[int]) -> list[int]:
    """Give the image the tags of others; which are new to it."""
    new = list(_tags(others).exclude(images=keep).order_by("pk").distinct())
    keep.tags.add(*new)
    return [tag.pk for tag in new]


def _tags(images: Collection[int]) -> QuerySet[Tag]:
    tags: QuerySet[Tag] = Tag.objects.filter(images__in=images)
    return tags


def _show_again(decision: DuplicateDecision) -> None:
    before: dict[str, Any] = decision.before
    hidden = dict(before["hidden"])
    images = Image.objects.filter(pk__in=hidden).select_for_update(no_key=True).order_by("pk")
    there = set(images.values_list("pk", "superseded_by"))
    if {by for _pk, by in there} - {before["kept"]}:
        raise Problem("later_decision", _("A later decision builds on this one: undo that first."))
    for image, _by in there:
        Image.objects.filter(pk=image).update(superseded_by=hidden[image])
    kept = Image.objects.select_for_update(no_key=True).get(pk=before["kept"])
    given = max([before["rating"], *images.values_list("rating", flat=True)])
    if kept.rating == given:
        Image.objects.filter(pk=kept.pk).update(rating=before["rating"])
    kept.tags.remove(*Tag.objects.filter(pk__in=before["tags"]))
    _words_follow([kept.pk])


def _words_follow(images: Sequence[int]) -> None:
    enqueue(settings.IMAGE_DESCRIBING, images)
