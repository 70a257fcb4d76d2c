"""Figures held against values worked out by hand, and against brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.decision import metrics

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40)


@given(ROWS)
def test_auc_counts_pairs_and_halves_ties(rows: list[tuple[bool, int]]) -> None:
    outcome = np.array([int(event) for event, _score in rows])
    score = np.array([value for _event, value in rows])
    pairs = [
        1.0 if high > low else 0.5 if high == low else 0.0
        for happened, high in rows if happened
        for other, low in rows if not other
    ]  # fmt: skip

    found = metrics.auc(outcome=outcome, score=score)

    if pairs:
        assert found == pytest.approx(sum(pairs) / len(pairs))
    else:
        assert math.isnan(found)


@given(ROWS)
def test_ks_is_the_largest_gap_at_any_cut(rows: list[tuple[bool, int]]) -> None:
    outcome = np.array([int(event) for event, _score in rows])
    score = np.array([value for _event, value in rows])
    found = metrics.ks(outcome=outcome, score=score)
    if outcome.min() == outcome.max():
        assert math.isnan(found)
        return

    gaps = [
        abs((score[outcome == 1] <= cut).mean() - (score[outcome == 0] <= cut).mean())
        for cut in range(6)
    ]

    assert found == pytest.approx(max(gaps))


@given(ROWS)
def test_delong_estimates_the_same_area(rows: list[tuple[bool, int]]) -> None:
    outcome = np.array([int(event) for event, _score in rows])
    score = np.array([float(value) for _event, value in rows])

    area = metrics.auc(outcome=outcome, score=score)
    found = metrics.delong(outcome=outcome, score=score)

    assert found.value == pytest.approx(area, nan_ok=True)


def test_delong_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    truth = 0.7602  # Phi(1 / sqrt 2), for normal scores one deviation apart
    hits = 0
    for _ in range(200):
        outcome = np.repeat([0, 1], 60)
        score = rng.normal(size=120) + outcome
        found = metrics.delong(outcome=outcome, score=score)
        hits += found.low <= truth <= found.high

    assert 180 <= hits <= 199


def test_the_bootstrap_is_the_same_under_a_seed_and_narrower_with_more_rows() -> None:
    few, many = np.arange(50) % 7, np.arange(5000) % 7

    def mean(values: np.ndarray) -> float:
        return float(values.mean())

    first = metrics.bootstrap(mean, few, seed=5)
    again = metrics.bootstrap(mean, few, seed=5)
    more = metrics.bootstrap(mean, many, seed=5)

    assert first == again
    assert more.high - more.low < first.high - first.low


def test_a_perfectly_calibrated_model_has_no_calibration_error() -> None:
    probability = np.repeat([0.25, 0.75], 40)
    outcome = np.concatenate([np.repeat([1, 0, 0, 0], 10), np.repeat([1, 1, 1, 0], 10)])

    assert metrics.calibration_error(outcome=outcome, probability=probability, bins=2) < 1e-12


def test_capture_reaches_everything_in_the_last_group() -> None:
    outcome = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 0])
    score = np.arange(10)[::-1]

    table = metrics.lift_table(outcome=outcome, score=score, bins=5)

    assert [row["capture"] for row in table] == [0.666667, 1.0, 1.0, 1.0, 1.0]
    assert table[0]["lift"] == pytest.approx(1 / 0.3, abs=1e-6)


def test_bins_count_missing_values_apart_and_keep_their_edges() -> None:
    bins = metrics.Bins.of(np.array([1.0, 2, 3, 4, np.nan]), groups=2)

    assert bins.edges == (2.5,)
    assert bins.shares == (0.4, 0.4, 0.2)
    assert bins.count(np.array([2.5, 0, np.nan, np.nan])).tolist() == [1, 1, 2]


def test_stability_is_the_same_seen_from_either_side() -> None:
    before, after = np.array([0.2, 0.3, 0.5]), np.array([0.4, 0.4, 0.2])

    there = metrics.psi(reference=before, current=after)

    assert there == pytest.approx(metrics.psi(reference=after, current=before))
    by_hand = 0.2 * math.log(2) + 0.1 * math.log(4 / 3) - 0.3 * math.log(0.4)
    assert there == pytest.approx(by_hand)
    assert metrics.drift_status(there) == "shifted"


def test_an_emptied_group_is_finite_and_shifted() -> None:
    found = metrics.psi(reference=np.array([0.5, 0.5]), current=np.array([100, 0]))

    assert math.isfinite(found)
    assert metrics.drift_status(found) == "shifted"


def test_a_rate_of_nothing_is_not_a_number() -> None:
    assert math.isnan(metrics.recovery_rate(collected=5, owed=0))
    assert math.isnan(metrics.cost_per_unit_collected(cost=5, collected=0))
    assert metrics.roll_rate(worse=0, at_start=10) == 0
