"""From the QR code to one's photos, in both languages."""

from collections.abc import Callable
from typing import Any

import pytest

from faces.models import Attendee
from telegram_bot.tests.people import Person
from telegram_bot.tests.world import ANNA, BORIS, agreed, an_event, selfie

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_link_a_consent_a_selfie_and_all_ones_photos(bot: Any, person: Callable[..., Person]) -> None:
    world = an_event()
    mine = world.add(ANNA, copies=13)
    world.add(BORIS, copies=2)
    anna = person()
    anna.writes(f"/start {world.event.code}")
    assert "15 photos" in anna.reads("Gala").text
    anna.reads("Do you agree?")
    anna.presses("I agree")
    anna.reads("Now send me a selfie")
    anna.sends_photo(selfie(ANNA))
    anna.reads("I found 13 photos of you at “Gala”.")
    anna.reads("Photos 1 to 10 of 13.")
    albums = {sent.album for sent in anna.photos()}
    assert (len(anna.photos()), len(albums)) == (10, 1)
    assert [sent.text for sent in anna.photos()] == [str(number) for number in range(1, 11)]
    anna.presses("Show 3 more")
    anna.reads("Photos 11 to 13 of 13.")
    assert len({sent.digest for sent in anna.photos()}) == len(anna.photos()) == len(mine)


def test_the_same_in_russian(bot: Any, person: Callable[..., Person]) -> None:
    world = an_event()
    world.add(ANNA, copies=2)
    anna = person("ru")
    anna.writes(f"/start {world.event.code}")
    assert "2 фотографии" in anna.reads("Gala").text
    anna.reads("Вы согласны?")
    anna.presses("Даю согласие")
    anna.reads("Теперь пришлите селфи")
    anna.sends_photo(selfie(ANNA))
    anna.reads("Я нашёл 2 ваши фотографии на событии «Gala».")
    anna.reads("Показано всё: 2.")
    assert len(anna.photos()) == 2


def test_one_photo_comes_as_a_photo_and_no_album(bot: Any, person: Callable[..., Person]) -> None:
    world = an_event()
    world.add(ANNA)
    anna = agreed(person(), world)
    anna.sends_photo(selfie(ANNA))
    anna.reads("I found 1 photo of you")
    anna.reads("This was the photo.")
    (photo,) = anna.photos()
    assert photo.album is None


def test_nobody_gets_the_photos_of_somebody_else(bot: Any, person: Callable[..., Person]) -> None:
    world = an_event()
    world.add(ANNA, copies=3)
    world.add(ANNA, BORIS)
    world.add(BORIS, copies=4)
    anna, boris = agreed(person(), world), agreed(person(), world)
    anna.sends_photo(selfie(ANNA))
    boris.sends_photo(selfie(BORIS))
    anna.reads("I found 4 photos")
    boris.reads("I found 5 photos")
    anna.reads("all 4 photos")
    boris.reads("all 5 photos")
    shared = {sent.digest for sent in anna.photos()} & {sent.digest for sent in boris.photos()}
    assert len(shared) == 1


def test_whoever_is_in_no_photo_hears_what_can_be_done(bot: Any, person: Callable[..., Person]) -> None:
    world = an_event()
    world.add(BORIS)
    anna = agreed(person(), world)
    anna.sends_photo(selfie(ANNA))
    anna.reads("There is no photo of you at “Gala” so far")
    assert list(anna.reads("What shall I do?").buttons) == [
        "Tell me of new ones",
        "Add a photo of me",
        "Find me in videos",
        "Another event",
    ]


def test_a_selfie_before_everything_else_waits_for_the_consent(bot: Any, person: Callable[..., Person]) -> None:
    world = an_event()
    world.add(ANNA)
    anna = person()
    anna.sends_photo(selfie(ANNA))
    anna.reads("Gala")
    anna.reads("Do you agree?")
    anna.presses("I agree")
    anna.reads("I found 1 photo")


def test_an_image_sent_as_a_file_is_a_selfie_too(bot: Any, person: Callable[..., Person]) -> None:
    world = an_event()
    world.add(ANNA)
    anna = agreed(person(), world)
    anna.sends_document(selfie(ANNA), "IMG_1.PNG", "application/octet-stream")
    anna.reads("I found 1 photo")


def test_a_consent_is_asked_for_once_per_person_and_kept_by_the_site(
    bot: Any, person: Callable[..., Person], redis: Any
) -> None:
    world = an_event()
    world.add(ANNA)
    anna = agreed(person(), world)
    redis.flushdb()  # thirty days later
    anna.sends_photo(selfie(ANNA))
    anna.reads("I found 1 photo")


def test_a_consent_that_the_site_does_not_know_any_more_is_asked_for_again(
    bot: Any, person: Callable[..., Person]
) -> None:
    world = an_event()
    world.add(ANNA)
    anna = agreed(person(), world)
    Attendee.objects.update(consented_at=None)
    anna.sends_photo(selfie(ANNA))
    anna.reads("Do you agree?")
    anna.presses("I agree")
    anna.reads("I found 1 photo")


def test_something_shows_that_it_searches(bot: Any, person: Callable[..., Person]) -> None:
    anna = agreed(person(), an_event())
    anna.sends_photo(selfie(ANNA))
    anna.reads("There is no photo of you")
    assert any(method == "sendChatAction" for method, _ in anna.telegram.calls)


def test_of_several_photos_sent_together_the_first_is_searched_with(bot: Any, person: Callable[..., Person]) -> None:
    world = an_event()
    world.add(ANNA)
    anna = agreed(person(), world)
    for _ in range(4):
        anna.sends_photo(selfie(ANNA), media_group_id="77")
    anna.writes("/help")
    anna.reads("I find you")
    assert [sent.text[:7] for sent in anna.messages("text")[-4:]] == ["I found", "This wa", "One pho", "I find "]
