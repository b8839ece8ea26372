"""The queue of questions: who may be the same person, and whose a face may be."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Window
from django.db.models.functions import RowNumber
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from faces.admin.deciding import MAY_DECIDE
from faces.admin.event_links import event_links
from faces.admin.shown import shown_face
from faces.calibration import Calibration
from faces.models import Event, Face, Person, Suggestion
from faces.services.decisions import survives
from faces.services.people import current_calibration
from faces.templatetags.pictures import hue, percent
from photofinder.admin_classes import ModelAdmin, ReadOnly

QUESTIONS_SENT = 6  # the one that is shown and those whose pictures are loaded meanwhile
FACES_SHOWN = 8  # of each side

may_see = permission_required("faces.view_person", raise_exception=True)


@admin.register(Suggestion)
class SuggestionAdmin(ReadOnly, ModelAdmin[Suggestion]):
    """Questions are answered one after another; there is no list of them."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """They are reached from their event."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The queue."""
        return redirect("admin:faces_suggestion_review")

    def get_urls(self) -> list[URLPattern]:
        """The queue and its next questions, before the addresses of Django."""
        view = self.admin_site.admin_view
        own = [
            path("review/", view(review_view), name="faces_suggestion_review"),
            path("questions/<int:pk>/", view(questions_view), name="faces_suggestion_questions"),
        ]
        return [*own, *super().get_urls()]


@may_see
def review_view(request: HttpRequest) -> HttpResponse:
    """The queue of the event that the address names, else of the one with most questions."""
    event = _event(request.GET.get("event", ""))
    if event is None:
        return render(request, "admin/faces/suggestion/nothing.html", _page(request))
    context = _page(request) | event_links(request, event, "queue")
    context |= {
        "title": _("Suggestions: %s") % event,
        "questions": questions(event),
        "questions_url": reverse("admin:faces_suggestion_questions", args=[event.pk]),
        "may_decide": request.user.has_perm(MAY_DECIDE),
        "others": _others(event),
    }
    return render(request, "admin/faces/suggestion/review.html", context)


@may_see
def questions_view(request: HttpRequest, pk: int) -> JsonResponse:
    """The next questions of the event: `{left, postponed, questions}`."""
    event = Event.objects.filter(pk=pk).first()
    return JsonResponse(questions(event)) if event else JsonResponse({"code": "not_found"}, status=404)


def questions(event: Event) -> dict[str, Any]:
    """The next questions of the queue, with how many are left in all and how many of them were put off before."""
    waiting = Suggestion.objects.filter(event=event)
    counts = waiting.aggregate(left=Count("pk"), postponed=Count("postponed_at"))
    rows = list(_with_people(waiting).queue()[:QUESTIONS_SENT])
    people = {person.pk for row in rows for person in (row.one, row.other) if person}
    faces, calibration = _best_faces(people), current_calibration(event)
    return {**counts, "questions": [_question(row, faces, calibration) for row in rows]}


def _page(request: HttpRequest) -> dict[str, Any]:
    return {**admin.site.each_context(request), "title": _("Suggestions")}


def _event(wanted: str) -> Event | None:
    """Raises Http404 for one that is not there."""
    if not wanted:
        return Event.objects.annotate(n=Count("suggestions")).filter(n__gt=0).order_by("-n", "pk").first()
    event = Event.objects.filter(pk=wanted).first() if wanted.isdecimal() and len(wanted) < 19 else None
    if event is None:
        raise Http404
    return event


def _others(event: Event) -> QuerySet[Event]:
    """Other events in which questions wait, each with `waiting`."""
    others = Event.objects.exclude(pk=event.pk).annotate(waiting=Count("suggestions"))
    waiting: QuerySet[Event] = others.filter(waiting__gt=0).order_by("-waiting", "pk")
    return waiting[:6]


def _with_people(suggestions: Any) -> Any:
    """With everything that a question shows, and `together`: both are in one photo."""
    one = Face.objects.filter(person=OuterRef("one"))
    together = Exists(one.filter(photo__faces__person=OuterRef("other")))
    in_the_photo = Exists(one.filter(photo=OuterRef("face__photo")))
    vectors = ("one__centroid", "other__centroid")
    joined = suggestions.select_related("one", "other", "face__photo__image").defer(*vectors)
    return joined.annotate(together=together, in_the_photo=in_the_photo)


def _best_faces(people: Collection[int]) -> dict[int | None, list[Face]]:
    """A few faces of each person, those first that a moderator has confirmed, then the best."""
    order = [F("assigned_by").desc(), F("quality").desc(), F("pk").asc()]
    rank = Window(RowNumber(), partition_by="person", order_by=order)
    chosen = Face.objects.filter(person__in=people).annotate(rank=rank).filter(rank__lte=FACES_SHOWN)
    found: dict[int | None, list[Face]] = defaultdict(list)
    for face in chosen.select_related("photo__image").order_by("rank"):
        found[face.person_id].append(face)
    return found


def _question(row: Any, faces: dict[int | None, list[Face]], calibration: Calibration) -> dict[str, Any]:
    one, other = sorted((row.one, row.other), key=survives) if not row.face else (row.one, row.other)
    is_pair = row.face is None
    return {
        "key": f"{row.one_id}-{row.other_id}-{row.face_id}",
        "title": _("Same person?") if is_pair else _("Is this face %s?") % row.one,
        "alike": percent(calibration.similarity(row.distance)),
        "postponed": row.postponed_at is not None,
        "people": [person.pk for person in (one, other) if person],
        "notes": _notes(row, one, other),
        "sides": [_side(one, faces[one.pk]), _side(other, faces[other.pk]) if is_pair else _face_side(row.face, other)],
        "fields": _fields_of_pair(row, one, other) if is_pair else _fields_of_face(row),
    }


def _notes(row: Any, one: Person, other: Person | None) -> list[dict[str, str]]:
    """What a moderator should know before answering."""
    notes = []
    if row.is_objection:
        notes.append({"kind": "bad", "text": _("Somebody who was shown this photo as theirs says: this is not me.")})
    elif (row.together and not row.face) or row.in_the_photo:
        notes.append(
            {"kind": "bad", "text": _("Both are in one photo: hardly the same person, unless it is a mirror.")}
        )
    if not row.face and other and one.name and other.name:
        text = _("Both have a name. “Same” keeps “%(one)s” and lets “%(other)s” go.")
        notes.append({"kind": "names", "text": text % {"one": one.name, "other": other.name}})
    return notes


def _side(person: Person, faces: Sequence[Face]) -> dict[str, Any]:
    return {
        "title": str(person),
        "named": bool(person.name),
        "url": reverse("admin:faces_person_change", args=[person.pk]),
        "photos": person.photos_count,
        "hue": hue(person.pk),
        "faces": [shown_face(face) for face in faces],
    }


def _face_side(face: Face, owner: Person | None) -> dict[str, Any]:
    """The face that is asked about, and whose it is now."""
    return {
        "title": _("This face"),
        "named": True,
        "url": "",
        "photos": 0,
        "owner": _("now: %s") % owner if owner else _("nobody's yet"),
        "hue": hue(owner.pk if owner else None),
        "faces": [shown_face(face)],
    }


def _fields_of_pair(row: Any, one: Person, other: Person) -> dict[str, dict[str, Any]]:
    """What each answer decides."""
    return {
        "yes": {"kind": "merge", "into": one.pk, "people": [other.pk]},
        "no": {"kind": "differ", "people": [one.pk, other.pk]},
        "later": {"kind": "postpone", "suggestion": row.pk},
    }


def _fields_of_face(row: Any) -> dict[str, dict[str, Any]]:
    return {
        "yes": _confirm(row) if row.is_objection else _move(row),
        "no": {"kind": "reject", "person": row.one_id, "faces": [row.face_id]},
        "later": {"kind": "postpone", "suggestion": row.pk},
    }


def _confirm(row: Any) -> dict[str, Any]:
    return {"kind": "confirm", "person": row.one_id, "faces": [row.face_id]}


def _move(row: Any) -> dict[str, Any]:
    return {"kind": "move", "person": row.face.person_id, "faces": [row.face_id], "to": row.one_id}
