"""What Admin shows of attendees: the coverage of an event, the audit log, receipts, opt-outs."""

from typing import Any

import pytest

from faces.engines.fake import vector_of
from faces.models import Download, Erasure, Event, OptOut, OptOutCode, Photo
from faces.services.erasure import likeness_opt_out
from faces.services.likenesses import likeness_of
from faces.services.results import result_object
from faces.tests.attendance import ANN, BOB, CARL, open_event, selfie, visitor_search
from faces.tests.desk import address, signed_in, text
from faces.tests.painting import painted, processed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "sent", "plain_static")]


@pytest.fixture
def gala() -> Event:
    event = open_event()
    processed(event, painted(ANN, BOB), painted(BOB), painted(BOB), painted(BOB))
    return event


def _coverage(event: Event, role: str = "organiser") -> str:
    return text(signed_in(role).get(address("faces_event_coverage", event.pk)))


def test_it_names_who_has_few_photos(gala: Event) -> None:
    page = _coverage(gala)
    assert "1 with few photos" in page
    assert page.count('class="pf-few"') == 1
    assert page.count("faces_person_change") == 0
    assert page.count('loading="lazy"') == 1


def test_it_counts_searches_downloads_and_objections(gala: Event) -> None:
    found = visitor_search(gala, selfie(ANN))
    visitor_search(gala, selfie(CARL))
    result_object(search=found.search, photo_id=Photo.objects.get(original_name="1.png").pk)
    Download.objects.create(event=gala, search=found.search, kind="zip", photos_count=12)
    page = _coverage(gala)
    assert "1 found photos, 1 found nothing" in page
    assert "ZIP archive: 12" in page
    assert "found nothing" in page[page.index("Searches without a result") :]


def test_an_event_without_anything_has_a_page_too() -> None:
    page = _coverage(open_event("Empty"))
    assert "Everybody has more photos than that." in page
    assert "Everybody who searched found photos." in page


@pytest.mark.parametrize(("role", "status"), [("organiser", 200), ("moderator", 200), ("", 403)])
def test_those_who_see_events_and_people_see_it(gala: Event, role: str, status: int) -> None:
    assert signed_in(role).get(address("faces_event_coverage", gala.pk)).status_code == status


def test_the_audit_log_is_a_list_that_nobody_changes(gala: Event) -> None:
    visitor_search(gala, selfie(ANN))
    browser = signed_in("moderator")
    page = text(browser.get(address("faces_selfiesearch_changelist")))
    assert "event page" in page and "found" in page
    assert browser.get(address("faces_selfiesearch_add")).status_code == 403


def test_receipts_are_found_by_their_number(gala: Event, like_ann: Any) -> None:
    receipt = likeness_opt_out(likeness=like_ann)
    browser = signed_in("organiser")
    assert receipt.number in text(browser.get(address("faces_erasure_changelist"), {"q": receipt.number}))
    assert receipt.number not in text(browser.get(address("faces_erasure_changelist"), {"q": "ZZZZ-ZZZZ"}))
    assert text(browser.get(address("faces_erasure_change", Erasure.objects.get().pk)))


def test_only_an_administrator_takes_an_opt_out_back(gala: Event, like_ann: Any, admin_client: Any) -> None:
    likeness_opt_out(likeness=like_ann)
    opt_out = OptOut.objects.get()
    link = address("faces_optout_delete", opt_out.pk)
    assert signed_in("moderator").post(link, {"post": "yes"}).status_code == 403
    assert admin_client.post(link, {"post": "yes"}).status_code == 302
    assert not OptOut.objects.exists()


def test_opt_outs_that_the_engine_in_use_does_not_recognise_are_named(gala: Event, like_ann: Any) -> None:
    receipt = likeness_opt_out(likeness=like_ann)
    browser, page = signed_in("organiser"), address("faces_optout_changelist")
    assert "reembed_faces" not in text(browser.get(page))
    OptOutCode.objects.update(contract="old/engine")
    shown = text(browser.get(page, {"q": receipt.number}))
    assert "1 opt-out is not recognised" in shown and "reembed_faces" in shown
    assert receipt.number in shown


@pytest.fixture
def like_ann(fake_engine: Any) -> Any:
    return likeness_of(vector_of(ANN))
