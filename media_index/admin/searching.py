"""The page that searches the library: words, a picture, filters in; a grid of images out. A picture is not kept."""

from collections.abc import Iterator, Mapping
from dataclasses import astuple, fields
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from media_index.admin.deciding import MAY_SAY
from media_index.admin.saying import tags_in
from media_index.admin.shown import IMAGES_PER_PAGE, SMALL_PX, Page, cards, page_addresses, page_number, thumbnail
from media_index.engines.base import Pixels
from media_index.models import Image, Tag
from media_index.services.filtering import ORIENTATIONS, Filters
from media_index.services.search import Found, media_search
from photofinder.errors import Problem, RefusedFile
from photofinder.images import EXTENSIONS, Picture
from photofinder.uploads import SelfieUploads

TAGS_OFFERED = CAMERAS_OFFERED = 300
_CAMERAS_SECONDS = 600  # reading the cameras of a million images takes a good part of a second
_MEGA = 1_000_000
_TURNED = (gettext_lazy("landscape"), gettext_lazy("portrait"), gettext_lazy("square"))
_ANY = [("", gettext_lazy("any"))]
_STARS = [(str(stars), "★" * stars) for stars in range(1, 6)]
_FORMATS = [(name, name) for name in EXTENSIONS if name != "MPO"]

may_see = permission_required("media_index.view_image", raise_exception=True)


class SearchForm(forms.Form):
    """Words, and what images must be besides."""

    q = forms.CharField(required=False, max_length=500)
    like = forms.RegexField(r"\A[0-9a-f]{64}\Z", required=False)
    event = forms.CharField(label=gettext_lazy("Event"), required=False, max_length=200, widget=forms.Select)
    person = forms.CharField(label=gettext_lazy("Person"), required=False, max_length=40, widget=forms.Select)
    tag = forms.CharField(label=gettext_lazy("Tags"), required=False, max_length=500)
    camera = forms.CharField(label=gettext_lazy("Camera"), required=False, max_length=100)
    taken_from = forms.DateField(label=gettext_lazy("Taken from"), required=False)
    taken_to = forms.DateField(label=gettext_lazy("Taken until"), required=False)
    rating_min = forms.ChoiceField(label=gettext_lazy("Rating"), required=False, choices=[*_ANY, *_STARS])
    format = forms.ChoiceField(label=gettext_lazy("Format"), required=False, choices=[*_ANY, *_FORMATS])
    orientation = forms.ChoiceField(
        label=gettext_lazy("Orientation"),
        required=False,
        choices=[*_ANY, *zip(ORIENTATIONS, _TURNED, strict=True)],
    )
    mb_min = forms.FloatField(label=gettext_lazy("MB, at least"), required=False, min_value=0, max_value=_MEGA)
    mb_max = forms.FloatField(label=gettext_lazy("MB, at most"), required=False, min_value=0, max_value=_MEGA)
    mp_min = forms.FloatField(label=gettext_lazy("Megapixels, at least"), required=False, min_value=0, max_value=_MEGA)

    def __init__(self, data: QueryDict, **options: Any) -> None:
        super().__init__(data, **options)
        for name, path in settings.IMAGE_CHOICES.items():
            self.fields[name].widget.choices = _offered(import_string(path)(), data.get(name, ""))
        for name in ("taken_from", "taken_to"):
            self.fields[name].widget = forms.DateInput({"type": "date"}, "%Y-%m-%d")
        self.fields["tag"].widget.attrs |= {"list": "pf-tags", "autocomplete": "off"}
        self.fields["camera"].widget.attrs |= {"list": "pf-cameras", "autocomplete": "off"}

    def clean_tag(self) -> tuple[str, ...]:
        """Tags, parted by commas."""
        try:
            return tuple(tags_in(self.cleaned_data["tag"]))
        except Problem as problem:
            raise forms.ValidationError(problem.detail) from None

    @property
    def filters(self) -> Filters:
        """What was filled in."""
        given = self.cleaned_data
        values = {field.name: given[field.name] for field in fields(Filters) if field.name in given}
        return Filters(
            **values | {"rating_min": int(given["rating_min"] or 0)},
            bytes_min=_times(given["mb_min"], 1024**2),
            bytes_max=_times(given["mb_max"], 1024**2),
            pixels_min=_times(given["mp_min"], _MEGA),
        )

    def panel(self) -> Iterator[Any]:
        """The fields of filters."""
        return (field for field in self if field.name not in ("q", "like"))


@csrf_exempt  # the protection reads the form, so it comes after the handler that holds the picture in memory is set
@may_see
def search_view(request: HttpRequest) -> HttpResponse:
    """The form, and what was found; without words, a picture and filters all images, the newest first."""
    request.upload_handlers = [SelfieUploads(request)]
    return _protected(request)


@csrf_protect
def _protected(request: HttpRequest) -> HttpResponse:
    form = SearchForm(request.POST if request.method == "POST" else request.GET)
    context = {
        **admin.site.each_context(request),
        "title": _("Search the library"),
        "form": form,
        "tags_offered": Tag.objects.values_list("name", flat=True)[:TAGS_OFFERED],
        "cameras": cache.get_or_set("media_index.cameras", _cameras, _CAMERAS_SECONDS),
        "may_say": request.user.has_perm(MAY_SAY),
        **(_answer(request, form) if form.is_valid() else {}),
    }
    return render(request, "admin/media_index/image/search.html", context)


def _answer(request: HttpRequest, form: SearchForm) -> dict[str, Any]:
    """What was found, or why nothing could be looked for."""
    number = page_number(request)
    context: dict[str, Any] = {"chips": list(_chips(request, form))}
    try:
        like = _like(request, form.cleaned_data["like"])
        found = _found(form, like, number)
    except Problem as problem:
        return context | {"trouble": problem.detail}
    page = Page(number, found.total, IMAGES_PER_PAGE)
    return context | {
        "cards": cards([astuple(hit) for hit in found.hits]),
        "missing": found.missing,
        "like": like if isinstance(like, Image) else None,
        "like_thumbnail": thumbnail(like, SMALL_PX) if isinstance(like, Image) else "",
        "is_pictured": request.method == "POST" and like is not None,
        "is_asked": bool(form.cleaned_data["q"] or like is not None),
        **page_addresses(request, page),
    }


def _found(form: SearchForm, like: Pixels | Image | None, number: int) -> Found:
    return media_search(
        words=form.cleaned_data["q"],
        like=like,
        filters=form.filters,
        limit=IMAGES_PER_PAGE,
        offset=(number - 1) * IMAGES_PER_PAGE,
    )


def _like(request: HttpRequest, digest: str) -> Pixels | Image | None:
    """The picture that was sent, or the stored image that the address names. Raises Problem."""
    if file := request.FILES.get("photo"):
        if (file.size or 0) > settings.SELFIE_MAX_BYTES:
            raise RefusedFile(
                "too_large", _("The picture is larger than %d MB.") % (settings.SELFIE_MAX_BYTES // 1024**2)
            )
        picture: Any = file
        return Picture(picture, max_pixels=settings.SELFIE_MAX_PIXELS).shrunk(SMALL_PX)
    if request.method == "POST":  # a form without its picture, or one so large that it was not read
        most = settings.SELFIE_MAX_BYTES // 1024**2
        raise Problem("malformed", _("No picture came with the search. It may have at most %d MB.") % most)
    if not digest:
        return None
    image = Image.objects.filter(sha256=digest, is_still=False).first()
    if image is None:
        raise Problem("not_found", _("There is no such image any more."))
    return image


def _chips(request: HttpRequest, form: SearchForm) -> Iterator[tuple[str, str]]:
    """Each filter in words, with the address of the search without it."""
    for field in form.panel():
        value = form.data.get(field.name)
        if value:
            query = request.GET.copy()
            for name in (field.name, "page"):
                query.pop(name, None)
            yield f"{field.label}: {_spelt(field.field, value)}", f"?{query.urlencode()}"


def _spelt(field: Any, value: str) -> str:
    """As the choices call the value."""
    return str(dict(getattr(field.widget, "choices", ())).get(value, value))


def _offered(rows: list[tuple[str, str]], chosen: str) -> list[tuple[str, Any]]:
    """The choices, and the chosen one where it is none of them."""
    known = not chosen or any(value == chosen for value, _title in rows)
    return [*_ANY, *rows, *([] if known else [(chosen, chosen)])]


def _cameras() -> list[str]:
    cameras = Image.objects.exclude(camera="").order_by("camera").values_list("camera", flat=True)
    return list(cameras.distinct()[:CAMERAS_OFFERED])


def _times(value: float | None, unit: int) -> int | None:
    return None if value is None else int(value * unit)


def grid_context(request: HttpRequest, rows: Any) -> Mapping[str, Any]:
    """What the grid of images needs besides its page."""
    return {
        "cards": cards(rows),
        "may_say": request.user.has_perm(MAY_SAY),
        "tags_offered": Tag.objects.values_list("name", flat=True)[:TAGS_OFFERED],
    }
