"""The coverage panel of an event: who has few photos, what attendees looked for in vain, what they fetched."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from faces.admin.event_links import event_links
from faces.admin.reasons import title
from faces.models import Appearance, Download, Event, Notification, NotMe, SelfieSearch

FEW_PHOTOS = 2
_PEOPLE_SHOWN = 48
_SEARCHES_SHOWN = 30
_STEPS = ((1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (21, None))  # photos of a person, from and to

may_see = permission_required(("faces.view_event", "faces.view_person"), raise_exception=True)


@may_see
def coverage_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Tiles, a histogram, and two lists to act on."""
    event = get_object_or_404(Event, pk=pk)
    appearances = Appearance.objects.filter(event=event, person__hidden=False, photos_count__gt=0)
    few = appearances.filter(photos_count__lte=FEW_PHOTOS)
    context = {
        **admin.site.each_context(request),
        **event_links(request, event, "coverage"),
        "title": _("Coverage: %s") % event,
        "tiles": _tiles(event, appearances.count(), few.count()),
        "steps": _histogram(appearances),
        "few": _shown(few),
        "few_count": few.count(),
        "few_photos": FEW_PHOTOS,
        "searches": _in_vain(event),
    }
    return render(request, "admin/faces/event/coverage.html", context)


def _tiles(event: Event, people: int, few: int) -> list[dict[str, Any]]:
    searches = _searches(event).aggregate(
        all=Count("pk"), found=Count("pk", filter=Q(outcome="found")), nothing=Count("pk", filter=Q(outcome="nothing"))
    )
    fetched = dict(event.downloads.values_list("kind").annotate(n=Sum("photos_count")))
    told = Notification.objects.filter(subscription__event=event, state=Notification.State.SENT).count()
    return [
        _tile(_("People"), people, ngettext("%d with few photos", "%d with few photos", few) % few),
        _tile(_("Searches"), searches["all"], _("%(found)d found photos, %(nothing)d found nothing") % searches),
        _tile(_("Photos fetched"), sum(fetched.values()), _fetched(fetched)),
        _tile(
            _("Subscriptions"),
            event.subscriptions.count(),
            ngettext("told of new photos %d time", "told of new photos %d times", told) % told,
        ),
        _tile(_("“Not me”"), NotMe.objects.filter(face__photo__event=event).count(), _("said of photos shown to them")),
    ]


def _tile(name: str, value: int, note: str) -> dict[str, Any]:
    return {"name": name, "value": value, "note": note}


def _fetched(counts: dict[str, int]) -> str:
    labels = {kind: str(label) for kind, label in Download.Kind.choices}
    parts = [f"{labels[kind]}: {count}" for kind, count in sorted(counts.items())]
    return ", ".join(parts) or _("nothing yet")


def _histogram(appearances: QuerySet[Appearance]) -> list[dict[str, Any]]:
    """How many people have so many photos, with the share of the highest bar."""
    counts = dict(appearances.order_by().values_list("photos_count").annotate(n=Count("pk")))
    bars = []
    for least, most in _STEPS:
        number = sum(n for photos, n in counts.items() if least <= photos <= (most or photos))
        name = f"{least}+" if most is None else str(least) if least == most else f"{least}–{most}"
        bars.append({"name": name, "count": number, "is_few": (most or least) <= FEW_PHOTOS})
    highest = max(bar["count"] for bar in bars) or 1
    return [bar | {"percent": round(100 * bar["count"] / highest)} for bar in bars]


def _shown(few: QuerySet[Appearance]) -> QuerySet[Appearance]:
    """Those with fewest photos: the named first, since somebody is waiting for them."""
    people = few.select_related("person__cover_face__photo__image").defer("person__centroid")
    return people.annotate(is_named=~Q(person__name="")).order_by("-is_named", "photos_count", "person")[:_PEOPLE_SHOWN]


def _in_vain(event: Event) -> list[dict[str, Any]]:
    """The latest searches that found nothing or failed, with why."""
    rows = _searches(event).exclude(outcome="found")[:_SEARCHES_SHOWN]
    return [
        {
            "at": row.at,
            "channel": row.get_channel_display(),
            "why": _("found nothing") if row.outcome == "nothing" else title(row.outcome),
        }
        for row in rows
    ]


def _searches(event: Event) -> QuerySet[SelfieSearch]:
    """What people asked; not what subscribers were told of, nor the question which of several faces is theirs."""
    asked: QuerySet[SelfieSearch] = event.searches.exclude(outcome__in=("announced", "several_faces"))
    return asked
