"""Choosing among events, by list and by code, and choosing a language."""

from collections.abc import Callable
from typing import Any

import pytest

from faces.models import Attendee
from telegram_bot.tests.people import Person
from telegram_bot.tests.world import ANNA, agreed, an_event, found, selfie

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_several_events_one_is_chosen(bot: Any, person: Callable[..., Person]) -> None:
    an_event("gala", "Gala")
    an_event("a" * 80, "Long")
    an_event("secret", "Secret", access="code")
    an_event("draft", "Draft", published=False)
    anna = person()
    anna.writes("/start")
    assert sorted(anna.reads("At which event were you?").buttons) == ["Gala", "Long"]
    anna.presses("Long")
    anna.reads("Long")
    anna.reads("Do you agree?")


def test_the_only_event_is_chosen_by_itself(bot: Any, person: Callable[..., Person]) -> None:
    an_event("gala", "Gala", text="Bring your friends.", date="2026-11-01")
    anna = person()
    anna.writes("/start")
    assert anna.reads("Gala").text == "📷 Gala, 2026-11-01\n0 photos\nBring your friends."


def test_without_events_a_code_still_opens_one(bot: Any, person: Callable[..., Person]) -> None:
    secret = an_event("secret", "Secret", access="code")
    secret.add(ANNA)
    anna = person()
    anna.writes("/start")
    anna.reads("There are no open events")
    anna.writes(secret.event.code.upper())
    anna.reads("Do you agree?")
    anna.presses("I agree")
    anna.reads("Now send me a selfie")
    anna.sends_photo(selfie(ANNA))
    anna.reads("I found 1 photo of you at “Secret”.")


def test_a_link_that_was_typed_works_too(bot: Any, person: Callable[..., Person]) -> None:
    world = an_event()
    anna = person()
    anna.writes(f"look: https://t.me/photofinder_test_bot?start={world.event.code}")
    anna.reads("Gala")


@pytest.mark.parametrize("options", [{"published": False}, {"access": "closed"}])
def test_a_link_to_an_event_that_is_not_open_says_so(
    bot: Any, person: Callable[..., Person], options: dict[str, Any]
) -> None:
    world = an_event(**options)
    anna = person()
    anna.writes(f"/start {world.event.code}")
    anna.reads("I know no open event with this code")


def test_an_event_that_closed_meanwhile_cannot_be_chosen(bot: Any, person: Callable[..., Person]) -> None:
    world = an_event()
    anna = person()
    anna.writes("/events")
    anna.reads("At which event")
    world.event.access = "closed"
    world.event.save()
    anna.presses("Gala")
    anna.reads("not open any more")


def test_a_selfie_is_used_for_the_next_event_as_well(bot: Any, person: Callable[..., Person]) -> None:
    gala, ball = an_event(), an_event("ball", "Ball")
    gala.add(ANNA)
    ball.add(ANNA, copies=2)
    anna = found(person(), gala, ANNA)
    anna.writes("/events")
    anna.reads("At which event")
    anna.presses("Ball")
    anna.reads("I found 2 photos of you at “Ball”.")


def test_an_expired_selfie_is_asked_for_there(bot: Any, person: Callable[..., Person], settings: Any) -> None:
    gala = an_event()
    an_event("ball", "Ball")
    gala.add(ANNA)
    anna = found(person(), gala, ANNA)
    settings.LIKENESS_SECONDS = -100
    anna.writes("/events")
    anna.reads("At which event")
    anna.presses("Ball")
    anna.reads("Your selfie was too long ago")


@pytest.mark.parametrize(("telegram_language", "words"), [("uk", "Я нахожу"), ("kk", "Я нахожу"), ("de", "I find")])
def test_it_begins_in_the_language_that_somebody_probably_reads(
    bot: Any, person: Callable[..., Person], telegram_language: str, words: str
) -> None:
    somebody = person(telegram_language)
    somebody.writes("/help")
    somebody.reads(words)


def test_another_language_is_remembered_by_the_site(bot: Any, person: Callable[..., Person], redis: Any) -> None:
    anna = person("ru")
    anna.writes("/language")
    anna.reads("Какой язык")
    anna.presses("English")
    anna.reads("I speak English now.")
    anna.telegram.wait(lambda: not redis.hlen("telegram:4242:inbox"))
    redis.flushdb()
    anna.writes("/help")
    anna.reads("I find you")
    assert Attendee.objects.get().language == "en"


def test_a_name_with_odd_letters_does_no_harm(bot: Any, person: Callable[..., Person]) -> None:
    world = an_event(name="<b>50 % & *more*_")
    anna = agreed(person(), world)
    anna.sends_photo(selfie(ANNA))
    anna.reads("<b>50 % & *more*_")
