"""What somebody is looked for with leaves the site sealed, and comes back for an hour."""

from typing import Any

import numpy as np
import pytest

from faces.engines.fake import vector_of
from faces.services.likenesses import Likeness, likeness_join, likeness_of, likeness_seal, likeness_unseal
from photofinder.errors import Problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_engine")]


def _likeness(identity: int = 3, likeness: float = 1.0) -> Likeness:
    return likeness_of(vector_of(identity, likeness))


def test_it_comes_back_as_it_was() -> None:
    back = likeness_unseal(likeness_seal(_likeness(likeness=0.8)))
    assert back.contract == _likeness().contract
    assert np.allclose(back.vectors, _likeness(likeness=0.8).vectors, atol=1e-3)


def test_it_shows_nothing_of_itself() -> None:
    sealed = likeness_seal(_likeness())
    assert "fake" not in sealed
    assert sealed != likeness_seal(_likeness())


def test_it_expires(settings: Any) -> None:
    sealed = likeness_seal(_likeness())
    settings.LIKENESS_SECONDS = -1
    _assert_expired(sealed)


@pytest.mark.parametrize("text", ["", "x", "gAAAAA", "\0", "ы", likeness_seal.__name__ * 100])
def test_nonsense_is_refused(text: str) -> None:
    _assert_expired(text)


def test_another_engines_is_refused() -> None:
    _assert_expired(likeness_seal(Likeness("other/1", _likeness().vectors)))


def test_two_photos_of_one_person_are_joined() -> None:
    both = likeness_join(_likeness(), _likeness(likeness=0.7))
    assert both.vectors.shape == (2, 512)
    assert np.isclose(np.linalg.norm(both.mean), 1, atol=1e-5)


def test_photos_of_two_people_are_not() -> None:
    with pytest.raises(Problem) as problem:
        likeness_join(_likeness(3), _likeness(17))
    assert problem.value.code == "another_person"


def _assert_expired(text: str) -> None:
    with pytest.raises(Problem) as problem:
        likeness_unseal(text)
    assert problem.value.code == "likeness_expired"
