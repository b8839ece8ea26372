"""The addresses that a page talks to which asks whether two faces are one person."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from faces.admin.deciding import MAY_DECIDE
from faces.admin.shown import shown_face
from faces.models import Event, Face, PairCheck
from faces.services.sampling_checks import (
    Question,
    accuracy_questions,
    calibration_questions,
    check_answer,
    check_withdraw,
)
from photofinder.errors import Problem

QUESTIONS_SENT = 20
_SIGNED_SECONDS = 24 * 3600
_SALT = "faces.checks"
_STATUS = {"answered_already": 409, "gone": 409}

may_answer = permission_required(MAY_DECIDE, raise_exception=True)


@require_GET
@may_answer
def questions_view(request: HttpRequest, pk: int, what: str) -> JsonResponse:
    """Pairs to be compared: `{questions: [{token, faces}]}`. The token says where a pair was drawn from."""
    event = get_object_or_404(Event, pk=pk)
    draw = {"calibration": calibration_questions, "accuracy": accuracy_questions}[what]
    return JsonResponse({"questions": shown_questions(draw(event=event, count=QUESTIONS_SENT))})


@require_POST
@may_answer
def answer_view(request: HttpRequest, pk: int) -> JsonResponse:
    """Keep an `answer` to the question of a `token`: 201 `{check}`."""
    try:
        question = _opened(request.POST.get("token", ""), pk)
        check = check_answer(question=question, answer=request.POST.get("answer", ""), by=_moderator(request))
    except Problem as problem:
        answer = {"code": problem.code, "detail": problem.detail}
        return JsonResponse(answer, status=_STATUS.get(problem.code, 400))
    return JsonResponse({"check": check.pk}, status=201)


@require_POST
@may_answer
def withdraw_view(request: HttpRequest, pk: int, check: int) -> JsonResponse:
    """Forget an answer of one's own."""
    check_withdraw(check=get_object_or_404(PairCheck, pk=check, event=pk, by=_moderator(request)))
    return JsonResponse({})


def shown_questions(questions: list[Question]) -> list[dict[str, Any]]:
    """The questions with their pictures; not what the product thinks of them, which would lead the answer."""
    ids = {face for question in questions for face in (question.one, question.other)}
    faces = Face.objects.select_related("photo__image").in_bulk(ids)
    return [
        {
            "token": signing.dumps(question.as_dict(), salt=_SALT, compress=True),
            "faces": [shown_face(faces[face]) for face in (question.one, question.other)],
        }
        for question in questions
    ]


def _opened(token: str, event: int) -> Question:
    """The question of a token. Raises Problem `malformed` for one of another event, or that is none."""
    try:
        question = Question(**signing.loads(token, salt=_SALT, max_age=_SIGNED_SECONDS))
    except signing.BadSignature as error:
        raise Problem("malformed", _("This question cannot be read any more. Reload the page.")) from error
    if question.event != event:
        raise Problem("malformed", _("This question cannot be read any more. Reload the page."))
    return question


def _moderator(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # may_answer let nobody else in
    return request.user
