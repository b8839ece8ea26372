"""The search page of the library in Admin: words, pictures, filters, and what may be seen and done."""

import io
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image as Pixels

from faces.models import Person
from faces.services.uploads import event_create
from faces.tests.conftest import fake_engine as fake_faces  # noqa: F401
from faces.tests.desk import address, signed_in, text
from faces.tests.painting import painted as square
from faces.tests.painting import processed
from media_index.admin import searching
from media_index.models import Image
from media_index.tests.gallery import hung, painted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reading_engine", "plain_static", "empty_cache")]


def _search(role: str = "organiser", **query: Any) -> Any:
    return signed_in(role).get(address("media_index_image_search"), query)


def _by_picture(content: bytes, **fields: Any) -> Any:
    photo = SimpleUploadedFile("mine.png", content)
    return signed_in("moderator").post(address("media_index_image_search"), {"photo": photo, **fields})


def _png(pixels: Any) -> bytes:
    buffer = io.BytesIO()
    Pixels.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _shown(answer: Any) -> list[Image]:
    return [card.image for card in answer.context["cards"]]


def test_words_find_images_with_a_similarity_that_is_shown() -> None:
    red = hung("red", names=["trip/IMG_1.jpg"])
    hung("blue")
    answer = _search(q="red")
    assert _shown(answer) == [red]
    page = text(answer)
    assert "IMG_1.jpg" in page
    assert f"{answer.context['cards'][0].similarity}</span>" in page


def test_without_a_question_it_shows_all_the_newest_first() -> None:
    old, new = hung("red"), hung("blue")
    assert _shown(_search()) == [new, old]


def test_nonsense_finds_nothing_and_says_so() -> None:
    hung("red")
    answer = _search(q="zzyzx")
    assert _shown(answer) == []
    assert "No image matches well enough" in text(answer)


def test_it_says_what_is_missing_to_read_words(chosen_engine: Any) -> None:
    chosen_engine("classic")
    assert "export_clip" in text(_search(q="red"))


def test_a_picture_finds_those_like_it_with_words_and_filters() -> None:
    red, tagged = hung("red"), hung("red", tags=["sea"])
    hung("blue")
    assert set(_shown(_by_picture(_png(painted("red"))))) == {red, tagged}
    assert _shown(_by_picture(_png(painted("red")), tag="sea")) == [tagged]


def test_a_stored_image_finds_those_like_it() -> None:
    red, other = hung("red"), hung("red")
    hung("blue")
    answer = _search(like=red.sha256)
    assert _shown(answer) == [other]
    assert "like this picture" in text(answer)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n broken"])
def test_what_is_no_picture_is_refused_in_a_sentence(content: bytes) -> None:
    answer = _by_picture(content)
    assert answer.context["trouble"]
    assert "pf-notice-bad" in text(answer)


def test_a_form_without_its_picture_finds_nothing() -> None:
    hung("red")
    assert "No picture came" in signed_in("organiser").post(address("media_index_image_search")).context["trouble"]


def test_a_picture_too_large_is_refused_and_never_on_a_disk(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SELFIE_MAX_BYTES = 6_000
    monkeypatch.setattr("tempfile.NamedTemporaryFile", None)
    noise = np.random.default_rng(0).integers(0, 255, (60, 60, 3), np.uint8)
    assert "larger than" in text(_by_picture(_png(noise)))


def test_a_picture_needs_the_token_of_the_form() -> None:
    browser: Client = signed_in("organiser", enforce_csrf_checks=True)
    photo = SimpleUploadedFile("mine.png", _png(painted("red")))
    assert browser.post(address("media_index_image_search"), {"photo": photo}).status_code == 403


def test_filters_hold_at_once_and_can_be_taken_away_one_by_one() -> None:
    wanted = hung("red", tags=["sea"], camera="Canon R5", rating=4, bytes=9_000_000)
    hung("red", tags=["sea"], camera="Canon R5", rating=1, bytes=9_000_000)
    hung("red", camera="Nikon", rating=5)
    answer = _search(tag="Sea", camera="Canon", rating_min="4", mb_min="2", mp_min="1", format="JPEG")
    assert _shown(answer) == [wanted]
    addresses = dict(answer.context["chips"])
    assert "camera" not in addresses["Camera: Canon"]
    assert "tag=Sea" in addresses["Camera: Canon"]
    assert "Rating: ★★★★" in addresses


@pytest.mark.parametrize(
    "query",
    [
        {"taken_from": "yesterday"}, {"rating_min": "9"}, {"format": "EXE"}, {"mb_min": "much"}, {"like": "'"},
        {"tag": "x" * 300}, {"q": "x" * 501}, {"orientation": "askew"}, {"mp_min": "-1"}, {"mp_min": "nan"},
    ],
)  # fmt: skip
def test_filters_that_mean_nothing_are_named(query: dict[str, str]) -> None:
    answer = _search(**query)
    assert answer.context["form"].errors
    assert "cannot be understood" in text(answer)


@pytest.mark.parametrize("query", [{"event": "no-such"}, {"person": "nobody"}, {"like": "0" * 64}])
def test_what_is_not_there_is_said(query: dict[str, str]) -> None:
    assert _search(**query).context["trouble"]


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30, "2"])
def test_pages_that_are_not_there_break_nothing(page: str) -> None:
    hung("red")
    assert _search(page=page).status_code == 200


def test_long_lists_come_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "IMAGES_PER_PAGE", 2)
    images = [hung("red") for _ in range(3)]
    first = _search(format="JPEG")
    assert _shown(first) == [images[2], images[1]]
    assert "format=JPEG&amp;page=2" in text(first)
    assert _shown(_search(format="JPEG", page="2")) == [images[0]]


@pytest.mark.parametrize("role", ["organiser", "moderator"])
def test_organisers_and_moderators_may_tag(role: str) -> None:
    hung("red")
    page = text(_search(role))
    assert "data-tagging" in page
    assert 'role="checkbox"' in page


def test_others_may_not_look() -> None:
    assert _search("").status_code == 403
    assert Client().get(address("media_index_image_search")).status_code == 302


def test_a_name_with_markup_stays_text() -> None:
    hung("red", names=["<script>alert(1)</script>.jpg"], tags=["<b>bold"])
    page = text(_search())
    assert "<script>alert" not in page
    assert "<b>bold" not in page


@pytest.mark.usefixtures("fake_faces")
def test_events_and_people_are_offered_by_name() -> None:
    event = event_create(name="Gala night")
    processed(event, square(1), square(2))
    person = Person.objects.order_by("pk")[0]
    Person.objects.filter(pk=person.pk).update(name="Ann")
    page = text(_search())
    assert f'<option value="{event.slug}">Gala night</option>' in page
    assert f'<option value="{person.user_id}">Ann</option>' in page
    hung("red")
    assert len(_shown(_search(event=event.slug))) == 2
    found = _search(person=str(person.user_id))
    assert len(_shown(found)) == 1
    assert "Person: Ann" in dict(found.context["chips"])


def test_the_dashboard_and_the_sidebar_lead_to_the_library() -> None:
    hung("red")
    page = text(signed_in("moderator").get(address("index")))
    for name in ("image_search", "image_changelist", "imagecluster_changelist", "source_changelist"):
        assert address(f"media_index_{name}") in page
    assert "Duplicates to decide" in page
