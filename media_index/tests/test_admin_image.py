"""The page of one image in Admin."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from faces.tests.desk import address, signed_in, text
from media_index.models import Image, ImageEmbedding
from media_index.services.categories import categories_join
from media_index.services.contracts import contract_in_use, engine_of
from media_index.services.duplicate_decisions import group_resolve
from media_index.services.tagging import image_caption
from media_index.tests.gallery import hung
from media_index.tests.indexed import paired, seen
from media_index.tests.library import catalogue, photo
from photofinder.vectors import as_array

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reading_engine", "plain_static", "empty_cache")]


def _page(image: Image, role: str = "organiser") -> Any:
    return signed_in(role).get(address("media_index_image_change", image.pk))


def test_it_shows_what_is_known_of_the_image() -> None:
    image = hung("red", names=["2024/gala/IMG_7.jpg"], tags=["sea"], camera="Canon R5", rating=4, sharpness=123.4)
    image_caption(image=image, caption="<At> sea")
    contract = contract_in_use()
    vector = as_array(ImageEmbedding.objects.get(image=image).embedding)
    categories_join(contract=contract, scale=engine_of(contract).scale, vectors={image.pk: vector})
    page = text(_page(image))
    for shown in ("3000 × 2000", "Canon R5", "IMG_7.jpg", "&lt;At&gt; sea", 'value="sea"', image.sha256, "Category "):
        assert shown in page, shown


def test_the_original_is_linked_by_a_url_that_expires(tmp_path: Path) -> None:
    (tmp_path / "one.jpg").write_bytes(photo(1))
    catalogue(tmp_path)
    answer = _page(Image.objects.get())
    assert "signature=" in answer.context["original_url"]
    assert Client().get(answer.context["original_url"]).status_code == 200
    assert str(tmp_path) in text(answer)


def test_similar_images_and_duplicates_are_two_things() -> None:
    image, copy, alike = hung("red"), hung("red", bytes=10), hung("red")
    hung("blue")
    paired(image, copy)
    answer = _page(image)
    assert {card.image for card in answer.context["similar"]} == {copy, alike}
    assert [card.image for card in answer.context["duplicates"]] == [copy]
    page = text(answer)
    assert "1 other image shows the same picture." in page
    assert f"after={image.pk - 1}" in page


def test_a_hidden_copy_says_which_is_shown_instead() -> None:
    image, copy = hung("red"), hung("red")
    paired(image, copy)
    group_resolve(number=image.pk, seen=seen(image, copy), keep=image, actor=None)
    assert _page(copy).context["hidden_by"].image == image
    assert [card.image for card in _page(image).context["hidden"]] == [copy]


def test_an_image_that_is_not_indexed_yet_has_a_page() -> None:
    image = Image.objects.create(sha256="a" * 64, format="JPEG", bytes=1, width=1, height=1)
    page = text(_page(image))
    assert "has not been indexed yet" in page
    assert "Nowhere any more" in page


def test_the_list_leads_to_the_page() -> None:
    image = hung("red")
    page = text(signed_in("moderator").get(address("media_index_image_changelist")))
    assert address("media_index_image_change", image.pk) in page


def test_others_do_not_see_it() -> None:
    image = hung("red")
    assert _page(image, "").status_code == 403
    assert Client().get(address("media_index_image_change", image.pk)).status_code == 302
    assert _page(Image(pk=4711)).status_code == 302
