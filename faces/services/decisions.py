"""What moderators decide. Every decision is a row of the ledger, and every one can be taken back."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from faces.models import Decision, Event, Face, Person, Suggestion
from faces.services.learning import faces_place, faces_return, people_reexamine
from faces.services.ledger import (
    Replay,
    decision_record,
    faces_replay,
    identities,
    owners,
    people_replay,
    people_retire,
)
from faces.services.people import as_name, people_refresh
from faces.services.releases import events_announce
from faces.services.suggestions import suggestions_review
from faces.services.turns import take_turn
from photofinder.errors import Problem

Kind = Decision.Kind


def survives(person: Person) -> tuple[bool, int, int]:
    """Who of several survives a merge when nobody says: the named before the nameless, then those with the most photos,
    then the oldest; the key of a sort.
    """
    return not person.name, -person.photos_count, person.pk


@transaction.atomic
def people_merge(
    *,
    into: Person,
    others: Sequence[Person],
    actor: User | None,
    name: str | None = None,
    cover: Face | None = None,
) -> Decision:
    """Make `others` the same person as `into`, whose id stays; `name` is the survivor's, else the first there is.

    Raises Problem `nothing_to_merge`, `merged_already`, `contracts_differ` or `too_long`.
    """
    take_turn()
    ids = sorted({person.pk for person in others} - {into.pk})
    if not ids:
        raise Problem("nothing_to_merge", _("Choose at least two different people."))
    people = _current([into.pk, *ids])
    if len({person.contract for person in people.values() if person.contract}) > 1:
        raise _contracts_differ()
    if name is None:
        name = next((people[pk].name for pk in [into.pk, *ids] if people[pk].name), "")
    name = as_name(name)
    say: dict[str, Any] = {"name": name} if name != people[into.pk].name else {}
    if cover is not None:
        say["chosen_cover_id"] = _faces([cover.pk], [into.pk, *ids])[0].pk
    faces = Face.objects.filter(person__in=[into.pk, *ids]).values_list("pk", flat=True)
    # A face is held to be who it was before: so that a merge can be taken back alone, in any order.
    pins = [(face, owner, True) for face, owner in owners(list(faces)).items()]
    payload = {"into": into.pk, "people": ids}
    Person.objects.filter(pk__in=ids).update(merged_into=into)
    return _decide(Kind.MERGE, actor, [into.pk, *ids], payload, pins, say={into.pk: say})


@transaction.atomic
def faces_split(*, person: Person, faces: Collection[int], actor: User | None) -> Decision:
    """Split these faces of `person` off: they become a new person, `payload["new"]`.

    Raises Problem `nothing_chosen`, `merged_already`, `changed_since`, or `nothing_left` when all are chosen.
    """
    take_turn()
    _current([person.pk])
    chosen = _faces(faces, [person.pk])
    if not person.faces.exclude(pk__in=[face.pk for face in chosen]).exists():
        raise Problem("nothing_left", _("These are all of this person's faces. Leave at least one, or move them."))
    new = Person.objects.create(contract=chosen[0].contract)
    payload = {"person": person.pk, "new": new.pk, "apart": [[person.pk, new.pk]]}
    return _decide(Kind.SPLIT, actor, [person.pk, new.pk], payload, [(face.pk, new.pk, True) for face in chosen])


@transaction.atomic
def faces_move(*, person: Person | None, faces: Collection[int], to: Person, actor: User | None) -> Decision:
    """Move these faces of `person` (None: of nobody) to another one.

    Raises Problem `nothing_chosen`, `merged_already`, `changed_since`, `nothing_to_move` or `contracts_differ`.
    """
    take_turn()
    if person == to:
        raise Problem("nothing_to_move", _("They are this person's faces already. Choose somebody else."))
    people = [each.pk for each in (person, to) if each is not None]
    current = _current(people)
    chosen = _faces(faces, [person.pk] if person else [])
    if {face.contract for face in chosen} - {current[to.pk].contract, ""}:
        raise _contracts_differ()
    payload = {"person": person.pk if person else None, "to": to.pk}
    return _decide(Kind.MOVE, actor, people, payload, [(face.pk, to.pk, True) for face in chosen])


@transaction.atomic
def faces_confirm(*, person: Person, faces: Collection[int], actor: User | None) -> Decision:
    """Say that these faces are `person`'s: no automatic step takes them away.

    Raises Problem `nothing_chosen`, `merged_already` or `changed_since`.
    """
    take_turn()
    _current([person.pk])
    chosen = _faces(faces, [person.pk])
    pins = owners([face.pk for face in chosen])
    return _decide(Kind.CONFIRM, actor, [person.pk], {"person": person.pk}, [(*pin, True) for pin in pins.items()])


@transaction.atomic
def faces_reject(*, person: Person, faces: Collection[int], actor: User | None) -> Decision:
    """Say that these faces are not `person`'s, whosever they are now; they never become theirs by themselves. Of a
    person who was merged it is said of each as whom the face was theirs, so that it outlives the merge.

    Raises Problem `nothing_chosen`, `merged_already` or `changed_since`.
    """
    take_turn()
    _current([person.pk])
    chosen = [face.pk for face in _faces(faces, None)]
    words = [(*pair, False) for pair in identities(chosen, person.pk)]
    return _decide(Kind.REJECT, actor, [person.pk], {"person": person.pk}, words)


@transaction.atomic
def faces_dismiss(*, faces: Collection[int], actor: User | None) -> Decision:
    """Say that these are not faces: they are nobody's and found by nobody.

    Raises Problem `nothing_chosen` or `changed_since`.
    """
    take_turn()
    chosen = _faces(faces, None)
    people = sorted({face.person_id for face in chosen if face.person_id})
    return _decide(Kind.DISMISS, actor, people, {"people": people}, [(face.pk, None, True) for face in chosen])


@transaction.atomic
def people_hide(*, people: Collection[Person], actor: User | None, hidden: bool = True) -> Decision:
    """Take strangers out of sight, or bring them back.

    Raises Problem `nothing_chosen` or `merged_already`.
    """
    take_turn()
    ids = sorted(_current([person.pk for person in people]))
    kind = Kind.HIDE if hidden else Kind.SHOW
    if not hidden:
        events_announce(event_ids=list(Event.objects.concerned(ids).values_list("pk", flat=True)))
    return _decide(kind, actor, ids, {"people": ids}, say={pk: {"hidden": hidden} for pk in ids})


@transaction.atomic
def person_name(*, person: Person, name: str, actor: User | None) -> Decision:
    """Name somebody; an empty name takes the name away. Raises Problem `merged_already` or `too_long`."""
    take_turn()
    _current([person.pk])
    name = as_name(name)
    return _decide(Kind.NAME, actor, [person.pk], {"person": person.pk}, say={person.pk: {"name": name}})


@transaction.atomic
def person_cover(*, person: Person, face: Face, actor: User | None) -> Decision:
    """Choose the face that stands for somebody. Raises Problem `merged_already` or `changed_since`."""
    take_turn()
    _current([person.pk])
    _faces([face.pk], [person.pk])
    say = {person.pk: {"chosen_cover_id": face.pk}}
    return _decide(Kind.COVER, actor, [person.pk], {"person": person.pk}, say=say)


@transaction.atomic
def people_differ(*, one: Person, other: Person, actor: User | None) -> Decision:
    """Say that two people are not the same: no automatic step joins them and nobody is asked again.

    Raises Problem `nothing_to_merge` or `merged_already`.
    """
    take_turn()
    if one == other:
        raise Problem("nothing_to_merge", _("Choose two different people."))
    ids = sorted(_current([one.pk, other.pk]))
    return _decide(Kind.DIFFER, actor, ids, {"people": ids, "apart": [ids]})


@transaction.atomic
def decision_undo(*, decision: Decision, actor: User | None) -> Decision:
    """Take a decision back: faces and people are what the engine and the other decisions say. At once, it is as if the
    decision had never been; later, only faces that would be nobody's go to somebody else.

    Raises Problem `not_undoable` for an undo, `undone_already`, and `changed_since` (with `decisions`, the ids) when
    later decisions are about a person who came into being by this one.
    """
    take_turn()
    decision = Decision.objects.select_for_update().get(pk=decision.pk)
    if decision.kind == Kind.UNDO:
        raise Problem("not_undoable", _("An undo stays. Decide anew instead."))
    if decision.undone_by_id:
        raise Problem("undone_already", _("This decision was undone before."))
    _refuse_when_built_upon(decision)
    people = list(decision.people.values_list("pk", flat=True))
    payload: dict[str, Any] = {"decision": decision.pk, "kind": decision.kind}
    if decision.kind == Kind.MERGE:  # whoever takes a merge back says that they are not the same
        payload["apart"] = [[decision.payload["into"], other] for other in decision.payload["people"]]
    undo = Decision.objects.create(kind=Kind.UNDO, actor=actor, payload=payload)
    undo.people.set(people)
    undo.events.set(decision.events.all())
    Decision.objects.filter(pk=decision.pk).update(undone_by=undo)
    returned = faces_return(followed=decision.payload.get("followed", []), emptied=decision.payload.get("emptied", []))
    if decision.kind == Kind.MERGE:
        Person.objects.filter(pk__in=decision.payload["people"]).update(merged_into=None)
    if decision.kind == Kind.SPLIT:
        _unmake(decision)
    _carry_out(undo, decision, returned)
    faces = Face.objects.filter(pk__in=returned).values_list("pk", "person")
    people_retire((returned[face], person) for face, person in faces)
    return undo


def _decide(
    kind: str,
    actor: User | None,
    people: Collection[int],
    payload: dict[str, Any],
    verdicts: Collection[tuple[int, int | None, bool]] = (),
    say: Mapping[int, Mapping[str, Any]] | None = None,
) -> Decision:
    """Write the decision down and let it have its effect."""
    decision = decision_record(kind=kind, actor=actor, people=people, payload=payload, say=say, verdicts=verdicts)
    _carry_out(decision, decision)
    return decision


def _unmake(split: Decision) -> None:
    """Let the person whom an undone split made mean the old one.

    Not if the engine has given the new person faces since, which were never the old one's: they stay together. Whoever
    was retired into the new person is somebody again and keeps them, else the new person does.
    """
    new = split.payload["new"]
    parts = Decision.objects.filter(kind=Kind.SPLIT, people=new).values_list("payload__new", flat=True)
    retired = Person.objects.filter(merged_into=new, forgotten_at=None).exclude(pk__in=list(parts))
    ids = list(retired.order_by("pk").values_list("pk", flat=True))
    given = Face.objects.filter(person=new, engine_person__in=Person.objects.absorbed(new))
    heir = split.payload["person"]
    if given.exclude(pk__in=split.verdicts.values("face")).exists():
        ids = ids[:1]
        heir = next(iter(ids), None)
    Person.objects.filter(pk__in=ids).update(merged_into=None)
    Person.objects.filter(pk=new, forgotten_at=None).update(merged_into=heir)


def _carry_out(decision: Decision, source: Decision, returned: Collection[int] = ()) -> None:
    """Make everything follow that `source`, made or undone by `decision`, speaks of, and faces that `returned`; then
    learn from it.
    """
    people = set(decision.people.values_list("pk", flat=True))
    people_replay(ids=people)
    faces = _faces_concerned(source, people) | set(returned)
    replay = faces_replay(ids=faces) if faces else Replay()
    touched = replay.people | people
    people_refresh(ids=touched)
    decision.events.add(*Event.objects.concerned(touched, list(faces)))
    if decision != source:
        lesson = faces_place(free=replay.free)
    else:
        lesson = people_reexamine(people=touched if faces else [], free=replay.free)
    if lesson.followed:
        decision.payload |= lesson.as_payload()
        decision.save(update_fields=["payload"])
    faces |= {face for face, *_ in lesson.followed}
    # Also whoever is asked about one of the faces: the question was another while the face was nobody's.
    asked = set(Suggestion.objects.filter(face__in=faces).values_list("one", flat=True))
    moved = {person for _face, *pair in lesson.followed for person in pair if person}
    suggestions_review(people=touched | moved | asked)


def _faces_concerned(decision: Decision, people: Collection[int]) -> set[int]:
    """The faces that the decision speaks of, and all of those whom it makes or unmakes."""
    faces = set(decision.verdicts.values_list("face", flat=True))
    made = {decision.payload.get("new")} - {None}
    if decision.kind == Kind.MERGE:
        made = set(people) | set(Person.objects.roots(people).values())
    if made:
        faces |= set(Face.objects.filter(person__in=made).values_list("pk", flat=True))
    return faces


def _current(ids: Collection[int]) -> dict[int, Person]:
    """These people, locked. Raises Problem `nothing_chosen`, or `merged_already` for somebody who is another today."""
    people = {person.pk: person for person in Person.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
    if not people:
        raise Problem("nothing_chosen", _("Choose somebody first."))
    if gone := [str(person) for person in people.values() if person.merged_into_id]:
        text = _("%s: merged into somebody else already. Reload the page.")
        raise Problem("merged_already", text % ", ".join(gone))
    return people


def _contracts_differ() -> Problem:
    text = _("Their faces were read by different engines and cannot be compared: run manage.py reembed_faces.")
    return Problem("contracts_differ", text)


def _faces(ids: Collection[int], owners: Sequence[int] | None) -> list[Face]:
    """These faces, which must be one of the `owners`' (empty: nobody's; None: anybody's).

    Raises Problem `nothing_chosen`, or `changed_since` when somebody else decided about them meanwhile.
    """
    faces = list(Face.objects.filter(pk__in=set(ids)).order_by("pk"))
    if not ids:
        raise Problem("nothing_chosen", _("Choose at least one face."))
    allowed: Sequence[int | None] = owners or [None]
    strangers = owners is not None and any(face.person_id not in allowed for face in faces)
    if strangers or len(faces) < len(set(ids)):
        raise Problem("changed_since", _("Some of these faces are somebody else's by now. Reload the page."))
    return faces


def _refuse_when_built_upon(decision: Decision) -> None:
    """Raise Problem `changed_since` when decisions that hold speak of a person whom this one made."""
    new = decision.payload.get("new")
    later = Decision.objects.active().filter(people=new, pk__gt=decision.pk).exclude(kind=Kind.UNDO) if new else []
    told = "#{0.pk} {1} ({2:%d.%m. %H:%M %Z})"
    if found := [(row.pk, told.format(row, row.get_kind_display(), localtime(row.at))) for row in later]:
        text = _("Later decisions are about the person that came of it; undo them first: %s.")
        raise Problem(
            "changed_since", text % ", ".join(name for _pk, name in found), decisions=[pk for pk, _n in found]
        )
