"""What people decide of groups of duplicates on the page that shows them, and taking it back."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from media_index.admin.asked import Fields, Told
from media_index.models import DuplicateDecision
from media_index.services.duplicate_decisions import group_dismiss, group_resolve, group_undo, groups_resolve
from photofinder.errors import Problem


def keep(sent: Fields, actor: User) -> Told:
    """Keep one image of a group."""
    decision = group_resolve(number=sent.number("group"), keep=sent.image(), actor=actor)
    return _told(_("Kept one; the index hides the others. No file was touched."), [decision])


def keep_best(sent: Fields, actor: User) -> Told:
    """Keep the best of each of these groups."""
    numbers = sent.numbers("groups")
    made = DuplicateDecision.objects.filter(group__in=numbers, actor=actor)
    last = made.order_by("-pk").values_list("pk", flat=True).first() or 0
    if not groups_resolve(numbers=numbers, actor=actor):
        raise Problem("decided_already", _("Somebody has decided all of these meanwhile. Reload the page."))
    decisions = list(made.filter(pk__gt=last).order_by("pk"))
    text = ngettext("The best of %d group was kept.", "The best of %d groups was kept.", len(decisions))
    return _told(text % len(decisions), decisions)


def dismiss(sent: Fields, actor: User) -> Told:
    """Say that a group, or some images of it, are no duplicates."""
    images = sent.images() if sent.has("images") else None
    decision = group_dismiss(number=sent.number("group"), images=images, actor=actor)
    if images is None:
        sentence = _("Not duplicates: these pairs never come back.")
    else:
        sentence = _("Not a duplicate of the others: these pairs never come back.")
    return _told(sentence, [decision])


@transaction.atomic
def groups_undo(kept: Mapping[str, Any], actor: User) -> Told:
    """Open these groups again. Raises Problem `later_decision` where somebody decided them anew since."""
    for number, decision in kept["decisions"]:
        last = DuplicateDecision.objects.filter(group=number, undone_at=None).order_by("-pk").first()
        if last is None or last.pk != decision:
            raise Problem("later_decision", _("Somebody has decided about this group since; reload the page."))
        group_undo(number=number, actor=actor)
    count = len(kept["decisions"])
    text = ngettext("Taken back: %d group waits again.", "Taken back: %d groups wait again.", count)
    return Told(text % count, about={"groups": [number for number, _decision in kept["decisions"]]})


def _told(sentence: str, decisions: Sequence[DuplicateDecision]) -> Told:
    groups = [decision.group for decision in decisions]
    undo = {"kind": "groups", "decisions": [[decision.group, decision.pk] for decision in decisions]}
    return Told(sentence, undo, {"groups": groups})
