"""Killed at the worst moments and started again, the bot loses no request and sends no photo twice."""

import random
from collections.abc import Callable, Iterator

import pytest

from faces.services.notifications import events_notify
from telegram_bot.config import BotConfig
from telegram_bot.tests.bot_process import BotProcess
from telegram_bot.tests.people import Person
from telegram_bot.tests.telegram_server import Fault, TelegramServer
from telegram_bot.tests.world import ANNA, BORIS, World, agreed, an_event, found, selfie

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def process(site_config: BotConfig) -> Iterator[BotProcess]:
    """The bot, at work."""
    process = BotProcess(site_config)
    process.start()
    yield process
    if process.popen and process.popen.poll() is None:
        process.kill()


@pytest.fixture
def world(process: BotProcess) -> World:
    """An event with five photos of Anna."""
    world = an_event()
    world.add(ANNA, copies=5)
    return world


# How many histories of deaths are tried; each takes two restarts.
SEEDS = 1


def dies(process: BotProcess, telegram: TelegramServer, method: str, when: str) -> None:
    """The bot is killed at the next call of a method: `before` or `after` it has arrived."""
    telegram.faults.append(Fault(method, act=process.kill, drop=when))


def reborn(process: BotProcess) -> None:
    """Wait for the death, then start it again."""
    assert process.popen
    process.popen.wait(timeout=20)
    process.start()


def each_once(somebody: Person, count: int) -> None:
    """Whether somebody has so many photos, each once."""
    digests = [sent.digest for sent in somebody.photos()]
    assert (len(digests), len(set(digests))) == (count, count)


@pytest.mark.parametrize("method", ["getFile", "sendMessage", "sendChatAction"])
def test_a_search_that_was_cut_off_is_answered_after_the_restart(
    process: BotProcess, world: World, telegram: TelegramServer, person: Callable[..., Person], method: str
) -> None:
    anna = agreed(person(), world)
    dies(process, telegram, method, "before")
    anna.sends_photo(selfie(ANNA))
    reborn(process)
    anna.reads("all 5 photos")
    each_once(anna, 5)


def test_an_album_that_arrived_is_not_sent_again(
    process: BotProcess, world: World, telegram: TelegramServer, person: Callable[..., Person]
) -> None:
    anna = agreed(person(), world)
    dies(process, telegram, "sendMediaGroup", "after")
    anna.sends_photo(selfie(ANNA))
    reborn(process)
    anna.reads("all 5 photos")
    anna.reads("I was interrupted while I sent photos")
    each_once(anna, 5)
    assert len([sent for sent in anna.messages() if "I found 5" in sent.text]) == 1


def test_an_album_that_did_not_arrive_is_one_button_away(
    process: BotProcess, world: World, telegram: TelegramServer, person: Callable[..., Person]
) -> None:
    anna = agreed(person(), world)
    dies(process, telegram, "sendMediaGroup", "before")
    anna.sends_photo(selfie(ANNA))
    reborn(process)
    anna.reads("I was interrupted while I sent photos")
    assert anna.photos() == []
    anna.presses("Show the photos again")
    anna.reads("all 5 photos")
    each_once(anna, 5)


def test_what_people_write_while_it_is_dead_is_answered(
    process: BotProcess, world: World, telegram: TelegramServer, person: Callable[..., Person]
) -> None:
    anna = agreed(person(), world)
    process.kill()
    anna.sends_photo(selfie(ANNA))
    boris = person("ru")
    boris.writes("/help")
    process.start()
    boris.reads("Я нахожу вас")
    anna.reads("all 5 photos")
    each_once(anna, 5)


def test_news_that_were_cut_off_go_on_where_they_were(
    process: BotProcess, world: World, telegram: TelegramServer, person: Callable[..., Person]
) -> None:
    anna = found(person(), world, ANNA)
    anna.presses("Tell me of new ones")
    anna.reads("I write to you")
    dies(process, telegram, "sendMediaGroup", "after")
    world.add(ANNA, copies=3)
    events_notify(event_ids=[world.event.pk])
    reborn(process)
    anna.reads("all 3 photos")
    each_once(anna, 8)
    assert len([sent for sent in anna.messages() if "3 new photos" in sent.text]) == 1


@pytest.mark.parametrize("seed", range(SEEDS))
def test_many_people_and_many_deaths(
    process: BotProcess, telegram: TelegramServer, person: Callable[..., Person], seed: int
) -> None:
    chance = random.Random(seed)
    world = an_event()
    crowd = {person(): who for who in (ANNA, BORIS)}
    for who in crowd.values():
        world.add(who, copies=12)
    for somebody in crowd:
        agreed(somebody, world)
    for _ in range(2):
        when = chance.choice(["before", "after"])
        telegram.faults.append(Fault("send", act=process.kill, drop=when, skip=chance.randrange(3)))
    for somebody, who in crowd.items():
        somebody.sends_photo(selfie(who))
    for _ in range(2):
        reborn(process)
    for somebody in crowd:
        seen = all_photos(somebody)
        assert (len(seen), len(set(seen))) == (12, 12)


def all_photos(somebody: Person) -> list[str]:
    """What somebody has seen after pressing what there is to press."""
    somebody.telegram.wait(lambda: presses_on(somebody) or len(somebody.photos()) == 12)
    return [sent.digest for sent in somebody.photos()]


def presses_on(somebody: Person) -> bool:
    """Press each button that shows photos which did not come, once; never true, for there is more to come."""
    for sent in somebody.messages():
        for data in sent.buttons.values():
            verb, *words = data.split(":")
            numbers = {photo.text for photo in somebody.photos()}
            is_missing = verb in ("more", "again") and str(int(words[-1]) + 1) not in numbers
            if (is_missing or verb in ("controls", "home")) and data not in somebody.pressed:
                somebody.pressed.add(data)
                somebody.presses_data(data, sent)
    return False


def test_sigterm_ends_it_within_seconds_and_the_rest_waits_for_the_next_start(
    process: BotProcess, world: World, telegram: TelegramServer, person: Callable[..., Person]
) -> None:
    anna = agreed(person(), world)
    assert process.stop() == 0
    anna.sends_photo(selfie(ANNA))
    process.start()
    anna.reads("all 5 photos")
    each_once(anna, 5)
