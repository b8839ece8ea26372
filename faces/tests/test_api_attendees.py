"""What a messenger's bot does over the API for attendees."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from conftest import Caller
from faces.models import Attendee, Event, Notification, Person, Photo, SelfieSearch
from faces.services.notifications import events_notify
from faces.tests.attendance import ANN, BOB, open_event
from faces.tests.painting import painted, processed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "sent", "plain_static")]
Callers = Callable[[str], Caller]
ME = "attendees/telegram/42/"


@pytest.fixture
def bot(caller: Callers) -> Caller:
    return caller("bot")


@pytest.fixture
def gala() -> Event:
    event = open_event()
    processed(event, painted(ANN, BOB), painted(BOB), painted(ANN), painted(ANN, likeness=0.8))
    return event


def _selfie(*identities: int) -> SimpleUploadedFile:
    return SimpleUploadedFile("me.png", painted(*identities))


def _search(bot: Caller, *identities: int, **fields: Any) -> Any:
    return bot.upload("search/", **{"photo": _selfie(*identities), "attendee": "telegram:42", "event": "gala"} | fields)


def test_an_attendee_is_known_from_the_first_call_on(bot: Caller) -> None:
    assert bot.read(ME).json() == {"language": "", "has_consent": False, "subscriptions": []}
    answer = bot.put(f"/api/v1/{ME}", {"language": "ru", "consent": True}, format="json")
    assert (answer.status_code, answer.json()["language"], answer.json()["has_consent"]) == (200, "ru", True)
    assert bot.put(f"/api/v1/{ME}", {"language": "xx"}, format="json").status_code == 400


def test_a_named_attendee_must_have_agreed(bot: Caller, gala: Event) -> None:
    refused = _search(bot, ANN)
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_needed")
    _agree(bot)
    assert _search(bot, ANN).status_code == 200


def test_a_search_answers_previews_and_what_to_go_on_with(bot: Caller, gala: Event) -> None:
    _agree(bot)
    found = _search(bot, ANN).json()
    photo = found["photos"][0]
    assert len(found["photos"]) == 3
    links = {"url", "thumbnail_url", "preview_url"}
    assert set(photo) == links | {"id", "name", "event", "similarity", "box", "bytes", "taken_at"}
    for link in links:
        assert bot.get(photo[link]).status_code == 200
    assert {"result", "likeness", "expires_at"} <= set(found)
    again = bot.upload("search/", likeness=found["likeness"], attendee="telegram:42", event="gala").json()
    assert (len(again["photos"]), again["face"]) == (3, None)


def test_originals_are_not_given_where_the_event_keeps_them(bot: Caller, gala: Event) -> None:
    _agree(bot)
    photo = _search(bot, ANN).json()["photos"][0]
    Event.objects.update(originals_allowed=False)
    assert bot.get(photo["url"]).status_code in (403, 404)
    assert _search(bot, ANN).json()["photos"][0]["url"] is None


def test_an_event_with_a_code_opens_to_who_has_it(bot: Caller, gala: Event) -> None:
    Event.objects.update(access="code")
    assert bot.read("events/").json()["count"] == 0
    assert [row["slug"] for row in bot.read("events/", code=gala.code).json()["results"]] == ["gala"]
    assert bot.read("events/", code="wrong").json()["count"] == 0
    assert bot.read("events/gala/").status_code == 404
    assert bot.read("events/gala/", code=gala.code).status_code == 200
    _agree(bot)
    assert _search(bot, ANN).status_code == 404
    assert len(_search(bot, ANN, code=gala.code).json()["photos"]) == 3


def test_a_closed_event_opens_to_nobody(bot: Caller, gala: Event) -> None:
    Event.objects.update(access="closed")
    _agree(bot)
    assert bot.read("events/", code=gala.code).json()["count"] == 0
    assert _search(bot, ANN, code=gala.code).status_code == 404


def test_a_result_is_looked_at_page_by_page(bot: Caller, gala: Event) -> None:
    _agree(bot)
    code = _search(bot, ANN).json()["result"]
    result = bot.read(f"results/{code}/").json()
    assert (result["event"], result["photos_count"]) == ("gala", 3)
    assert result["page_url"].endswith(f"/r/{code}/")
    page = bot.read(f"results/{code}/photos/", page=2, page_size=2).json()
    assert (page["count"], len(page["results"])) == (3, 1)
    assert bot.read("results/nonsense/").status_code == 404


def test_not_me_leaves_the_result_at_once(bot: Caller, gala: Event) -> None:
    _agree(bot)
    code = _search(bot, ANN).json()["result"]
    photo = Photo.objects.get(original_name="1.png").pk
    assert bot.send(f"results/{code}/not-me/", {"photo": photo}).json() == {"photos_count": 2}
    assert bot.send(f"results/{code}/not-me/", {"photo": 10**12}).status_code == 404
    assert bot.send(f"results/{code}/not-me/", {"photo": "x"}).status_code == 400
    assert len(_search(bot, ANN).json()["photos"]) == 2


def test_a_result_is_shared_by_a_page_of_its_own(bot: Caller, gala: Event) -> None:
    _agree(bot)
    code = _search(bot, ANN).json()["result"]
    shared = bot.send(f"results/{code}/share/").json()
    assert "/s/" in shared["url"] and code not in shared["url"]


def test_a_subscriber_is_told_once(bot: Caller, gala: Event) -> None:
    _agree(bot)
    likeness = _search(bot, ANN).json()["likeness"]
    answer = bot.send(f"{ME}subscriptions/", {"event": "gala", "likeness": likeness})
    assert (answer.status_code, answer.json()) == (201, {"event": "gala", "name": "Gala"})
    assert bot.read(ME).json()["subscriptions"] == [{"event": "gala", "name": "Gala"}]
    processed(gala, painted(ANN))
    events_notify(event_ids=[gala.pk])
    news = bot.send("notifications/claim/", {"channel": "telegram"}).json()["notification"]
    assert (news["address"], news["event"]["slug"], news["photos_count"], news["is_repeated"]) == (
        "42",
        "gala",
        1,
        False,
    )
    assert bot.read(f"results/{news['result']}/photos/").json()["count"] == 1
    assert bot.send("notifications/claim/", {"channel": "telegram"}).json() == {"notification": None}
    assert bot.send(f"notifications/{news['id']}/done/", {"outcome": "sent"}).status_code == 204
    assert Notification.objects.get().state == "sent"
    assert bot.delete(f"/api/v1/{ME}subscriptions/gala/").status_code == 204
    assert bot.read(ME).json()["subscriptions"] == []


def test_an_old_likeness_is_gone(bot: Caller, gala: Event, settings: Any) -> None:
    _agree(bot)
    likeness = _search(bot, ANN).json()["likeness"]
    settings.LIKENESS_SECONDS = -1
    for answer in (
        bot.upload("search/", likeness=likeness, attendee="telegram:42", event="gala"),
        bot.send(f"{ME}subscriptions/", {"event": "gala", "likeness": likeness}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (410, "likeness_expired")


def test_forgetting_answers_a_receipt(bot: Caller, gala: Event) -> None:
    _agree(bot)
    likeness = _search(bot, ANN).json()["likeness"]
    receipt = bot.delete(f"/api/v1/{ME}", {"likeness": likeness}, format="json").json()
    assert (receipt["faces"], receipt["is_complete"]) == (3, True)
    assert Attendee.objects.count() == 0
    assert _search(bot, ANN).json()["code"] == "consent_needed"


def test_forgetting_says_when_a_selfie_is_needed(bot: Caller, gala: Event) -> None:
    receipt = bot.delete(f"/api/v1/{ME}", {}, format="json").json()
    assert (receipt["faces"], receipt["is_complete"]) == (0, False)
    answer = bot.upload("forget/", photo=_selfie(ANN), attendee="telegram:42")
    assert (answer.status_code, answer.json()["faces"]) == (200, 3)


def test_forgetting_after_the_last_subscription_asks_for_a_selfie(bot: Caller, gala: Event) -> None:
    _agree(bot)
    likeness = _search(bot, ANN).json()["likeness"]
    bot.send(f"{ME}subscriptions/", {"event": "gala", "likeness": likeness})
    bot.delete(f"/api/v1/{ME}subscriptions/gala/")
    receipt = bot.delete(f"/api/v1/{ME}", {}, format="json").json()
    assert (receipt["faces"], receipt["is_complete"]) == (0, False)


def test_a_clients_result_has_no_public_page(caller: Callers, gala: Event, client: Any) -> None:
    Event.objects.update(published=False)
    code = caller("client").upload("search/", photo=_selfie(ANN)).json()["result"]
    result = caller("client").read(f"results/{code}/").json()
    assert (result["photos_count"], result["page_url"], result["zip_url"]) == (3, None, None)
    for path in (f"/r/{code}/", f"/r/{code}/zip/"):
        assert client.get(path).status_code == 404


def test_a_bot_gets_neither_name_nor_cut_out_of_a_person(bot: Caller, gala: Event) -> None:
    Person.objects.update(name="Ann Secret")
    user_id = bot.upload("search/", photo=_selfie(ANN)).json()["matches"][0]["user_id"]
    person = bot.read(f"users/{user_id}/").json()
    assert (person["name"], person["cover_url"], person["photos_count"]) == ("", None, 3)


@pytest.mark.parametrize("path", ["events/", "events/gala/"])
def test_a_code_that_cannot_be_one_opens_nothing(bot: Caller, gala: Event, path: str) -> None:
    assert bot.read(path, code="\0").status_code == 200
    assert bot.read(f"attendees/{'x' * 21}/1/").status_code == 400
    assert bot.read(f"attendees/telegram/{'1' * 65}/").status_code == 400


def test_an_event_keeps_faces_for_a_century_at_most(caller: Callers) -> None:
    answer = caller("client").send("events/", {"name": "Long", "retention_days": 2**31 - 1})
    assert answer.status_code == 400


def test_a_selfie_is_on_no_disk(bot: Caller, gala: Event, settings: Any, tmp_path: Any) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "nowhere"
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1
    _agree(bot)
    assert _search(bot, ANN).status_code == 200
    assert bot.upload("forget/", photo=_selfie(ANN)).status_code == 200


def test_opting_out_answers_a_receipt(bot: Caller, gala: Event) -> None:
    answer = bot.upload("opt-out/", photo=_selfie(ANN))
    assert (answer.status_code, answer.json()["faces"]) == (201, 3)
    assert bot.upload("opt-out/", photo=_selfie()).json()["code"] == "no_face"


def test_moderators_and_clients_forget_a_person_by_id(caller: Callers, gala: Event) -> None:
    user_id = caller("client").upload("search/", photo=_selfie(ANN)).json()["matches"][0]["user_id"]
    assert caller("organiser").delete(f"/api/v1/users/{user_id}/").status_code == 403
    assert caller("bot").delete(f"/api/v1/users/{user_id}/").status_code == 403
    receipt = caller("client").delete(f"/api/v1/users/{user_id}/")
    assert (receipt.status_code, receipt.json()["faces"]) == (200, 3)
    assert caller("client").read(f"users/{user_id}/").status_code == 404


def test_registering_answers_the_contract(caller: Callers, gala: Event) -> None:
    client = caller("client")
    answer = client.upload("register/", photo=_selfie(ANN), name="Ann")
    assert (answer.status_code, set(answer.json())) == (201, {"user_id", "quality", "best"})
    user_id = answer.json()["user_id"]
    assert client.read(f"users/{user_id}/").json()["photos_count"] == 3
    assert client.read(f"users/{user_id}/photos/").json()["count"] == 3
    assert user_id in [row["user_id"] for row in client.read("users/").json()["results"]]
    assert client.upload("register/", photo=_selfie(BOB), user_id=user_id).json()["code"] == "another_person"
    assert caller("bot").upload("register/", photo=_selfie(ANN)).status_code == 403


def test_an_attendee_is_not_told_names(caller: Callers, gala: Event) -> None:
    Person.objects.update(name="Ann")
    assert caller("bot").upload("search/", photo=_selfie(ANN)).json()["matches"][0]["name"] == ""
    assert caller("client").upload("search/", photo=_selfie(ANN)).json()["matches"][0]["name"] == "Ann"


def test_a_bot_does_not_see_what_is_not_released(bot: Caller, caller: Callers, gala: Event) -> None:
    Event.objects.update(released_only=True)
    Photo.objects.filter(original_name="3.png").update(is_released=True)
    found = bot.upload("search/", photo=_selfie(ANN)).json()
    assert [photo["name"] for photo in found["photos"]] == ["3.png"]
    user_id = found["matches"][0]["user_id"]
    assert bot.read(f"users/{user_id}/photos/").json()["count"] == 1
    assert caller("client").read(f"users/{user_id}/photos/").json()["count"] == 3


@pytest.mark.parametrize("role", ["organiser", "moderator", ""])
def test_only_messengers_act_for_attendees(caller: Callers, role: str) -> None:
    assert caller(role).read(ME).status_code == 403
    assert caller(role).send("notifications/claim/", {"channel": "telegram"}).status_code == 403


def test_searches_are_written_down_with_their_channel(bot: Caller, caller: Callers, gala: Event) -> None:
    _agree(bot)
    _search(bot, ANN)
    caller("client").upload("search/", photo=_selfie(ANN))
    rows = SelfieSearch.objects.order_by("pk").values_list("channel", "attendee__address", "outcome")
    assert list(rows) == [("bot", "42", "found"), ("api", None, "found")]


def _agree(bot: Caller) -> None:
    bot.put(f"/api/v1/{ME}", {"consent": True}, format="json")
