"""What is true of the database after every step, whatever was decided: computed here in other ways than there."""

import contextlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction

from faces.models import Appearance, Decision, Event, Face, Person, Suggestion, Verdict
from faces.services.decisions import decision_undo
from faces.services.people import current_contract
from faces.tests.ledger_world import Said, World
from photofinder.vectors import as_array

_TOSS_UPS = 4


def assert_lawful(world: World) -> None:
    """Every law at once."""
    laws = _Laws(world.active())
    laws.rows_agree()
    laws.last_words_hold()
    laws.rejected_faces_stay_away()
    laws.names_and_visibility_are_the_last_said()
    laws.merges_hold_and_nothing_else_joins_whom_decisions_are_about()
    laws.questions_are_open()
    _the_ledger_is_written_down(world)


def assert_rows_agree() -> None:
    """The laws that need no memory of what was decided."""
    _Laws([]).rows_agree()


def state() -> Any:
    """Everything that decisions change."""
    people = Person.objects.order_by("pk").values_list(
        "pk", "name", "hidden", "merged_into", "faces_count", "photos_count", "cover_face", "chosen_cover"
    )
    faces = Face.objects.order_by("pk").values_list("pk", "person", "engine_person", "assigned_by", "dismissed")
    questions = Suggestion.objects.order_by("event", "one", "other", "face").values_list(
        "event", "one", "other", "face", "postponed_at"
    )
    rows = Appearance.objects.order_by("event", "person").values_list("event", "person", "faces_count", "photos_count")
    return list(people), list(faces), list(questions), list(rows)


class _Laws:
    """The database, read once, and what holds of what was said."""

    def __init__(self, active: Sequence[Said]) -> None:
        self.active = active
        self.people = {person.pk: person for person in Person.objects.all()}
        self.faces = {face.pk: face for face in Face.objects.select_related("photo", "vector")}
        self.roots = {pk: self._root(pk) for pk in self.people}
        self.about: dict[int, set[int]] = defaultdict(set)
        for decision, pk in Decision.people.through.objects.values_list("decision", "person"):
            self.about[decision].add(pk)
        splits = Decision.objects.filter(kind="split").exclude(undone_by=None)
        self.unmade = set(splits.values_list("payload__new", flat=True))  # people who came of undone splits
        self.of: dict[int, list[Face]] = defaultdict(list)
        for face in self.faces.values():
            if face.person_id:
                self.of[face.person_id].append(face)

    def _root(self, pk: int) -> int:
        seen: set[int] = set()
        while (into := self.people[pk].merged_into_id) is not None:
            assert pk not in seen, f"{seen} go round in a circle"
            seen.add(pk)
            pk = into
        return pk

    def _meant(self, pk: int) -> int:
        """Whom an id means: whoever the person became; of somebody without faces, to whom they were moved."""
        seen: set[int] = set()
        while (root := self.roots[pk]) not in self.of and root not in seen:
            seen.add(root)
            moves = Decision.objects.filter(kind="move", undone_by=None, payload__person=root).order_by("pk")
            pk = next((move.payload["to"] for move in reversed(moves)), root)
        return root

    def rows_agree(self) -> None:
        self.faces_are_of_current_people()
        self.nobody_is_twice_in_a_photo_but_by_word()
        self.people_say_what_their_faces_say()

    def faces_are_of_current_people(self) -> None:
        for face in self.faces.values():
            assert face.person_id is None or self.people[face.person_id].merged_into_id is None, face
            assert bool(face.assigned_by) == (face.person_id is not None or face.dismissed), (face, face.assigned_by)
            assert not (face.dismissed and face.person_id), face
        for person in self.people.values():
            assert Person.objects.resolve(person.user_id).pk == self._meant(person.pk)
        current = set(Person.objects.current().values_list("pk", flat=True))
        assert current == set(self.of), "people without faces are nobody"

    def nobody_is_twice_in_a_photo_but_by_word(self) -> None:
        together = defaultdict(list)
        for face in self.faces.values():
            if face.person_id:
                together[face.person_id, face.photo_id].append(face.pk)
        said = Verdict.objects.filter(holds=True, decision__undone_by=None).exclude(person=None)
        words = {(face, self.roots[person]) for face, person in said.values_list("face", "person") if person}
        for (person, photo), faces in together.items():
            assert len(faces) == 1 or all((face, person) in words for face in faces), (person, photo, faces)

    def last_words_hold(self) -> None:
        last: dict[int, int | None] = {}
        own: dict[int, bool] = {}  # whether it was said of that very face, not of all faces of a merge
        for said in self.active:
            for face, person, holds in said.words:
                if holds:
                    own[face] = said.kind != "merge" or (own.get(face, False) and last.get(face) == person)
                    last[face] = person
                elif (held := last.get(face)) is not None and person and self.roots[held] == self.roots[person]:
                    del last[face], own[face]
        for pk, row in self.faces.items():
            assert (row.assigned_by == "moderator") == own.get(pk, False), (pk, row.assigned_by, last, own)
            if pk in last:
                owner = last[pk]
                expected = None if owner is None else self.roots[owner]
                assert (row.person_id, row.dismissed) == (expected, expected is None), (pk, row.person_id, expected)

    def rejected_faces_stay_away(self) -> None:
        no: set[tuple[int, int]] = set()
        for said in self.active:
            for face, person, holds in said.words:
                if person is not None:
                    (no.discard if holds else no.add)((face, self.roots[person]))
        assert not [pair for pair in no if self.faces[pair[0]].person_id == pair[1]], no

    def names_and_visibility_are_the_last_said(self) -> None:
        names: dict[int, str] = {}
        hidden: dict[int, bool] = {}
        covers: dict[int, int] = {}
        for said in self.active:
            names |= dict(said.names)
            hidden |= dict(said.hidden)
            covers |= dict(said.covers)
        for pk, person in self.people.items():
            assert person.name == names.get(pk, ""), (pk, person.name, names)
            assert person.hidden == hidden.get(pk, False), (pk, person.hidden)
            assert person.chosen_cover_id == covers.get(pk), (pk, person.chosen_cover_id)

    def merges_hold_and_nothing_else_joins_whom_decisions_are_about(self) -> None:
        for said in self.active:
            if said.kind == "merge":
                assert len({self.roots[pk] for pk in said.one}) == 1, said
        speaking = [said for said in self.active if said.kind != "undo" or said.apart]
        spoken_of = {pk for said in speaking for pk in self.about[said.decision]}
        spoken_of |= {pk for pk, person in self.people.items() if person.name or person.hidden}
        joined = {pk: pk for pk in self.people}

        def top(pk: int) -> int:
            while joined[pk] != pk:
                pk = joined[pk]
            return pk

        for said in self.active:
            for pk in said.one[1:]:
                joined[top(pk)] = top(said.one[0])
        for pk in spoken_of - self.unmade:
            if self.roots[pk] != pk and self.roots[pk] in spoken_of:
                assert top(pk) == top(self.roots[pk]), f"{pk} became {self.roots[pk]} though nobody said so"

    def people_say_what_their_faces_say(self) -> None:
        contract = current_contract()
        for pk, person in self.people.items():
            faces, chosen = self.of[pk], person.chosen_cover_id
            photos = {face.photo_id for face in faces}
            assert (person.faces_count, person.photos_count) == (len(faces), len(photos)), pk
            best = min(faces, key=lambda face: (-face.quality, face.pk), default=None)
            cover = chosen if chosen in {face.pk for face in faces} else best and best.pk
            assert person.cover_face_id == cover, (pk, person.cover_face_id, cover)
            counted = [face for face in faces if face.contract == contract] or faces
            good = [face for face in counted if face.quality >= settings.FACE_QUALITY_GOOD] or counted
            if not faces:
                assert person.centroid is None, pk
                continue
            mean = np.mean([as_array(face.vector.embedding) for face in good], axis=0)
            assert np.allclose(as_array(person.centroid), mean / np.linalg.norm(mean), atol=2e-3), pk
        expected = Counter((face.person_id, face.photo.event_id) for face in self.faces.values() if face.person_id)
        rows = Appearance.objects.values_list("person", "event", "faces_count", "photos_count")
        assert {(person, event): faces for person, event, faces, _ in rows} == expected
        photos_of = defaultdict(set)
        for face in self.faces.values():
            if face.person_id:
                photos_of[face.person_id, face.photo.event_id].add(face.photo_id)
        assert all(count == len(photos_of[person, event]) for person, event, _, count in rows)

    def questions_are_open(self) -> None:
        gone = {pk for pk in self.unmade if self.roots[pk] != pk}
        pairs = [pair for said in self.active for pair in said.apart if not {*pair} & gone]
        apart = {frozenset(self.roots[pk] for pk in pair) for pair in pairs}
        photos = {pk: {face.photo_id for face in faces} for pk, faces in self.of.items()}
        for row in Suggestion.objects.select_related("event"):
            for pk in [row.one_id] if row.other_id is None else [row.one_id, row.other_id]:
                person = self.people[pk]
                assert pk in self.of and person.merged_into_id is None and not person.hidden, (row.pk, pk)
                assert row.event_id in {face.photo.event_id for face in self.of[pk]}, (row.pk, pk)
            if row.face_id is None:
                assert row.other_id is not None
                assert row.one_id != row.other_id
                assert frozenset({row.one_id, row.other_id}) not in apart, "they are known to differ"
                assert not photos[row.one_id] & photos[row.other_id], "they are in one photo"
                continue
            face = self.faces[row.face_id]
            assert face.person_id == row.other_id != row.one_id, (row.pk, face.person_id, row.other_id)
            assert face.assigned_by != "moderator" and not face.dismissed, row.pk
            assert face.photo_id not in photos[row.one_id], "the person is in that photo already"


def _the_ledger_is_written_down(world: World) -> None:
    rows = {row.pk: row for row in Decision.objects.all()}
    assert rows.keys() == world.said.keys()
    assert {pk for pk, row in rows.items() if row.undone_by_id} == world.undone
    undoing = Counter(row.undone_by_id for row in rows.values() if row.undone_by_id)
    assert undoing == Counter({pk: 1 for pk, row in rows.items() if row.kind == "undo"})


class _TakenBackError(Exception):
    """The test of an undo is over."""


def assert_undo_restores(decision: Decision, before: Any) -> None:
    """Taken back at once, the decision has never been: as `state` was `before`, but for people who came of it, and for
    questions.
    """
    people = [row[0] for row in before[0]]
    with contextlib.suppress(_TakenBackError), transaction.atomic():
        decision_undo(decision=decision, actor=None)
        after = state()
        raise _TakenBackError
    assert [row for row in after[0] if row[0] in people] == before[0], "people are as they were"
    assert after[1] == before[1], "faces are whose they were"
    assert after[3] == before[3], "they appear where they did"


def assert_settles(event: Event, consolidate: Callable[..., None]) -> None:
    """Consolidating again changes nothing. At first it may, where two faces of one photo look exactly alike: which of
    them is whose is a toss-up, and the face that stands for somebody has changed with it.
    """
    before = state()
    for _ in range(_TOSS_UPS):
        consolidate(event=event)
        if state() == before:
            return
        before = state()
    raise AssertionError(f"{event} changes each time that it is consolidated")
