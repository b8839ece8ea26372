"""What pages send when somebody decides, and what they are told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, JsonResponse, QueryDict
from django.utils.translation import gettext as _

from media_index.admin.shown import is_number
from media_index.models import Image, ImageCluster
from photofinder.api import STATUS, problem_json
from photofinder.errors import Problem

MOST_CHOSEN = 500


@dataclass(frozen=True)
class Told:
    """What came of a decision: a sentence for people, what `undo` needs (None: it cannot be taken back), and what the
    page shows of it.
    """

    sentence: str
    undo: Mapping[str, Any] | None = None
    about: Mapping[str, Any] = field(default_factory=dict)


class Fields:
    """What a page sent. Reading a field raises Problem `malformed`, or `not_found` for a row that is not there."""

    def __init__(self, sent: QueryDict) -> None:
        self._sent = sent

    def text(self, name: str) -> str:
        """The field as it is."""
        return self._sent.get(name) or ""

    def texts(self, name: str) -> list[str]:
        """All values of the field as they are."""
        return self._sent.getlist(name)

    def has(self, name: str) -> bool:
        """Whether the field was sent."""
        return name in self._sent

    def numbers(self, name: str) -> list[int]:
        """All values of the field, each once."""
        values = self._sent.getlist(name)
        if not values:
            raise Problem("nothing_chosen", _("Choose something first."))
        if not all(is_number(value) for value in values) or len(values) > MOST_CHOSEN:
            raise Problem("malformed", _("The request cannot be read: “%s” is not a number.") % name)
        return list(dict.fromkeys(int(value) for value in values))

    def number(self, name: str) -> int:
        """The one value of the field."""
        return self.numbers(name)[0]

    def images(self, name: str = "images") -> list[Image]:
        """The images that the field names, in its order."""
        return self._rows(Image.objects.filter(is_still=False), name)

    def image(self, name: str = "image") -> Image:
        """The image that the field names."""
        return self.images(name)[0]

    def clusters(self, name: str) -> list[ImageCluster]:
        """The categories that the field names, in its order."""
        return self._rows(ImageCluster.objects.filter(contract__in_use=True).select_related("contract"), name)

    def _rows(self, rows: Any, name: str) -> list[Any]:
        ids = self.numbers(name)
        found = rows.in_bulk(ids)
        if len(found) < len(ids):
            raise Problem("not_found", _("What you chose is not there any more. Reload the page."))
        return [found[pk] for pk in ids]


def refused(problem: Problem) -> JsonResponse:
    """Why nothing was decided."""
    return JsonResponse(problem_json(problem), status=STATUS.get(problem.code, 400))


def actor_of(request: HttpRequest) -> User:
    """The one who decides."""
    assert isinstance(request.user, User)  # a permission was asked for before
    return request.user
