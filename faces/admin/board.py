"""The review board: an event's people as cards, those with most photos first, to be merged, named and hidden."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from faces.admin.deciding import MAY_DECIDE, refused
from faces.admin.event_links import event_links
from faces.admin.merging import merge_question
from faces.models import Appearance, Event, Face, Person
from photofinder.errors import Problem

PEOPLE_PER_PAGE = 60
FACES_IN_STRIP = 5  # besides the cover
EVENTS_OFFERED = 500
PICTURE = ("box", "photo__image__sha256")  # what the address of a face's cut-out is made of
_SEEN = Q(person__hidden=False)
# What the board can show: its title and its people. Photos are those of the event.
VIEWS: Mapping[str, tuple[Any, Q]] = {
    "all": (gettext_lazy("Everybody"), _SEEN),
    "several": (gettext_lazy("In several photos"), _SEEN & Q(photos_count__gt=1)),
    "once": (gettext_lazy("In one photo only"), _SEEN & Q(photos_count=1)),
    "nameless": (gettext_lazy("Without a name"), _SEEN & Q(person__name="")),
    "hidden": (gettext_lazy("Hidden"), Q(person__hidden=True)),
}


@permission_required("faces.view_person", raise_exception=True)
def board_view(request: HttpRequest) -> HttpResponse:
    """The board; with `part`, the piece of it that a script asked for: `cards`, or the question `merge`."""
    board = _asked_for(request)
    if board is None:
        return render(request, "admin/faces/person/board.html", _page_without_people(request))
    part = request.GET.get("part")
    if part == "merge":
        return _merge_dialog(request)
    context = {"board": board, "may_decide": request.user.has_perm(MAY_DECIDE)}
    if part == "cards":
        return render(request, "admin/faces/parts/board_part.html", context)
    page = {
        **admin.site.each_context(request),
        **context,
        **event_links(request, board.event, "board"),
        "title": _("Review board"),
        "events": Event.objects.only("pk", "name")[:EVENTS_OFFERED],
    }
    return render(request, "admin/faces/person/board.html", page)


@dataclass(frozen=True)
class Board:
    """A page of an event's people, found by the place after which it begins: no page is slower than the first."""

    event: Event
    view: str = "all"
    term: str = ""
    after: tuple[int, int] | None = None
    people: tuple[int, ...] | None = None

    @cached_property
    def counts(self) -> list[tuple[str, str, int, str]]:
        """The views there are: name, title, how many people, address."""
        numbers = self._appearances.aggregate(**{name: Count("pk", filter=who) for name, (_t, who) in VIEWS.items()})
        return [(name, str(title), numbers[name], self.address(view=name)) for name, (title, _w) in VIEWS.items()]

    @cached_property
    def cards(self) -> list[Any]:
        """The people, each an Appearance with a `title`, a `link`, and `strip`, a few of their faces at the event."""
        cards = self._cards[:PEOPLE_PER_PAGE]
        best = Face.objects.select_related("photo__image").only(*PICTURE)
        faces = best.in_bulk([face for card in cards for face in card.best])
        for card in cards:
            besides = [face for face in card.best if face in faces and face != card.person.cover_face_id]
            card.title = str(card.person)
            card.link = reverse("admin:faces_person_change", args=[card.person_id])
            card.strip = [faces[face] for face in besides[:FACES_IN_STRIP]]
        return cards

    @cached_property
    def more(self) -> str:
        """The address of the people after these, or nothing."""
        if self.people is not None or len(self._cards) <= PEOPLE_PER_PAGE:
            return ""
        last = self._cards[PEOPLE_PER_PAGE - 1]
        return self.address(view=self.view, q=self.term, after=f"{last.photos_count}-{last.person_id}")

    def address(self, **query: str) -> str:
        """The board of the event with these parameters."""
        given = {name: value for name, value in query.items() if value and (name, value) != ("view", "all")}
        return f"{reverse('admin:faces_person_board')}?{urlencode({'event': self.event.pk} | given)}"

    @cached_property
    def _cards(self) -> list[Any]:
        """The people of the page, and one more to know whether there are any."""
        people = self._appearances.filter(VIEWS[self.view][1])
        if self.term:
            people = people.filter(_called(self.term))
        if self.people is not None:
            people = people.filter(person__in=self.people)
        if self.after:
            photos, person = self.after
            people = people.filter(Q(photos_count__lt=photos) | Q(person__gt=person), photos_count__lte=photos)
        faces = Face.objects.filter(person=OuterRef("person"), photo__event=self.event)
        best = ArraySubquery(faces.order_by("-quality", "pk").values("pk")[: FACES_IN_STRIP + 1])
        shown = ("photos_count", "person__name", *(f"person__cover_face__{name}" for name in PICTURE))
        people = people.select_related("person__cover_face__photo__image").only(*shown).annotate(best=best)
        return list(people.order_by("-photos_count", "person_id")[: PEOPLE_PER_PAGE + 1])

    @property
    def _appearances(self) -> QuerySet[Appearance]:
        return Appearance.objects.filter(event=self.event)


def _asked_for(request: HttpRequest) -> Board | None:
    """The board that the address speaks of; of the latest event when it names none; None before there is any."""
    asked = request.GET.get("event", "")
    if asked and not _is_number(asked):
        raise Http404
    event = get_object_or_404(Event, pk=asked) if asked else Event.objects.order_by("-pk").first()
    if event is None:
        return None
    place = re.fullmatch(r"(\d{1,9})-(\d{1,18})", request.GET.get("after", ""), re.ASCII)
    return Board(
        event=event,
        view=request.GET.get("view", "") if request.GET.get("view") in VIEWS else "all",
        term=" ".join(request.GET.get("q", "").replace("\0", "").split()),
        after=(int(place[1]), int(place[2])) if place else None,
        people=_chosen(request) if "people" in request.GET else None,
    )


def _chosen(request: HttpRequest) -> tuple[int, ...]:
    return tuple(int(pk) for pk in request.GET.getlist("people") if _is_number(pk))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def _called(term: str) -> Q:
    """People by a part of the name, or by number, as in “Person 12”."""
    by_name = Q(person__name__icontains=term)
    number = re.fullmatch(r"\D*?(\d{1,18})", term, re.ASCII)
    return by_name | Q(person=number[1]) if number else by_name


def _merge_dialog(request: HttpRequest) -> HttpResponse:
    """The question which name and which cover stay when the chosen people become one."""
    chosen = _chosen(request)
    people = Person.objects.current().filter(pk__in=chosen).select_related("cover_face__photo__image")
    try:
        if len(people) < 2:
            raise Problem("nothing_to_merge", _("Choose at least two people."))
        into = request.GET.get("into", "")
        question = merge_question(list(people), into=int(into) if _is_number(into) else None)
    except Problem as problem:
        return refused(problem)
    return render(request, "admin/faces/parts/merge_dialog.html", question)


def _page_without_people(request: HttpRequest) -> dict[str, Any]:
    return {**admin.site.each_context(request), "title": _("Review board"), "board": None}
