"""Taking a decision back: the page that says what it was, and doing it, for people and for scripts."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from faces.admin.deciding import actor_of, may_decide, refused, told
from faces.admin.sentences import sentence
from faces.models import Decision, Face, Person
from faces.services.decisions import decision_undo
from photofinder.errors import Problem

FACES_SHOWN = 60


@may_decide
def undo_view(request: HttpRequest, pk: int) -> HttpResponse:
    """What would be taken back; by POST, doing it, with an answer as JSON for those who accept only that."""
    decision = get_object_or_404(Decision, pk=pk)
    if request.method != "POST":
        context = {**admin.site.each_context(request), **_question(decision)}
        return render(request, "admin/faces/decision/undo.html", context)
    try:
        undo = decision_undo(decision=decision, actor=actor_of(request))
    except Problem as problem:
        if _wants_json(request):
            return refused(problem)
        messages.error(request, problem.detail)
    else:
        if _wants_json(request):
            return JsonResponse(told(undo))
        messages.success(request, sentence(undo))
    return redirect("admin:faces_decision_changelist")


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _question(decision: Decision) -> dict[str, Any]:
    """What was decided, and the faces it speaks of, by whose they were said to be."""
    words = decision.verdicts.select_related("face__photo__image").order_by("-face__quality", "pk")
    said: dict[int | None, list[Face]] = {}
    if decision.kind == Decision.Kind.REJECT:  # it speaks of those merged into the person as well
        words = words.filter(person=decision.payload["person"])
    for word in words[:FACES_SHOWN]:
        said.setdefault(word.person_id, []).append(word.face)
    people = Person.objects.in_bulk([person for person in said if person])
    return {
        "title": _("Take a decision back"),
        "decision": decision,
        "sentence": sentence(decision),
        "is_undo": decision.kind == Decision.Kind.UNDO,
        "cards": [(people[person] if person else _("not a face"), faces) for person, faces in said.items()],
    }
