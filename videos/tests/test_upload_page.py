"""The page that films are uploaded on: its addresses, and the page itself in a real browser."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

from faces.models import Event
from faces.services.uploads import event_create
from faces.tests.browsing import CHROMIUM, browsing
from faces.tests.desk import address, signed_in, text
from photofinder import storage
from videos.models import Video
from videos.services.indexing import video_index
from videos.tests.filming import crossing, film

PART = 20_000
in_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium"),
]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fake_engine", "own_storage", "plain_static", "small_parts"),
]
DROP = """(zone, files) => {
    const transfer = new DataTransfer();
    for (const [name, data] of files) {
        const content = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
        transfer.items.add(new File([content], name, { lastModified: 1 }));
    }
    zone.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }));
}"""


@pytest.fixture
def small_parts(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a short film has several; and no worker is told."""
    settings.VIDEO_CHUNK_BYTES = PART
    monkeypatch.setattr("videos.services.sending.enqueue", lambda *_args, **_kwargs: None)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("films") / "a.mp4"
    body = film(path, crossing((1, 3)), seconds=4).read_bytes()
    assert len(body) > 3 * PART
    return body


@pytest.fixture
def organiser() -> Client:
    return signed_in("organiser")


@pytest.fixture
def page(live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    with browsing("organiser", url=live_server.url, profile=tmp_path, monkeypatch=monkeypatch) as page:
        page.goto(live_server.url + address("videos_video_upload"))
        yield page


def begin(client: Client, content: bytes, **fields: Any) -> Any:
    sent = {"name": "a.mp4", "bytes": len(content), "event": ""} | fields
    return client.post(address("videos_video_upload_begin"), sent)


def send(client: Client, video: int, start: int, content: bytes) -> Any:
    link = address("videos_video_upload_part", video, start)
    return client.post(link, content[start : start + PART], content_type="application/octet-stream")


def whole(video: Video) -> bytes:
    with storage.open_file(video.key) as file:
        return file.read()


def drop(page: Page, files: dict[str, bytes]) -> None:
    encoded = [[name, base64.b64encode(data).decode()] for name, data in files.items()]
    page.locator("[data-drop]").evaluate(DROP, encoded)


def how(page: Page, name: str) -> Any:
    return page.locator("[data-films] li", has_text=name).locator("[data-how]")


def test_the_page_speaks_to_whoever_may_upload(organiser: Client, settings: Any) -> None:
    event_create(name="Gala")
    settings.VIDEO_ROOTS = ["/srv/films"]
    shown = text(organiser.get(address("videos_video_upload"), {"event": Event.objects.get().pk}))
    assert "selected>Gala" in shown
    assert "/srv/films" in shown
    assert "Перетащите фильмы сюда" in text(signed_in("organiser", language="ru").get(address("videos_video_upload")))
    for role in ("moderator", ""):
        assert signed_in(role).get(address("videos_video_upload")).status_code == 403
        assert begin(signed_in(role), b"x").status_code == 403
    assert Client().get(address("videos_video_upload")).status_code == 302


def test_what_was_begun_is_gone_on_with(organiser: Client, content: bytes) -> None:
    begun = begin(organiser, content).json()
    starts = list(range(0, len(content), PART))
    assert begun["missing"] == starts
    assert send(organiser, begun["id"], 0, content).status_code == 204
    again = begin(organiser, content).json()
    assert (again["id"], again["missing"]) == (begun["id"], starts[1:])
    early = organiser.post(begun["complete"])
    assert (early.status_code, early.json()["code"]) == (409, "parts_missing")
    for start in starts[1:]:
        send(organiser, begun["id"], start, content)
    assert organiser.post(begun["complete"]).json()["state"] == "queued"


def test_parts_belong_to_whoever_began(organiser: Client, content: bytes) -> None:
    begun = begin(organiser, content).json()
    other = Client()
    other.force_login(User.objects.create_superuser("root"), "django.contrib.auth.backends.ModelBackend")
    assert send(other, begun["id"], 0, content).status_code == 404
    assert other.post(begun["complete"]).status_code == 404
    assert other.post(begun["cancel"]).status_code == 404


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"name": "notes.txt"}, 415, "Фильмы — это файлы"),
        ({"bytes": 0}, 415, "В этом файле ничего нет"),
        ({"bytes": "many"}, 415, "В этом файле ничего нет"),
        ({"bytes": 10**14}, 413, "Фильм может занимать не больше 16384 МБ"),
        ({"event": "999"}, 404, ""),
        ({"event": "x"}, 404, ""),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(fields: Any, status: int, said: str, content: bytes) -> None:
    answer = begin(signed_in("organiser", language="ru"), content, **fields)
    assert answer.status_code == status
    assert not said or said in answer.json()["detail"]


def test_a_protected_form_is_needed(content: bytes) -> None:
    strict = signed_in("organiser", enforce_csrf_checks=True)
    assert begin(strict, content).status_code == 403
    assert send(strict, 1, 0, content).status_code == 403


def test_a_folder_adds_all_films_in_it(organiser: Client, tmp_path: Path, settings: Any, content: bytes) -> None:
    settings.VIDEO_ROOTS = [str(tmp_path)]
    for name in ("a.mp4", "b.mkv", "notes.txt"):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "empty.mov").touch()
    (tmp_path / "out.mp4").symlink_to("/etc/passwd")
    (tmp_path / "none").mkdir()

    def added(path: Path) -> Any:
        return organiser.post(address("videos_video_upload_path"), {"path": str(path), "event": ""})

    told = added(tmp_path).json()
    assert [(one["name"], one["known"], one["state"]) for one in told["films"]] == [
        ("a.mp4", False, "queued"),
        ("b.mkv", False, "queued"),
    ]
    assert [Path(one["name"]).name for one in told["refused"]] == ["empty.mov", "out.mp4"]
    assert added(tmp_path / "a.mp4").json()["films"][0]["known"]
    assert added(tmp_path / "none").json()["code"] == "no_films"
    assert added(Path("/etc")).json()["code"] == "outside_roots"
    missing = added(tmp_path / "c.mp4").json()
    assert missing["refused"][0]["detail"].startswith("There is no such file")


def test_states_are_told_in_words(organiser: Client, content: bytes) -> None:
    video = Video.objects.get(pk=begin(organiser, content).json()["id"])
    Video.objects.filter(pk=video.pk).update(state="indexing", position_s=1, duration_s=4)
    link = address("videos_video_upload_states")
    (told,) = organiser.get(link, {"ids": f"{video.pk},999,x"}).json()["films"]
    assert told["words"] == "indexing, 25 %"
    Video.objects.filter(pk=video.pk).update(state="failed", error_code="not_a_video")
    (told,) = organiser.get(link, {"ids": str(video.pk)}).json()["films"]
    assert told["reason"] == "Not a film"
    assert organiser.get(link).json() == {"films": []}


class TestInABrowser:
    """The page's script."""

    pytestmark = in_browser

    def test_a_film_is_sent_in_parts_and_watched(self, page: Page, content: bytes) -> None:
        drop(page, {"party.mp4": content, "notes.txt": b"words"})
        expect(how(page, "notes.txt")).to_contain_text("Films are files that end in")
        expect(how(page, "party.mp4")).to_have_text("queued")
        video = Video.objects.get()
        assert (str(video.by), video.chunks.count()) == ("the-organiser", -(-len(content) // PART))
        video_index(video_id=video.pk)
        video.refresh_from_db()
        assert whole(video) == content
        expect(how(page, "party.mp4")).to_have_text("ready")
        page.get_by_role("link", name="party.mp4").click()
        expect(page).to_have_url(f"{page.url.partition('/admin')[0]}{address('videos_video_change', video.pk)}")

    def test_what_is_no_film_says_so(self, page: Page) -> None:
        drop(page, {"party.mp4": b"these are words, not pictures" * 2000})
        expect(how(page, "party.mp4")).to_have_text("queued")
        video_index(video_id=Video.objects.get().pk)
        expect(how(page, "party.mp4")).to_have_text("failed: Not a film")

    def test_a_lost_connection_is_waited_for(self, page: Page, content: bytes) -> None:
        lost: list[str] = []

        def lose(route: Any) -> None:
            lost.append(route.request.url)
            route.abort() if len(lost) < 4 else route.continue_()

        page.route("**/upload/*/20000/", lose)
        drop(page, {"party.mp4": content})
        expect(how(page, "party.mp4")).to_have_text("queued")
        assert len(lost) == 4
        assert not Video.objects.get().error

    def test_a_reloaded_page_goes_on_where_it_stopped(self, page: Page, content: bytes) -> None:
        page.route("**/upload/*/40000/", lambda route: None)  # no answer ever
        drop(page, {"party.mp4": content})
        expect(how(page, "party.mp4")).to_contain_text("%")
        parts = -(-len(content) // PART)
        page.wait_for_timeout(1500)
        video = Video.objects.get()
        assert video.chunks.count() == parts - 1
        page.on("dialog", lambda dialog: dialog.accept())  # that films are still being sent
        page.reload()
        page.unroute("**/upload/*/40000/")
        expect(page.locator("[data-begun]")).to_contain_text("party.mp4")
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url))
        drop(page, {"party.mp4": content})
        expect(how(page, "party.mp4")).to_have_text("queued")
        expect(page.locator("[data-begun]")).to_have_count(0)
        assert next(url for url in sent if url.endswith(("000/", "/0/"))).endswith("/40000/")
        assert Video.objects.get() == video

    def test_sending_can_be_cancelled_and_begun_again(self, page: Page, content: bytes) -> None:
        page.route("**/upload/*/40000/", lambda route: None)
        drop(page, {"party.mp4": content})
        expect(how(page, "party.mp4")).to_contain_text("%")
        page.get_by_role("button", name="Cancel").click()
        expect(how(page, "party.mp4")).to_have_text("Cancelled")
        page.wait_for_timeout(500)
        assert not Video.objects.exists()
        page.unroute("**/upload/*/40000/")
        page.get_by_role("button", name="Try again").click()
        expect(how(page, "party.mp4")).to_have_text("queued")

    def test_what_is_not_sent_to_the_end_can_be_forgotten(self, page: Page, content: bytes) -> None:
        begin(signed_in("organiser"), content)
        page.reload()
        page.get_by_role("button", name="Forget it").click()
        expect(page.locator("[data-unfinished]")).to_have_count(0)
        assert not Video.objects.exists()

    def test_a_path_is_added(self, page: Page, content: bytes, tmp_path: Path, settings: Any) -> None:
        settings.VIDEO_ROOTS = [str(tmp_path / "films")]
        (tmp_path / "films").mkdir()
        (tmp_path / "films" / "a.mp4").write_bytes(content)
        page.reload()
        path = page.get_by_label("A film or a folder on the server")
        path.fill("/etc/passwd")
        path.press("Enter")
        expect(page.locator("[data-wrong]")).to_contain_text("Films are taken from these folders")
        for said in ("queued", "It was added before · queued"):
            path.fill(str(tmp_path / "films"))
            path.press("Enter")
            expect(how(page, "a.mp4").last).to_have_text(said)
        expect(page.locator("[data-wrong]")).to_have_text("")
        assert Video.objects.count() == 1
