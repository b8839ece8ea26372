"""What visitors read when a form came without the token that its page was given."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What to do about it, as a page, and as JSON for scripts. Why it was refused stands in the log."""
    title = _("This page is out of date")
    detail = _("Go back, reload the page and try again. If that does not help, allow cookies for this site.")
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"code": "page_expired", "title": title, "detail": detail}, status=403)
    return render(request, "pages/gone.html", {"problem": {"title": title, "detail": detail}}, status=403)
