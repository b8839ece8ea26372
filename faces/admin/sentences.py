"""Decisions in one sentence each, in the reader's language: for the undo bar and for the history."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from faces.models import Decision, Person, Verdict

Kind = Decision.Kind
NAMES_SPELT = 3  # the rest is counted
_OF_FACES = (Kind.SPLIT, Kind.MOVE, Kind.CONFIRM, Kind.REJECT, Kind.DISMISS)


def sentence(decision: Decision) -> str:
    """What was decided."""
    return sentences([decision])[decision.pk]


def sentences(decisions: Iterable[Decision]) -> dict[int, str]:
    """What was decided, by the decisions' ids; three queries for any number of them."""
    rows = {decision.pk: decision for decision in decisions}
    undone = Decision.objects.in_bulk([row.payload["decision"] for row in rows.values() if row.kind == Kind.UNDO])
    known = {**undone, **rows}
    teller = _Teller(known, _called(known.values()), _counted(known.values()))
    return {pk: teller.tell(decision) for pk, decision in rows.items()}


@dataclass(frozen=True)
class _Teller:
    decisions: Mapping[int, Decision]
    called: Mapping[int, str]
    faces: Mapping[int, int]

    def tell(self, decision: Decision) -> str:
        if decision.kind == Kind.UNDO:
            what = self.decisions.get(decision.payload["decision"])
            text = _("Taken back: %s") % (self._tell(what) if what else f"#{decision.payload['decision']}")
        else:
            text = self._tell(decision)
        followed = len(decision.payload.get("followed", []))
        more = ngettext("%d similar face followed.", "%d similar faces followed.", followed) % followed
        return f"{text} {more}" if followed else text

    def _tell(self, decision: Decision) -> str:
        said = decision.payload
        if decision.kind in _OF_FACES:
            return self._of_faces(decision)
        match decision.kind:
            case Kind.MERGE:
                return _("Merged into %(name)s: %(others)s.") % {
                    "name": self._one(said["into"]),
                    "others": self._all(said["people"]),
                }
            case Kind.DIFFER:
                return _("Different people: %s.") % self._all(said["people"])
            case Kind.HIDE:
                return _("Hidden: %s.") % self._all(said["people"])
            case Kind.SHOW:
                return _("Shown again: %s.") % self._all(said["people"])
            case Kind.COVER:
                return _("Another cover for %s.") % self._one(said["person"])
            case Kind.NAME:
                return self._named(said)
        return str(decision)

    def _named(self, said: Mapping[str, Any]) -> str:
        name = next(iter(said["say"].values()))["name"]
        before = said["before"][str(said["person"])]["name"] or _("Person %d") % said["person"]
        if not name:
            return str(_("The name “%s” was taken away.") % before)
        return _("“%(before)s” is now called “%(name)s”.") % {"before": before, "name": name}

    def _of_faces(self, decision: Decision) -> str:
        said, count = decision.payload, self.faces.get(decision.pk, 0)
        person = said.get("person")
        values = {"count": count, "name": self._one(person) if person else ""}
        match decision.kind:
            case Kind.SPLIT:
                text = ngettext(
                    "%(count)d face split off %(name)s: now %(other)s.",
                    "%(count)d faces split off %(name)s: now %(other)s.",
                    count,
                )
                return text % {**values, "other": self._one(said["new"])}
            case Kind.MOVE if person:
                text = ngettext(
                    "%(count)d face moved from %(name)s to %(other)s.",
                    "%(count)d faces moved from %(name)s to %(other)s.",
                    count,
                )
                return text % {**values, "other": self._one(said["to"])}
            case Kind.MOVE:
                text = ngettext("%(count)d face given to %(other)s.", "%(count)d faces given to %(other)s.", count)
                return text % {**values, "other": self._one(said["to"])}
            case Kind.CONFIRM:
                text = ngettext(
                    "%(count)d face of %(name)s confirmed.", "%(count)d faces of %(name)s confirmed.", count
                )
            case Kind.REJECT:
                text = ngettext("%(count)d face is not %(name)s.", "%(count)d faces are not %(name)s.", count)
            case _:
                text = ngettext("%(count)d is not a face.", "%(count)d are not faces.", count)
        return text % values

    def _one(self, person: int) -> str:
        return _("“%s”") % (self.called.get(person) or _("Person %d") % person)

    def _all(self, people: Collection[int]) -> str:
        spelt = ", ".join(self._one(person) for person in list(people)[:NAMES_SPELT])
        rest = len(people) - NAMES_SPELT
        return _("%(names)s and %(count)d more") % {"names": spelt, "count": rest} if rest > 0 else spelt


def _called(decisions: Collection[Decision]) -> dict[int, str]:
    """The names that the people of these decisions have today."""
    ids: set[int] = set()
    for decision in decisions:
        said = decision.payload
        ids |= {said[key] for key in ("into", "person", "new", "to") if said.get(key)}
        ids |= set(said.get("people", [])[:NAMES_SPELT])
    return dict(Person.objects.filter(pk__in=ids).values_list("pk", "name"))


def _counted(decisions: Collection[Decision]) -> dict[int, int]:
    """Of how many faces these decisions speak."""
    ids = [decision.pk for decision in decisions if decision.kind in _OF_FACES]
    words = Verdict.objects.filter(decision__in=ids).order_by().values_list("decision")
    return dict(words.annotate(n=Count("pk")))
