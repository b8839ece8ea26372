"""Films over HTTP: sent whole, in parts or named by a path; watched, indexed again, cut, deleted."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from conftest import Caller
from faces.models import Event
from faces.services.uploads import event_create
from photofinder import storage
from videos.models import Video, VideoEvent
from videos.services.indexing import video_index
from videos.tests.filming import crossing, film

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fake_engine", "own_storage", "plain_static", "unsent"),
]
PART = 50_000


@pytest.fixture
def client(caller: Callable[[str], Caller]) -> Caller:
    return caller("client")


@pytest.fixture
def event() -> Event:
    return event_create(name="Gala")


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Six seconds, in two of which something crosses a room, with sound."""
    path = tmp_path_factory.mktemp("films") / "a.mp4"
    return film(path, crossing((2, 4)), seconds=6, has_sound=True).read_bytes()


def put(client: Caller, video: int, start: int, body: bytes) -> Any:
    return client.put(f"/api/v1/videos/{video}/parts/{start}/", body, content_type="application/octet-stream")


def sent(client: Caller, content: bytes, **fields: Any) -> Any:
    return client.upload("videos/", file=SimpleUploadedFile("a.mp4", content), **fields)


def refused(answer: Any) -> tuple[int, str]:
    assert answer.json()["detail"]
    return answer.status_code, answer.json()["code"]


def test_a_whole_film_is_queued(client: Caller, content: bytes, event: Event) -> None:
    answer = sent(client, content, event="gala")
    assert answer.status_code == 202
    video = Video.objects.get(pk=answer.json()["id"])
    assert answer.json() == {"id": video.pk, "state": "queued", "known": False}
    assert (video.event, video.by, video.name, video.bytes) == (event, client.user, "a.mp4", len(content))


def test_a_film_is_sent_in_parts(client: Caller, content: bytes, settings: Any) -> None:
    settings.VIDEO_CHUNK_BYTES = PART
    answer = client.send("videos/", {"name": "a.mp4", "bytes": len(content)})
    starts = list(range(0, len(content), PART))
    assert answer.status_code == 201
    begun = answer.json()
    assert begun == {"id": begun["id"], "state": "sending", "chunk_bytes": PART, "missing": starts}
    for start in starts[:0:-1]:
        assert put(client, begun["id"], start, content[start : start + PART]).status_code == 204
    assert client.read(f"videos/{begun['id']}/").json()["missing"] == [0]
    early = client.send(f"videos/{begun['id']}/complete/")
    assert (refused(early), early.json()["missing"]) == ((409, "parts_missing"), [0])
    put(client, begun["id"], 0, content[:PART])
    for _ in range(2):
        answer = client.send(f"videos/{begun['id']}/complete/")
        assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    video_index(video_id=begun["id"])
    told = client.read(f"videos/{begun['id']}/").json()
    assert (told["state"], told["error"], told["missing"]) == ("ready", None, [])


def test_a_part_that_does_not_fit_is_refused(client: Caller, settings: Any) -> None:
    settings.VIDEO_CHUNK_BYTES = PART
    video = client.send("videos/", {"name": "a.mp4", "bytes": PART + 7}).json()["id"]
    assert refused(put(client, video, 7, b"x" * PART)) == (400, "wrong_part")
    assert refused(put(client, video, 0, b"")) == (400, "wrong_size")
    assert refused(put(client, video, PART, b"12345678")) == (400, "wrong_size")
    wrong = client.put(f"/api/v1/videos/{video}/parts/0/", {"a": 1}, format="json")
    assert wrong.status_code == 415
    assert refused(put(client, video + 1, 0, b"x" * PART)) == (404, "not_found")


def test_a_path_is_queued_once(client: Caller, content: bytes, tmp_path: Path, settings: Any, event: Event) -> None:
    settings.VIDEO_ROOTS = [str(tmp_path)]
    (tmp_path / "a.mp4").write_bytes(content)
    first = client.send("videos/", {"path": str(tmp_path / "a.mp4"), "event": "gala"})
    again = client.send("videos/", {"path": str(tmp_path / "a.mp4"), "event": "gala"})
    assert (first.status_code, first.json()["known"]) == (202, False)
    assert again.json() == first.json() | {"known": True}
    assert refused(client.send("videos/", {"path": "/etc/passwd"})) == (400, "outside_roots")
    assert refused(client.send("videos/", {"path": str(tmp_path / "b.mp4")})) == (400, "missing")


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({}, 400, "invalid"),
        ({"name": "a.mp4"}, 400, "invalid"),
        ({"path": "/a.mp4", "name": "a.mp4", "bytes": 5}, 400, "invalid"),
        ({"name": "a.mp4", "bytes": 5, "event": "nobody"}, 404, "not_found"),
        ({"name": "a.mp4", "bytes": 5, "event": ""}, 400, "invalid"),
        ({"name": "a.mp4", "bytes": "many"}, 400, "invalid"),
        ({"name": "a.mp4", "bytes": 2**70}, 400, "invalid"),
        ({"name": "a.mp4", "bytes": 2**45}, 413, "too_large"),
        ({"name": "a.mp4", "bytes": -5}, 415, "empty"),
        ({"name": "a.exe", "bytes": 5}, 415, "not_a_video"),
        ({"path": "\x00"}, 400, "invalid"),
        ({"path": "a.mp4"}, 400, "outside_roots"),
        ([1], 400, "invalid"),
    ],
)
def test_what_makes_no_sense_is_refused(client: Caller, asked: Any, status: int, code: str) -> None:
    assert refused(client.send("videos/", asked)) == (status, code)
    assert not Video.objects.exists()


def test_a_file_that_is_no_film_is_refused(client: Caller, settings: Any) -> None:
    assert refused(sent(client, b"words")) == (415, "not_a_video")
    assert refused(sent(client, b"")) == (415, "empty")
    settings.VIDEO_MAX_BYTES = 100_000
    assert refused(sent(client, b"x" * 100_001)) == (413, "too_large")
    assert refused(sent(client, b"x" * 300_000)) == (413, "too_large")


def test_a_film_tells_how_far_it_is(client: Caller, content: bytes) -> None:
    video = sent(client, content).json()["id"]
    Video.objects.filter(pk=video).update(state="indexing", position_s=2, duration_s=6, working_s=1.5)
    told = client.read(f"videos/{video}/").json()
    assert (told["state"], told["position_s"], told["duration_s"], told["eta_s"]) == ("indexing", 2, 6, 3)
    assert (told["poster_url"], told["event"], told["events_count"]) == (None, None, 0)
    Video.objects.filter(pk=video).update(state="failed", error_code="damaged", error="It is damaged.")
    told = client.read(f"videos/{video}/").json()
    assert (told["error"], told["eta_s"]) == ({"code": "damaged", "detail": "It is damaged."}, None)


def test_what_happens_in_a_film_is_listed(client: Caller, content: bytes) -> None:
    video = sent(client, content).json()["id"]
    video_index(video_id=video)
    told = client.read(f"videos/{video}/").json()
    assert (told["width"], told["height"], told["codec"], told["state"]) == (320, 180, "h264", "ready")
    events = client.read(f"videos/{video}/events/").json()
    assert events["count"] == told["events_count"] == VideoEvent.objects.count() > 0
    event = events["results"][0]
    assert 1.5 <= event["start_s"] <= event["timestamp_s"] <= event["end_s"] <= 4.5
    for url in (told["poster_url"], told["url"], event["frame_url"], event["url"]):
        assert client.get(url).status_code == 200
    assert client.read("videos/999/events/").status_code == 404


def test_films_are_listed_by_event_and_state(client: Caller, content: bytes, event: Event) -> None:
    of_gala, other = sent(client, content, event="gala").json()["id"], sent(client, content).json()["id"]
    Video.objects.filter(pk=other).update(state="ready")

    def listed(**query: Any) -> list[int]:
        return [row["id"] for row in client.read("videos/", **query).json()["results"]]

    assert listed() == [other, of_gala]
    assert listed(event="gala") == [of_gala]
    assert listed(state="ready") == [other]
    assert listed(event="gala", state="ready") == []
    assert refused(client.read("videos/", event="nobody")) == (404, "not_found")
    assert refused(client.read("videos/", state="lost")) == (400, "invalid")


def test_a_film_is_indexed_again(client: Caller, content: bytes) -> None:
    video = sent(client, content).json()["id"]
    Video.objects.filter(pk=video).update(state="failed", error_code="damaged")
    answer = client.send(f"videos/{video}/reindex/")
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    begun = client.send("videos/", {"name": "a.mp4", "bytes": 5}).json()["id"]
    assert refused(client.send(f"videos/{begun}/reindex/")) == (409, "busy")


def test_a_film_is_deleted_with_its_files(client: Caller, content: bytes) -> None:
    video = sent(client, content).json()["id"]
    assert client.delete(f"/api/v1/videos/{video}/").status_code == 204
    assert client.read(f"videos/{video}/").status_code == 404
    assert storage.film_keys(video) == set()


def test_a_clip_is_a_film_of_its_own(client: Caller, content: bytes) -> None:
    video = sent(client, content).json()["id"]
    answer: Any = client.get(f"/api/v1/videos/{video}/clip/?start=2.5&end=4", headers={"accept": "video/mp4"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "video/mp4")
    assert answer["Content-Disposition"].startswith("attachment")
    body = b"".join(answer.streaming_content)
    assert len(body) == int(answer["Content-Length"])
    with av.open(io.BytesIO(body), "r") as container:
        times = [frame.time or 0 for frame in container.decode(video=0)]
        assert container.streams.audio
    assert (times[0], round(times[-1], 1)) == (0, 1.9)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "invalid"),
        ("start=a&end=2", 400, "invalid"),
        ("start=nan&end=2", 400, "invalid"),
        ("start=0&end=inf", 400, "invalid"),
        ("start=3&end=2", 400, "invalid_range"),
        ("start=-3&end=2", 400, "invalid_range"),
        ("start=0&end=601", 400, "invalid_range"),
        ("start=7&end=8", 400, "invalid_range"),
    ],
)
def test_a_clip_of_no_time_is_refused(client: Caller, content: bytes, query: str, status: int, code: str) -> None:
    video = sent(client, content).json()["id"]
    assert refused(client.get(f"/api/v1/videos/{video}/clip/?{query}")) == (status, code)


def test_a_film_that_is_being_sent_has_no_clips(client: Caller) -> None:
    begun = client.send("videos/", {"name": "a.mp4", "bytes": 5}).json()["id"]
    assert refused(client.get(f"/api/v1/videos/{begun}/clip/?start=0&end=1")) == (409, "busy")


def test_moderators_look_and_bots_do_not(caller: Callable[[str], Caller], client: Caller, content: bytes) -> None:
    video = sent(client, content).json()["id"]
    moderator, bot = caller("moderator"), caller("bot")
    assert moderator.read("videos/").status_code == 200
    assert moderator.read(f"videos/{video}/").status_code == 200
    for answer in (
        sent(moderator, content),
        moderator.delete(f"/api/v1/videos/{video}/"),
        moderator.send(f"videos/{video}/reindex/"),
        moderator.send(f"videos/{video}/complete/"),
        put(moderator, video, 0, b"x"),
        bot.read("videos/"),
        bot.read(f"videos/{video}/"),
        bot.read(f"videos/{video}/events/"),
        bot.get(f"/api/v1/videos/{video}/clip/?start=0&end=1"),
    ):
        assert refused(answer) == (403, "permission_denied")
