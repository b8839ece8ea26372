"""Groups of duplicates and exact copies in Admin: what is shown, decided and taken back."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from faces.tests.desk import address, signed_in, text
from media_index.admin import duplicates
from media_index.models import DuplicatePair, Image
from media_index.tests.gallery import found_as, hung
from media_index.tests.indexed import bare, paired, seen
from media_index.tests.library import catalogue, photo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reading_engine", "plain_static", "empty_cache")]


@pytest.fixture
def moderator() -> Client:
    return signed_in("moderator")


@pytest.fixture
def group() -> list[Image]:
    """Two images of one picture: the second is the better one."""
    images = [hung("red", width=300, height=200, tags=["sea"]), hung("red", width=3000, height=2000, sharpness=90.0)]
    paired(*images)
    return images


def _page(browser: Client, **query: Any) -> Any:
    return browser.get(address("media_index_duplicatepair_changelist"), query)


def _decide(browser: Client, **fields: Any) -> Any:
    return browser.post(address("media_index_decide"), fields)


def _superseded() -> set[int]:
    return set(Image.objects.exclude(superseded_by=None).values_list("pk", flat=True))


def _open() -> int:
    return DuplicatePair.objects.filter(state="open").count()


def test_a_group_stands_side_by_side_the_best_first_and_why(moderator: Client, group: list[Image]) -> None:
    found_as(group[0], "2024/beach.jpg")
    answer = _page(moderator)
    [shown] = answer.context["groups"]
    assert [candidate.card.image for candidate in shown.candidates] == group[::-1]
    assert shown.candidates[0].why == ["more pixels", "sharper"]
    assert shown.candidates[1].places == ["/archive/2024/beach.jpg"]
    page = text(answer)
    assert "3000 × 2000" in page
    assert "/archive/2024/beach.jpg" in page


def test_one_is_kept_and_that_is_taken_back(moderator: Client, group: list[Image]) -> None:
    told = _decide(moderator, kind="keep", group=group[0].pk, seen=seen(*group), image=group[0].pk).json()
    assert _superseded() == {group[1].pk}
    assert told["groups"] == [group[0].pk]
    assert moderator.post(told["undo"]).json()["groups"] == [group[0].pk]
    assert (_superseded(), _open()) == (set(), 1)


def test_a_dismissed_group_never_comes_back_unless_it_is_taken_back(moderator: Client, group: list[Image]) -> None:
    told = _decide(moderator, kind="dismiss", group=group[0].pk, seen=seen(*group)).json()
    assert _page(moderator).context["groups"] == []
    moderator.post(told["undo"])
    assert len(_page(moderator).context["groups"]) == 1


def test_one_image_is_taken_out_of_a_group(moderator: Client) -> None:
    images = [hung("red"), hung("red"), hung("red")]
    paired(*images)
    _decide(moderator, kind="dismiss", group=images[0].pk, seen=seen(*images), images=images[2].pk)
    [shown] = _page(moderator).context["groups"]
    assert {candidate.card.image for candidate in shown.candidates} == set(images[:2])


def test_the_best_of_several_groups_are_kept_and_taken_back_together(moderator: Client, group: list[Image]) -> None:
    others = [hung("blue"), hung("blue", bytes=2_000_000)]
    paired(*others)
    revisions = [seen(*group), seen(*others)]
    told = _decide(moderator, kind="keep_best", groups=[group[0].pk, others[0].pk], seen=revisions).json()
    assert told["sentence"] == "The best of 2 groups was kept."
    assert _superseded() == {group[0].pk, others[0].pk}
    moderator.post(told["undo"])
    assert (_superseded(), _open()) == (set(), 2)


def test_nothing_is_taken_back_that_somebody_else_decided_since(moderator: Client, group: list[Image]) -> None:
    told = _decide(moderator, kind="keep", group=group[0].pk, seen=seen(*group), image=group[0].pk).json()
    other = signed_in("organiser")
    other_pair = hung("red")
    paired(group[0], other_pair)
    _decide(other, kind="dismiss", group=group[0].pk, seen=seen(group[0], other_pair))
    answer = moderator.post(told["undo"])
    assert (answer.status_code, answer.json()["code"]) == (409, "later_decision")
    assert _superseded() == {group[1].pk}


def test_a_group_that_is_decided_already_is_refused(moderator: Client, group: list[Image]) -> None:
    _decide(moderator, kind="dismiss", group=group[0].pk, seen=seen(*group))
    answer = _decide(moderator, kind="keep", group=group[0].pk, seen=seen(*group), image=group[0].pk)
    assert (answer.status_code, answer.json()["code"]) == (409, "decided_already")


def test_a_group_that_is_not_as_it_was_shown_is_refused(moderator: Client, group: list[Image]) -> None:
    [shown] = _page(moderator).context["groups"]
    assert shown.revision == seen(*group)
    DuplicatePair.objects.create(first=group[1], second=bare(), distance=7, similarity=0.7, group=group[0].pk)
    sent = {"group": group[0].pk, "seen": shown.revision}
    for fields in ({"kind": "keep", "image": group[0].pk}, {"kind": "dismiss"}, {"kind": "keep", "image": group[1].pk}):
        answer = _decide(moderator, **fields, **sent)
        assert (answer.status_code, answer.json()["code"]) == (409, "changed_since")
    answer = _decide(moderator, kind="keep_best", groups=group[0].pk, seen=shown.revision)
    assert (answer.status_code, _superseded(), _open()) == (409, set(), 2)


def test_an_image_of_another_group_cannot_be_kept(moderator: Client, group: list[Image]) -> None:
    answer = _decide(moderator, kind="keep", group=group[0].pk, seen=seen(*group), image=hung("blue").pk)
    assert answer.json()["code"] == "not_in_group"
    assert _superseded() == set()


def test_it_goes_on_after_a_page(moderator: Client, group: list[Image], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "GROUPS_PER_PAGE", 1)
    paired(hung("blue"), hung("blue"))
    first = _page(moderator)
    assert first.context["next_url"] == f"?after={group[0].pk}"
    assert len(_page(moderator, after=group[0].pk).context["groups"]) == 1
    assert _page(moderator, after="x").status_code == _page(moderator, after="9" * 40).status_code == 200


def test_a_large_group_shows_its_best(moderator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "IMAGES_SHOWN", 2)
    paired(*[hung("red") for _ in range(4)])
    [shown] = _page(moderator).context["groups"]
    assert (len(shown.candidates), shown.more) == (2, 2)


def test_exact_copies_are_listed_with_what_they_waste(moderator: Client, tmp_path: Path) -> None:
    content = photo(1)
    for name in ("one.jpg", "two.jpg", "=three.jpg"):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "other.jpg").write_bytes(photo(2))
    catalogue(tmp_path)
    answer = _page(moderator, view="copies")
    [(_image, _thumbnail, _url, places, wasted)] = answer.context["rows"]
    assert len(places) == 3
    assert wasted == 2 * len(content)
    assert answer.context["total"] == {"files": 2, "bytes": 2 * len(content)}
    assert str(tmp_path / "two.jpg") in text(answer)


def test_the_list_of_copies_names_what_could_go_and_what_stays(moderator: Client, tmp_path: Path) -> None:
    for name in ("one.jpg", "two.jpg", "=three.jpg"):
        (tmp_path / name).write_bytes(photo(1))
    catalogue(tmp_path)
    answer: Any = moderator.get(address("media_index_copies_csv"))
    lines = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    kept = {line["kept"] for line in lines}
    gone = {line["could_be_deleted"] for line in lines}
    assert (len(lines), len(kept), len(gone)) == (2, 1, 2)
    assert kept | gone == {str(tmp_path / name) for name in ("one.jpg", "two.jpg", "=three.jpg")}
    assert all((tmp_path / name).exists() for name in ("one.jpg", "two.jpg", "=three.jpg"))


def test_nothing_to_do_is_said(moderator: Client) -> None:
    assert "Nothing waits here." in text(_page(moderator))
    assert "No content lies in several files" in text(_page(moderator, view="copies"))


def test_others_see_and_decide_nothing(group: list[Image]) -> None:
    for link in ("", "?view=copies"):
        assert signed_in("").get(address("media_index_duplicatepair_changelist") + link).status_code == 403
    assert signed_in("").get(address("media_index_copies_csv")).status_code == 403
    assert _decide(signed_in(""), kind="dismiss", group=group[0].pk, seen=seen(*group)).status_code == 403
    assert _open() == 1
