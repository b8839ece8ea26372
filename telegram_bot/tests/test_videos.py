"""Being found in videos: the frames of the best moments with their times, and where they are played."""

from collections.abc import Callable
from typing import Any

import pytest

from faces.models import Attendee, Event, SelfieSearch
from telegram_bot.tests.people import Person
from telegram_bot.tests.world import ANNA, BORIS, an_event, found, selfie
from videos.tests.portraits import a_film, seen

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(bot: Any) -> Any:
    """An event with a photo of Anna and Boris each, and a film in which Anna is twice."""
    world = an_event()
    world.add(ANNA)
    world.add(BORIS)
    seen(a_film(world.event), {3.0: (ANNA,), 59.0: (ANNA,)})
    return world


def test_moments_come_as_frames_with_times_and_links(world: Any, person: Callable[..., Person]) -> None:
    anna = found(person(), world, ANNA)
    before = len(anna.photos())
    anna.presses("Find me in videos")
    told = anna.reads("You are in the videos at 2 moments:").text
    frames = anna.photos()[before:]
    assert sorted(frame.text for frame in frames) == ["▶ 0:01–0:04 party.mp4", "▶ 0:57–1:00 party.mp4"]
    assert told.count("/v/") == 2
    searches = SelfieSearch.objects.filter(attendee__isnull=False)
    assert list(searches.order_by("pk").values_list("outcome", "photos_count")) == [("found", 1), ("found", 0)]


def test_where_no_originals_are_given_the_frames_come_alone(world: Any, person: Callable[..., Person]) -> None:
    Event.objects.update(originals_allowed=False)
    anna = found(person(), world, ANNA)
    before = len(anna.photos())
    anna.presses("Find me in videos")
    assert "http" not in anna.reads("You are in the videos at 2 moments:").text
    assert len(anna.photos()) == before + 2


def test_whoever_was_forgotten_meanwhile_is_asked_to_agree_again(world: Any, person: Callable[..., Person]) -> None:
    anna = found(person(), world, ANNA)
    Attendee.objects.update(consented_at=None)
    anna.presses("Find me in videos")
    anna.reads("Do you agree?")


def test_whoever_is_in_none_is_told_so(world: Any, person: Callable[..., Person]) -> None:
    boris = found(person(), world, BORIS)
    boris.presses("Find me in videos")
    boris.reads("I did not find you in the videos of this event.")


def test_whoever_is_in_videos_only_is_led_there(bot: Any, person: Callable[..., Person]) -> None:
    world = an_event()
    seen(a_film(world.event), {3.0: (ANNA,)})
    anna = person(language="ru")
    anna.writes(f"/start {world.event.code}")
    anna.reads("Вы согласны?")
    anna.presses("Даю согласие")
    anna.reads("Теперь пришлите")
    anna.sends_photo(selfie(ANNA))
    anna.telegram.wait(lambda: any("videos:" in str(sent.keyboard) for sent in anna.messages()))
    anna.presses("Найти меня на видео")
    anna.reads("Вы есть на видео в 1 моменте:")
