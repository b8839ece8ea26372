"""What a few answers say of many pairs: the estimates, and that their intervals hold the truth as often as they say."""

import numpy as np
import pytest

from faces.sampling import Estimate, Stratum, allocation, share_found, total, wilson

WORLDS = 400


def test_wilsons_interval_is_the_published_one() -> None:
    """Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I."""
    found = wilson(81, 263)
    assert [found.low, found.high] == pytest.approx([0.2553, 0.3662], abs=5e-5)
    none = wilson(0, 20)
    assert [none.low, none.high] == pytest.approx([0.0, 0.1611], abs=5e-5)


def test_nothing_asked_says_nothing() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
    assert total([Stratum(100, 0, 0)]) == Estimate(0.0, 0.0, 100.0, 0)


def test_a_stratum_that_was_asked_about_altogether_is_known() -> None:
    found = total([Stratum(40, 40, 7)])
    assert (found.value, found.low, found.high) == (7.0, 7.0, 7.0)


def test_strata_count_by_their_pairs_and_not_by_their_answers() -> None:
    assert total([Stratum(1000, 10, 5), Stratum(100_000, 100, 0)]).value == 500


@pytest.mark.parametrize(
    ("populations", "shares"),
    [((200, 1000, 9000, 40_000), (0.6, 0.2, 0.02, 0.001)), ((50, 400, 5000, 20_000), (0.9, 0.4, 0.05, 0.002))],
)
def test_the_interval_of_a_total_holds_the_truth(populations: tuple[int, ...], shares: tuple[float, ...]) -> None:
    rng = np.random.default_rng(3)
    truth = sum(population * share for population, share in zip(populations, shares, strict=True))
    held = 0
    for _ in range(WORLDS):
        asked = [min(60, population) for population in populations]
        hits = [
            rng.hypergeometric(round(p * s), p - round(p * s), n)
            for p, s, n in zip(populations, shares, asked, strict=True)
        ]
        found = total([Stratum(p, n, int(x)) for p, n, x in zip(populations, asked, hits, strict=True)])
        held += found.low <= truth <= found.high
    assert held / WORLDS >= 0.92


def test_the_interval_of_recall_holds_the_truth() -> None:
    rng = np.random.default_rng(5)
    populations, shares, pairs, precision = (300, 2000, 20_000), (0.5, 0.1, 0.005), 9000, 0.97
    missed = sum(population * share for population, share in zip(populations, shares, strict=True))
    truth = pairs * precision / (pairs * precision + missed)
    held, widths = 0, []
    for _ in range(WORLDS):
        right = wilson(int(rng.binomial(100, precision)), 100)
        found = Estimate(pairs * right.value, pairs * right.low, pairs * right.high, 100)
        strata = [Stratum(p, 80, int(rng.binomial(80, s))) for p, s in zip(populations, shares, strict=True)]
        recall = share_found(found, total(strata))
        held += recall.low <= truth <= recall.high
        widths.append(recall.high - recall.low)
    assert held / WORLDS >= 0.93
    assert np.mean(widths) < 0.15


def test_nothing_missed_is_a_recall_of_one_that_may_be_less() -> None:
    found = share_found(Estimate(1000, 950, 1000, 50), total([Stratum(500, 50, 0)]))
    assert (found.value, found.high) == (1.0, 1.0)
    assert 0.9 < found.low < 1


def test_nothing_found_at_all_is_no_error() -> None:
    found = share_found(Estimate(0, 0, 0), total([]))
    assert (found.value, found.low, found.high) == (0.0, 0.0, 1.0)


def test_questions_go_to_every_stratum_first_and_then_where_they_narrow_most() -> None:
    strata = [Stratum(3, 0, 0), Stratum(1000, 5, 2), Stratum(50_000, 5, 0), Stratum(0, 0, 0)]
    given = allocation(strata, 20)
    assert sum(given) == 20
    assert given[0] == 3
    assert given[3] == 0
    assert given[2] > given[1]


def test_no_more_is_asked_than_there_is() -> None:
    assert allocation([Stratum(4, 1, 0), Stratum(2, 2, 0)], 20) == [3, 0]
