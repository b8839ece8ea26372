"""What distances mean: fitting, keeping and reading calibrations."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from faces.calibration import Calibration, calibration_for, fit, save
from photofinder.errors import Problem

SOME = Calibration(threshold=0.5, spread=0.1, slope=20.0, source="a test")


def people(count: int, portraits: int, likeness: float) -> tuple[NDArray[np.float32], list[str]]:
    """Unit vectors (count * portraits, 64) and names; `likeness` is the mean cosine between portraits of a person."""
    rng = np.random.default_rng(7)
    own = rng.normal(size=(count, 1, 64)) / 8
    noise = rng.normal(size=(count, portraits, 64)) / 8
    vectors = (np.sqrt(likeness) * own + np.sqrt(1 - likeness) * noise).reshape(-1, 64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), [f"person {i}" for i in range(count) for _ in range(portraits)]


def test_one_pair_of_strangers_in_ten_thousand_is_nearer_than_the_threshold() -> None:
    vectors, names = people(150, 4, likeness=0.7)
    found = fit(vectors, names, source="a test")
    same = np.equal.outer(np.array(names), np.array(names))
    strangers = (1 - vectors @ vectors.T)[~same]
    assert (strangers <= found.calibration.threshold).mean() == pytest.approx(1e-4, rel=0.2)
    assert found.genuine_pairs == 150 * 6
    assert found.impostor_pairs == strangers.size // 2


def test_it_reports_how_many_pairs_of_one_person_are_found() -> None:
    vectors, names = people(150, 4, likeness=0.7)
    same = np.equal.outer(np.array(names), np.array(names)) & ~np.eye(len(names), dtype=bool)
    own = (1 - vectors @ vectors.T)[same]
    for _, distance, matched in fit(vectors, names, source="a test").rates:
        assert matched == pytest.approx((own <= distance).mean(), abs=0.01)


def test_the_tail_extends_what_was_measured() -> None:
    found = fit(*people(400, 3, likeness=0.6), source="a test")
    for rate, distance, _ in found.rates:
        assert found.calibration.distance_at(rate) == pytest.approx(distance, abs=0.02)
    assert found.calibration.strict_threshold < found.calibration.distance_at(1e-5) < found.calibration.threshold


def test_a_fit_needs_enough_strangers() -> None:
    with pytest.raises(Problem, match="needs 100,000") as caught:
        fit(*people(20, 5, likeness=0.7), source="a test")
    assert caught.value.code == "too_few_portraits"


def test_similarity_is_a_half_at_the_threshold_and_falls_with_distance() -> None:
    values = [SOME.similarity(distance) for distance in np.linspace(0, 2, 50)]
    assert SOME.similarity(0.5) == 0.5
    assert all(0 <= far <= near <= 1 for near, far in pairwise(values))


def test_distance_undoes_similarity() -> None:
    for distance in (0.3, 0.5, 0.62):
        assert SOME.distance(SOME.similarity(distance)) == pytest.approx(distance)
    assert SOME.distance(0.0) == 2.0
    assert SOME.distance(1.0) == 0.0


def test_people_are_told_apart_by_the_fitted_similarity() -> None:
    vectors, names = people(150, 4, likeness=0.7)
    calibration = fit(vectors, names, source="a test").calibration
    assert calibration.similarity(0.3) > 0.9
    assert calibration.similarity(1.0) < 0.01


def test_the_calibration_of_the_site_comes_first(tmp_path: Path) -> None:
    site = tmp_path / "var" / "calibrations.json"
    save(site, "fake/squares/1/72/flat", SOME)
    assert calibration_for("fake/squares/1/72/flat", site) == SOME
    assert calibration_for("fake/squares/1/72/flat", None) != SOME


def test_what_is_saved_is_read_at_once_and_keeps_the_others(tmp_path: Path) -> None:
    site = tmp_path / "calibrations.json"
    save(site, "one", SOME)
    assert calibration_for("one", site) == SOME
    newer = Calibration(threshold=0.4, spread=0.1, slope=9.0, source="another test")
    save(site, "one", newer)
    save(site, "two", SOME)
    assert calibration_for("one", site) == newer
    assert set(json.loads(site.read_text())) == {"one", "two"}


def test_a_published_model_starts_from_its_published_threshold() -> None:
    calibration = calibration_for("insightface/w600k_r50/4c06341c33c2/512/det_10g+arcface112+mirror", None)
    assert calibration.threshold == 0.5
    assert "Immich" in calibration.source


def test_an_unknown_contract_names_the_command_that_helps(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"manage\.py calibrate_faces") as caught:
        calibration_for("insightface/my_own/1/512/x", tmp_path / "none.json")
    assert caught.value.code == "not_calibrated"
