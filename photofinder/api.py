"""What all of the API does alike: one shape of errors, pages, limits, one language."""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.core.exceptions import ValidationError as ModelValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from rest_framework import exceptions, serializers
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from photofinder.errors import Problem

API_PREFIX = "/api/"
# The HTTP status of every code that is not 400; those of DRF's own exceptions come with them.
STATUS = {
    "permission_denied": 403,
    "not_shareable": 403,
    "subscribed_as_another": 409,
    "not_comparable": 409,
    "not_found": 404,
    "no_videos": 404,
    "merged_already": 409,
    "changed_since": 409,
    "undone_already": 409,
    "named_already": 409,
    "merged_category": 409,
    "not_merged": 409,
    "decided_already": 409,
    "nothing_to_undo": 409,
    "later_decision": 409,
    "not_better": 409,
    "opted_out": 409,
    "consent_needed": 403,
    "likeness_expired": 410,
    "too_large": 413,
    "too_many_pixels": 413,
    "empty": 415,
    "damaged": 415,
    "not_an_image": 415,
    "not_a_video": 415,
    "no_video_stream": 415,
    "zero_duration": 415,
    "too_many_hours": 413,
    "busy": 409,
    "not_sending": 409,
    "parts_missing": 409,
    "storage_full": 507,
    "no_face": 422,
    "several_faces": 422,
    "not_indexed": 422,
    "low_quality": 422,
    "another_person": 422,
    "engine_unavailable": 503,
    "not_calibrated": 503,
}
# The room for the boundaries and the other fields of a multipart request beside its files.
_ENVELOPE_BYTES = 64 * 1024


class Pages(PageNumberPagination):
    """`?page=` and `?page_size=`, answered as `count, next, previous, results`."""

    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 500


class BoundedMultiPart(MultiPartParser):
    """Multipart that is refused by its announced length, `max_body_bytes` of the view, before any of it is read."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """Raises Problem `too_large`."""
        context = parser_context or {}
        most = context["view"].max_body_bytes()
        if int(context["request"].META["CONTENT_LENGTH"]) > most + _ENVELOPE_BYTES:
            raise Problem("too_large", f"The request is larger than {most // 1024**2} MB.")
        return super().parse(stream, media_type, parser_context)


class ApiLanguage(LocaleMiddleware):
    """The visitor's language on the site; English in the API, most of whose sentences have no translation yet."""

    def process_request(self, request: HttpRequest) -> None:
        """Activate the language."""
        if not request.path_info.startswith(API_PREFIX):
            super().process_request(request)
            return
        translation.activate("en")
        request.LANGUAGE_CODE = "en"


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """The `{code, detail, ...}` of an exception that a caller can do something about; None for a mistake of ours."""
    if isinstance(error, ModelValidationError):
        error = exceptions.ValidationError(serializers.as_serializer_error(error))
    if problem := _problem(error):
        set_rollback()
        return Response(problem_json(problem), status=STATUS.get(problem.code, 400))
    response = exception_handler(error, context)
    if response is not None and isinstance(error, exceptions.ValidationError):
        response.data = {"code": "invalid", "detail": _first_sentence(error.detail), "fields": error.detail}
    elif response is not None:
        # Django's Http404 and PermissionDenied become the same exceptions of DRF in there.
        detail = response.data["detail"]
        response.data = {"code": detail.code, "detail": str(detail)}
    return response


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem as the API says it."""
    return {"code": problem.code, "detail": problem.detail, **problem.extra}


def _problem(error: Exception) -> Problem | None:
    """What Django raises while it reads a request, and our own, as a Problem."""
    match error:
        case Problem():
            return error
        case TooManyFilesSent():
            return Problem("too_many_files", "The request holds too many files; send them in several requests.")
        case RequestDataTooBig():
            return Problem("too_large", "The request is too large.")
        case SuspiciousOperation() | RecursionError():  # the latter by JSON of very deep nesting
            return Problem("malformed", "The request cannot be read.")
        case UnreadablePostError():
            return Problem("interrupted", "The connection ended before the request was complete.")
    return None


def _first_sentence(detail: Any, path: str = "") -> str:
    """The first message of nested validation errors, behind the name of its field."""
    if isinstance(detail, dict):
        field, inner = next(iter(detail.items()))
        return _first_sentence(inner, path if field == "non_field_errors" else str(field))
    if isinstance(detail, list):
        return _first_sentence(next(filter(None, detail), ""), path)
    return f"{path}: {detail}" if path else str(detail)


def error_page(status: int, code: str, detail: str, page: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Django's handler of errors outside of any view: JSON below /api/, else the site's page."""

    def handler(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
        if request.path_info.startswith(API_PREFIX):
            return JsonResponse({"code": code, "detail": detail}, status=status)
        return page(request) if exception is None else page(request, exception)

    return handler
