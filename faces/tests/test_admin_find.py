"""Finding a person by a selfie in Admin."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from faces.models import Event, Person
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in, text
from faces.tests.painting import painted, processed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]
ANN, BOB = 3, 17


@pytest.fixture(autouse=True)
def gala(fake_engine: Any) -> Event:
    """Ann in two photos, Bob in one of them."""
    event = event_create(name="Gala")
    processed(event, painted(ANN, BOB), painted(ANN))
    Person.objects.filter(photos_count=2).update(name="Ann")
    return event


def _find(data: bytes, **fields: Any) -> Any:
    photo = SimpleUploadedFile("me.png", data)
    return signed_in("organiser").post(address("faces_person_find"), {"photo": photo, **fields})


def _names(answer: Any) -> list[str]:
    return sorted(match.face.photo.original_name for match in answer.context["result"].photos)


def test_it_shows_the_person_and_all_their_photos() -> None:
    answer = _find(painted(ANN))
    assert [match.person.name for match in answer.context["result"].people] == ["Ann"]
    assert _names(answer) == ["1.png", "2.png"]
    page = text(answer)
    assert "% alike" in page
    assert 'src="data:image/webp;base64,' in page
    assert page.count("pf-box-still") == 2


def test_it_looks_in_one_event_when_asked_to() -> None:
    lunch = event_create(name="Lunch")
    processed(lunch, painted(ANN))
    assert _names(_find(painted(ANN), event=lunch.pk)) == ["1.png"]
    assert len(_names(_find(painted(ANN)))) == 3


def test_it_lets_choose_among_several_faces() -> None:
    selfie = painted(ANN, BOB)
    answer = _find(selfie)
    assert "There are several faces." in text(answer)
    assert text(answer).count('name="face"') == 2
    assert 'src="data:image/webp;base64,' in text(answer)
    chosen = [_names(_find(selfie, face=face)) for face in (0, 1)]
    assert sorted(chosen) == [["1.png"], ["1.png", "2.png"]]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (painted(), "No face was found"),
        (b"not a photo", "Not a photo"),
        (painted(ANN, side=20), "The face is too small."),
    ],
)
def test_it_says_what_is_wrong_with_the_photo(data: bytes, words: str) -> None:
    assert words in text(_find(data))


def test_it_refuses_a_photo_over_the_limit(settings: Any) -> None:
    settings.SELFIE_MAX_BYTES = 100
    assert "File too large" in text(_find(painted(ANN)))


def test_it_says_that_nobody_was_found() -> None:
    assert "Nobody found" in text(_find(painted(30)))


def test_it_asks_for_a_photo() -> None:
    page = signed_in("organiser").post(address("faces_person_find"), {})
    assert "Choose a photo first." in text(page)


def test_it_starts_with_the_event_it_was_opened_from(gala: Event) -> None:
    page = text(signed_in("organiser").get(address("faces_person_find"), {"event": gala.pk}))
    assert f'<option value="{gala.pk}" selected>Gala</option>' in page
