"""What people decide of groups of duplicates on the page that shows them, and taking it back."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from media_index.admin.asked import Fields, Told
from media_index.models import DuplicateDecision
from media_index.services.duplicate_decisions import decisions_undo, group_dismiss, group_resolve, groups_resolve
from photofinder.errors import Problem


def keep(sent: Fields, actor: User) -> Told:
    """Keep one image of a group."""
    decision = group_resolve(number=sent.number("group"), seen=sent.text("seen"), keep=sent.image(), actor=actor)
    return _told(_("Kept one; the index hides the others. No file was touched."), [decision])


def keep_best(sent: Fields, actor: User) -> Told:
    """Keep the best of each of these groups; `seen` has their revisions, in the same order."""
    seen = dict(zip(sent.numbers("groups"), sent.texts("seen"), strict=False))
    decisions = groups_resolve(seen=seen, actor=actor)
    if not decisions:
        raise Problem("decided_already", _("All of these were decided or became others meanwhile. Reload the page."))
    text = ngettext("The best of %d group was kept.", "The best of %d groups was kept.", len(decisions))
    return _told(text % len(decisions), decisions)


def dismiss(sent: Fields, actor: User) -> Told:
    """Say that a group, or some images of it, are no duplicates."""
    images = sent.images() if sent.has("images") else None
    decision = group_dismiss(number=sent.number("group"), seen=sent.text("seen"), images=images, actor=actor)
    if images is None:
        sentence = _("Not duplicates: these pairs never come back.")
    else:
        sentence = _("Not a duplicate of the others: these pairs never come back.")
    return _told(sentence, [decision])


def groups_undo(kept: Mapping[str, Any], actor: User) -> Told:
    """Open these groups again, all or none. Raises what `decisions_undo` does."""
    decisions_undo(ids=[decision for _number, decision in kept["decisions"]], actor=actor)
    count = len(kept["decisions"])
    text = ngettext("Taken back: %d group waits again.", "Taken back: %d groups wait again.", count)
    return Told(text % count, about={"groups": [number for number, _decision in kept["decisions"]]})


def _told(sentence: str, decisions: Sequence[DuplicateDecision]) -> Told:
    groups = [decision.group for decision in decisions]
    undo = {"kind": "groups", "decisions": [[decision.group, decision.pk] for decision in decisions]}
    return Told(sentence, undo, {"groups": groups})
