"""What events and people say of images, for the media index: see settings.IMAGE_FILTERS and settings.IMAGE_TEXTS."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from faces.models import Event, Face, Person, Photo
from faces.services.people import person_get
from media_index.facts import ImageFacts
from media_index.services.generation import index_changed
from photofinder.celery import enqueue
from photofinder.errors import Problem

_CHUNK = 500  # images per message
_OFFERED = 500


def images_of_event(slug: str) -> QuerySet[Any]:
    """The ids of the event's images. Raises Problem `not_found`."""
    event = Event.objects.filter(slug=slug).first()
    if event is None:
        raise Problem("not_found", _("There is no event %s.") % slug)
    return Photo.objects.taken().filter(event=event).values("image")


def images_of_person(user_id: str) -> QuerySet[Any]:
    """The ids of the images in which a face is this person's, in all events; whoever was merged means the survivor.

    Hidden people are found too: only staff and clients search the index, and they see them elsewhere.
    Raises Problem `not_found`.
    """
    try:
        person = person_get(UUID(user_id))
    except ValueError:
        raise Problem("not_found", _("There is no such person.")) from None
    return Face.objects.genuine().photographed().filter(person=person).values("photo__image")


def events_offered() -> list[tuple[str, str]]:
    """Slugs and names of the latest events."""
    return list(Event.objects.order_by("-pk").values_list("slug", "name")[:_OFFERED])


def people_offered() -> list[tuple[str, str]]:
    """Public ids and names of the people in most photos, in the order of the alphabet; of those who have a name."""
    named = Person.objects.current().exclude(name="").order_by("-photos_count", "pk")
    people = named.values_list("user_id", "name")[:_OFFERED]
    return sorted(((str(user_id), name) for user_id, name in people), key=lambda person: person[1].casefold())


def texts_of_images(image_ids: Collection[int]) -> dict[int, ImageFacts]:
    """Under which names these images were sent, and to which events."""
    facts: dict[int, ImageFacts] = {}
    photos = Photo.objects.taken().filter(image__in=image_ids).order_by("pk")
    for image, name, slug, event in photos.values_list("image", "original_name", "event__slug", "event__name"):
        facts.setdefault(image, ImageFacts()).add(names=[name], events={slug: event})
    return facts


def event_renamed(*, event: Event) -> None:
    """Let the event's images be found by its new name."""
    images_told(image_ids=list(event.photos.taken().values_list("image", flat=True)))


def images_told(*, image_ids: Sequence[int]) -> None:
    """Have the words of images written again, of which events say something else now; those that are gone are not
    found any more.
    """
    index_changed()
    enqueue(settings.IMAGE_DESCRIBING, image_ids, chunk=_CHUNK)
