"""Being forgotten and opting out, from a page, with a receipt."""

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from faces.models import Erasure, Event, Face, OptOut, Person
from faces.services.erasure import event_expire
from faces.tests.attendance import ANN, BOB, open_event
from faces.tests.painting import painted, processed
from faces.tests.visiting import JSON, found, sent_file, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static", "unhurried")]


@pytest.fixture
def gala() -> Event:
    """Ann is in two photos, in one of them with Bob."""
    event = open_event("Gala")
    processed(event, painted(ANN, BOB), painted(ANN), painted(BOB))
    return event


def _likeness(page: str) -> str:
    sealed = re.search(r'name="likeness" value="([^"]+)"', page)
    assert sealed is not None
    return sealed[1]


def _sure(client: Client, path: str) -> Any:
    """The answer to somebody who sends Ann's selfie without scripts and is sure."""
    page = text(client.post(path, {"photo": sent_file(ANN)}))
    assert "What will happen" in page
    return client.post(path, {"likeness": _likeness(page), "is_sure": "1"})


def test_a_selfie_alone_deletes_nothing(client: Client, gala: Event) -> None:
    text(client.post("/opt-out/", {"photo": sent_file(ANN)}))
    assert Face.objects.count() == 4
    assert not Erasure.objects.exists()


def test_opting_out_ends_with_a_receipt(client: Client, gala: Event) -> None:
    answer = _sure(client, "/opt-out/")
    erasure = Erasure.objects.get()
    assert answer["Location"] == f"/receipt/{erasure.number}/"
    page = text(client.get(answer["Location"]))
    assert "You will not be found any more" in page
    assert erasure.number in page
    assert re.search(r"Faces deleted</dt><dd>2<", page)
    assert OptOut.objects.count() == 1
    assert Face.objects.count() == 2


def test_who_opted_out_is_not_found_in_later_photos(client: Client, gala: Event) -> None:
    _sure(client, "/opt-out/")
    processed(gala, painted(ANN))
    assert found(client, gala, ANN).photos_count == 0


def test_opt_outs_from_one_address_are_limited(client: Client, gala: Event, settings: Any) -> None:
    cache.clear()
    settings.OPT_OUT_RATE = "1/hour"
    _sure(client, "/opt-out/")
    answer = _sure(client, "/opt-out/")
    assert "Too many opt-outs from here" in text(answer, 429)
    assert int(answer["Retry-After"]) > 0
    assert Erasure.objects.count() == 1


def test_being_forgotten_from_the_page_of_a_result(client: Client, gala: Event) -> None:
    code = found(client, gala, ANN).code
    assert "Forget me" in text(client.get(f"/r/{code}/forget/"))
    answer = _sure(client, f"/r/{code}/forget/")
    assert "You are forgotten" in text(client.get(answer["Location"]))
    assert Face.objects.count() == 2
    assert not OptOut.objects.exists()
    assert "not valid any more" in text(client.get(f"/r/{code}/"), 404)


def test_a_script_needs_no_second_selfie(client: Client, gala: Event) -> None:
    told = client.post("/e/gala/find/", {"photo": sent_file(ANN), "consent": "1"}, headers=JSON).json()
    answer = client.post(f"{told['url']}forget/", {"likeness": told["likeness"], "is_sure": "1"}, headers=JSON)
    assert answer.json() == {"url": f"/receipt/{Erasure.objects.get().number}/"}


def test_what_is_wrong_with_the_selfie_is_said(client: Client, gala: Event) -> None:
    page = text(client.post("/opt-out/", {"photo": sent_file()}), 422)
    assert "No face was found" in page
    assert "data-selfie" in page
    assert client.post("/opt-out/", {}).status_code == 400
    assert client.post("/opt-out/", {"likeness": "nothing", "is_sure": "1"}).status_code == 410


def test_among_several_faces_one_is_chosen(client: Client, gala: Event) -> None:
    page = text(client.post("/opt-out/", {"photo": sent_file(ANN, BOB)}), 422)
    kept = re.search(r'name="kept" value="([^"]+)"', page)
    assert kept is not None
    assert _likeness(text(client.post("/opt-out/", {"kept": kept[1], "face": "0"})))


def test_a_form_of_another_site_deletes_nothing(gala: Event) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/opt-out/", {"photo": sent_file(ANN)}).status_code == 403


@pytest.mark.parametrize(("language", "words"), [("en", "reload the page"), ("ru", "обновите страницу")])
def test_a_page_that_is_out_of_date_says_what_to_do(language: str, words: str) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"accept-language": language})
    page = text(strict.post("/opt-out/", {"photo": sent_file(ANN)}), 403)
    assert words in page
    assert "pages.css" in page


def test_a_script_is_told_so_too() -> None:
    strict = Client(enforce_csrf_checks=True, headers=JSON)
    answer = strict.post("/opt-out/", {"photo": sent_file(ANN)})
    assert (answer.status_code, answer.json()["code"]) == (403, "page_expired")


def test_a_receipt_is_private_and_holds_numbers_only(client: Client, gala: Event) -> None:
    answer = client.get(_sure(client, "/opt-out/")["Location"])
    assert answer["X-Robots-Tag"] == "noindex"
    assert "no-store" in answer["Cache-Control"]
    assert "Gala" not in text(answer)
    number = Erasure.objects.get().number
    assert client.get(f"/receipt/{number.lower()}/").status_code == 200
    assert "not valid any more" in text(client.get("/receipt/AAAA-AAAA-AAAA/"), 404)


def test_a_receipt_says_in_which_zone_its_time_is(client: Client, gala: Event, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Moscow"
    page = text(client.get(_sure(client, "/opt-out/")["Location"]))
    at = timezone.localtime(Erasure.objects.get().at)
    assert f"{at:%H:%M} MSK" in page


def test_a_receipt_says_how_many_faces_could_not_be_compared(client: Client, gala: Event) -> None:
    Face.objects.update(contract="old/engine")
    Person.objects.update(contract="old/engine")
    url = _sure(client, "/opt-out/")["Location"]
    count = Face.objects.count()
    assert f"{count} faces in photos were read by an earlier version of the search" in text(client.get(url))


def test_what_the_retention_deleted_is_nobodys_receipt(client: Client, gala: Event) -> None:
    event_expire(event=gala)
    number = Erasure.objects.get(kind="retention").number
    assert client.get(f"/receipt/{number}/").status_code == 404


def test_it_speaks_russian(client: Client, gala: Event) -> None:
    client.cookies["django_language"] = "ru"
    page = text(client.get("/opt-out/"))
    assert "Не искать меня на фото" in page
    assert "Вас больше не найдут" in text(client.get(_sure_in(client)["Location"]))


def _sure_in(client: Client) -> Any:
    page = text(client.post("/opt-out/", {"photo": sent_file(ANN)}))
    return client.post("/opt-out/", {"likeness": _likeness(page), "is_sure": "1"})
