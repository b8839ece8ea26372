"""Forgetting: faces, vectors, crops and portraits are deleted, and a receipt says how many.

Whose faces they are, `faces.services.traces` finds out. The places in images where they were are remembered, so that no
engine brings them back from there. The original photos stay: they are the organiser's, and others are in them.
"""

import secrets
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from faces.models import (
    Attendee,
    Decision,
    ErasedStill,
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
from faces.services.attendees import subscriptions_drop
from faces.services.files import files_drop
from faces.services.likenesses import Likeness
from faces.services.people import current_contract, people_refresh
from faces.services.suppression import (
    at_known_places,
    codes_apply,
    codes_write,
    opt_out_of,
    places_write,
    suppressed_rows,
    suppression_limit,
)
from faces.services.traces import (
    Traces,
    traces_around,
    traces_of_attendee,
    traces_of_likeness,
    traces_of_people,
    traces_of_person,
)
from faces.services.turns import take_turn
from photofinder.celery import enqueue
from photofinder.vectors import as_array

_ENDS = (Erasure.Kind.RETENTION, Erasure.Kind.DELETED)  # of an event's faces: nobody asked to be forgotten
_RETENTION_CHUNK = 2000  # faces in one transaction: others who decide wait that long
_RECEIPT_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


@transaction.atomic
def likeness_forget(*, likeness: Likeness, attendee: Attendee | None = None) -> Erasure:
    """Delete everything of whoever looks like this, and what the attendee gave."""
    take_turn()
    return _forget(traces_of_likeness(likeness, traces_of_attendee(attendee)), attendee=attendee)


@transaction.atomic
def attendee_forget(*, attendee: Attendee, likeness: Likeness | None = None) -> Erasure:
    """The same for an attendee, who is known by the portraits they subscribed with, if they did."""
    take_turn()
    found = traces_of_attendee(attendee)
    return _forget(found if likeness is None else traces_of_likeness(likeness, found), attendee=attendee)


@transaction.atomic
def person_forget(*, person: Person, by: User | None) -> Erasure:
    """Delete everything of a person; their id answers no more."""
    take_turn()
    return _forget(traces_of_person(person), by=by)


@transaction.atomic
def likeness_opt_out(*, likeness: Likeness) -> Erasure:
    """The same, and whoever looks like this is not kept from now on either, nor is what is there and would not be.

    Whoever opts out again adds to what is known of them, and is not one more.
    """
    take_turn()
    found = traces_of_likeness(likeness)
    people = Person.objects.filter(pk__in=found.people, contract=likeness.contract).exclude(centroid=None)
    means = [as_array(person.centroid) for person in people.order_by("-faces_count", "pk")]
    vectors = np.array([likeness.mean, *means], np.float32)
    opt_out = opt_out_of(likeness)
    codes_write(opt_out=opt_out.pk, vectors=vectors, contract=likeness.contract)
    found |= traces_around(vectors, within=suppression_limit())
    return _forget(found, kind=Erasure.Kind.OPT_OUT, opt_outs=dict.fromkeys(found.faces, opt_out.pk), opt_out=opt_out)


@transaction.atomic
def faces_suppress(*, photos: Collection[Photo]) -> None:
    """Delete those faces of these photos whose owners were forgotten or opted out while the photos were being looked
    at, and those that an earlier engine left where the one in use has known somebody.
    """
    take_turn()
    faces = list(Face.objects.filter(photo__in=photos).select_related("photo"))
    by_code = suppressed_rows(Face.objects.filter(photo__in=photos), "vector__embedding")
    _suppress(by_code | {faces[row].pk: opt_out for row, opt_out in at_known_places(faces).items()})


@transaction.atomic
def opt_outs_apply() -> None:
    """Delete the faces that were there before an engine learnt whom to leave out: see `codes_learn`."""
    if not codes_apply():
        return
    people = suppressed_rows(Person.objects.current(), "centroid")
    faces = suppressed_rows(Face.objects.all(), "vector__embedding")
    take_turn()  # after what takes long
    of_people = Face.objects.filter(person__in=people).values_list("pk", "person")
    _suppress({face: people[person] for face, person in of_people if person} | faces)


@transaction.atomic
def people_suppress(*, event: Event) -> None:
    """Delete the faces of those people of an event of whom all their faces together show that they opted out: a mean
    is surer than a face.
    """
    take_turn()
    people = Person.objects.current().in_events(Event.objects.filter(pk=event.pk))
    opted = suppressed_rows(people, "centroid")
    faces = Face.objects.filter(person__in=opted).values_list("pk", "person")
    _suppress({face: opted[person] for face, person in faces if person})


def event_expire(*, event: Event, kind: str = Erasure.Kind.RETENTION) -> None:
    """Delete all faces of an event, whose retention has ended or which goes as a whole, a part at a time."""
    while faces := set(Face.objects.filter(photo__event=event).values_list("pk", flat=True)[:_RETENTION_CHUNK]):
        with transaction.atomic():
            take_turn()
            people = Person.objects.filter(faces__in=faces).distinct().values_list("pk", flat=True)
            _forget(Traces(frozenset(faces), traces_of_people(people).people), kind=kind, event=event)
    with transaction.atomic():
        take_turn()
        attendees = list(Attendee.objects.filter(subscriptions__event=event).exclude(person=None))
        subscriptions_drop(event.subscriptions.all())
        for attendee in attendees:
            if not attendee.subscriptions.exists():
                _forget(_given_by(attendee), kind=kind, event=event)
        event.searches.update(**_NO_RESULT)
        Event.objects.filter(pk=event.pk).update(biometrics_deleted_at=timezone.now())


def _given_by(attendee: Attendee) -> Traces:
    """The portraits that an attendee subscribed with, and the person they are of."""
    portraits = Portrait.objects.of_selfies().filter(person__attendees=attendee).values_list("pk", flat=True)
    return Traces(people=traces_of_people([attendee.person_id or 0]).people, portraits=frozenset(portraits))


def _suppress(opt_outs: Mapping[int, int | None]) -> None:
    """Delete these faces, each of whoever opted out by that opt-out, or of somebody who was forgotten."""
    if opt_outs:
        owners = Person.objects.filter(faces__in=opt_outs).distinct().values_list("pk", flat=True)
        kind = Erasure.Kind.OPT_OUT if any(opt_outs.values()) else Erasure.Kind.FORGET
        _forget(Traces(frozenset(opt_outs), traces_of_people(owners).people), kind=kind, opt_outs=opt_outs)


def erasure_record(
    *,
    kind: str,
    counts: dict[str, int],
    event: Event | None = None,
    by: User | None = None,
    opt_out: OptOut | None = None,
) -> Erasure:
    """Write the receipt."""
    return Erasure.objects.create(number=_number(), kind=kind, event=event, by=by, counts=counts, opt_out=opt_out)


_NO_RESULT: dict[str, Any] = {"code": "", "shared_code": "", "expires_at": None, "faces": [], "similarities": []}


def results_drop() -> None:
    """Let results whose time is over be lines of the audit log only, which do not say which attendee asked."""
    SelfieSearch.objects.expired().update(**_NO_RESULT, attendee=None)
    over = timezone.now() - timedelta(seconds=settings.RESULT_SECONDS)
    SelfieSearch.objects.filter(at__lt=over, expires_at=None).exclude(attendee=None).update(attendee=None)


def _forget(
    found: Traces,
    *,
    kind: str = Erasure.Kind.FORGET,
    attendee: Attendee | None = None,
    event: Event | None = None,
    by: User | None = None,
    opt_out: OptOut | None = None,
    opt_outs: Mapping[int, int | None] | None = None,
) -> Erasure:
    """Delete it, and write the receipt; `opt_outs` says under which opt-out faces fall."""
    rows = list(Face.objects.filter(pk__in=found.faces).select_related("photo__image"))
    if kind not in _ENDS:
        places_write(faces=rows, opt_outs=opt_outs or {})
    _stills_forget([face.photo for face in rows if face.photo.is_still], kind)
    SelfieSearch.objects.kept().filter(faces__overlap=sorted(found.faces)).update(**_NO_RESULT)
    Face.objects.filter(pk__in=found.faces).delete()
    people_refresh(ids=found.people | {face.person_id for face in rows if face.person_id})
    gone = _gone(found.people, kind)
    portraits = list(Portrait.objects.filter(Q(pk__in=found.portraits) | Q(person__in=gone)))
    Portrait.objects.filter(pk__in=[portrait.pk for portrait in portraits]).delete()
    keys = {face.crop_key for face in rows} | {portrait.crop_key for portrait in portraits if portrait.crop_key}
    files_drop(keys=keys)
    counts = {"faces": len(rows), "crops": len(keys), "portraits": len(portraits), "people": len(gone)}
    counts["subscriptions"] = _attendees_forget(gone, attendee, kind)
    if kind not in _ENDS:
        counts["uncompared"] = Face.objects.exclude(contract=current_contract()).count()
    _people_forget(gone)
    return erasure_record(kind=kind, counts=counts, event=event, by=by, opt_out=opt_out)


def _stills_forget(stills: Collection[Photo], kind: str) -> None:
    """Have frames of films deleted as a whole: unlike photos they are kept for the faces in them only."""
    if kind not in _ENDS:
        rows = [ErasedStill(sha256=sha256) for sha256 in sorted({photo.image.sha256 for photo in stills})]
        ErasedStill.objects.bulk_create(rows, ignore_conflicts=True)
    enqueue(settings.STILL_DELETION, sorted({photo.pk for photo in stills}))


def _gone(people: Collection[int], kind: str) -> set[int]:
    """Of whom nothing is left under any id; at the end of an event's faces, nobody who is known from elsewhere."""
    roots = Person.objects.roots(people)
    staying = set(Person.objects.filter(pk__in=set(roots.values()), faces_count__gt=0).values_list("pk", flat=True))
    if kind in _ENDS:
        elsewhere = Q(portraits__isnull=False) & Q(attendees__subscriptions__isnull=False) | Q(
            portraits__crop_key__gt=""
        )
        known = Person.objects.filter(elsewhere, pk__in=people).values_list("pk", flat=True)
        staying |= {roots[person] for person in known}
    return {person for person, root in roots.items() if root not in staying}


def _attendees_forget(people: Collection[int], attendee: Attendee | None, kind: str) -> int:
    """Delete those who subscribed as these people, and the attendee; how many subscriptions they had.

    At the end of an event's faces they only lose their portraits.
    """
    attendees = Attendee.objects.filter(Q(person__in=people) | Q(pk=attendee.pk if attendee else None))
    if kind in _ENDS:
        attendees.update(person=None)
        return 0
    ids = list(attendees.values_list("pk", flat=True))
    count = subscriptions_drop(Subscription.objects.filter(attendee__in=ids))
    SelfieSearch.objects.filter(attendee__in=ids).update(**_NO_RESULT)
    Attendee.objects.filter(pk__in=ids).delete()
    return count


def _people_forget(people: Collection[int]) -> None:
    """Leave only ids of them: nothing that names them, in the ledger neither."""
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


def _number() -> str:
    """A receipt's number, to be written down: three groups of four."""
    return "-".join("".join(secrets.choice(_RECEIPT_LETTERS) for _ in range(4)) for _ in range(3))
