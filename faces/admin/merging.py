"""Making several people one: what is asked first, and the page of the list that asks it."""

from collections import defaultdict
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from faces.models import Decision, Face, Person, Photo
from faces.services.decisions import people_merge, survives
from photofinder.errors import Problem

MOST_PEOPLE = 50
FACES_SHOWN = 5


def merge_view(model_admin: Any, request: HttpRequest, queryset: QuerySet[Person]) -> HttpResponse | None:
    """The page that asks who survives; with an answer, the merge itself."""
    people = sorted(queryset[: MOST_PEOPLE + 1], key=survives)
    if len(people) < 2:
        model_admin.message_user(request, _("Choose at least two people."), messages.WARNING)
        return None
    if len(people) > MOST_PEOPLE:
        text = _("Choose at most %d people at a time.") % MOST_PEOPLE
        model_admin.message_user(request, text, messages.WARNING)
        return None
    survivor = next((person for person in people if str(person.pk) == request.POST.get("into")), None)
    if survivor is None:
        return render(request, "admin/faces/person/merge.html", _page(model_admin, request, people))
    return _merge(model_admin, request, survivor, [person for person in people if person != survivor])


def _merge(model_admin: Any, request: HttpRequest, into: Person, others: list[Person]) -> HttpResponse | None:
    assert isinstance(request.user, User)  # the action is for people with a permission
    try:
        decision = people_merge(into=into, others=others, actor=request.user)
    except Problem as problem:
        model_admin.message_user(request, problem.detail, messages.ERROR)
        return None
    into.refresh_from_db()
    model_admin.message_user(request, _merged(decision, into, len(others)), messages.SUCCESS)
    return redirect("admin:faces_person_change", into.pk)


def _merged(decision: Decision, into: Person, others: int) -> SafeString:
    text = ngettext("%(count)d person became %(name)s.", "%(count)d people became %(name)s.", others)
    undo = reverse("admin:faces_decision_undo", args=[decision.pk])
    markup = '{} <a class="pf-undo" href="{}">{}</a>'
    return format_html(markup, text % {"count": others, "name": into}, undo, _("Undo"))


def merge_question(people: list[Person], *, into: int | None = None) -> dict[str, Any]:
    """What to decide a merge by: the people with some of their faces, who survives first (`into`, if one of them); the
    names there are; photos that speak against it. Raises Problem `too_many`.
    """
    if len(people) > MOST_PEOPLE:
        raise Problem("too_many", _("Choose at most %d people at a time.") % MOST_PEOPLE)
    people = sorted(people, key=lambda person: (person.pk != into, survives(person)))
    faces = _best_faces(people)
    return {
        "cards": [(person, faces[person.pk]) for person in people],
        "names": list(dict.fromkeys(person.name for person in people if person.name)),
        "together": _photos_together(people),
    }


def _page(model_admin: Any, request: HttpRequest, people: list[Person]) -> dict[str, Any]:
    context = model_admin.admin_site.each_context(request)
    return {**context, "title": _("Merge people"), **merge_question(people)}


def _best_faces(people: list[Person]) -> dict[int | None, list[Face]]:
    """A few faces of each person besides the cover, so that nobody has to decide by one picture."""
    rank = Window(RowNumber(), partition_by="person", order_by=[F("quality").desc(), "pk"])
    faces = Face.objects.filter(person__in=people).annotate(rank=rank).filter(rank__range=(2, FACES_SHOWN))
    found: dict[int | None, list[Face]] = defaultdict(list)
    for face in faces.select_related("photo__image").order_by("rank"):
        found[face.person_id].append(face)
    return found


def _photos_together(people: list[Person]) -> list[Photo]:
    """Photos that show several of them at once: nobody stands in a photo twice, except in mirrors and collages."""
    photos = Photo.objects.filter(faces__person__in=people)
    together = photos.annotate(n=Count("faces__person", distinct=True)).filter(n__gt=1)
    return list(together.select_related("image")[:FACES_SHOWN])
