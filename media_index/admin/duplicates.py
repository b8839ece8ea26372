"""Groups of duplicates side by side, and exact copies with a list of what could be deleted. Nothing is deleted here."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.core.cache import cache
from django.db.models import Count, Max, Sum
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from media_index.admin.deciding import MAY_JUDGE
from media_index.admin.shown import (
    PLACES_SHOWN,
    SMALL_PX,
    Card,
    cards,
    image_url,
    is_number,
    places,
    thumbnail,
)
from media_index.models import DuplicatePair, Image, SourceFile
from media_index.services.duplicate_groups import DuplicateGroup, copies, groups_open
from photofinder.admin_classes import ModelAdmin, ReadOnly

GROUPS_PER_PAGE = 10
IMAGES_SHOWN = 12  # of one group; the best come first
COPIES_PER_PAGE = 50
_CSV_ROWS = 500  # images that are read at once
_TOTAL_SECONDS = 300  # counting the copies of a million files takes a second
_MEASURES: dict[str, Callable[[Image], float]] = {
    "pixels": lambda image: image.width * image.height,
    "sharpness": lambda image: image.sharpness or 0,
    "bytes": lambda image: image.bytes,
}

may_see = permission_required("media_index.view_duplicatepair", raise_exception=True)


@dataclass(frozen=True)
class Candidate:
    """One image of a group: its card, where it lies, and what speaks for it."""

    card: Card
    places: list[str]
    more_places: int
    why: list[str]
    tops: set[str]  # of `pixels`, `sharpness`, `bytes`: where no other image of the group has more


@dataclass(frozen=True)
class ShownGroup:
    """A group as the page shows it, the best image first."""

    number: int
    revision: str
    candidates: list[Candidate]
    more: int


@admin.register(DuplicatePair)
class DuplicatePairAdmin(ReadOnly, ModelAdmin[DuplicatePair]):
    """Pairs are decided group by group."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The groups, or the exact copies."""
        return copies_view(request) if request.GET.get("view") == "copies" else groups_view(request)

    def get_urls(self) -> list[URLPattern]:
        """The list of copies, before the addresses of Django."""
        own = path("copies.csv", self.admin_site.admin_view(copies_csv_view), name="media_index_copies_csv")
        return [own, *super().get_urls()]


@may_see
def groups_view(request: HttpRequest) -> HttpResponse:
    """Groups that wait for a decision."""
    groups = groups_open(after=_after(request), limit=GROUPS_PER_PAGE + 1)
    following = groups[GROUPS_PER_PAGE - 1].number if len(groups) > GROUPS_PER_PAGE else None
    context = _page(request) | {
        "groups": _shown(groups[:GROUPS_PER_PAGE]),
        "waiting": DuplicatePair.objects.filter(state="open").aggregate(n=Count("group", distinct=True))["n"],
        "next_url": f"?after={following}" if following is not None else "",
        "is_first": not _after(request),
        "may_judge": request.user.has_perm(MAY_JUDGE),
    }
    return render(request, "admin/media_index/duplicatepair/groups.html", context)


@may_see
def copies_view(request: HttpRequest) -> HttpResponse:
    """Files with one content."""
    found = copies(after=_after(request), limit=COPIES_PER_PAGE + 1)
    images = found[:COPIES_PER_PAGE]
    lying = places([image.pk for image in images])
    rows = [
        (image, thumbnail(image, SMALL_PX), image_url(image), lying[image.pk], image.bytes * (len(lying[image.pk]) - 1))
        for image in images
        if image.pk in lying
    ]
    context = _page(request) | {
        "rows": rows,
        "total": cache.get_or_set("media_index.copies", _total, _TOTAL_SECONDS),
        "next_url": f"?view=copies&after={images[-1].pk}" if len(found) > COPIES_PER_PAGE else "",
    }
    return render(request, "admin/media_index/duplicatepair/copies.html", context)


@may_see
def copies_csv_view(request: HttpRequest) -> StreamingHttpResponse:
    """All files that could be deleted, as each content would still lie in the file that was found first."""
    answer = StreamingHttpResponse(_csv_lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="exact-copies.csv"'
    return answer


class _Echo:
    """What csv writes to: it hands each line on."""

    def write(self, line: str) -> str:
        return line


def _csv_lines() -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # spreadsheets take UTF-8 for what it is
    yield writer.writerow(["could_be_deleted", "bytes", "kept", "sha256"])
    after = 0
    while images := copies(after=after, limit=_CSV_ROWS):
        after = images[-1].pk
        lying = places([image.pk for image in images])
        for image in images:
            kept, *others = lying.get(image.pk, [""])
            for other in others:
                yield writer.writerow([other, image.bytes, kept, image.sha256])


def _page(request: HttpRequest) -> dict[str, Any]:
    groups = reverse("admin:media_index_duplicatepair_changelist")
    is_copies = request.GET.get("view") == "copies"
    return {
        **admin.site.each_context(request),
        "title": _("Duplicates"),
        "tabs": [
            (_("The same picture"), groups, not is_copies),
            (_("Exact copies"), f"{groups}?view=copies", is_copies),
        ],
    }


def _after(request: HttpRequest) -> int:
    after = request.GET.get("after", "")
    return int(after) if is_number(after) else 0


def _shown(groups: list[DuplicateGroup]) -> list[ShownGroup]:
    """All images of the page are read together, whatever group they are in."""
    ids = [image.pk for group in groups for image in group.images[:IMAGES_SHOWN]]
    by_id = {row.image.pk: row for row in cards([(pk, None, "") for pk in ids])}
    lying = places(ids)
    return [
        ShownGroup(
            group.number,
            group.revision,
            [_candidate(by_id[image.pk], lying, group) for image in group.images[:IMAGES_SHOWN] if image.pk in by_id],
            max(len(group.images) - IMAGES_SHOWN, 0) + group.images_more,
        )
        for group in groups
    ]


def _candidate(row: Card, lying: dict[int, list[str]], group: DuplicateGroup) -> Candidate:
    found = lying.get(row.image.pk, [])
    is_best = row.image.pk == group.images[0].pk
    return Candidate(
        card=row,
        places=found[:PLACES_SHOWN],
        more_places=max(len(found) - PLACES_SHOWN, 0),
        why=list(_reasons(group)) if is_best else [],
        tops={name for name, of in _MEASURES.items() if of(row.image) and of(row.image) == max(map(of, group.images))},
    )


def _reasons(group: DuplicateGroup) -> Iterator[str]:
    """What the best image has over the next one; in the order that decides, see best_first."""
    best, second = group.images[:2]
    if best.width * best.height > second.width * second.height:
        yield _("more pixels")
    if (best.sharpness or 0) > (second.sharpness or 0):
        yield _("sharper")
    if best.bytes > second.bytes:
        yield _("larger file")
    if best.pk < second.pk:
        yield _("here first")


def _total() -> dict[str, int]:
    """How many files more there are than contents, and how many bytes they take."""
    files = SourceFile.objects.exclude(state=SourceFile.State.GONE).exclude(image=None)
    more = Count("pk") - 1
    several = files.order_by().values("image").annotate(more=more, wasted=more * Max("size")).filter(more__gt=0)
    row = several.aggregate(files=Sum("more"), bytes=Sum("wasted"))
    return {"files": row["files"] or 0, "bytes": row["bytes"] or 0}
