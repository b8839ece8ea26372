"""A small world in which anything may be decided, in any order, also what makes no sense."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from faces.models import Decision, Face, Person, Suggestion
from faces.services import decisions
from faces.services.consolidation import event_consolidate
from faces.services.suggestions import suggestion_postpone
from faces.services.uploads import event_create
from faces.tests.painting import painted_looks, process, upload
from photofinder.errors import Problem

LIKENESSES = (1.0, 0.9, 0.8, 0.65, 0.5)  # the first and the last are siblings, with looks in between
SCORES = (0.9, 0.9, 0.9, 0.45)  # the last is too weak to found a person
Step = tuple[Any, ...]

EXPECTED = {
    "nothing_to_merge",
    "merged_already",
    "nothing_chosen",
    "changed_since",
    "nothing_left",
    "nothing_to_move",
    "not_undoable",
    "undone_already",
}


@dataclass(frozen=True)
class Said:
    """What the world asked for and was granted."""

    decision: int
    kind: str
    payload: dict[str, Any] = field(default_factory=dict)
    words: tuple[tuple[int, int | None, bool], ...] = ()
    names: tuple[tuple[int, str], ...] = ()
    hidden: tuple[tuple[int, bool], ...] = ()
    covers: tuple[tuple[int, int], ...] = ()
    one: tuple[int, ...] = ()
    apart: tuple[tuple[int, int], ...] = ()


class World:
    """Two events, and a memory of its own of everything that was decided."""

    def __init__(self) -> None:
        self.events = [event_create(name="Gala"), event_create(name="Lunch")]
        self.said: dict[int, Said] = {}
        self.undone: set[int] = set()

    def active(self) -> list[Said]:
        """What holds, oldest first."""
        return [said for pk, said in sorted(self.said.items()) if pk not in self.undone]

    def take(self, step: Step) -> str:
        """Do one step; the code of the problem it met, else empty."""
        name, *arguments = step
        try:
            getattr(self, name)(*arguments)
        except Problem as problem:
            assert problem.code in EXPECTED, problem.code
            return problem.code
        return ""

    def photo(self, event: int, faces: Sequence[tuple[int, int, int]], settled: bool) -> None:
        """A photo arrives: (identity, likeness, score) of each face; the event is consolidated afterwards or not."""
        looks = [(identity * 9, LIKENESSES[likeness], SCORES[score]) for identity, likeness, score in faces]
        process(upload(self.events[event % 2], painted_looks(looks)), settled=settled)

    def consolidate(self, event: int) -> None:
        """The event's people, from all its faces."""
        event_consolidate(event=self.events[event % 2])

    def merge(self, into: int, others: Sequence[int], name: str | None, cover: int | None) -> None:
        """Some people become one."""
        into_row, rows = self.person(into), [self.person(other) for other in others]
        ids = sorted({row.pk for row in rows} - {into_row.pk})
        face = None if cover is None else _pick(cover, Face.objects.filter(person__in=[into_row.pk, *ids]))
        names = [row.name for row in (into_row, *sorted(rows, key=lambda row: row.pk)) if row.name]
        kept = " ".join(name.split()) if name is not None else next(iter(names), "")
        made = decisions.people_merge(into=into_row, others=rows, actor=None, name=name, cover=face)
        self._remember(
            made,
            words=_words(made),
            names=[(into_row.pk, kept)] if kept != into_row.name else [],
            covers=[(into_row.pk, face.pk)] if face else [],
            one=(into_row.pk, *ids),
        )

    def split(self, person: int, faces: int, stale: bool) -> None:
        """Some of a person's faces become a new person."""
        row = self.person(person)
        chosen = self.faces(row, faces, stale)
        made = decisions.faces_split(person=row, faces=chosen, actor=None)
        new = made.payload["new"]
        assert Person.objects.get(pk=new) != row
        self._remember(made, words=[(face, new, True) for face in chosen], apart=[(row.pk, new)])

    def move(self, person: int, faces: int, to: int, stale: bool) -> None:
        """Some of a person's faces become another's."""
        row, other = self.person(person), self.person(to)
        chosen = self.faces(row, faces, stale)
        made = decisions.faces_move(person=row, faces=chosen, to=other, actor=None)
        self._remember(made, words=[(face, other.pk, True) for face in chosen])

    def adopt(self, faces: int, to: int) -> None:
        """Faces that are nobody's become somebody's."""
        other = self.person(to)
        chosen = _subset(faces, Face.objects.filter(person=None))
        made = decisions.faces_move(person=None, faces=chosen, to=other, actor=None)
        self._remember(made, words=[(face, other.pk, True) for face in chosen])

    def confirm(self, person: int, faces: int, stale: bool) -> None:
        """Some of a person's faces are theirs."""
        row = self.person(person)
        made = decisions.faces_confirm(person=row, faces=self.faces(row, faces, stale), actor=None)
        self._remember(made, words=_words(made))

    def reject(self, person: int, faces: int, stale: bool) -> None:
        """Some faces are not that person's."""
        row = self.person(person)
        chosen = self.faces(row, faces, stale)
        words = [(face, one, False) for face in chosen for one in self._known_as(row, face)]
        self._remember(decisions.faces_reject(person=row, faces=chosen, actor=None), words=words)

    def dismiss(self, person: int, faces: int, stale: bool) -> None:
        """Some faces are none."""
        chosen = self.faces(self.person(person), faces, stale)
        made = decisions.faces_dismiss(faces=chosen, actor=None)
        self._remember(made, words=[(face, None, True) for face in chosen])

    def hide(self, people: Sequence[int], hidden: bool) -> None:
        """Some people are out of sight, or back."""
        rows = [self.person(person) for person in people]
        made = decisions.people_hide(people=rows, actor=None, hidden=hidden)
        self._remember(made, hidden=[(row.pk, hidden) for row in rows])

    def name(self, person: int, name: str) -> None:
        """Somebody has a name."""
        row = self.person(person)
        made = decisions.person_name(person=row, name=name, actor=None)
        self._remember(made, names=[(row.pk, " ".join(name.split()))])

    def cover(self, person: int, face: int, stale: bool) -> None:
        """A face stands for somebody."""
        row = self.person(person)
        chosen = _pick(face, Face.objects.all() if stale else row.faces.all())
        made = decisions.person_cover(person=row, face=chosen, actor=None)
        self._remember(made, covers=[(row.pk, chosen.pk)])

    def differ(self, one: int, other: int) -> None:
        """Two people are not one."""
        rows = self.person(one), self.person(other)
        made = decisions.people_differ(one=rows[0], other=rows[1], actor=None)
        self._remember(made, apart=[(rows[0].pk, rows[1].pk)])

    def undo(self, number: int) -> None:
        """Any decision is taken back, also one that was before."""
        self.take_back(_pick(number, Decision.objects.all()))

    def take_back(self, decision: Decision) -> None:
        """Undo it. Raises Problem."""
        given = _GivenSince(decision) if decision.kind == "split" else None
        made = decisions.decision_undo(decision=decision, actor=None)
        source = self.said[decision.pk]
        self.undone.add(decision.pk)
        self._remember(made, apart=[(source.one[0], other) for other in source.one[1:]])
        if given:
            given.assert_not_the_old_persons()

    def postpone(self, number: int) -> None:
        """A question comes later."""
        suggestion_postpone(suggestion=_pick(number, Suggestion.objects.all()))

    def answer(self, number: int, yes: bool) -> None:
        """A question is answered as the queue does it."""
        question = _pick(number, Suggestion.objects.all())
        one, face = question.one, question.face
        if face is None:
            other = question.other
            assert other
            if not yes:
                made = decisions.people_differ(one=one, other=other, actor=None)
                return self._remember(made, apart=[(one.pk, other.pk)])
            kept = one.name or other.name
            made = decisions.people_merge(into=one, others=[other], actor=None)
            names = [(one.pk, kept)] if kept != one.name else []
            return self._remember(made, words=_words(made), names=names, one=(one.pk, other.pk))
        if yes:
            made = decisions.faces_move(person=question.other, faces=[face.pk], to=one, actor=None)
            return self._remember(made, words=[(face.pk, one.pk, True)])
        words = [(face.pk, known, False) for known in self._known_as(one, face.pk)]
        return self._remember(decisions.faces_reject(person=one, faces=[face.pk], actor=None), words=words)

    def person(self, number: int) -> Person:
        """Mostly somebody who is somebody today."""
        person: Person = _pick(number, Person.objects.current() if number < 24 else Person.objects.all())
        return person

    def faces(self, person: Person, bits: int, stale: bool) -> list[int]:
        """Some of a person's faces, or some of anybody's."""
        return _subset(bits, Face.objects.all() if stale else person.faces.all())

    def _known_as(self, person: Person, face: int) -> set[int]:
        """As whom the face is the person's: by what was said, by what the engine thinks."""
        said = {one for said in self.active() for about, one, holds in said.words if about == face and holds and one}
        said |= set(Face.objects.filter(pk=face, engine_person__isnull=False).values_list("engine_person", flat=True))
        return {person.pk} | {one for one in said if Person.objects.roots([one])[one] == person.pk}

    def _remember(self, decision: Decision, **what: Any) -> None:
        values = {key: tuple(value) for key, value in what.items()}
        self.said[decision.pk] = Said(decision.pk, decision.kind, decision.payload, **values)


class _GivenSince:
    """What the engine has given to the person of a split since: faces and the ids of people."""

    def __init__(self, split: Decision) -> None:
        self._old, self._new = split.payload["person"], split.payload["new"]
        faces = Face.objects.filter(person=self._new).exclude(pk__in=split.verdicts.values("face"))
        faces = faces.exclude(pk__in=[face for face, *_ in split.payload.get("followed", ())])
        self._faces = set(faces.values_list("pk", flat=True))
        undone = Decision.objects.filter(kind="split").exclude(undone_by=None).values_list("payload__new", flat=True)
        self._people = Person.objects.absorbed(self._new) - {self._new} - set(undone)

    def assert_not_the_old_persons(self) -> None:
        """None of it is the old person's when the split is undone."""
        old = Person.objects.roots([self._old])[self._old]
        assert not Face.objects.filter(pk__in=self._faces, person=old).exists()
        assert old not in Person.objects.roots(self._people).values()


def _words(decision: Decision) -> list[tuple[int, int | None, bool]]:
    """Who each face is held to be; that is who has it now."""
    words: list[tuple[int, int | None, bool]] = list(decision.verdicts.values_list("face", "person", "holds"))
    roots = Person.objects.roots([person for _, person, _ in words if person is not None])
    owners = dict(Face.objects.values_list("pk", "person"))
    assert all(person and owners[face] == roots[person] for face, person, _ in words)
    return words


def _pick(number: int, rows: Any) -> Any:
    """One of the rows. Raises Problem where there is none."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    if not ids:
        raise Problem("nothing_chosen", "")
    return rows.model.objects.get(pk=ids[number % len(ids)])


def _subset(bits: int, rows: Any) -> list[int]:
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    return [pk for place, pk in enumerate(ids) if bits >> (place % 8) & 1]
