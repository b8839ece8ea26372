"""An event of the fake face engine's squares, for whole conversations."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.conf import settings
from redis import Redis

from faces.models import Event, Photo
from faces.tests.painting import painted, processed
from telegram_bot.tests.people import Person

ANNA, BORIS = 3, 12
STRANGER = 30


_sides = count(90)


@dataclass
class World:
    """A published event, and whose photos are whose."""

    event: Event
    photos: list[Photo] = field(default_factory=list)

    def add(self, *faces: Any, copies: int = 1) -> list[Photo]:
        """Photos that show these people, ready to be found; no two of them look the same."""
        added = processed(self.event, *(painted(*faces, side=next(_sides)) for _ in range(copies)))
        self.photos += added
        return added


def an_event(slug: str = "gala", name: str = "Gala", **options: Any) -> World:
    """A published event without photos."""
    return World(Event.objects.create(**{"slug": slug, "name": name, "published": True} | options))


def selfie(person: int, **looks: Any) -> bytes:
    """A selfie."""
    return painted(person, **looks)


def agreed(somebody: Person, world: World) -> Person:
    """Whoever is at the event and has agreed."""
    somebody.writes(f"/start {world.event.code}")
    somebody.reads("Вы согласны?" if somebody.language == "ru" else "Do you agree?")
    somebody.presses("Даю согласие" if somebody.language == "ru" else "I agree")
    somebody.reads("Теперь пришлите" if somebody.language == "ru" else "Now send me a selfie")
    return somebody


def found(somebody: Person, world: World, who: int) -> Person:
    """Whoever was shown their first photos."""
    agreed(somebody, world)
    somebody.sends_photo(selfie(who))
    somebody.telegram.wait(lambda: any("zip:" in str(sent.keyboard) for sent in somebody.messages()))
    settled(somebody)
    somebody.read = len(somebody.messages())
    return somebody


def settled(somebody: Person) -> None:
    """Wait until the bot is done with everything that it was asked."""
    redis = Redis.from_url(settings.BOT_REDIS_URL)
    somebody.telegram.wait(lambda: not somebody.telegram.pending and not redis.hlen("telegram:4242:inbox"))
    redis.close()
