"""What people decide of groups of duplicates, and undoing it. Nothing decided comes back by itself."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from media_index.models import DuplicateDecision, DuplicatePair, Image, Tag
from media_index.services.contracts import images_index_again
from media_index.services.duplicate_groups import best_first, revision_of
from media_index.services.duplicates import groups_split, pairs_connect, pairs_open
from media_index.services.generation import index_changed
from media_index.services.turns import Turn, take_turn
from photofinder.celery import enqueue
from photofinder.errors import Problem

Kind, State = DuplicateDecision.Kind, DuplicatePair.State


@transaction.atomic
def group_resolve(*, number: int, seen: str, keep: Image | None = None, actor: User | None) -> DuplicateDecision:
    """Keep one image of a group, the best one without `keep`: the index shows it instead of the others, and it gets
    their tags and best rating. `seen` is the revision of the group that was shown.

    In events all of them stay. Raises Problem `decided_already`, `changed_since`, `not_in_group`.
    """
    images = _images_locked(_images_of(pairs_open().filter(group=number)))
    pairs = _pairs_seen(number, seen)
    if _images_of(pairs) != set(images):
        raise _changed()
    kept = images.get(keep.pk) if keep else best_first(images.values())[0]
    if kept is None:
        raise _not_in_group()
    others = [pk for pk in images if pk != kept.pk]
    before = _hide(kept, others) | {"rating": kept.rating, "tags": _tags_give(kept, others)}
    rating = max(image.rating for image in images.values())
    Image.objects.filter(pk=kept.pk).update(rating=rating, superseded_by=None)
    decision = DuplicateDecision.objects.create(kind=Kind.RESOLVED, group=number, keep=kept, actor=actor, before=before)
    _decide(pairs, State.RESOLVED, decision)
    _words_follow([kept.pk])
    return decision


def groups_resolve(*, seen: Mapping[int, str], actor: User | None) -> list[DuplicateDecision]:
    """Keep the best of each of these groups, given with the revisions that were shown; what was decided: others may
    have decided some meanwhile, or images may have come.
    """
    made = (_resolved(number, revision, actor) for number, revision in sorted(seen.items()))
    return [decision for decision in made if decision]


@transaction.atomic
def group_dismiss(
    *, number: int, seen: str, images: Sequence[Image] | None = None, actor: User | None
) -> DuplicateDecision:
    """Say that these images of a group show another picture than all others of it do; without `images`, that each of
    them shows its own. Raises Problem `decided_already`, `changed_since`, `not_in_group`.
    """
    pairs = _pairs_seen(number, seen)
    if images is not None:
        apart = {image.pk for image in images}
        if not apart or apart - _images_of(pairs):
            raise _not_in_group()
        pairs = [pair for pair in pairs if pair.first_id in apart or pair.second_id in apart]
    decision = DuplicateDecision.objects.create(kind=Kind.DISMISSED, group=number, actor=actor)
    _decide(pairs, State.DISMISSED, decision)
    groups_split(number)
    return decision


def group_undo(*, number: int, actor: User | None) -> DuplicateDecision:
    """Take the last decision of the group of that number back, see `decisions_undo`. Raises Problem
    `nothing_to_undo`, `later_decision`.
    """
    last = DuplicateDecision.objects.filter(group=number, undone_at=None).order_by("-pk")[:1]
    return decisions_undo(ids=[decision.pk for decision in last], actor=actor)[0]


@transaction.atomic
def decisions_undo(*, ids: Collection[int], actor: User | None) -> list[DuplicateDecision]:
    """Take these decisions back, all or none: their pairs wait again, and what was hidden is shown.

    Tags and rating that a kept image got are taken from it unless people changed them since. `actor` is who decides
    now; the pairs belong to nobody's decision then. Raises Problem `nothing_to_undo`, `later_decision`.
    """
    decisions = DuplicateDecision.objects.filter(pk__in=ids, undone_at=None).order_by("-pk")
    _images_locked({image for decision in decisions for image in _touched(decision)})
    take_turn(Turn.DUPLICATES)
    made = list(decisions.all())
    if not made or len(made) < len(ids):
        raise Problem("nothing_to_undo", _("No decision of this group can be undone."))
    for decision in made:
        _undo(decision, actor)
    index_changed()
    return made


@transaction.atomic
def duplicates_leave(*, image_ids: Collection[int]) -> None:
    """Take images out of their groups, before they are deleted. Those that were hidden behind one are shown again: the
    pairs among them wait for a decision, and their duplicates are looked for anew.

    The caller has locked all of these.
    """
    take_turn(Turn.DUPLICATES)
    pairs = DuplicatePair.objects.filter(Q(first__in=image_ids) | Q(second__in=image_ids))
    groups = set(pairs.filter(state=State.OPEN).values_list("group", flat=True))
    pairs.delete()
    for number in sorted(groups):
        groups_split(number)
    hidden = Image.objects.filter(superseded_by__in=image_ids).exclude(pk__in=image_ids)
    shown = list(hidden.order_by("pk").values_list("pk", flat=True))
    Image.objects.filter(pk__in=shown).update(superseded_by=None)
    among = list(DuplicatePair.objects.filter(state=State.RESOLVED, first__in=shown, second__in=shown))
    made = DuplicateDecision.objects.filter(pk__in=[pair.decision_id for pair in among])
    made.update(undone_at=timezone.now())
    _reopen(among)
    images_index_again(shown)
    index_changed()


def _images_of(pairs: Iterable[DuplicatePair]) -> set[int]:
    return {image for pair in pairs for image in (pair.first_id, pair.second_id)}


def _images_locked(ids: Collection[int]) -> dict[int, Image]:
    """These images. Those that are hidden behind one of them are locked too."""
    rows = list(Image.objects.filter(Q(pk__in=ids) | Q(superseded_by__in=ids)).locked())
    return {image.pk: image for image in rows if image.pk in ids}


def _pairs_seen(number: int, seen: str) -> list[DuplicatePair]:
    """The open pairs of the group in one's turn, if it is the one that was shown."""
    take_turn(Turn.DUPLICATES)
    pairs = list(pairs_open().filter(group=number).order_by("pk"))
    if not pairs:
        raise Problem("decided_already", _("Somebody has decided this group meanwhile, or it has become another one."))
    if revision_of(_images_of(pairs)) != seen:
        raise _changed()
    return pairs


def _changed() -> Problem:
    return Problem("changed_since", _("Images have come to this group or left it since. Look at it again."))


def _not_in_group() -> Problem:
    return Problem("not_in_group", _("This image is not in the group."))


def _later() -> Problem:
    return Problem("later_decision", _("A later decision builds on this one: undo that first."))


def _hide(kept: Image, others: Collection[int]) -> dict[str, Any]:
    """Hide these, and whoever was hidden behind them, behind the kept one; what was before. Nobody is ever hidden
    behind one that is hidden.
    """
    hidden = Image.objects.filter(Q(pk__in=others) | Q(superseded_by__in=others)).exclude(pk=kept.pk)
    before = [list(row) for row in hidden.order_by("pk").values_list("pk", "superseded_by")]
    hidden.update(superseded_by=kept)
    return {"hidden": before, "kept": kept.pk, "kept_behind": kept.superseded_by_id}


def _decide(pairs: Iterable[DuplicatePair], state: str, decision: DuplicateDecision) -> None:
    rows = DuplicatePair.objects.filter(pk__in=[pair.pk for pair in pairs])
    rows.update(state=state, decided_by=decision.actor, decided_at=decision.at, decision=decision)
    index_changed()


def _resolved(number: int, seen: str, actor: User | None) -> DuplicateDecision | None:
    try:
        return group_resolve(number=number, seen=seen, actor=actor)
    except Problem:  # decided or changed meanwhile
        return None


def _tags_give(keep: Image, others: Collection[int]) -> list[int]:
    """Give the image the tags of others; which are new to it."""
    new = list(_tags(others).exclude(images=keep).order_by("pk").distinct())
    keep.tags.add(*new)
    return [tag.pk for tag in new]


def _tags(images: Collection[int]) -> QuerySet[Tag]:
    tags: QuerySet[Tag] = Tag.objects.filter(images__in=images)
    return tags


def _touched(decision: DuplicateDecision) -> list[int]:
    """The images that undoing the decision writes."""
    before = decision.before
    return [before["kept"], *(image for image, _by in before["hidden"])] if before else []


def _undo(decision: DuplicateDecision, actor: User | None) -> None:
    if DuplicateDecision.objects.filter(group=decision.group, undone_at=None, pk__gt=decision.pk).exists():
        raise _later()
    pairs = list(decision.pairs.exclude(state=State.OPEN))
    if decision.kind == Kind.RESOLVED:
        _show_again(decision)
    elif Image.objects.filter(pk__in=_images_of(pairs)).exclude(superseded_by=None).exists():
        raise _later()
    _reopen(pairs)
    decision.undone_at, decision.undone_by = timezone.now(), actor
    decision.save(update_fields=["undone_at", "undone_by"])


def _reopen(pairs: Sequence[DuplicatePair]) -> None:
    pairs_connect(pairs)
    for pair in pairs:
        pair.state, pair.decided_by, pair.decided_at, pair.decision = State.OPEN, None, None, None
    fields = ["group", "state", "decided_by", "decided_at", "decision"]
    DuplicatePair.objects.bulk_update(pairs, fields, batch_size=1000)


def _show_again(decision: DuplicateDecision) -> None:
    """Put everything back where it was, except behind images that are gone. While some were hidden, images may have
    come that are copies of them: these are looked for.
    """
    before: dict[str, Any] = decision.before
    hidden: dict[int, int | None] = dict(before["hidden"])
    images = Image.objects.filter(pk__in=hidden)
    kept = Image.objects.get(pk=before["kept"])
    if kept.superseded_by_id or images.exclude(superseded_by=kept).exists():
        raise _later()
    back = hidden | {kept.pk: before.get("kept_behind")}
    there = set(Image.objects.filter(pk__in=[by for by in back.values() if by]).values_list("pk", flat=True))
    for whom in set(back.values()):
        of_whom = [image for image, by in back.items() if by == whom]
        Image.objects.filter(pk__in=of_whom).update(superseded_by=whom if whom in there else None)
    _take_back(kept, before, list(images.values_list("rating", flat=True)))
    images_index_again([image for image, by in hidden.items() if by not in there])
    _words_follow([kept.pk])


def _take_back(kept: Image, before: Mapping[str, Any], ratings: Collection[int]) -> None:
    """What the kept image was given, unless people changed it since."""
    if kept.rating == max([before["rating"], *ratings]):
        Image.objects.filter(pk=kept.pk).update(rating=before["rating"])
    kept.tags.remove(*Tag.objects.filter(pk__in=before["tags"]))


def _words_follow(images: Sequence[int]) -> None:
    enqueue(settings.IMAGE_DESCRIBING, images)
