"""The ledger: writing decisions down, and making faces and people what the engine and the ledger say together."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, QuerySet, Window

from faces.ledger import Standing, Word, last_word, ruled_out, standing
from faces.models import Decision, Event, Face, Person, Verdict

_SAID_OF_PEOPLE = ("name", "hidden", "chosen_cover_id")


def decision_record(
    *,
    kind: str,
    actor: User | None,
    people: Collection[int],
    payload: Mapping[str, Any],
    say: Mapping[int, Mapping[str, Any]] | None = None,
    verdicts: Iterable[tuple[int, int | None, bool]] = (),
) -> Decision:
    """Add a decision about `people`: of each face (id, person or None, whether it holds).

    `say` maps people to what is said of them: name, hidden, chosen_cover_id. The payload holds it with what they were
    `before`.
    """
    rows = Person.objects.filter(pk__in=say or {}).values("pk", *_SAID_OF_PEOPLE)
    before = {str(row["pk"]): {key: row[key] for key in (say or {})[row["pk"]]} for row in rows}
    spoken = {"say": {str(person): words for person, words in say.items()}, "before": before} if say else {}
    decision = Decision.objects.create(kind=kind, actor=actor, payload={**payload, **spoken})
    words = [
        Verdict(decision=decision, face_id=face, person_id=person, holds=holds) for face, person, holds in verdicts
    ]
    Verdict.objects.bulk_create(words, batch_size=5000)
    decision.people.set(people)
    decision.events.set(Event.objects.concerned(people, [word.face_id for word in words]))
    return decision


def people_replay(*, ids: Collection[int]) -> None:
    """Give these people the name, the cover and the visibility that the last decision which holds says; what they had
    before any decision where none does.
    """
    said: dict[int, dict[str, Any]] = defaultdict(dict)
    decisions = Decision.objects.filter(people__in=ids, payload__has_key="say").distinct().order_by("pk")
    for payload, undone_by in decisions.values_list("payload", "undone_by"):
        for person, words in payload["say"].items():
            said[int(person)] = payload["before"].get(person, {}) | said[int(person)]
            said[int(person)] |= {} if undone_by else words
    covers: list[Any] = [words.get("chosen_cover_id") for words in said.values()]
    there = set(Face.objects.filter(pk__in=filter(None, covers)).values_list("pk", flat=True)) if any(covers) else set()
    for person in said.keys() & set(ids):
        words = said[person]
        if words.get("chosen_cover_id") not in there:
            words |= {"chosen_cover_id": None} if "chosen_cover_id" in words else {}
        Person.objects.filter(pk=person).update(**words)


@dataclass(frozen=True)
class Replay:
    """What a replay changed: the `people` whose faces are others now, and the faces that are nobody's now (`free`),
    each with whose the engine thought it was.
    """

    people: set[int] = field(default_factory=set)
    free: dict[int, int | None] = field(default_factory=dict)


def faces_replay(*, ids: Collection[int]) -> Replay:
    """Give these faces to whom the engine and the ledger say.

    Two faces of one photo are one person only where a moderator said so: of the others the best one stays.
    """
    words, faces, roots = _said_of(ids)
    before = {face.person_id for face in faces}
    changed = [face for face in faces if _take(face, standing(words.get(face.pk, ()), face.engine_person_id, roots))]
    Face.objects.bulk_update(changed, ["person", "assigned_by", "dismissed"], batch_size=2000)
    people = {person for person in before | {face.person_id for face in faces} if person is not None}
    free = {face.pk: face.engine_person_id for face in faces if face.person_id is None and not face.dismissed}
    return Replay(people, free | twins_free(people))


def owners(ids: Collection[int]) -> dict[int, int]:
    """Who each of these faces is held to be before merges: by the last word on it, else by the engine."""
    words, faces, roots = _said_of(ids)
    said = {face.pk: last_word(words.get(face.pk, ()), roots) for face in faces}
    held = {face.pk: word.person if (word := said[face.pk]) else face.engine_person_id for face in faces}
    return {face: person for face, person in held.items() if person is not None}


def identities(ids: Collection[int], person: int) -> list[tuple[int, int]]:
    """As whom each of these faces is that person's: (face, person), and (face, somebody) for everybody who means the
    person today and of whom words or the engine say that the face is theirs.
    """
    words, faces, roots = _said_of(ids)
    named = {face.pk: {word.person for word in words.get(face.pk, ()) if word.holds} for face in faces}
    named = {face.pk: named[face.pk] | {face.engine_person_id} for face in faces}
    return [(face, one) for face in named for one in {person, *(n for n in named[face] if n and roots[n] == person)}]


def words_of(faces: Collection[int] | QuerySet[Any, Any]) -> dict[int, list[Word]]:
    """What decisions that hold say of these faces, oldest first."""
    verdicts = Verdict.objects.filter(face__in=faces, decision__undone_by=None).order_by("decision_id")
    words: dict[int, list[Word]] = defaultdict(list)
    for face, person, holds, kind in verdicts.values_list("face", "person", "holds", "decision__kind"):
        words[face].append(Word(person, holds, of_merge=kind == Decision.Kind.MERGE))
    return words


def faces_held(faces: Collection[int] | QuerySet[Any, Any]) -> set[int]:
    """Those of which a word that holds says whose they are, be it a merge's: no automatic step moves them."""
    said = Verdict.objects.filter(face__in=faces, holds=True, decision__undone_by=None)
    words = words_of(said.values("face"))
    roots = _roots_of(words)
    return {face for face, of in words.items() if last_word(of, roots)}


def people_ruled_out(faces: Collection[int]) -> dict[int, set[int | None]]:
    """Whose these faces are not, as moderators said; only faces of which they said so."""
    said = Verdict.objects.filter(face__in=faces, holds=False, decision__undone_by=None)
    words = words_of(set(said.values_list("face", flat=True)))
    roots = _roots_of(words)
    return {face: ruled_out(of, roots) for face, of in words.items()}


def people_apart(people: Collection[int]) -> set[frozenset[int]]:
    """The pairs among these people of whom a decision that holds says that they differ."""
    decisions = Decision.objects.active().filter(people__in=people, payload__has_key="apart").distinct()
    pairs = [pair for payload in decisions.values_list("payload", flat=True) for pair in payload["apart"]]
    named = {person for pair in pairs for person in pair}
    roots = Person.objects.roots(named)
    # What was said of somebody who came of a split is not true of those whom the id means since that was undone.
    splits = Decision.objects.filter(kind=Decision.Kind.SPLIT, people__in=named).exclude(undone_by=None)
    gone = {new for new in splits.values_list("payload__new", flat=True) if roots.get(new, new) != new}
    return {frozenset((roots[one], roots[other])) for one, other in pairs if not {one, other} & gone}


def twins_free(people: Collection[int]) -> dict[int, int | None]:
    """Take from these people what the engine gave them beside another face of the same photo: those faces, each with
    whose the engine thought it was. The best stays where no word holds of one of them.
    """
    crowd = Window(Count("pk"), partition_by=["person", "photo"])
    twins = Face.objects.filter(person__in=people).annotate(crowd=crowd).filter(crowd__gt=1).order_by("-quality", "pk")
    rows = list(twins.values_list("pk", "person", "photo", "engine_person"))
    held = faces_held([face for face, *_ in rows]) if rows else set()
    occupied = {(person, photo) for face, person, photo, _ in rows if face in held}
    taken: dict[int, int | None] = {}
    for face, person, photo, engine_person in rows:
        if face not in held and (person, photo) in occupied:
            taken[face] = engine_person
        occupied.add((person, photo))
    Face.objects.filter(pk__in=taken).update(person=None, engine_person=None, assigned_by="")
    return taken


def people_retire(moves: Iterable[tuple[int | None, int | None]]) -> set[int]:
    """Let the ids of people who have no face left mean whoever got most of theirs, as faces changed hands: (whose it
    was, whose it is). Nobody of whom decisions speak; those whose id means another now.
    """
    heirs: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for (before, after), count in Counter(moves).items():
        if before is not None and after is not None:
            heirs[before] = max(heirs[before], (count, -after))
    empty = Person.objects.filter(pk__in=heirs, faces_count=0, merged_into=None, forgotten_at=None)
    retired = list(empty.exclude(pk__in=Person.objects.spoken_of()))
    for person in retired:
        person.merged_into_id = -heirs[person.pk][1]
    Person.objects.bulk_update(retired, ["merged_into"], batch_size=2000)
    return {person.pk for person in retired}


def _said_of(ids: Collection[int]) -> tuple[dict[int, list[Word]], list[Face], dict[int, int]]:
    """The words about these faces, the faces, and whom everybody who is named means today."""
    words = words_of(ids)
    faces = list(Face.objects.filter(pk__in=ids).order_by("pk"))
    named = {word.person for of in words.values() for word in of} | {face.engine_person_id for face in faces}
    return words, faces, Person.objects.roots([person for person in named if person is not None])


def _roots_of(words: Mapping[int, Iterable[Word]]) -> dict[int, int]:
    """Whom everybody means today whom these words name."""
    return Person.objects.roots({word.person for of in words.values() for word in of if word.person is not None})


def _take(face: Face, to: Standing) -> bool:
    """Give the face to whom it is; whether that is news."""
    before = face.person_id, face.assigned_by, face.dismissed
    by = Face.AssignedBy.MODERATOR if to.pinned else Face.AssignedBy.ENGINE if to.person else ""
    face.person_id, face.assigned_by, face.dismissed = to.person, by, to.dismissed
    return before != (face.person_id, face.assigned_by, face.dismissed)
