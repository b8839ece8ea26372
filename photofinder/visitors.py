"""Who is calling, and how often."""

import math
import time

from django.core.cache import cache
from django.http import HttpRequest
from rest_framework.throttling import BaseThrottle

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600}


def client_address(request: HttpRequest) -> str | None:
    """What the outermost of our PROXIES saw, by the rule of the API's limits; all before it anyone may have written.

    django-axes' own way refuses the usual header of one address, and believes whoever adds another in front.
    """
    return BaseThrottle().get_ident(request)  # type: ignore[arg-type] # it reads META only


def wait_seconds(request: HttpRequest, what: str, rate: str) -> int:
    """Count one more `what` of the visitor's address and answer 0, or how long to wait where `rate` is used up.

    The time begins with the first of them. Only a number is kept of each, as there may be thousands in a minute.
    """
    most, period = rate.split("/")
    seconds = _SECONDS[period[0]]
    key = f"pace:{what}:{client_address(request)}"
    began = cache.get_or_set(key, time.time, seconds) or time.time()
    counter = f"{key}:{began}"
    cache.add(counter, 0, 2 * seconds)
    if cache.incr(counter) <= int(most):
        return 0
    return max(math.ceil(began + seconds - time.time()), 1)
