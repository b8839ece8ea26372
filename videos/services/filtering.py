"""Which events of films a search looks at."""

import re
from dataclasses import dataclass

from django.db.models import Exists, IntegerField, OuterRef
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext as _

from photofinder.errors import Problem
from videos.models import VideoEvent, VideoStill
from videos.querysets import VideoEventQuerySet

_COUNT = re.compile(r"([a-z][a-z ]{0,38}[a-z])\s*(?:(>=|<=|=|>|<)\s*(\d{1,4}))?", re.IGNORECASE)
_LOOKUPS = {">=": "gte", "<=": "lte", "=": "exact", ">": "gt", "<": "lt"}


@dataclass(frozen=True)
class CountFilter:
    """How many of a thing there are: `lookup` is Django's, `gte` for instance."""

    label: str
    lookup: str
    number: int


@dataclass(frozen=True)
class Filters:
    """What events must be besides what is looked for; all that is given holds at once. An event that touches the time
    from `start_s` to `end_s` passes, and one in which that person is seen.
    """

    video: int | None = None
    event: int | None = None
    start_s: float | None = None
    end_s: float | None = None
    counts: tuple[CountFilter, ...] = ()
    person: int | None = None
    owner: str = ""

    @property
    def are_empty(self) -> bool:
        """Whether every event passes."""
        return self == Filters()


def counts_read(text: str) -> tuple[CountFilter, ...]:
    """The counts that a text asks for: `person>=2, car` is two people or more, and a car. Raises Problem `invalid`."""
    return tuple(_count(part.strip()) for part in text.split(",") if part.strip())


def events_filtered(filters: Filters) -> VideoEventQuerySet:
    """The events that pass. Raises Problem `invalid` for a time that ends before it starts."""
    if filters.start_s is not None and filters.end_s is not None and filters.end_s < filters.start_s:
        raise Problem("invalid", _("The time ends before it starts."))
    events: VideoEventQuerySet = VideoEvent.objects.between(filters.start_s, filters.end_s)
    for field, value in {"video": filters.video, "video__event": filters.event}.items():
        events = events if value is None else events.filter(**{field: value})
    if filters.owner:
        events = events.filter(video__owner=filters.owner)
    if filters.person is not None:
        events = events.filter(_shows(filters.person))
    for count in filters.counts:
        events = _counted(events, count)
    return events


def _count(part: str) -> CountFilter:
    match = _COUNT.fullmatch(part)
    if match is None:
        raise Problem("invalid", _("Counts are written as person>=2, car: “%(part)s” is none.") % {"part": part[:60]})
    label, sign, number = match.groups()
    return CountFilter(label.strip().lower(), _LOOKUPS[sign or ">="], int(number or 1))


def _counted(events: VideoEventQuerySet, count: CountFilter) -> VideoEventQuerySet:
    """What an event does not mention is not there: its number is 0."""
    if count.number > 0 and count.lookup not in ("lt", "lte"):
        events = events.filter(object_counts__has_key=count.label)
    # As a parameter: a label comes from whoever asks.
    number = Coalesce(Cast(KT(f"object_counts__{count.label}"), IntegerField()), 0)
    return events.alias(number=number).filter(**{f"number__{count.lookup}": count.number})


def _shows(person: int) -> Exists:
    seen = VideoStill.objects.filter(
        video=OuterRef("video"), photo__faces__person=person, photo__faces__dismissed=False
    )
    return Exists(seen.filter(timestamp_s__gte=OuterRef("start_s"), timestamp_s__lte=OuterRef("end_s")))
