"""Thirty attendees at once: each gets their photos by bot and by page, and nobody else's, whatever is killed.

    python -m benchmarks.attendees [--engine testpack dlib] [--people 30] [--photos 120] [--seed 1] [--calm]

A synthetic event is uploaded by half. Everybody sends a selfie to the bot and to the event's page at the same time,
looks at all photos, and asks to be told of new ones; then the other half is uploaded. Unless --calm, the bot and the
workers of `people` and `notify` are killed (SIGKILL) again and again meanwhile; the supervisor starts them again.
Telegram is a local server that speaks the Bot API. Photos are known by their preview's bytes.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from benchmarks.site import Site, engine_environment, make_event, site, working_folder
from telegram_bot.tests.people import Person
from telegram_bot.tests.telegram_server import TOKEN, TelegramServer, running_telegram

_PUBLISH = "from faces.models import Event; e = Event.objects.get(slug='{}'); print(e.code)"
_PREVIEWS = """
import hashlib, json
from faces.models import Photo
from faces.services.deliveries import PREVIEW_PX, preview_key
from photofinder import storage
def digest(photo):
    with storage.open_file(preview_key(photo=photo, long_side=PREVIEW_PX)) as file:
        return hashlib.sha256(file.read()).hexdigest()
print(json.dumps({digest(p): p.original_name for p in Photo.objects.select_related("image", "event")}))
"""
_PATIENCE_SECONDS = 600
_SHOW = ("Show", "Go on")  # buttons


@dataclass
class Got:
    """What one attendee got, file names, by bot and by page."""

    bot: Counter[str] = field(default_factory=Counter)
    asked_again: set[str] = field(default_factory=set)
    page: set[str] = field(default_factory=set)


def run(running: Site, telegram: TelegramServer, event: Path, *, is_calm: bool) -> list[str]:
    """The rows of the table."""
    slug = running.call("POST", "events/", json={"name": event.name, "published": True})["slug"]
    code = running.manage("shell", "--no-imports", "-c", _PUBLISH.format(slug)).split()[-1]
    photos = sorted((event / "photos").iterdir())
    random.Random(1).shuffle(photos)
    half = len(photos) // 2
    _upload(running, slug, photos[:half])
    selfies = sorted((event / "selfies").iterdir())
    people = {selfie.stem: Person(telegram, 1000 + number) for number, selfie in enumerate(selfies)}
    started = time.monotonic()
    with _trouble(running, is_calm=is_calm) as kills, ThreadPoolExecutor(len(people)) as pool:
        asked = [pool.submit(_by_bot, people[selfie.stem], code, selfie.read_bytes()) for selfie in selfies]
        pages = {selfie.stem: pool.submit(_by_page, running, slug, selfie) for selfie in selfies}
        again = set().union(*(each.result() for each in asked))
        by_page = {name: page.result() for name, page in pages.items()}
        answered = time.monotonic() - started
        _upload(running, slug, photos[half:])
        _quiet(telegram)
    for person in people.values():  # what was perhaps sent when the bot was killed
        again |= _see_all(person, {data for sent in person.messages()[:-6] for data in sent.buttons.values()})
    return _rows(running, telegram, event, people, by_page, photos[:half], again, answered, len(kills))


def _by_bot(person: Person, code: str, selfie: bytes) -> set[int]:
    """The whole conversation: link, consent, selfie, all photos, subscription. The messages that came once more because
    the attendee asked for them.
    """
    person.writes(f"/start {code}")
    person.reads("agree", seconds=_PATIENCE_SECONDS)
    person.presses("agree")
    person.reads("selfie", seconds=_PATIENCE_SECONDS)
    person.sends_photo(selfie)
    again: set[int] = set()
    pressed: set[str] = set()
    while not _newest(person, "Tell me", pressed):
        _wait(person.telegram, lambda: any(_newest(person, words, pressed) for words in ("1", *_SHOW, "Tell me")))
        if face := _newest(person, "1", pressed):
            pressed.add(face)
            person.presses_data(face, person.messages()[-1])
        again |= _see_all(person, pressed)
    again |= _see_all(person, pressed)
    person.presses_data(_newest(person, "Tell me", pressed), person.messages()[-1])
    _wait(person.telegram, lambda: any(sent.text.startswith("Good") for sent in person.messages()))
    return again


def _see_all(person: Person, pressed: set[str]) -> set[int]:
    """Press each button that shows more photos, or those that were perhaps not delivered; what came of the latter."""
    again: set[int] = set()
    _settle(person)
    while button := next(filter(None, (_newest(person, words, pressed) for words in _SHOW)), None):
        pressed.add(button)
        before = len(person.messages())
        person.presses_data(button, person.messages()[-1])
        _wait(person.telegram, lambda count=before: len(person.messages()) > count)
        _settle(person)
        if button.startswith("again"):
            again |= {sent.message_id for sent in person.messages()[before:]}
    return again


def _newest(person: Person, words: str, pressed: set[str]) -> str:
    """What the newest button with these words says that was not pressed yet."""
    said = [data for sent in person.messages()[-6:] for name, data in sent.buttons.items() if name.startswith(words)]
    return next((data for data in reversed(said) if data not in pressed), "")


def _settle(person: Person, seconds: float = 3.0) -> None:
    """Until nothing has come for a while."""
    count, since = len(person.messages()), time.monotonic()
    while time.monotonic() - since < seconds:
        time.sleep(0.1)
        if len(person.messages()) != count:
            count, since = len(person.messages()), time.monotonic()


def _wait(telegram: TelegramServer, condition: Any) -> None:
    telegram.wait(condition, seconds=_PATIENCE_SECONDS)


def _quiet(telegram: TelegramServer, seconds: float = 30.0) -> None:
    """Until nobody was told anything for a while: longer than it takes to find out that somebody died."""
    count, since = len(telegram.sent), time.monotonic()
    while time.monotonic() - since < seconds:
        time.sleep(0.5)
        if len(telegram.sent) != count:
            count, since = len(telegram.sent), time.monotonic()


def _by_page(running: Site, slug: str, selfie: Path) -> list[str]:
    """The names of all photos that the event's page answers for a selfie."""
    browser = requests.Session()
    page = browser.get(f"{running.url}/e/{slug}/", timeout=60)
    token = page.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    for face in ({}, {"face": "0"}):
        answer = browser.post(
            f"{running.url}/e/{slug}/find/",
            files={"photo": selfie.read_bytes()},
            data={"consent": "on", "csrfmiddlewaretoken": token} | face,
            headers={"Accept": "application/json", "Referer": running.url, "X-CSRFToken": token},
            timeout=300,
        )
        if answer.ok:
            break
    answer.raise_for_status()
    code = answer.json()["url"].rstrip("/").rpartition("/")[2]
    return _result_names(running, code)


def _result_names(running: Site, code: str) -> list[str]:
    names: list[str] = []
    page = 1
    while True:
        found = running.call("GET", f"results/{code}/photos/", params={"page": page, "page_size": 100})
        names += [photo["name"] for photo in found["results"]]
        if not found["next"]:
            return names
        page += 1


def _upload(running: Site, slug: str, photos: list[Path]) -> None:
    batch = None
    for start in range(0, len(photos), 20):
        batch = running.upload(slug, photos[start : start + 20], batch=batch)["batch"]
    running.wait(batch or 0)


@contextmanager
def _trouble(running: Site, *, is_calm: bool) -> Iterator[list[str]]:
    """Kill the bot and workers again and again."""
    kills: list[str] = []
    over = threading.Event()

    def work() -> None:
        chance = random.Random(7)
        while not over.wait(chance.uniform(4, 9)):
            if _kill(running.env["VAR_DIR"], victim := chance.choice(["run_bot", "-n people@", "-n notify@"])):
                kills.append(victim)

    thread = threading.Thread(target=work)
    if not is_calm:
        thread.start()
    yield kills
    over.set()
    if not is_calm:
        thread.join()


def _kill(var_dir: str, words: str) -> bool:
    """SIGKILL to a process of the site in that folder whose command line has the words."""
    listed = subprocess.run(["pgrep", "-f", words], capture_output=True, text=True).stdout.split()
    mine = [int(pid) for pid in listed if _is_of(var_dir, int(pid))]
    for pid in mine:
        os.kill(pid, signal.SIGKILL)
    return bool(mine)


def _is_of(var_dir: str, pid: int) -> bool:
    try:
        return f"VAR_DIR={var_dir}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def _rows(
    running: Site,
    telegram: TelegramServer,
    event: Path,
    people: dict[str, Person],
    by_page: dict[str, list[str]],
    first: list[Path],
    again: set[int],
    answered: float,
    kills: int,
) -> list[str]:
    truth = json.loads((event / "truth.json").read_text())
    originals = {copy: original for original, copy in truth["copies"]}
    found = json.loads(running.manage("shell", "--no-imports", "-c", _PREVIEWS))
    names = {digest: originals.get(name, name) for digest, name in found.items()}
    got: dict[str, Got] = defaultdict(Got)
    for name, person in people.items():
        pictures = [sent for sent in person.messages("photo")]
        got[name].asked_again.update(names.get(sent.digest, "?") for sent in pictures if sent.message_id in again)
        pictures = [sent for sent in pictures if sent.message_id not in again]
        got[name].bot.update(names.get(sent.digest, "?") for sent in pictures)
        got[name].page = {originals.get(photo, photo) for photo in by_page[name]}
    albums = Counter(sent.album for sent in telegram.sent if sent.album is not None)
    wanted = _wanted(truth)
    early = {originals.get(path.name, path.name) for path in first}
    twice = sum(count - 1 for one in got.values() for photo, count in one.bot.items() if photo != "?")
    bot = _shares({name: one.bot.keys() | one.asked_again for name, one in got.items()}, wanted)
    page = _shares({name: one.page for name, one in got.items()}, {n: w & early for n, w in wanted.items()})
    sizes = f"{min(albums.values(), default=0)}-{max(albums.values(), default=0)}"
    return [
        f"| bot | {bot[0]:.1%} | {bot[1]:.1%} | {twice} | {sizes} | {answered:.0f} | {kills} |",
        f"| page | {page[0]:.1%} | {page[1]:.1%} | | | | |",
    ]


def _wanted(truth: dict[str, Any]) -> dict[str, set[str]]:
    """The photos of each person; a byte-identical copy is no photo of its own."""
    copies = {copy for _, copy in truth["copies"]}
    photos: dict[str, set[str]] = defaultdict(set)
    for name, faces in truth["photos"].items():
        for face in faces if name not in copies else []:
            photos[face["person"]].add(name)
    return photos


def _shares(got: dict[str, set[str]], wanted: dict[str, set[str]]) -> tuple[float, float]:
    """Mean recall over those who are in any photo, and the precision of all that was given."""
    recalls = [len(got[name] & photos) / len(photos) for name, photos in wanted.items() if photos and name in got]
    given = {name: found - {"?"} for name, found in got.items()}  # the selfie itself, with numbered faces
    right = sum(len(found & wanted[name]) for name, found in given.items())
    return sum(recalls) / len(recalls), right / max(sum(len(found) for found in given.values()), 1)


def main() -> None:
    """Run every engine."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", nargs="+", default=["testpack", "dlib"])
    parser.add_argument("--people", default="30")
    parser.add_argument("--photos", default="120")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--calm", action="store_true", help="kill nothing")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "photofinder-attendees")
    args = parser.parse_args()
    event = make_event(
        args.work / f"event-{args.photos}-{args.people}-{args.seed}",
        *("--people", args.people, "--photos", args.photos, "--seed", args.seed),
    )
    for engine in args.engine:
        with working_folder() as folder, running_telegram() as telegram:
            environment = engine_environment(engine) | {
                "TELEGRAM_BOT_TOKEN": TOKEN,
                "TELEGRAM_BASE_URL": telegram.url,
                "PAGE_SEARCH_RATE": "1000/min",
                "SEARCH_RATE": "10000/min",
                "NOTIFICATION_SECONDS": "15",
                "PIPELINE_STALLED_SECONDS": "5",
            }
            with site(folder, **environment) as running:
                rows = run(running, telegram, event, is_calm=args.calm)
        print(f"\n{engine}\n\n| by | recall | precision | sent twice | album sizes | s to answer all | kills |")
        print("|---|---|---|---|---|---|---|")
        print("\n".join(rows), flush=True)


if __name__ == "__main__":
    main()
