"""`/forget` deletes everything about somebody, and a receipt says what it was."""

from collections.abc import Callable
from typing import Any

import pytest

from faces.models import Attendee, Erasure, Face, Portrait, Subscription
from telegram_bot.tests.people import Person
from telegram_bot.tests.world import ANNA, BORIS, World, agreed, an_event, found, selfie

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(bot: Any) -> World:
    """An event with two photos of Anna and one of Boris."""
    world = an_event()
    world.add(ANNA, copies=2)
    world.add(BORIS)
    return world


def kept_of(somebody: Person, redis: Any) -> list[str]:
    """What Redis knows of a chat, besides the update that is being finished."""
    return [key for key in redis.keys("*") if str(somebody.number) in key]


def test_faces_consent_and_subscriptions_go_and_a_receipt_comes(
    world: World, person: Callable[..., Person], redis: Any
) -> None:
    anna = found(person(), world, ANNA)
    anna.presses("Tell me of new ones")
    anna.reads("I write to you")
    anna.writes("/forget")
    anna.reads("This cannot be undone")
    anna.presses("Yes, delete everything")
    receipt = anna.reads("Your receipt is").text
    assert Erasure.objects.get().number in receipt
    assert "faces found in photos: 2" in receipt and "subscriptions: 1" in receipt
    assert (Face.objects.count(), Portrait.objects.count(), Subscription.objects.count()) == (1, 0, 0)
    anna.telegram.wait(lambda: not kept_of(anna, redis))
    assert not Attendee.objects.filter(address=str(anna.number), consented_at__isnull=False).exists()


def test_whose_face_is_not_known_sends_a_selfie(world: World, person: Callable[..., Person]) -> None:
    anna = agreed(person("ru"), world)
    anna.writes("/forget")
    anna.reads("Отменить это нельзя")
    anna.presses("Да, удалить всё")
    anna.reads("Ваша квитанция")
    anna.reads("пришлите селфи, и я удалю")
    anna.sends_photo(selfie(ANNA))
    assert "лиц на фотографиях: 2" in anna.reads("Ваша квитанция").text
    assert Face.objects.count() == 1
    anna.writes(f"/start {world.event.code}")
    anna.reads("Вы согласны?")


def test_a_selfie_without_a_face_is_asked_for_again(world: World, person: Callable[..., Person]) -> None:
    anna = agreed(person(), world)
    anna.writes("/forget")
    anna.reads("This cannot be undone")
    anna.presses("Yes, delete everything")
    anna.reads("send me a selfie")
    anna.sends_photo(b"nothing")
    anna.reads("I cannot read this")
    anna.sends_photo(selfie(ANNA))
    anna.reads("Your receipt")
    assert Face.objects.count() == 1


def test_a_likeness_that_is_too_old_counts_as_unknown(
    world: World, person: Callable[..., Person], settings: Any
) -> None:
    anna = found(person(), world, ANNA)
    settings.LIKENESS_SECONDS = -100
    anna.writes("/forget")
    anna.reads("This cannot be undone")
    anna.presses("Yes, delete everything")
    anna.reads("Your receipt")
    anna.reads("send me a selfie")


def test_who_says_no_stays(world: World, person: Callable[..., Person]) -> None:
    anna = found(person(), world, ANNA)
    anna.writes("/forget")
    anna.reads("This cannot be undone")
    anna.presses("No, keep it")
    anna.reads("everything stays as it is")
    assert Face.objects.count() == 3


def test_a_selfie_to_search_with_is_not_taken_for_one_to_forget(world: World, person: Callable[..., Person]) -> None:
    anna = agreed(person(), world)
    anna.writes("/forget")
    anna.reads("This cannot be undone")
    anna.presses("Yes, delete everything")
    anna.reads("send me a selfie")
    anna.writes(world.event.code)
    anna.reads("Do you agree?")
    anna.presses("I agree")
    anna.reads("Now send me a selfie")
    anna.sends_photo(selfie(ANNA))
    anna.reads("I found 2 photos")
    assert Face.objects.count() == 3
