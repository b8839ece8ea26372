"""What can be done with one's photos: originals, the archive, "not me", more of oneself."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from faces.models import Download, Event, NotMe, SelfieSearch
from media_index.models import Image
from telegram_bot.tests.people import Person
from telegram_bot.tests.telegram_server import Fault, RefusedError, TelegramServer
from telegram_bot.tests.world import ANNA, BORIS, STRANGER, an_event, found, selfie

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(bot: Any) -> Any:
    """An event with twelve photos of Anna."""
    world = an_event()
    world.add(ANNA, copies=12)
    return world


@pytest.fixture
def anna(world: Any, person: Callable[..., Person]) -> Person:
    """Whoever was shown ten of them."""
    return found(person(), world, ANNA)


def shown(somebody: Person) -> set[str]:
    """The photos that somebody has seen."""
    return {sent.digest for sent in somebody.photos()}


def test_photos_of_an_album_count_as_fetched(anna: Person, world: Any) -> None:
    rows = list(Download.objects.values_list("event", "kind", "photos_count"))
    assert rows == [(world.event.pk, "preview", 1)] * 10
    assert Download.objects.filter(search__channel="bot").count() == 10


def test_an_original_comes_as_a_file_under_its_name(anna: Person) -> None:
    anna.presses("Original")
    assert list(anna.reads("The original of which photo?").buttons) == [str(number) for number in range(1, 11)]
    anna.presses("3")
    anna.telegram.wait(lambda: anna.messages("document"))
    (document,) = anna.messages("document")
    assert document.name.endswith(".png")
    assert document.data.startswith(b"\x89PNG")


def test_an_original_that_telegram_does_not_take_comes_as_a_link(anna: Person) -> None:
    Image.objects.update(bytes=60 * 1024 * 1024)
    anna.presses("Original")
    anna.reads("The original of which photo?")
    anna.presses("3")
    assert "/f/" in anna.reads("60 MB, more than Telegram takes").text


def test_where_originals_are_not_allowed_it_says_so(anna: Person) -> None:
    Event.objects.update(originals_allowed=False)
    anna.presses("Original")
    anna.reads("The original of which photo?")
    anna.presses("3")
    anna.reads("previews only")


def test_all_photos_are_one_archive(anna: Person) -> None:
    anna.presses("All as ZIP")
    code = SelfieSearch.objects.get(outcome="found").code
    assert f"/r/{code}/zip/" in anna.reads("one ZIP file").text


def test_not_me_hides_a_photo_at_once_and_no_other_is_skipped_by_it(anna: Person) -> None:
    anna.presses("Not me")
    anna.reads("Which photo does not show you?")
    anna.presses_data(next(data for text, data in anna.messages()[-1].buttons.items() if text == "4"))
    anna.reads("11 photos are left")
    assert NotMe.objects.count() == 1
    anna.presses("Show 2 more")
    anna.reads("Photos 11 to 12")
    assert len(shown(anna)) == 12
    anna.presses("Not me")  # of the second page
    assert list(anna.reads("Which photo").buttons) == ["11", "12"]


def test_a_second_tap_on_more_shows_nothing_twice(anna: Person) -> None:
    more = next(sent for sent in anna.messages() if any("more" in data for data in sent.buttons.values()))
    data = next(data for data in more.buttons.values() if data.startswith("more"))
    for _ in range(3):
        anna.presses_data(data, more)
    anna.writes("/help")
    anna.reads("I find you")
    assert len(anna.photos()) == len(shown(anna)) == 12
    assert not any("more" in data for data in more.buttons.values())


def test_another_photo_of_oneself_adds_to_what_was_found(anna: Person, world: Any) -> None:
    world.add(ANNA, copies=1)
    anna.presses("Add a photo of me")
    anna.reads("Send me another photo of yourself")
    anna.sends_photo(selfie(ANNA))
    anna.reads("That found 1 more photo.")
    anna.reads("Photos 11 to 13 of 13.")
    assert len(anna.photos()) == len(shown(anna)) == 13


def test_another_photo_of_somebody_else_is_not_taken(anna: Person) -> None:
    anna.presses("Add a photo of me")
    anna.reads("Send me another photo of yourself")
    anna.sends_photo(selfie(STRANGER))
    anna.reads("looks like somebody else")
    anna.sends_photo(selfie(ANNA))
    anna.reads("That one found nothing new.")


def test_a_likeness_that_expired_is_replaced_by_the_new_selfie(anna: Person, redis: Any) -> None:
    redis.delete(f"telegram:4242:likeness:{anna.number}")
    anna.presses("Add a photo of me")
    anna.reads("Send me another photo of yourself")
    anna.sends_photo(selfie(ANNA))
    anna.reads("That one found nothing new.")


def test_the_site_may_find_a_likeness_too_old_as_well(anna: Person, settings: Any) -> None:
    settings.LIKENESS_SECONDS = -100
    anna.presses("Add a photo of me")
    anna.reads("Send me another photo of yourself")
    anna.sends_photo(selfie(ANNA))
    anna.reads("That one found nothing new.")


def test_a_result_that_expired_asks_for_a_selfie(anna: Person) -> None:
    SelfieSearch.objects.update(expires_at=timezone.now())
    anna.presses("All as ZIP")
    anna.reads("That search was too long ago")


def test_an_older_result_still_shows_its_photos(anna: Person, world: Any) -> None:
    older = next(sent for sent in anna.messages() if any(data.startswith("more") for data in sent.buttons.values()))
    data = next(data for data in older.buttons.values() if data.startswith("more"))
    world.add(BORIS)
    anna.sends_photo(selfie(BORIS))
    anna.reads("I found 1 photo")
    anna.reads("This was the photo.")
    anna.presses_data(data, older)
    anna.reads("Photos 11 to 12 of 12.")
    assert len(shown(anna)) == 13


def test_a_photo_that_telegram_does_not_take_as_one_comes_as_a_file(
    telegram: TelegramServer, world: Any, person: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    def act() -> None:
        raise RefusedError(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")

    boris = person()
    telegram.faults += [Fault("sendMediaGroup", act=act), Fault("sendPhoto", act=act)]
    found(boris, world, ANNA)
    assert (len(boris.photos()), len(boris.messages("document"))) == (9, 1)
    assert len({sent.digest for sent in boris.messages() if sent.data}) == 10


def test_there_are_no_videos_yet(anna: Person) -> None:
    anna.presses("Find me in videos")
    anna.reads("There are no videos of this event here yet")
