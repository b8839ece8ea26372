"""An attendee's search: a selfie in, their photos out, and a line in the audit log."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from faces.models import Attendee, Event, Face, NotMe, SelfieSearch
from faces.services.likenesses import Likeness, likeness_join, likeness_of
from faces.services.results import (
    ATTENDEES,
    ResultPhotos,
    objections_copy,
    result_fields,
    result_photos,
    result_stills,
)
from faces.services.search import (
    SIMILARITY,
    Matches,
    PhotoMatch,
    Selfie,
    likeness_search,
    registered_people,
    selfie_read,
)
from photofinder.errors import Problem
from photofinder.images import Picture

MOST_PHOTOS = 2000


@dataclass(frozen=True)
class Found:
    """What somebody asked and what was found: the audit line with its code, the matches, and the asker's likeness.

    `selfie` is None when only a likeness was sent.
    """

    search: SelfieSearch
    matches: Matches
    likeness: Likeness
    selfie: Selfie | None


@dataclass(frozen=True)
class Asker:
    """Who searches, and where."""

    channel: str
    attendee: Attendee | None = None
    by: User | None = None
    has_consent: bool = False

    @property
    def is_attendee(self) -> bool:
        """Whether they see what attendees see."""
        return self.channel in ATTENDEES

    @property
    def lacks_consent(self) -> bool:
        """Whether they have to agree first: visitors of pages, and attendees whom a messenger names."""
        must_agree = self.channel == SelfieSearch.Channel.PAGE or self.attendee is not None
        return must_agree and not self.has_consent


def attendee_search(
    *,
    asker: Asker,
    events: QuerySet[Event],
    event: Event | None = None,
    picture: Picture | None = None,
    face_index: int | None = None,
    likeness: Likeness | None = None,
    earlier: SelfieSearch | None = None,
    limit: int = MOST_PHOTOS,
    min_similarity: float = SIMILARITY,
    is_in_films: bool = False,
) -> Found:
    """Search `events` (where it is one, `event`) with a selfie, a likeness, or both joined; what was found `earlier` is
    kept. The result holds photos and frames of films, for who `is_in_films` asks for the latter only. Attendees are
    never shown less similar ones than each event's threshold.

    Raises what `selfie_read` raises, and Problem `consent_needed`, `nothing_sent` or `another_person`; each but the
    first leaves a line in the audit log as well.
    """
    if asker.lacks_consent:
        raise Problem("consent_needed", _("Agree first to your selfie being looked at."))
    try:
        selfie, likeness = _wanted(picture, face_index, likeness)
        min_similarity = max(min_similarity, SIMILARITY) if asker.is_attendee else min_similarity
        matches = _matches(asker, likeness, events, limit, min_similarity)
    except Problem as problem:
        _record(asker, event, problem.code)
        raise
    photos = [] if is_in_films else _with_earlier(matches.photos, earlier, result_photos)
    stills = _with_earlier(matches.stills, earlier, result_stills)
    search = _record(asker, event, "found" if photos or stills else "nothing", result_fields(photos, stills))
    if earlier is not None:
        objections_copy(of=earlier, to=search)
    return Found(search, Matches(matches.people, photos, stills), likeness, selfie)


def _wanted(
    picture: Picture | None, face_index: int | None, likeness: Likeness | None
) -> tuple[Selfie | None, Likeness]:
    """Whom to look for."""
    selfie = selfie_read(picture=picture, face_index=face_index) if picture else None
    if selfie is not None:
        fresh = likeness_of(selfie.face.embedding)
        likeness = fresh if likeness is None else likeness_join(likeness, fresh)
    if likeness is None:
        raise Problem("nothing_sent", _("Send a selfie."))
    return selfie, likeness


def _matches(asker: Asker, likeness: Likeness, events: QuerySet[Event], limit: int, min_similarity: float) -> Matches:
    shown = _shown_to(asker)
    matches = likeness_search(likeness=likeness, events=events, limit=limit, min_similarity=min_similarity, shown=shown)
    if asker.is_attendee:
        return matches
    registered = registered_people(likeness=likeness, found=matches, min_similarity=min_similarity)
    return replace(matches, people=sorted([*matches.people, *registered], key=lambda match: -match.similarity))


def _shown_to(asker: Asker) -> Any:
    """The faces that may be found: for attendees released ones, without those of which they said `not me`."""
    if not asker.is_attendee:
        return None
    objected = NotMe.objects.filter(attendee=asker.attendee) if asker.attendee else NotMe.objects.none()
    return Face.objects.shown().exclude(pk__in=objected.values("face"))


def _with_earlier(
    photos: Sequence[PhotoMatch], earlier: SelfieSearch | None, kept: Callable[[SelfieSearch], ResultPhotos]
) -> list[PhotoMatch]:
    """These and those `kept` of what was found earlier, one per photo, without what its finder said is not them."""
    if earlier is None:
        return list(photos)
    objected = set(NotMe.objects.filter(search=earlier).values_list("face", flat=True))
    old = kept(earlier)
    every = [*(match for match in photos if match.face.pk not in objected), *old[: old.count()]]
    best: dict[int, PhotoMatch] = {}
    for match in sorted(every, key=lambda match: -match.similarity):
        best.setdefault(match.face.photo_id, match)
    return list(best.values())


def _record(asker: Asker, event: Event | None, outcome: str, result: Mapping[str, Any] | None = None) -> SelfieSearch:
    """Write the line of the audit log, with the result when there is one. Raises Problem `consent_needed` when the
    attendee was forgotten while we searched.
    """
    try:
        line: SelfieSearch = SelfieSearch.objects.create(
            channel=asker.channel,
            event=event,
            attendee=asker.attendee,
            by=asker.by,
            has_consent=asker.has_consent,
            outcome=outcome,
            **(result or {}),
        )
    except IntegrityError as error:
        raise Problem("consent_needed", _("Agree first to your selfie being looked at.")) from error
    return line
