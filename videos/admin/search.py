"""The page that searches all films: words and filters in, moments out."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from faces.models import Event, Person
from media_index.admin.shown import Page, page_addresses, page_number
from photofinder.errors import Problem
from videos.admin.film_page import MOST_LETTERS, seconds_read
from videos.admin.shown import card
from videos.models import Video, VideoEvent, VideoStill
from videos.services.filtering import Filters, counts_read
from videos.services.search import moments_search

MOMENTS_PER_PAGE = 48
_OFFERED = 300
_ANY = [("", gettext_lazy("any"))]
_HINTS = (gettext_lazy("people walking"), gettext_lazy("two people"), gettext_lazy("somebody on the left"))

may_see = permission_required("videos.view_video", raise_exception=True)


class ClockField(forms.CharField):
    """A time in a film, as `1:20` or in seconds."""

    def clean(self, value: Any) -> float | None:
        """In seconds."""
        text = super().clean(value)
        seconds = seconds_read(text)
        if text and seconds is None:
            raise forms.ValidationError(_("Times are written as 1:20."))
        return seconds


class SearchForm(forms.Form):
    """Words, and what events must be besides."""

    q = forms.CharField(required=False, max_length=MOST_LETTERS)
    event = forms.IntegerField(label=gettext_lazy("Event"), required=False, min_value=1, widget=forms.Select)
    video = forms.IntegerField(label=gettext_lazy("Film"), required=False, min_value=1, widget=forms.Select)
    person = forms.IntegerField(label=gettext_lazy("Person"), required=False, min_value=1, widget=forms.Select)
    objects = forms.CharField(label=gettext_lazy("How many of what"), required=False, max_length=200)
    start = ClockField(label=gettext_lazy("From"), required=False, max_length=20)
    end = ClockField(label=gettext_lazy("Until"), required=False, max_length=20)

    def __init__(self, data: QueryDict, **options: Any) -> None:
        super().__init__(data, **options)
        offered = {"event": _events_offered(), "video": _videos_offered(), "person": _people_offered()}
        for name, rows in offered.items():
            self.fields[name].widget.choices = _with_chosen(rows, data.get(name, ""))
        self.fields["objects"].widget.attrs |= {"placeholder": "person>=2, car", "autocomplete": "off"}
        for name in ("start", "end"):
            self.fields[name].widget.attrs |= {"placeholder": "1:20", "inputmode": "numeric", "autocomplete": "off"}

    def clean_objects(self) -> Any:
        """As the service reads them."""
        try:
            return counts_read(self.cleaned_data["objects"])
        except Problem as problem:
            raise forms.ValidationError(problem.detail) from None

    @property
    def filters(self) -> Filters:
        """What was filled in."""
        given = self.cleaned_data
        return Filters(
            video=given["video"],
            event=given["event"],
            person=given["person"],
            counts=given["objects"],
            start_s=given["start"],
            end_s=given["end"],
        )

    def panel(self) -> Iterator[Any]:
        """The fields of filters."""
        return (field for field in self if field.name != "q")


@may_see
def search_view(request: HttpRequest) -> HttpResponse:
    """The form, and what was found; without words all moments that pass the filters, by film and time."""
    form = SearchForm(request.GET)
    context = {
        **admin.site.each_context(request),
        "title": _("Search films"),
        "opts": Video._meta,
        "form": form,
        "has_films": VideoEvent.objects.exists(),
        "hints": _HINTS,
        **(_answer(request, form) if form.is_valid() else {}),
    }
    return render(request, "admin/videos/video/search.html", context)


def _answer(request: HttpRequest, form: SearchForm) -> dict[str, Any]:
    """What was found, or why nothing could be looked for."""
    number = page_number(request)
    chips = list(_chips(request, form))
    words = form.cleaned_data["q"].strip()
    if not words and not chips:
        return {"is_asked": False}
    try:
        found = moments_search(
            words=words, filters=form.filters, limit=MOMENTS_PER_PAGE, offset=(number - 1) * MOMENTS_PER_PAGE
        )
    except Problem as problem:
        return {"chips": chips, "is_asked": True, "trouble": problem.detail}
    return {
        "chips": chips,
        "is_asked": True,
        "has_words": bool(words),
        "cards": [card(hit.event, hit.similarity) for hit in found.hits],
        **page_addresses(request, Page(number, found.total, MOMENTS_PER_PAGE)),
    }


def _chips(request: HttpRequest, form: SearchForm) -> Iterator[tuple[str, str]]:
    """Each filter in words, with the address of the search without it."""
    for field in form.panel():
        if value := form.data.get(field.name):
            query = request.GET.copy()
            for name in (field.name, "page"):
                query.pop(name, None)
            called = dict(getattr(field.field.widget, "choices", ())).get(value, value)
            yield f"{field.label}: {called}", f"?{query.urlencode()}"


def _events_offered() -> list[tuple[str, str]]:
    """The latest events that have films."""
    events = Event.objects.filter(videos__isnull=False).distinct().order_by("-pk")
    return [(str(pk), name) for pk, name in events.values_list("pk", "name")[:_OFFERED]]


def _videos_offered() -> list[tuple[str, str]]:
    """The latest films."""
    return [(str(pk), name) for pk, name in Video.objects.order_by("-pk").values_list("pk", "name")[:_OFFERED]]


def _people_offered() -> list[tuple[str, str]]:
    """People who are seen in films: those with a name by the alphabet, and then the others."""
    seen = VideoStill.objects.filter(photo__faces__dismissed=False).values("photo__faces__person")
    people = Person.objects.current().filter(pk__in=seen).order_by("-photos_count", "pk").defer("centroid")[:_OFFERED]
    called = [(str(person.pk), str(person), not person.name) for person in people]
    return [(pk, name) for pk, name, _nameless in sorted(called, key=lambda row: (row[2], row[1].casefold()))]


def _with_chosen(rows: list[tuple[str, str]], chosen: str) -> list[tuple[str, Any]]:
    """The choices, and the chosen one where it is none of them."""
    known = not chosen or any(value == chosen for value, _title in rows)
    return [*_ANY, *rows, *([] if known else [(chosen, chosen)])]
