"""What the schema of the API says of errors. Apart from photofinder.api, which DRF imports while it is being loaded."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from photofinder.errors import Problem

# What the schema says of each status, with a code as an example.
MEANINGS = {
    400: ("invalid", "Something in the request is missing or wrong."),
    401: ("not_authenticated", "No token was sent, or it is not valid."),
    403: ("permission_denied", "The token's role may not do this."),
    404: ("not_found", "There is no such thing, or the token's role does not see it."),
    409: (
        "changed_since",
        "Somebody decided otherwise meanwhile (`merged_already`, `undone_already`), or a film is not that far yet"
        " (`busy`, `parts_missing`, `not_sending`): look again.",
    ),
    410: ("likeness_expired", "The selfie was sent too long ago; send it again."),
    413: ("too_large", "The request, or the image in it, is too large."),
    415: (
        "not_an_image",
        "The file is not an image or a film that can be read, or the request is of another content type.",
    ),
    422: (
        "several_faces",
        "No face, several, a bad one (`low_quality`), another person's (`another_person`), or an image that is"
        " not indexed yet (`not_indexed`).",
    ),
    429: ("throttled", "Too many requests; `Retry-After` says how many seconds to wait."),
    507: ("storage_full", "The storage is full; nothing was kept of what was sent."),
    503: ("engine_unavailable", "The engine lacks its weights; the detail says how to install them."),
}


class ProblemSerializer(serializers.Serializer[Problem]):
    """What every error says; some codes add fields that help to go on."""

    code = serializers.CharField(help_text="Stable, for programs.")
    detail = serializers.CharField(help_text="One sentence, for people.")


class ProblemSchema(AutoSchema):
    """Adds the errors to each operation: those that follow from what it takes, and the view's `problems`."""

    def get_summary(self) -> str:
        """The first sentence of the description, for lists of operations."""
        return str(self.get_description()).partition(".")[0]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in sorted(self._problems()):
            problem: Any = _problem_description(status)
            body = self._get_response_for_code(problem, str(status), direction=direction)  # type: ignore[no-untyped-call]
            bodies.setdefault(str(status), body)
        return bodies

    def _problems(self) -> set[int]:
        found = {401, 403} | set(getattr(self.view, "problems", ()))
        if "{" in self.path or self._is_list_view():
            found.add(404)
        if self.method in ("POST", "PUT", "PATCH"):
            found.add(400)
            if self.get_request_serializer() is not None:
                found |= {413, 415}
        if getattr(self.view, "throttle_scope", None):
            found.add(429)
        return found


def _problem_description(status: int) -> OpenApiResponse:
    code, meaning = MEANINGS[status]
    example = OpenApiExample(code, {"code": code, "detail": meaning}, response_only=True, status_codes=[str(status)])
    return OpenApiResponse(ProblemSerializer, description=meaning, examples=[example])
