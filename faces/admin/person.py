"""A person's page: the faces a page at a time, who they may be besides, and whom faces can be moved to."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db.models import Avg, F, Q, QuerySet
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from faces.admin import reads
from faces.admin.deciding import MAY_DECIDE
from faces.calibration import Calibration
from faces.models import Appearance, Decision, Event, Face, Person, Suggestion
from faces.services.moments import Moment, moments_of_person
from faces.services.people import current_calibration, current_contract
from faces.templatetags.pictures import cutout, percent
from photofinder.vectors import as_array

FACES_PER_PAGE = 60
EVENTS_SHOWN = 8
MOMENTS_SHOWN = 24
QUESTIONS_SHOWN = 6
QUESTIONS_READ = 60
PEOPLE_OFFERED = 12
DECISIONS_REMEMBERED = 30
LEAST_ALIKE = 0.01
ORDERS = ("best", "unlike", "unconfirmed")
VIEWS = ("faces", "photos")


def page(request: HttpRequest, person: Person) -> dict[str, Any]:
    """What the page shows: faces in the chosen order, of one event or of all."""
    order = _choice(request, "order", ORDERS)
    asked = request.GET.get("event", "")
    event = int(asked) if asked.isdecimal() else None
    faces = _ordered(person, order)
    if event is not None:
        faces = faces.filter(photo__event=event)
    questions = _questions(person) if not person.merged_into_id else []
    return {
        "person": person,
        "faces": Paginator(faces, FACES_PER_PAGE).get_page(request.GET.get("page")),
        "order": order,
        "view": _choice(request, "view", VIEWS),
        "appearances": _appearances(person),
        "event_shown": event,
        "moments": _moments(person, event),
        "questions": questions[:QUESTIONS_SHOWN],
        "has_more_questions": len(questions) > QUESTIONS_SHOWN,
        "may_decide": request.user.has_perm(MAY_DECIDE) and not person.merged_into_id,
        "survivor": Person.objects.resolve(person.user_id) if person.merged_into_id else None,
        "show_save_and_continue": False,
    }


@permission_required("faces.view_person", raise_exception=True)
def people_offered(request: HttpRequest, pk: int) -> JsonResponse:
    """Whom faces of a person can be moved to, or who can be merged with them: `{groups: [{title, people}]}`.

    Those who match `q`; without it the nearest to the `faces` that are named, or to all, and the latest decided about.
    """
    person = get_object_or_404(Person, pk=pk)
    others = Person.objects.current().exclude(pk=pk).select_related("cover_face__photo__image").defer("centroid")
    if term := request.GET.get("q", "").replace("\0", "").strip():
        found = reads.people_matching(others, term).order_by("-photos_count", "pk")
        return _groups([(_("Found"), found[:PEOPLE_OFFERED])])
    chosen = [int(face) for face in request.GET.getlist("faces") if face.isdecimal()]
    nearest, recent = _nearest(others, person, chosen), _recent(others, request)
    return _groups([(_("Nearest"), nearest), (_("Recent"), recent)])


def _choice(request: HttpRequest, name: str, choices: tuple[str, ...]) -> str:
    asked = request.GET.get(name, "")
    return asked if asked in choices else choices[0]


def _ordered(person: Person, order: str) -> QuerySet[Face]:
    """The best first; or those least like the others, among them the wrong ones; or only those nobody confirmed."""
    faces: Any = person.faces.select_related("photo__image", "photo__event")
    if order == "unlike" and person.centroid is not None:
        near = faces.nearest(as_array(person.centroid), contract=person.contract)
        return near.order_by("-distance", "pk")  # type: ignore[no-any-return]
    if order == "unconfirmed":
        faces = faces.exclude(assigned_by=Face.AssignedBy.MODERATOR)
    return faces.order_by("-quality", "pk")  # type: ignore[no-any-return]


def _appearances(person: Person) -> list[Appearance]:
    """The events with most photos of the person."""
    return list(person.appearances.select_related("event").order_by("-photos_count", "event")[:EVENTS_SHOWN])


def _moments(person: Person, event: int | None) -> list[Moment]:
    """When in which films the person is, at the event or anywhere."""
    events = Event.objects.all() if event is None else Event.objects.filter(pk=event)
    moments = moments_of_person(person=person, events=events, shown=Face.objects.all(), is_attendee=False)
    return moments[:MOMENTS_SHOWN]


def _questions(person: Person) -> list[dict[str, Any]]:
    """Who else the person may be, and which faces may be theirs or somebody else's: one line for each such somebody."""
    pictures = [f"{which}__photo__image" for which in ("one__cover_face", "other__cover_face", "face")]
    rows = Suggestion.objects.filter(Q(one=person) | Q(other=person)).select_related(*pictures)
    rows = rows.defer("one__centroid", "other__centroid")
    grouped: dict[str, dict[str, Any]] = {}
    for row in rows.order_by(F("postponed_at").asc(nulls_first=True), "distance", "pk")[:QUESTIONS_READ]:
        question = grouped.setdefault(
            _asked(row, person), {"event": row.event_id, "face": _pictured(row, person), "n": 0}
        )
        question["n"] += 1
    return [{"text": text, **question} for text, question in grouped.items()]


def _asked(row: Suggestion, person: Person) -> str:
    if row.face_id is None:
        return _("The same as %s?") % (row.other if row.one == person else row.one)
    return _("Also a face of theirs?") if row.one == person else _("Rather %s?") % row.one


def _pictured(row: Suggestion, person: Person) -> Face | None:
    somebody: Any = row.other if row.one == person else row.one
    return row.face if row.face_id is not None else somebody.cover_face


def _nearest(others: QuerySet[Person], person: Person, chosen: list[int]) -> list[Person]:
    """Those whose faces are most like the chosen ones of the person, or like all."""
    mean = Face.objects.filter(pk__in=chosen, contract=person.contract).aggregate(mean=Avg("vector__embedding"))["mean"]
    vector = mean or person.centroid
    if vector is None:
        return []
    near: Any = others
    return list(near.nearest(as_array(vector), contract=person.contract)[:PEOPLE_OFFERED])


def _recent(others: QuerySet[Person], request: HttpRequest) -> list[Person]:
    """Those whom the moderator has decided about lately, the latest first."""
    latest = Decision.objects.filter(actor=request.user.pk).values_list("pk", flat=True)[:DECISIONS_REMEMBERED]
    pairs = Decision.people.through.objects.filter(decision__in=list(latest)).order_by("-decision_id", "person_id")
    ids = list(dict.fromkeys(pairs.values_list("person", flat=True)))
    found = others.in_bulk(ids)
    return [found[pk] for pk in ids if pk in found][:PEOPLE_OFFERED]


def _groups(groups: list[tuple[str, Any]]) -> JsonResponse:
    return JsonResponse({"groups": [{"title": title, "people": _cards(people)} for title, people in groups]})


def _cards(people: Any) -> list[dict[str, Any]]:
    people = list(people)
    calibration = current_calibration() if any(hasattr(person, "distance") for person in people) else None
    return [_card(person, calibration) for person in people]


def _card(person: Person, calibration: Calibration | None) -> dict[str, Any]:
    count = person.photos_count
    facts = [ngettext("%d photo", "%d photos", count) % count, *([_("hidden")] if person.hidden else [])]
    return {
        "id": person.pk,
        "name": str(person),
        "is_named": bool(person.name),
        "url": reverse("admin:faces_person_change", args=[person.pk]),
        "cover": cutout(person.cover_face) if person.cover_face else "",
        "photos_count": count,
        "facts": " · ".join(facts),
        "alike": _alike(person, calibration),
    }


def _alike(person: Person, calibration: Calibration | None) -> str:
    """How alike they are, where that can be told and is worth telling."""
    if calibration is None or person.contract != current_contract():
        return ""
    similarity = calibration.similarity(float(person.distance))
    return percent(similarity) if similarity >= LEAST_ALIKE else ""
