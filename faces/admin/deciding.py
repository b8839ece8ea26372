"""The address at which the pages of Admin decide, and how they are told what came of it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db.models import Prefetch
from django.http import HttpRequest, JsonResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from faces.admin.sentences import sentence
from faces.models import Decision, Face, Person, Suggestion
from faces.services import decisions as services
from faces.services.suggestions import suggestion_postpone
from faces.templatetags.pictures import cutout
from photofinder.api import STATUS, problem_json
from photofinder.errors import Problem

Kind = Decision.Kind
POSTPONE = "postpone"
MAY_DECIDE = "faces.change_person"

may_decide = permission_required(MAY_DECIDE, raise_exception=True)


class Fields:
    """What a page sent. Reading a field raises Problem `malformed`, or `not_found` for a row that is not there."""

    def __init__(self, sent: QueryDict) -> None:
        self._sent = sent

    def text(self, name: str) -> str | None:
        """The field as it is, or None."""
        return self._sent.get(name)

    def numbers(self, name: str) -> list[int]:
        """All values of the field."""
        values = self._sent.getlist(name)
        if not all(value.isascii() and value.isdecimal() and len(value) < 19 for value in values):
            raise Problem("malformed", _("The request cannot be read: “%s” is not a number.") % name)
        return [int(value) for value in values]

    def people(self, name: str = "people") -> list[Person]:
        """Everybody whom the field names, in its order."""
        ids = self.numbers(name)
        found = Person.objects.in_bulk(ids)
        if len(found) < len(set(ids)):
            raise Problem("not_found", _("There is no such person. Reload the page."))
        return [found[pk] for pk in dict.fromkeys(ids)]

    def person(self, name: str = "person") -> Person:
        """The one whom the field names."""
        people = self.people(name)
        if len(people) != 1:
            raise Problem("nothing_chosen", _("Choose somebody first."))
        return people[0]

    def person_or_nobody(self, name: str = "person") -> Person | None:
        """The one whom the field names, if it is there."""
        return self.person(name) if self._sent.get(name) else None

    def face(self, name: str = "cover") -> Face:
        """The face that the field names."""
        face: Face = self._row(Face, name)
        return face

    def face_or_none(self, name: str = "cover") -> Face | None:
        """The face that the field names, if it is there."""
        return self.face(name) if self._sent.get(name) else None

    def suggestion(self) -> Suggestion:
        """The question that is put off."""
        suggestion: Suggestion = self._row(Suggestion, "suggestion")
        return suggestion

    def _row(self, model: Any, name: str) -> Any:
        row = model.objects.filter(pk__in=self.numbers(name)).first()
        if row is None:
            raise Problem("not_found", _("What you chose is not there any more. Reload the page."))
        return row


@require_POST
@may_decide
def decide_view(request: HttpRequest) -> JsonResponse:
    """Decide: `kind` and what it speaks of in, what came of it out; see `told`."""
    try:
        decision = _decide(Fields(_sent(request)), actor_of(request))
    except Problem as problem:
        return refused(problem)
    return JsonResponse(
        told(decision) if decision else _told_nothing(_("Put off: it is asked again after the others."))
    )


def told(decision: Decision) -> dict[str, Any]:
    """What a page has to know to show the decision, to offer its undoing, and to change in place."""
    concerned = set(decision.people.values_list("pk", flat=True))
    followed = decision.payload.get("followed", [])
    concerned |= {person for _face, *pair in followed for person in pair if person}
    people = _shown(concerned)
    undoable = decision.kind != Kind.UNDO
    return {
        "decision": decision.pk,
        "sentence": sentence(decision),
        "undo": reverse("admin:faces_decision_undo", args=[decision.pk]) if undoable else None,
        "people": people,
        "gone": sorted(concerned - {person["id"] for person in people}),
        "followed": len(followed),
    }


def refused(problem: Problem) -> JsonResponse:
    """Why nothing was decided."""
    return JsonResponse(problem_json(problem), status=STATUS.get(problem.code, 400))


def actor_of(request: HttpRequest) -> User:
    """The one who decides."""
    assert isinstance(request.user, User)  # the permission was asked for before
    return request.user


_DECIDED_BY: Mapping[str, Callable[[Fields, User], Decision]] = {
    Kind.MERGE: lambda sent, actor: services.people_merge(
        into=sent.person("into"),
        others=sent.people(),
        actor=actor,
        name=sent.text("name"),
        cover=sent.face_or_none(),
    ),
    Kind.SPLIT: lambda sent, actor: services.faces_split(
        person=sent.person(), faces=sent.numbers("faces"), actor=actor
    ),
    Kind.MOVE: lambda sent, actor: services.faces_move(
        person=sent.person_or_nobody(), faces=sent.numbers("faces"), to=sent.person("to"), actor=actor
    ),
    Kind.CONFIRM: lambda sent, actor: services.faces_confirm(
        person=sent.person(), faces=sent.numbers("faces"), actor=actor
    ),
    Kind.REJECT: lambda sent, actor: services.faces_reject(
        person=sent.person(), faces=sent.numbers("faces"), actor=actor
    ),
    Kind.DISMISS: lambda sent, actor: services.faces_dismiss(faces=sent.numbers("faces"), actor=actor),
    Kind.DIFFER: lambda sent, actor: services.people_differ(**_two(sent.people()), actor=actor),
    Kind.HIDE: lambda sent, actor: services.people_hide(people=sent.people(), actor=actor, hidden=True),
    Kind.SHOW: lambda sent, actor: services.people_hide(people=sent.people(), actor=actor, hidden=False),
    Kind.NAME: lambda sent, actor: services.person_name(
        person=sent.person(), name=sent.text("name") or "", actor=actor
    ),
    Kind.COVER: lambda sent, actor: services.person_cover(person=sent.person(), face=sent.face(), actor=actor),
}


def _decide(sent: Fields, actor: User) -> Decision | None:
    """The decision, or None where a question was put off."""
    kind = sent.text("kind") or ""
    if kind == POSTPONE:
        suggestion_postpone(suggestion=sent.suggestion())
        return None
    if kind not in _DECIDED_BY:
        raise Problem("malformed", _("The request cannot be read: there is no decision “%s”.") % kind)
    return _DECIDED_BY[kind](sent, actor)


def _sent(request: HttpRequest) -> QueryDict:
    """The fields of a form, or those of a JSON object as if they came from a form."""
    if request.content_type != "application/json":
        return request.POST
    try:
        sent = json.loads(request.body)
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        raise Problem("malformed", _("The request cannot be read: it is not JSON."))
    fields = QueryDict(mutable=True)
    for name, value in sent.items():
        if value is not None:
            fields.setlist(name, [str(each) for each in (value if isinstance(value, list) else [value])])
    return fields


def _two(people: list[Person]) -> dict[str, Person]:
    if len(people) != 2:
        raise Problem("nothing_chosen", _("Choose two different people."))
    return {"one": people[0], "other": people[1]}


def _told_nothing(sentence: str) -> dict[str, Any]:
    return {"decision": None, "sentence": sentence, "undo": None, "people": [], "gone": [], "followed": 0}


def _shown(ids: set[int]) -> list[dict[str, Any]]:
    """Those of these people who are somebody today."""
    covers = Face.objects.select_related("photo__image")
    people = Person.objects.current().filter(pk__in=ids).defer("centroid")
    return [
        {
            "id": person.pk,
            "name": person.name,
            "title": str(person),
            "url": reverse("admin:faces_person_change", args=[person.pk]),
            "cover": cutout(person.cover_face) if person.cover_face else "",
            "photos_count": person.photos_count,
            "faces_count": person.faces_count,
            "hidden": person.hidden,
        }
        for person in people.prefetch_related(Prefetch("cover_face", queryset=covers))
    ]
