"""Pages that only their addresses lead to: no search engine lists them, no cache keeps them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from faces.models import SelfieSearch
from faces.pages.problems import refused
from photofinder.errors import Problem

View = Callable[..., HttpResponse]
Opened = Callable[..., SelfieSearch]


def unlisted(view: View) -> View:
    """A page whose address is a secret of its visitor. What it raises as a Problem is a page of its own."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except Problem as problem:
            response = refused(request, problem, lambda words: render(request, "pages/gone.html", {"problem": words}))
        response["X-Robots-Tag"] = "noindex"
        # Nothing leaves the site. With `no-referrer` browsers hide the origin of forms as well, and all are refused.
        response["Referrer-Policy"] = "same-origin"
        add_never_cache_headers(response)
        return response

    return answer


def of_result(opened: Opened) -> Callable[[View], View]:
    """A page of the search that the code in its address opens with `opened`."""

    def decorate(view: View) -> View:
        @unlisted
        @wraps(view)
        def answer(request: HttpRequest, code: str, **kwargs: Any) -> HttpResponse:
            return view(request, opened(code=code), **kwargs)

        return answer

    return decorate
