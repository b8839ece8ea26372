"""Buttons below the photos of one event, pressed when the conversation is at another one; and being forgotten."""

from typing import Any

import pytest

from faces.models import Attendee, Face, SelfieSearch, Subscription
from faces.tests.test_erasure import vectors_like
from telegram_bot.tests.world import ANNA, BORIS, agreed, an_event, found, selfie, settled

pytestmark = pytest.mark.django_db(transaction=True)


def _with(anna: Any, words: str) -> Any:
    """The last message with a button of these words."""
    return [message for message in anna.messages() if any(words in button for button in message.buttons)][-1]


def _goes_to_ball(anna: Any) -> None:
    anna.writes("/events")
    anna.reads("At which event")
    anna.presses("Ball")
    anna.reads("of you at “Ball”.")
    settled(anna)


def test_news_are_of_the_event_below_whose_photos_they_were_asked_for(bot: Any, person: Any) -> None:
    gala, ball = an_event(), an_event("ball", "Ball")
    gala.add(ANNA)
    ball.add(ANNA, copies=2)
    anna = found(person(), gala, ANNA)
    settled(anna)
    below_gala = _with(anna, "Tell me of new ones")
    _goes_to_ball(anna)
    anna.presses_data(below_gala.buttons["Tell me of new ones"], below_gala)
    settled(anna)
    anna.sends_photo(selfie(ANNA))
    anna.reads("I write to you")
    assert Subscription.objects.get().event == gala.event


def test_another_photo_of_me_is_for_the_event_below_whose_photos_it_was_asked_for(bot: Any, person: Any) -> None:
    gala, ball = an_event(), an_event("ball", "Ball")
    gala.add(ANNA)
    ball.add(ANNA, copies=2)
    anna = found(person(), gala, ANNA)
    settled(anna)
    below_gala = _with(anna, "Add a photo of me")
    _goes_to_ball(anna)
    anna.presses_data(below_gala.buttons["Add a photo of me"], below_gala)
    settled(anna)
    anna.sends_photo(selfie(ANNA))
    settled(anna)
    last = SelfieSearch.objects.order_by("pk").last()
    assert last and (last.event, last.photos_count) == (gala.event, 1)


def test_the_language_outlives_being_half_forgotten(bot: Any, person: Any) -> None:
    world = an_event()
    world.add(ANNA)
    anna = agreed(person("ru"), world)
    anna.writes("/forget")
    anna.reads("Отменить это нельзя")
    anna.presses("Да, удалить всё")
    anna.reads("пришлите селфи, и я удалю")
    settled(anna)
    found(anna, world, ANNA)
    settled(anna)
    assert Attendee.objects.get().language == "ru"


def test_nothing_of_whoever_blocks_the_bot_before_the_receipt_is_kept(
    bot: Any, person: Any, redis: Any, telegram: Any
) -> None:
    world = an_event()
    world.add(ANNA)
    anna = found(person(), world, ANNA)
    anna.presses("Tell me of new ones")
    anna.reads("I write to you")
    anna.writes("/forget")
    anna.reads("This cannot be undone")
    telegram.blocked.add(anna.number)
    anna.presses("Yes, delete everything")
    settled(anna)
    assert (Face.objects.count(), [key for key in redis.keys("*") if str(anna.number) in key]) == (0, [])


def test_a_friends_selfie_does_not_say_who_is_to_be_forgotten(bot: Any, person: Any) -> None:
    world = an_event()
    world.add(ANNA)
    world.add(BORIS)
    anna = found(person(), world, ANNA)
    anna.sends_photo(selfie(BORIS))
    anna.reads("I found 1 photo")
    settled(anna)
    anna.writes("/forget")
    anna.reads("This cannot be undone")
    anna.presses("Yes, delete everything")
    anna.reads("send me a selfie")
    anna.sends_photo(selfie(ANNA))
    settled(anna)
    assert vectors_like(ANNA) == 0
    assert vectors_like(BORIS) > 0
