"""Every screen of Admin opens for those whom it is for, in both languages, and for nobody else."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from faces.models import Event, Person, Photo, UploadBatch
from faces.services.decisions import people_merge
from faces.services.uploads import event_create
from faces.tests.desk import address, signed_in, text
from faces.tests.painting import painted, processed
from media_index.models import Image

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine", "plain_static")]

LISTS = ["event", "photo", "person", "uploadbatch", "decision"]
OURS = ["index", *(f"faces_{name}_changelist" for name in LISTS), "media_index_image_changelist", "faces_person_find"]
RUSSIAN = {"faces_event_changelist": "обработка", "faces_person_find": "Насколько похож", "index": "Последние события"}


@pytest.fixture(autouse=True)
def gala(fake_engine: Any) -> Event:
    """Four people in three photos; two of them are the same person."""
    event = event_create(name="Gala", published=True)
    processed(event, painted(1, 2), painted(1, 3, 4), painted())
    ann, bob, *_ = Person.objects.order_by("-photos_count", "pk")
    people_merge(into=ann, others=[bob], actor=None)
    return event


def _rows() -> list[tuple[str, Any]]:
    return [
        ("faces_event_change", Event.objects.get().pk),
        *(("faces_photo_change", photo.pk) for photo in Photo.objects.all()),
        *(("faces_person_change", person.pk) for person in Person.objects.all()),
        ("faces_uploadbatch_change", UploadBatch.objects.get().pk),
        ("media_index_image_change", Image.objects.all()[0].pk),
    ]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("role", ["organiser", "moderator"])
def test_every_page_opens_for_the_roles(role: str, language: str) -> None:
    browser = signed_in(role, language=language)
    for name in OURS:
        page = text(browser.get(address(name)))
        assert (RUSSIAN.get(name, "PhotoFinder") in page) is (language == "ru" or name not in RUSSIAN)
    for name, key in _rows():
        text(browser.get(address(name, key)))


@pytest.mark.parametrize("name", OURS)
def test_a_stranger_is_asked_to_sign_in(client: Client, name: str) -> None:
    answer = client.get(address(name))
    assert answer.status_code == 302
    assert answer["Location"].startswith(address("login"))


@pytest.mark.parametrize("name", OURS[1:])
def test_staff_without_a_role_see_nothing(name: str) -> None:
    assert signed_in("").get(address(name)).status_code == 403


def test_staff_without_a_role_get_an_empty_dashboard() -> None:
    page = text(signed_in("").get(address("index")))
    assert "Nothing is shown here for your role." in page
    assert "Gala" not in page


def test_an_administrator_sees_who_may_sign_in() -> None:
    browser = Client()
    browser.force_login(User.objects.create_superuser("root"), "django.contrib.auth.backends.ModelBackend")
    for name in ["auth_user", "auth_group", "knox_authtoken", "axes_accessattempt"]:
        text(browser.get(address(f"{name}_changelist")))
    text(browser.get(address("auth_user_add")))


def test_the_sidebar_offers_only_what_may_be_opened() -> None:
    page = text(signed_in("organiser").get(address("index")))
    assert address("faces_event_changelist") in page
    assert address("auth_user_changelist") not in page


def test_no_page_needs_an_inline_script() -> None:
    browser = signed_in("organiser")
    for name, key in _rows():
        answer = browser.get(address(name, key))
        assert "unsafe-inline" not in answer["Content-Security-Policy"].partition("script-src")[2].partition(";")[0]
        for script in text(answer).split("<script")[1:]:
            attributes = script.partition(">")[0]
            assert "src=" in attributes or 'type="application/json"' in attributes


def test_the_dashboard_shows_events_and_what_needs_attention(gala: Event) -> None:
    page = text(signed_in("organiser").get(address("index")))
    assert "Needs attention" not in page
    gala.photos.filter(original_name="1.png").update(state=Photo.State.FAILED)
    page = text(signed_in("organiser").get(address("index")))
    assert "Needs attention" in page
    assert "1 failed photo" in page
    assert f"{address('faces_photo_changelist')}?event__id__exact={gala.pk}&amp;state__exact=failed" in page
