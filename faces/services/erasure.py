"""Forgetting: faces, vectors, crops and portraits are deleted, and a receipt says how many.

Whose faces are deleted is found out as a search finds them, again and again with what was found, in all events and
among hidden people too. The original photos stay: they are the organiser's, and others are in them.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from faces.models import (
    Attendee,
    Decision,
    Erasure,
    Event,
    Face,
    OptOut,
    Person,
    Photo,
    Portrait,
    SelfieSearch,
    Subscription,
    Suggestion,
)
from faces.services.likenesses import Likeness
from faces.services.people import current_calibration, current_contract, people_refresh
from faces.services.portraits import person_likeness
from faces.services.search import SIMILARITY, likeness_search
from faces.services.suppression import codes_write, places_write, suppressed_rows
from faces.services.turns import take_turn
from photofinder import storage
from photofinder.vectors import as_array

_ROUNDS = 4  # of searching with what was found; two are enough as a rule
_RETENTION_CHUNK = 2000  # faces in one transaction: others who decide wait that long
_RECEIPT_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


@dataclass
class _Forgotten:
    """What is to go."""

    faces: set[int] = field(default_factory=set)
    people: set[int] = field(default_factory=set)

    def __or__(self, other: "_Forgotten") -> "_Forgotten":
        return _Forgotten(self.faces | other.faces, self.people | other.people)


@transaction.atomic
def likeness_forget(*, likeness: Likeness, attendee: Attendee | None = None) -> Erasure:
    """Delete everything of whoever looks like this, and what the attendee gave."""
    take_turn()
    return _forget(_of_likeness(likeness) | _of_attendee(attendee), attendee=attendee)


@transaction.atomic
def attendee_forget(*, attendee: Attendee, likeness: Likeness | None = None) -> Erasure:
    """The same for an attendee, who is known by the portraits they subscribed with, if they did."""
    take_turn()
    found = _of_attendee(attendee)
    if likeness is not None:
        found |= _of_likeness(likeness)
    return _forget(found, attendee=attendee)


@transaction.atomic
def person_forget(*, person: Person, by: User | None) -> Erasure:
    """Delete everything of a person; their id answers no more."""
    take_turn()
    return _forget(_of_person(person), by=by)


@transaction.atomic
def likeness_opt_out(*, likeness: Likeness) -> Erasure:
    """The same, and whoever looks like this is not kept from now on either."""
    take_turn()
    found = _of_likeness(likeness)
    faces = list(Face.objects.filter(pk__in=found.faces).select_related("photo"))
    people = Person.objects.filter(pk__in=found.people, contract=likeness.contract).exclude(centroid=None)
    vectors = [likeness.mean, *(as_array(person.centroid) for person in people)]
    erasure = _forget(found, kind=Erasure.Kind.OPT_OUT)
    opt_out = OptOut.objects.create(erasure=erasure)
    codes_write(opt_out=opt_out.pk, vectors=np.array(vectors, np.float32), contract=likeness.contract)
    places_write(opt_out=opt_out, faces=faces)
    return erasure


@transaction.atomic
def faces_suppress(*, photos: Collection[Photo]) -> None:
    """Delete those faces of these photos whose owners opted out while the photos were being looked at."""
    take_turn()
    _suppress(suppressed_rows(Face.objects.filter(photo__in=photos), "vector__embedding"))


@transaction.atomic
def people_suppress(*, event: Event) -> None:
    """Delete the faces of those people of an event of whom all their faces together show that they opted out: a mean
    is surer than a face.
    """
    take_turn()
    people = Person.objects.current().in_events(Event.objects.filter(pk=event.pk))
    opted = suppressed_rows(people.exclude(centroid=None), "centroid")
    faces = Face.objects.filter(person__in=opted).values_list("pk", "person")
    _suppress({face: opted[person] for face, person in faces if person})


def event_expire(*, event: Event) -> None:
    """Delete all faces of an event, whose retention has ended, a part at a time."""
    while faces := set(Face.objects.filter(photo__event=event).values_list("pk", flat=True)[:_RETENTION_CHUNK]):
        with transaction.atomic():
            take_turn()
            people = Person.objects.filter(faces__in=faces).distinct().values_list("pk", flat=True)
            _forget(_Forgotten(faces, set(people)), kind=Erasure.Kind.RETENTION, event=event)
    with transaction.atomic():
        attendees = list(Attendee.objects.filter(subscriptions__event=event))
        event.subscriptions.all().delete()
        for attendee in attendees:
            if attendee.person is not None and not attendee.subscriptions.exists():
                _forget(_Forgotten(set(), {attendee.person.pk}), kind=Erasure.Kind.RETENTION, event=event)
        event.searches.update(**_NO_RESULT)
        Event.objects.filter(pk=event.pk).update(biometrics_deleted_at=timezone.now())


def _suppress(opt_outs: dict[int, int]) -> None:
    """Delete these faces, each of whoever opted out by that opt-out, and let their places be remembered."""
    faces = list(Face.objects.filter(pk__in=opt_outs).select_related("photo"))
    for opt_out in OptOut.objects.filter(pk__in=set(opt_outs.values())):
        places_write(opt_out=opt_out, faces=[face for face in faces if opt_outs[face.pk] == opt_out.pk])
    if faces:
        owners = {face.person_id for face in faces if face.person_id}
        _forget(_Forgotten(set(opt_outs), owners), kind=Erasure.Kind.OPT_OUT)


def files_delete(*, erasure: Erasure) -> None:
    """Delete the files of an erasure that are left, but those that other faces need by now."""
    keys_delete(keys=erasure.pending_keys)
    Erasure.objects.filter(pk=erasure.pk).update(pending_keys=[])


def keys_delete(*, keys: Collection[str]) -> None:
    """Delete these files, but cut-outs that a face has."""
    for key in keys:
        if not _is_needed(key):
            storage.delete(key)


_NO_RESULT: dict[str, Any] = {"code": "", "shared_code": "", "expires_at": None, "faces": [], "similarities": []}


def results_drop() -> None:
    """Let results whose time is over be lines of the audit log only."""
    SelfieSearch.objects.expired().update(**_NO_RESULT)


def _of_likeness(likeness: Likeness) -> _Forgotten:
    """Whoever is found with the likeness, with what that found, and so on."""
    found = _Forgotten()
    for _ in range(_ROUNDS):
        matches = likeness_search(
            likeness=likeness,
            events=Event.objects.all(),
            limit=1_000_000,
            min_similarity=SIMILARITY,
            shown=Face.objects.all(),
        )
        people = {match.person.pk for match in matches.people}
        faces = set(Face.objects.filter(person__in=people).values_list("pk", flat=True))
        more = found | _Forgotten(faces | {match.face.pk for match in matches.photos}, people)
        if more == found:
            break
        found = more
        means = [as_array(match.person.centroid) for match in matches.people]
        likeness = Likeness(likeness.contract, np.vstack([likeness.mean, *means]))
    return found | _registered(likeness) | _dismissed(likeness)


def _registered(likeness: Likeness) -> _Forgotten:
    """Who registered with a portrait like this."""
    within = current_calibration().distance(SIMILARITY)
    near = Portrait.objects.nearest(likeness.mean, contract=likeness.contract, within=within)
    return _Forgotten(set(), set(near.values_list("person", flat=True)))


def _dismissed(likeness: Likeness) -> _Forgotten:
    """Faces like this of which a moderator said that they are none: no search finds them."""
    within = current_calibration().distance(SIMILARITY)
    dismissed = Face.objects.filter(dismissed=True)
    near = dismissed.nearest(likeness.mean, contract=likeness.contract, within=within)
    return _Forgotten(set(near.values_list("pk", flat=True)), set())


def _of_person(person: Person) -> _Forgotten:
    """A person, whoever means them today, and who is found with their faces and portraits."""
    people = Person.objects.absorbed(person.pk)
    faces = set(Face.objects.filter(person__in=people).values_list("pk", flat=True))
    found = _Forgotten(faces, people)
    if likeness := person_likeness(person):
        found |= _of_likeness(likeness)
    if person.centroid is not None and person.contract == current_contract():
        found |= _of_likeness(Likeness(person.contract, as_array(person.centroid)[None]))
    return found


def _of_attendee(attendee: Attendee | None) -> _Forgotten:
    person = Person.objects.filter(attendees=attendee).first() if attendee else None
    return _of_person(person) if person else _Forgotten()


def _forget(
    found: _Forgotten,
    *,
    kind: str = Erasure.Kind.FORGET,
    attendee: Attendee | None = None,
    event: Event | None = None,
    by: User | None = None,
) -> Erasure:
    """Delete it, and write the receipt."""
    rows = list(Face.objects.filter(pk__in=found.faces).select_related("photo__image"))
    owners = found.people | {face.person_id for face in rows if face.person_id}
    keys = {face.crop_key for face in rows}
    SelfieSearch.objects.kept().filter(faces__overlap=sorted(found.faces)).update(**_NO_RESULT)
    Face.objects.filter(pk__in=found.faces).delete()
    people_refresh(ids=owners)
    gone = _gone(found.people, kind)
    portraits = list(Portrait.objects.filter(person__in=gone))
    keys |= {portrait.crop_key for portrait in portraits if portrait.crop_key}
    Portrait.objects.filter(pk__in=[portrait.pk for portrait in portraits]).delete()
    counts = {"faces": len(rows), "crops": len(keys), "portraits": len(portraits), "people": len(gone)}
    counts["subscriptions"] = _attendees_forget(gone, attendee, kind)
    _people_forget(gone)
    erasure = Erasure.objects.create(
        number=_number(), kind=kind, event=event, by=by, counts=counts, pending_keys=sorted(keys)
    )
    transaction.on_commit(lambda: files_delete(erasure=erasure), robust=True)  # what is left, beat deletes
    return erasure


def _gone(people: Collection[int], kind: str) -> set[int]:
    """Of whom nothing is left; at the end of an event's retention, nobody who is known from elsewhere."""
    empty = Person.objects.filter(pk__in=people, faces_count=0)
    if kind == Erasure.Kind.RETENTION:
        elsewhere = Q(portraits__isnull=False) & Q(attendees__subscriptions__isnull=False) | Q(
            portraits__crop_key__gt=""
        )
        empty = empty.exclude(pk__in=Person.objects.filter(elsewhere).values("pk"))
    return set(empty.values_list("pk", flat=True))


def _attendees_forget(people: Collection[int], attendee: Attendee | None, kind: str) -> int:
    """Delete those who subscribed as these people, and the attendee; how many subscriptions they had.

    At the end of an event's retention they only lose their portraits.
    """
    attendees = Attendee.objects.filter(Q(person__in=people) | Q(pk=attendee.pk if attendee else None))
    if kind == Erasure.Kind.RETENTION:
        attendees.update(person=None)
        return 0
    ids = list(attendees.values_list("pk", flat=True))
    SelfieSearch.objects.filter(attendee__in=ids).update(**_NO_RESULT)
    count = Subscription.objects.filter(attendee__in=ids).count()
    Attendee.objects.filter(pk__in=ids).delete()
    return count


def _people_forget(found: Collection[int]) -> None:
    """Leave only ids of them, and of those merged into them: nothing that names them, in the ledger neither."""
    people = {person for one in found for person in Person.objects.absorbed(one)}
    Suggestion.objects.filter(Q(one__in=people) | Q(other__in=people)).delete()
    names = set(Person.objects.filter(pk__in=people).exclude(name="").values_list("name", flat=True))
    decisions = list(Decision.objects.filter(people__in=people).distinct())
    names |= {name for decision in decisions for person, name in _names(decision) if person in people}
    for decision in decisions:
        for words in ("say", "before"):
            for person, said in decision.payload.get(words, {}).items():
                if "name" in said and (int(person) in people or said["name"] in names):
                    said["name"] = ""
        decision.save(update_fields=["payload"])
    Person.objects.filter(pk__in=people).update(
        name="", hidden=False, centroid=None, cover_face=None, chosen_cover=None, forgotten_at=timezone.now()
    )


def _names(decision: Decision) -> list[tuple[int, str]]:
    """Whom a decision calls what, or says that they were called before."""
    said = [pair for words in ("say", "before") for pair in decision.payload.get(words, {}).items()]
    return [(int(person), words["name"]) for person, words in said if words.get("name")]


def _is_needed(key: str) -> bool:
    """Whether a face at the same place of the same image, of another event, has this cut-out."""
    sha256 = key.rpartition("/")[2].partition("_")[0]
    faces = Face.objects.filter(photo__image__sha256=sha256).select_related("photo__image")
    return any(face.crop_key == key for face in faces)


def _number() -> str:
    """A receipt's number, to be written down: three groups of four."""
    return "-".join("".join(secrets.choice(_RECEIPT_LETTERS) for _ in range(4)) for _ in range(3))
