"""`index_media` and its workers, killed ten times in one run, end with every file once."""

from pathlib import Path

import pytest

from media_index.tests.killing import catalogue_killed, make_library, wrong
from photofinder.tests.workers import database_url, empty_broker

pytestmark = pytest.mark.django_db(transaction=True)
FILES, KILLS, SEED = 1500, 10, 7


def test_ten_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    empty_broker()
    digests = make_library(tmp_path / "library", FILES)
    outcome = catalogue_killed(
        tmp_path / "library",
        files=FILES,
        kills=KILLS,
        seed=SEED,
        environment={"DATABASE_URL": database_url(), "IMAGE_ENGINE": "fake"},
        log=tmp_path / "log",
    )
    empty_broker()
    assert outcome.exit_code == 0, outcome.said
    assert wrong(digests) == []
    assert f"{FILES} catalogued, 0 failed, 0 gone" in outcome.said
    assert sum(share < 1 for share in outcome.kills) >= KILLS - 1, f"killed too late to prove anything: {outcome.kills}"
