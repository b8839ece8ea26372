"""The pages of calibration and accuracy: who sees, who answers, what an answer must bring."""

from typing import Any

import pytest
from django.test import Client

from faces.models import Event, EventCalibration, PairCheck, Person
from faces.services.decisions import faces_split
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in, text
from faces.tests.painting import painted, processed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]
PAGES = ("faces_event_calibration", "faces_event_accuracy")


@pytest.fixture
def gala() -> Event:
    """Pairs of which the engine is unsure."""
    event = event_create(name="Gala")
    processed(event, *(painted(who, likeness=like) for who in (1, 9, 17) for like in (1.0, 0.7, 0.6, 0.5)))
    for person in list(Person.objects.filter(faces_count__gt=2)):
        faces = list(person.faces.order_by("pk").values_list("pk", flat=True))
        faces_split(person=person, faces=faces[:2], actor=None)
    return event


def _questions(browser: Client, event: Event, what: str = "calibration") -> list[dict[str, Any]]:
    return list(browser.get(address("faces_event_questions", event.pk, what)).json()["questions"])


def _answer(browser: Client, event: Event, token: str, answer: str = "same") -> Any:
    return browser.post(address("faces_event_answer", event.pk), {"token": token, "answer": answer})


def test_a_moderator_answers_and_takes_an_answer_back(gala: Event) -> None:
    browser = signed_in("moderator")
    question = _questions(browser, gala)[0]
    assert len(question["faces"]) == 2
    answer = _answer(browser, gala, question["token"])
    assert answer.status_code == 201
    check = PairCheck.objects.get()
    assert (str(check.by), check.answer, answer.json()["check"]) == ("the-moderator", "same", check.pk)
    assert _answer(browser, gala, question["token"], "different").status_code == 409
    assert browser.post(address("faces_event_withdraw", gala.pk, check.pk)).status_code == 200
    assert _answer(browser, gala, question["token"], "different").status_code == 201


def test_a_question_does_not_tell_what_the_product_thinks(gala: Event) -> None:
    for what in ("calibration", "accuracy"):
        for question in _questions(signed_in("moderator"), gala, what):
            assert question.keys() == {"token", "faces"}
            assert "distance" not in str(question["faces"])


def test_a_token_cannot_be_made_up_nor_used_elsewhere(gala: Event) -> None:
    browser = signed_in("moderator")
    token = _questions(browser, gala)[0]["token"]
    assert _answer(browser, gala, token[:-2] + "xx").status_code == 400
    assert _answer(browser, event_create(name="Other"), token).status_code == 400
    assert _answer(browser, gala, token, "perhaps").status_code == 400
    assert not PairCheck.objects.exists()


def test_nobody_takes_back_somebody_elses_answer(gala: Event) -> None:
    browser = signed_in("moderator")
    _answer(browser, gala, _questions(browser, gala)[0]["token"])
    PairCheck.objects.update(by=None)
    assert browser.post(address("faces_event_withdraw", gala.pk, PairCheck.objects.get().pk)).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_organisers_see_and_do_not_answer(gala: Event, name: str) -> None:
    browser = signed_in("organiser")
    page = text(browser.get(address(name, gala.pk)))
    assert "data-checks" not in page
    assert 'name="rate"' not in page
    assert browser.get(address("faces_event_questions", gala.pk, "accuracy")).status_code == 403
    assert _answer(browser, gala, "x").status_code == 403
    assert browser.post(address("faces_event_calibration", gala.pk), {"rate": "0.0001"}).status_code == 403


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("role", ["client", "bot", ""])
def test_others_see_nothing(gala: Event, name: str, role: str) -> None:
    assert signed_in(role).get(address(name, gala.pk)).status_code == 403


def test_a_threshold_is_applied_and_taken_back_from_the_page(gala: Event) -> None:
    browser = signed_in("moderator")
    link = address("faces_event_calibration", gala.pk)
    refused = browser.post(link, {"rate": "0.0001"}, follow=True)
    assert "a threshold needs at least 20" in text(refused)
    _pretend(gala, 24)
    assert "The new threshold holds." in text(browser.post(link, {"rate": "0.0001"}, follow=True))
    assert EventCalibration.objects.get().answers == 24
    assert "Back to the engine&#x27;s own (0.350)" in text(
        browser.get(link)
    ) or "Back to the engine's own (0.350)" in text(browser.get(link))
    assert "own threshold holds again" in text(browser.post(link, {"reset": "1"}, follow=True))
    assert not EventCalibration.objects.exists()
    assert "Choose one of the false-match rates" in text(browser.post(link, {"rate": "much"}, follow=True))


def _pretend(event: Event, count: int) -> None:
    """So many answers of calibration, one more than there are pairs to ask about."""
    faces = list(event.photos.order_by("pk").values_list("faces__pk", flat=True))
    keys = [(one, other) for one in faces for other in faces if one < other][:count]
    PairCheck.objects.bulk_create(
        PairCheck(
            event=event, purpose="calibration", one_id=one, other_id=other, contract=_contract(event),
            distance=0.25 + number / 150, stratum=f"{number % 8}:same", population=5,
            answer="same" if number < count / 2 else "different",
        )
        for number, (one, other) in enumerate(keys)
    )  # fmt: skip


def _contract(event: Event) -> str:
    return str(event.photos.values_list("faces__contract", flat=True)[0])


def test_accuracy_is_estimated_from_the_answers(gala: Event) -> None:
    browser = signed_in("moderator")
    assert text(browser.get(address("faces_event_accuracy", gala.pk))).count("Nobody has checked yet.") == 2
    for question in _questions(browser, gala, "accuracy"):
        _answer(browser, gala, question["token"])
    page = text(browser.get(address("faces_event_accuracy", gala.pk)))
    assert "Nobody has checked yet." not in page
    assert page.count("in 19 of 20 cases between") == 2


def test_an_event_without_photos_has_the_pages_too() -> None:
    empty = event_create(name="Empty")
    browser = signed_in("moderator")
    for name in PAGES:
        text(browser.get(address(name, empty.pk)))
    for what in ("calibration", "accuracy"):
        assert _questions(browser, empty, what) == []
