"""Who is calling, and how often."""

import math
from typing import Any

from django.http import HttpRequest
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle


def client_address(request: HttpRequest) -> str | None:
    """What the outermost of our PROXIES saw, by the rule of the API's limits; all before it anyone may have written.

    django-axes' own way refuses the usual header of one address, and believes whoever adds another in front.
    """
    return BaseThrottle().get_ident(request)  # type: ignore[arg-type] # it reads META only


def wait_seconds(request: HttpRequest, what: str, rate: str) -> int:
    """Count one more `what` of the visitor's address and answer 0, or how long to wait where `rate` is used up."""
    pace = _VisitorRate(what, rate)
    if pace.allow_request(request, None):  # type: ignore[arg-type] # it reads META only
        return 0
    return math.ceil(pace.wait() or 1)


class _VisitorRate(SimpleRateThrottle):
    """So many of something by one address, in a time."""

    def __init__(self, what: str, rate: str) -> None:
        self.scope, self.rate = what, rate
        super().__init__()

    def get_cache_key(self, request: Any, view: Any) -> str:
        """By address."""
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}
