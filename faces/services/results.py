"""What a search found, for as long as its links work: looked at, shared, objected to."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from faces.models import Event, Face, NotMe, Person, SelfieSearch, Suggestion
from faces.services.search import PhotoMatch
from photofinder.errors import Problem
from photofinder.vectors import as_array

ATTENDEES = (SelfieSearch.Channel.PAGE, SelfieSearch.Channel.BOT)  # who see what attendees see


def result_fields(photos: Sequence[PhotoMatch], stills: Sequence[PhotoMatch] = ()) -> dict[str, Any]:
    """What keeps these photos, and frames of films, as the result of a search, behind a new code, until it expires."""
    return {
        "code": secrets.token_urlsafe(16),
        "expires_at": timezone.now() + timedelta(seconds=settings.RESULT_SECONDS),
        "faces": [match.face.pk for match in (*photos, *stills)],
        "similarities": [match.similarity for match in (*photos, *stills)],
        "photos_count": len(photos),
    }


def result_open(*, code: str, of_any_channel: bool = False) -> SelfieSearch:
    """The search whose result its owner's code opens; on pages only an attendee's, who sees no more than attendees may.

    Raises Problem `not_found`.
    """
    search = _opened(code=code)
    if not of_any_channel and search.channel not in ATTENDEES:
        raise _gone()
    return search


def shared_open(*, code: str) -> SelfieSearch:
    """The search whose result a shared code lets others look at. Raises Problem `not_found`."""
    search = _opened(shared_code=code)
    if search.channel not in ATTENDEES:
        raise _gone()
    return search


def result_share(*, search: SelfieSearch) -> str:
    """The code for others, made once. Raises Problem `not_shareable` for what staff found: it holds photos that are not
    for everybody.
    """
    if search.channel not in ATTENDEES:
        raise Problem("not_shareable", _("Only what attendees found themselves can be shared."))
    with transaction.atomic():
        locked: SelfieSearch = SelfieSearch.objects.select_for_update().get(pk=search.pk)
        if not locked.shared_code:
            locked.shared_code = secrets.token_urlsafe(16)
            locked.save(update_fields=["shared_code"])
    return locked.shared_code


@transaction.atomic
def result_object(*, search: SelfieSearch, photo_id: int) -> NotMe:
    """Say that the face found in a photo is not one's own: it is out of the result at once, and moderators are asked.

    Raises Problem `not_found`.
    """
    face = (
        Face.objects.filter(pk__in=search.faces, photo=photo_id)
        .select_related("photo__event", "person", "vector")
        .first()
    )
    if face is None:
        raise Problem("not_found", _("This photo is not in the result."))
    objection, is_new = NotMe.objects.get_or_create(search=search, face=face, defaults={"attendee": search.attendee})
    if is_new and face.person is not None:  # of nobody's face there is nothing to ask: it is on the list of objections
        _ask(face, face.person)
    return objection


def objections_copy(*, of: SelfieSearch, to: SelfieSearch) -> None:
    """Let what the finder of one result said hold in another one of theirs."""
    rows = [NotMe(search=to, attendee=row.attendee, face=row.face) for row in of.objections.select_related("face")]
    NotMe.objects.bulk_create(rows, ignore_conflicts=True)


def result_unobject(*, search: SelfieSearch, photo_id: int) -> None:
    """Take that back, and the question to the moderators."""
    mine = NotMe.objects.filter(search=search, face__photo=photo_id)
    faces = list(mine.values_list("face", flat=True))
    mine.delete()
    others = NotMe.objects.filter(face__in=faces).values("face")
    Suggestion.objects.filter(is_objection=True, face__in=faces).exclude(face__in=others).delete()


def result_photos(search: SelfieSearch) -> "ResultPhotos":
    """The photos that the finder of `search` may still see."""
    return ResultPhotos(search, is_still=False)


def result_stills(search: SelfieSearch) -> "ResultPhotos":
    """The frames of films in which they may still see themselves."""
    return ResultPhotos(search, is_still=True)


@dataclass
class ResultPhotos:
    """Photos, or frames of films, counted and sliced like a queryset, into PhotoMatch, best first.

    Only of events that are open still, released where the event asks for that, of nobody hidden since, and none of
    which the finder said that it is not them.
    """

    search: SelfieSearch
    is_still: bool

    def count(self) -> int:
        """How many photos."""
        return len(self._shown)

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, page: slice) -> list[PhotoMatch]:
        """A page of them."""
        ids = self._shown[page]
        faces = Face.objects.filter(pk__in=ids).select_related("photo__image", "photo__event")
        by_id = {face.pk: face for face in faces}
        similarities = dict(zip(self.search.faces, self.search.similarities, strict=True))
        return [PhotoMatch(by_id[face], similarities[face]) for face in ids if face in by_id]

    @cached_property
    def _shown(self) -> list[int]:
        faces = Face.objects.filter(pk__in=self.search.faces, photo__is_still=self.is_still)
        if self.search.channel in ATTENDEES:
            faces = faces.shown().in_events(Event.objects.published())
        mine = NotMe.objects.filter(search=self.search)
        if self.search.attendee_id:
            mine = mine | NotMe.objects.filter(attendee=self.search.attendee_id)
        there = set(faces.exclude(pk__in=mine.values("face")).values_list("pk", flat=True))
        return [face for face in self.search.faces if face in there]


def _opened(**code: str) -> SelfieSearch:
    kept = SelfieSearch.objects.kept().select_related("event", "attendee")
    search: SelfieSearch | None = kept.filter(**code).first() if all(map(_is_code, code.values())) else None
    if search is None:
        raise _gone()
    return search


def _gone() -> Problem:
    return Problem("not_found", _("This link is not valid any more. Search again with a selfie."))


def _is_code(text: str) -> bool:
    """Whether it can be one: PostgreSQL takes no zero byte, and the code of a result that is over is empty."""
    return bool(text) and "\0" not in text


def _ask(face: Face, person: Person) -> None:
    """Let moderators say whether the face is the person's whom it is held to be: the first of their questions."""
    distance = (
        0.0 if person.centroid is None else float(1 - as_array(face.vector.embedding) @ as_array(person.centroid))
    )
    Suggestion.objects.update_or_create(
        event=face.photo.event,
        one=person,
        other=person,
        face=face,
        defaults={"distance": distance, "is_objection": True, "postponed_at": None},
    )
