"""The address at which the pages of the media index decide, and the one at which that is taken back."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from media_index.admin import judging, saying, sorting
from media_index.admin.asked import Fields, Told, actor_of, refused
from photofinder.errors import Problem

MAY_SAY = "media_index.change_image"
MAY_JUDGE = "media_index.change_duplicatepair"
MAY_SORT = "media_index.change_imagecluster"
_UNDO_SECONDS = 15 * 60  # as long as the page offers it: see decide.js
_Work = Callable[[Any, Any], Told]

_DECIDED_BY: Mapping[str, tuple[str, _Work]] = {
    "tag": (MAY_SAY, saying.tag),
    "untag": (MAY_SAY, saying.untag),
    "rate": (MAY_SAY, saying.rate),
    "say": (MAY_SAY, saying.say),
    "keep": (MAY_JUDGE, judging.keep),
    "keep_best": (MAY_JUDGE, judging.keep_best),
    "dismiss": (MAY_JUDGE, judging.dismiss),
    "name": (MAY_SORT, sorting.name),
    "merge": (MAY_SORT, sorting.merge),
    "unmerge": (MAY_SORT, sorting.unmerge),
}
_UNDONE_BY: Mapping[str, tuple[str, _Work]] = {
    "tags": (MAY_SAY, saying.tags_undo),
    "ratings": (MAY_SAY, saying.ratings_undo),
    "said": (MAY_SAY, saying.said_undo),
    "groups": (MAY_JUDGE, judging.groups_undo),
    "name": (MAY_SORT, sorting.name_undo),
    "merge": (MAY_SORT, sorting.merge_undo),
}


@require_POST
def decide_view(request: HttpRequest) -> JsonResponse:
    """Decide: `kind` and what it speaks of in; `{sentence, undo, ...}` out, see the functions of the kinds."""
    sent = Fields(request.POST)
    kind = sent.text("kind")
    if kind not in _DECIDED_BY:
        return refused(Problem("malformed", _("The request cannot be read: there is no decision “%s”.") % kind[:40]))
    return _answer(request, *_DECIDED_BY[kind], sent)


@require_POST
def undo_view(request: HttpRequest, token: str) -> JsonResponse:
    """Take back what the same user decided in the last minutes."""
    kept = cache.get(_key(token))
    if kept is None or kept["by"] != request.user.pk:
        return refused(Problem("not_found", _("This cannot be taken back any more.")))
    answer = _answer(request, *_UNDONE_BY[kept["undo"]["kind"]], kept["undo"])
    if answer.status_code == 200:
        cache.delete(_key(token))
    return answer


def _answer(request: HttpRequest, permission: str, work: _Work, asked: Any) -> JsonResponse:
    if not request.user.has_perm(permission):
        raise PermissionDenied
    try:
        told = work(asked, actor_of(request))
    except Problem as problem:
        return refused(problem)
    return JsonResponse({"sentence": told.sentence, "undo": _undo_url(request, told), **told.about})


def _undo_url(request: HttpRequest, told: Told) -> str | None:
    """Where it is taken back: what that takes is kept as long as the page offers it."""
    if told.undo is None:
        return None
    token = secrets.token_urlsafe(16)
    cache.set(_key(token), {"by": request.user.pk, "undo": told.undo}, _UNDO_SECONDS)
    return reverse("admin:media_index_undo", args=[token])


def _key(token: str) -> str:
    return f"media_index.undo.{token}"
