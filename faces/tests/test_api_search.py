"""Finding oneself over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile

from conftest import Caller
from faces.models import Event, Person
from faces.services.uploads import event_create
from faces.tests.painting import painted, processed

Callers = Callable[[str], Caller]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]
ANN, BOB = 3, 17


@pytest.fixture
def gala(db: None) -> Event:
    event = event_create(name="Gala", published=True)
    processed(event, painted(ANN, BOB), painted(BOB), painted(ANN), painted())
    Person.objects.filter(faces__photo__original_name="3.png").update(name="Ann")
    return event


def _selfie(*identities: int, **options: Any) -> SimpleUploadedFile:
    return SimpleUploadedFile("me.png", painted(*identities, **options))


def _names(answer: Any) -> list[str]:
    return sorted(photo["name"] for photo in answer.json()["photos"])


def test_it_answers_face_people_and_photos(caller: Callers, gala: Event) -> None:
    answer = caller("client").upload("search/", photo=_selfie(ANN))
    assert answer.status_code == 200
    found = answer.json()
    assert found["face"] == {"box": pytest.approx([1 / 12, 1 / 12, 10 / 12, 10 / 12], abs=0.01), "quality": 1.0}
    ann = Person.objects.get(name="Ann")
    similarity = found["matches"][0]["similarity"]
    assert found["matches"] == [
        {"user_id": str(ann.user_id), "name": "Ann", "similarity": similarity, "photos_count": 2}
    ]
    assert 0.9 < similarity <= 1
    assert _names(answer) == ["1.png", "3.png"]
    photo = found["photos"][0]
    assert {"id", "name", "event", "similarity", "url", "thumbnail_url", "box"} <= set(photo)
    assert photo["event"] == "gala"
    assert len(photo["box"]) == 4


def test_its_links_open_the_photo_without_a_token(caller: Callers, gala: Event, client: Any) -> None:
    photo = caller("client").upload("search/", photo=_selfie(BOB)).json()["photos"][0]
    for link, content_type in ((photo["url"], "image/png"), (photo["thumbnail_url"], "image/webp")):
        assert link.startswith("http://testserver/media/")
        answer = client.get(link)
        assert (answer.status_code, answer["Content-Type"]) == (200, content_type)


def test_a_nameless_person_has_an_empty_name(caller: Callers, gala: Event) -> None:
    assert caller("bot").upload("search/", photo=_selfie(BOB)).json()["matches"][0]["name"] == ""


def test_it_looks_into_one_event(caller: Callers, gala: Event) -> None:
    processed(event_create(name="Lunch"), painted(ANN))
    client = caller("client")
    assert len(_names(client.upload("search/", photo=_selfie(ANN)))) == 3
    assert len(_names(client.upload("search/", photo=_selfie(ANN), event="lunch"))) == 1
    answer = client.upload("search/", photo=_selfie(ANN), event="nowhere")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_bot_finds_nothing_in_drafts(caller: Callers, gala: Event) -> None:
    processed(event_create(name="Draft"), painted(ANN))
    answer = caller("bot").upload("search/", photo=_selfie(ANN))
    assert {photo["event"] for photo in answer.json()["photos"]} == {"gala"}
    assert answer.json()["matches"][0]["photos_count"] == 2
    assert caller("bot").upload("search/", photo=_selfie(ANN), event="draft").status_code == 404


def test_it_answers_as_many_photos_as_asked(caller: Callers, gala: Event) -> None:
    assert len(_names(caller("client").upload("search/", photo=_selfie(ANN), limit=1))) == 1


def test_it_is_as_demanding_as_asked(caller: Callers, gala: Event) -> None:
    selfie = {"photo": _selfie(ANN, likeness=0.6)}
    assert _names(caller("client").upload("search/", **selfie, min_similarity=0.99)) == []


@pytest.mark.parametrize(
    ("selfie", "status", "code"),
    [
        (b"", 415, "empty"),
        (b"text " * 100, 415, "not_an_image"),
        (painted(ANN)[:200], 415, "damaged"),
        (painted(), 422, "no_face"),
        (painted(ANN, BOB), 422, "several_faces"),
        (painted(ANN, side=12), 422, "low_quality"),
    ],
)
def test_it_says_what_is_wrong_with_the_selfie(
    caller: Callers, gala: Event, selfie: bytes, status: int, code: str
) -> None:
    answer = caller("bot").upload("search/", photo=SimpleUploadedFile("me.png", selfie))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail"].endswith(".")


def test_it_lets_the_caller_choose_among_faces(caller: Callers, gala: Event) -> None:
    client = caller("bot")
    answer = client.upload("search/", photo=_selfie(ANN, BOB))
    assert len(answer.json()["faces"]) == 2
    found = {tuple(_names(client.upload("search/", photo=_selfie(ANN, BOB), face=index))) for index in (0, 1)}
    assert found == {("1.png", "3.png"), ("1.png", "2.png")}


@pytest.mark.parametrize(
    "fields",
    [
        {"photo": None},
        {"limit": 0},
        {"limit": 2001},
        {"min_similarity": 1.1},
        {"min_similarity": "nan"},
        {"face": -1},
        {"event": "a b"},
        {"event": "a\0b"},
    ],
)
def test_it_says_what_is_wrong_with_the_request(caller: Callers, fields: dict[str, Any]) -> None:
    fields = {name: value for name, value in ({"photo": _selfie(ANN)} | fields).items() if value is not None}
    answer = caller("bot").upload("search/", **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_it_refuses_a_large_selfie_before_decoding_it(caller: Callers, settings: Any) -> None:
    settings.SELFIE_MAX_BYTES = 1000
    for size in (2000, 200_000):  # within and beyond what the whole request may have
        selfie = SimpleUploadedFile("me.jpg", b"x" * size)
        answer = caller("bot").upload("search/", photo=selfie)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_it_refuses_too_many_pixels(caller: Callers, settings: Any) -> None:
    settings.SELFIE_MAX_PIXELS = 100
    answer = caller("bot").upload("search/", photo=_selfie(ANN))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_pixels")


def test_it_says_that_the_engine_is_missing(caller: Callers, settings: Any, tmp_path: Any) -> None:
    from photofinder import engines

    settings.ENGINES = {"face": settings.FACE_ENGINES["insightface"] | {"OPTIONS": {"root": str(tmp_path)}}}
    engines._make.cache_clear()
    answer = caller("bot").upload("search/", photo=_selfie(ANN))
    assert (answer.status_code, answer.json()["code"]) == (503, "engine_unavailable")


def test_it_asks_the_same_queries_for_any_number_of_photos(
    caller: Callers, gala: Event, django_assert_max_num_queries: Any
) -> None:
    processed(gala, *(painted(ANN) for _ in range(20)))
    client = caller("bot")
    with django_assert_max_num_queries(14):  # three for the token and its roles, eleven for the search and its log
        assert len(_names(client.upload("search/", photo=_selfie(ANN)))) == 22


def test_it_asks_a_hasty_caller_to_wait(caller: Callers, gala: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    from rest_framework.throttling import ScopedRateThrottle

    cache.clear()
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"search": "3/min", "search-bot": "2/min"})
    client = caller("bot")
    answers = [client.upload("search/", photo=_selfie(ANN)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["code"] == "throttled"
    assert 0 < int(answers[2]["Retry-After"]) <= 60
    assert caller("bot").upload("search/", photo=_selfie(ANN)).status_code == 200
