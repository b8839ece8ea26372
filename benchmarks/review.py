"""Server time of every page of the review, with 20,000 people and 200,000 faces in the database.

    python -m benchmarks.review [--rounds 7]

Starts PostgreSQL and Redis of its own, seeds them (benchmarks/crowd.py), and asks each page several times in this
process, signed in as a moderator: the median and the worst time, and how many queries a page asks. Decisions are undone
or different ones each time. At first, new faces are assigned in the event of 20,000 people.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from benchmarks.site import BASE_DIR, working_folder

PAGE_MS, FACE_MS = 300, 20
ENGINE = "faces.engines.fake.FakeFaceEngine"  # vectors are seeded; no page runs the engine


@dataclass(frozen=True)
class Figure:
    """What one page took, in milliseconds."""

    name: str
    median: float
    worst: float
    queries: int
    limit: float = PAGE_MS

    def __str__(self) -> str:
        ok = "yes" if self.worst < self.limit else "NO" if self.median >= self.limit else "median"
        return f"{self.name:44} {self.median:8.1f} {self.worst:8.1f} {self.queries:8} {ok:>7}"


def measured(name: str, ask: Callable[[], Any], rounds: int, limit: float = PAGE_MS) -> Figure:
    """Time `ask`, after a first time that counts the queries."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        ask()
    asked = len(queries)
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        ask()
        times.append((time.perf_counter() - started) * 1000)
    return Figure(name, statistics.median(times), max(times), asked, limit)


class Moderator:
    """Who asks for pages, decides and calls the API."""

    def __init__(self) -> None:
        from django.test import Client
        from knox.models import get_token_model

        from photofinder.roles import Role, role_give, roles_sync

        roles_sync()
        self.user = role_give(username="moderator", role=Role.MODERATOR)
        self.user.is_staff = True
        self.user.save()
        self._browser = Client()
        self._browser.force_login(self.user, "django.contrib.auth.backends.ModelBackend")
        _, token = get_token_model().objects.create(user=self.user)
        self._token = {"authorization": f"Token {token}"}

    def page(self, name: str, *args: Any, **query: Any) -> Callable[[], Any]:
        """A page of Admin."""
        from django.urls import reverse

        link = reverse(f"admin:{name}", args=args)
        return lambda: _went_well(self._browser.get(link, query))

    def decides(self, fields: Callable[[], dict[str, Any]], *, undone: bool = False) -> Callable[[], Any]:
        """Decisions with these fields, one after another; or their undoing only."""
        from django.urls import reverse

        link = reverse("admin:faces_person_decide")

        def decide() -> Any:
            return _went_well(self._browser.post(link, fields())).json()

        def undo() -> Any:
            return _went_well(self._browser.post(links.pop(), headers={"accept": "application/json"}))

        links = [decide()["undo"] for _ in range(12)] if undone else []
        return undo if undone else decide

    def api(self, path: str, **query: Any) -> Callable[[], Any]:
        """A list of the API."""
        return lambda: _went_well(self._browser.get(f"/api/v1/{path}", query, headers=self._token))


def pages(moderator: Moderator) -> dict[str, Callable[[], Any]]:
    """Everything that a moderator opens."""
    from faces.models import Decision, Person

    big = Person.objects.current().order_by("-faces_count")[0].pk
    small = Person.objects.current().filter(faces_count__lte=6).order_by("pk")[0].pk
    middle, last = _place(10_000), _place(19_990)
    page = moderator.page
    return {
        "board, first page": page("faces_person_board", event=1),
        "board, in the middle": page("faces_person_board", event=1, after=middle),
        "board, at the end": page("faces_person_board", event=1, after=last),
        "board, hidden people": page("faces_person_board", event=1, view="hidden"),
        "board, search": page("faces_person_board", event=1, q="Guest 77"),
        "person of 6 faces": page("faces_person_change", small),
        "person of 3,000 faces": page("faces_person_change", big),
        "picker, nearest to 3,000 faces": page("faces_person_offered", big),
        "picker, search": page("faces_person_offered", small, q="Guest 12"),
        "questions": page("faces_suggestion_review", event=1),
        "next questions": page("faces_suggestion_questions", 1),
        "history of an event": page("faces_decision_changelist", event=1),
        "history of a person": page("faces_decision_changelist", person=8),
        "history of everything": page("faces_decision_changelist"),
        "undo, the page": page("faces_decision_undo", Decision.objects.filter(undone_by=None).latest("pk").pk),
        "event": page("faces_event_change", 1),
        "events": page("faces_event_changelist"),
        "people": page("faces_person_changelist"),
        "people, search": page("faces_person_changelist", q="Guest 77"),
        "calibration": page("faces_event_calibration", 1),
        "accuracy": page("faces_event_accuracy", 1),
        "API: users": moderator.api("users/"),
        "API: users of an event": moderator.api("users/", event="event-1"),
        "API: faces of a person of 3,000": moderator.api(f"users/{_user_id(big)}/faces/"),
        "API: decisions": moderator.api("decisions/"),
        "API: decisions of an event": moderator.api("decisions/", event="event-1", kind="merge"),
        "API: suggestions": moderator.api("events/event-1/suggestions/"),
    }


def decisions(moderator: Moderator) -> dict[str, Callable[[], Any]]:
    """Everything that a moderator decides."""
    numbers = count(5000)

    def named() -> dict[str, Any]:
        return {"kind": "name", "person": next(numbers), "name": "Somebody"}

    def merged() -> dict[str, Any]:
        into = next(numbers)
        return {"kind": "merge", "into": into, "people": [into, next(numbers)]}

    def split(person: int) -> Callable[[], dict[str, Any]]:
        return lambda: {"kind": "split", "person": person, "faces": _faces(person, 5)}

    def rejected() -> dict[str, Any]:
        person = next(numbers)
        return {"kind": "reject", "person": person, "faces": _faces(person, 1)}

    return {
        "decide: name": moderator.decides(named),
        "decide: merge two of 6 faces": moderator.decides(merged),
        "decide: split 5 of 3,000 faces off": moderator.decides(split(1)),
        "decide: split 5 of 80 faces off": moderator.decides(split(50)),
        "decide: not this person": moderator.decides(rejected),
        "undo of a merge": moderator.decides(merged, undone=True),
        "undo of a split": moderator.decides(split(60), undone=True),
    }


def newcomer(centres: Any) -> Callable[[], Any]:
    """A new face, of somebody known or not, given to a person in the event of 20,000 people."""
    import numpy as np

    from benchmarks.crowd import PEOPLE
    from faces.models import Event, Face, FaceVector, Photo
    from faces.services.people import Crowd

    crowd, rng, numbers = Crowd(Event.objects.get(pk=1)), np.random.default_rng(2), count(1)
    like = Face.objects.order_by("pk")[0]
    photos = iter(Photo.objects.filter(event=1).order_by("-pk")[:500])
    waiting = []
    for photo in photos:
        number = next(numbers)
        noise = rng.standard_normal(512)
        vector = noise / np.linalg.norm(noise) * (0.55 if number % 2 else 9.0) + centres[number * 13 % PEOPLE]
        like.pk, like.photo, like.person, like.engine_person, like.assigned_by = None, photo, None, None, ""
        like.save(force_insert=True)
        FaceVector.objects.create(face_id=like.pk, embedding=vector / np.linalg.norm(vector))
        waiting.append(like.pk)

    def assign() -> None:
        crowd.take_in(Face.objects.filter(pk=waiting.pop()).select_related("vector"))

    return assign


def run(rounds: int) -> None:
    """Seed, measure, print."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.ALLOWED_HOSTS = ["testserver"]
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    call_command("migrate", verbosity=0)
    from benchmarks.crowd import seed

    moderator = Moderator()
    started = time.perf_counter()
    centres = seed(actor=moderator.user.pk)
    print(f"Seeded in {time.perf_counter() - started:.0f} s.")
    print(f"{'':44} {'median':>8} {'worst':>8} {'queries':>8} {'ok':>7}")
    print(measured("one new face among 20,000 people", newcomer(centres), max(rounds, 100), FACE_MS), flush=True)
    for name, ask in decisions(moderator).items():
        print(measured(name, ask, rounds), flush=True)
    for name, ask in pages(moderator).items():
        print(measured(name, ask, rounds), flush=True)


def _went_well(answer: Any) -> Any:
    if answer.status_code != 200:
        raise RuntimeError(f"{answer.status_code}: {answer.content[:500]}")
    if answer.streaming:
        b"".join(answer.streaming_content)
    return answer


def _faces(person: int, most: int) -> list[int]:
    from faces.models import Face

    return list(Face.objects.filter(person=person).order_by("pk").values_list("pk", flat=True)[:most])


def _place(rank: int) -> str:
    """Where on the board of event 1 the person of that rank is, as its links say it."""
    from faces.models import Appearance

    row = Appearance.objects.filter(event=1).order_by("-photos_count", "person")[rank]
    return f"{row.photos_count}-{row.person_id}"


def _user_id(person: int) -> Any:
    from faces.models import Person

    return Person.objects.get(pk=person).user_id


def main() -> None:
    """Parse, and run with services of its own."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        run(options.rounds)
        return
    with working_folder() as folder:
        env = os.environ | {
            "VAR_DIR": str(folder),
            "FACE_ENGINE": ENGINE,
            "DJANGO_SETTINGS_MODULE": "photofinder.settings",
        }
        command = [sys.executable, "-m", "photofinder.supervisor", "exec", "--fast", "--", sys.executable]
        command += ["-m", "benchmarks.review", "--inside", "--rounds", str(options.rounds)]
        sys.exit(subprocess.run(command, env=env, cwd=BASE_DIR).returncode)


if __name__ == "__main__":
    main()
