"""Who is calling."""

from django.http import HttpRequest
from rest_framework.throttling import BaseThrottle


def client_address(request: HttpRequest) -> str | None:
    """What the outermost of our PROXIES saw, by the rule of the API's limits; all before it anyone may have written.

    django-axes' own way refuses the usual header of one address, and believes whoever adds another in front.
    """
    return BaseThrottle().get_ident(request)  # type: ignore[arg-type] # it reads META only
