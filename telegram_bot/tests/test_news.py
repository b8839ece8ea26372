"""Subscribers hear of new photos of theirs: once, together, in their language, until they say stop."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from faces.models import Notification, OptOut, Subscription
from faces.services.notifications import events_notify
from telegram_bot.tests.people import Person
from telegram_bot.tests.telegram_server import Fault, TelegramServer
from telegram_bot.tests.world import ANNA, BORIS, World, an_event, found, selfie

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(bot: Any) -> World:
    """An event with a photo of Anna."""
    world = an_event()
    world.add(ANNA)
    return world


def subscribed(somebody: Person, world: World, who: int) -> Person:
    """Whoever wants to hear of new photos."""
    found(somebody, world, who)
    somebody.presses("Сообщать о новых" if somebody.language == "ru" else "Tell me of new ones")
    somebody.telegram.wait(lambda: any("stop:" in str(sent.keyboard) for sent in somebody.messages()))
    somebody.read = len(somebody.messages())
    return somebody


def news(world: World, *people: int, copies: int = 1) -> None:
    """New photos of these people, and their notifications."""
    for who in people:
        world.add(who, copies=copies)
    events_notify(event_ids=[world.event.pk])


def all_sent() -> bool:
    """Whether no notification is left."""
    return not Notification.objects.exclude(state="sent").exists()


def test_new_photos_come_by_themselves_together_and_once(world: World, person: Callable[..., Person]) -> None:
    anna = subscribed(person(), world, ANNA)
    news(world, ANNA, BORIS, copies=3)
    anna.reads("3 new photos of you at “Gala”!")
    controls = anna.reads("all 3 photos")
    assert len(anna.photos()) == len({sent.digest for sent in anna.photos()}) == 4
    assert {sent.album for sent in anna.photos()[1:]} == {anna.photos()[1].album}
    assert list(controls.buttons) == ["Original", "Not me", "All as ZIP", "Stop telling me"]
    events_notify(event_ids=[world.event.pk])
    anna.telegram.wait(all_sent)
    anna.presses("Stop telling me")
    anna.reads("I tell you of no more new photos")
    assert len(anna.photos()) == 4
    assert not Subscription.objects.exists()


def test_they_come_in_the_language_that_was_chosen(world: World, person: Callable[..., Person]) -> None:
    boris = subscribed(person("ru"), world, ANNA)
    news(world, ANNA, copies=2)
    boris.reads("2 новые ваши фотографии на событии «Gala»!")


def test_more_than_an_album_holds_can_be_asked_for(world: World, person: Callable[..., Person]) -> None:
    anna = subscribed(person(), world, ANNA)
    news(world, ANNA, copies=12)
    anna.reads("12 new photos")
    anna.reads("Photos 1 to 10 of 12.")
    anna.presses("Show 2 more")
    anna.reads("Photos 11 to 12 of 12.")
    assert len(anna.photos()) == len({sent.digest for sent in anna.photos()}) == 13


def test_one_that_was_perhaps_sent_is_only_a_line_with_a_button(world: World, person: Callable[..., Person]) -> None:
    anna = subscribed(person(), world, ANNA)
    world.add(ANNA, copies=2)
    events_notify_claimed(world)
    line = anna.reads("2 new photos of you")
    anna.telegram.wait(all_sent)
    assert list(line.buttons) == ["Show the photos", "Stop telling me"]
    assert len(anna.photos()) == 1
    anna.presses("Show the photos")
    anna.reads("all 2 photos")
    assert len(anna.photos()) == 3


def events_notify_claimed(world: World) -> None:
    """Notifications that somebody claimed long ago and never finished."""
    with transaction.atomic():
        events_notify(event_ids=[world.event.pk])
        Notification.objects.update(state="claimed", claims=1, claimed_at=timezone.now() - timedelta(hours=1))


def test_whoever_blocked_the_bot_is_subscribed_no_more(
    world: World, person: Callable[..., Person], telegram: TelegramServer
) -> None:
    anna = subscribed(person(), world, ANNA)
    boris = person()
    world.add(BORIS)
    subscribed(boris, world, BORIS)
    telegram.blocked.add(anna.number)
    news(world, ANNA, BORIS)
    boris.reads("1 new photo of you")
    telegram.wait(lambda: not Subscription.objects.filter(attendee__address=str(anna.number)).exists())
    assert Subscription.objects.count() == 1


def test_a_break_in_an_album_of_news_does_not_repeat_it(
    world: World, person: Callable[..., Person], telegram: TelegramServer
) -> None:
    anna = subscribed(person(), world, ANNA)
    telegram.faults.append(Fault("sendMediaGroup", drop="after"))
    news(world, ANNA, copies=3)
    anna.reads("I was interrupted while I sent photos")
    telegram.wait(all_sent)
    assert len(anna.photos()) == 4


def test_a_likeness_that_expired_is_asked_for_and_then_it_subscribes(
    world: World, person: Callable[..., Person], redis: Any
) -> None:
    anna = found(person(), world, ANNA)
    redis.delete(f"telegram:4242:likeness:{anna.number}")
    anna.presses("Tell me of new ones")
    anna.reads("Your selfie was too long ago")
    anna.sends_photo(selfie(ANNA))
    anna.reads("I write to you as soon as there are new photos")
    assert Subscription.objects.count() == 1


def test_the_site_may_find_the_likeness_too_old(world: World, person: Callable[..., Person], settings: Any) -> None:
    anna = found(person(), world, ANNA)
    settings.LIKENESS_SECONDS = -100
    anna.presses("Tell me of new ones")
    anna.reads("Your selfie was too long ago")
    assert not OptOut.objects.exists()
