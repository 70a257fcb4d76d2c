"""A scorecard and a boosting against a truth that is known."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from catboost import Pool

from recoup.decision import boosting, metrics, scorecard
from recoup.decision.boosting import Boosting
from recoup.decision.scorecard import FACTOR, Scorecard
from recoup.kernel.errors import NotTrainable

COLUMNS = ("strong", "weak", "noise", "gappy")
ROWS = 6000
SIGNS = {"strong": 1, "weak": -1}


@pytest.fixture(scope="module")
def truth() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A matrix, the true chance, and what happened: `strong` counts twice as much as `weak`."""
    rng = np.random.default_rng(11)
    matrix = rng.normal(size=(ROWS, 4)).astype(np.float32)
    matrix[rng.random(ROWS) < 0.3, 3] = np.nan
    log_odds = (
        1.2 * matrix[:, 0] - 0.6 * matrix[:, 1] + np.where(np.isnan(matrix[:, 3]), 0.8, 0) - 1
    )
    chance = 1 / (1 + np.exp(-log_odds))
    return matrix, chance, (rng.random(ROWS) < chance).astype(np.int8)


@pytest.fixture(scope="module")
def carded(truth: Any) -> Scorecard:
    matrix, _chance, outcome = truth
    return scorecard.train(
        matrix=matrix[:4000], outcome=outcome[:4000], columns=COLUMNS, seed=0, signs={"strong": 1}
    )


@pytest.fixture(scope="module")
def boosted(truth: Any) -> Boosting:
    return boost(truth, signs=SIGNS)


def boost(truth: Any, *, signs: dict[str, int] | None = None) -> Boosting:
    matrix, _chance, outcome = truth
    return boosting.train(
        matrix=matrix[:3000], outcome=outcome[:3000], held_matrix=matrix[3000:4000],
        held_outcome=outcome[3000:4000], columns=COLUMNS, seed=0, signs=signs,
    )  # fmt: skip


def test_both_models_recover_the_known_order(
    truth: Any, carded: Scorecard, boosted: Boosting
) -> None:
    matrix, chance, outcome = truth
    best = metrics.auc(outcome=outcome[4000:], score=chance[4000:])

    for model in (carded, boosted):
        found = model.probability(matrix[4000:])
        assert metrics.auc(outcome=outcome[4000:], score=found) > best - 0.02
        assert np.corrcoef(found, chance[4000:])[0, 1] > 0.95
        assert metrics.calibration_error(outcome=outcome[4000:], probability=found) < 0.04


def test_noise_is_no_part_of_the_scorecard(carded: Scorecard) -> None:
    names = [variable.name for variable in carded.variables]

    assert names[:2] == ["strong", "weak"]
    assert "noise" not in names
    assert all(variable.coefficient > 0 for variable in carded.variables)


def test_missing_has_points_of_its_own(carded: Scorecard) -> None:
    gappy = next(variable for variable in carded.variables if variable.name == "gappy")

    assert gappy.points()[-1] > max(gappy.points()[:-1])


def test_points_rise_where_the_sign_says_so(carded: Scorecard) -> None:
    strong = next(variable for variable in carded.variables if variable.name == "strong")

    assert list(strong.points()[:-1]) == sorted(strong.points()[:-1])


def test_twenty_points_double_the_odds(truth: Any, carded: Scorecard) -> None:
    matrix = truth[0][:50]

    points, log_odds = carded.points(matrix), carded.log_odds(matrix)

    assert np.allclose(points, 500 + FACTOR * log_odds)
    assert pytest.approx(20) == FACTOR * np.log(2)


def test_points_by_bin_add_up_to_the_score(truth: Any, carded: Scorecard) -> None:
    matrix = truth[0][:200]
    total = np.full(200, 500 + FACTOR * carded.intercept)
    for variable in carded.variables:
        column = np.ascontiguousarray(matrix[:, COLUMNS.index(variable.name)])
        place = scorecard.bin_of(column, np.asarray(variable.edges, np.float32))
        total += np.array(variable.points())[place]

    assert np.abs(total - carded.points(matrix)).max() <= 0.5 * len(carded.variables) + 1e-6


def test_counting_edges_gives_the_bins_of_a_binary_search() -> None:
    rng = np.random.default_rng(1)
    edges = np.sort(rng.normal(size=6)).astype(np.float32)
    column = np.concatenate([rng.normal(size=500).astype(np.float32), edges])

    found = scorecard.bin_of(column, edges)

    assert found.tolist() == np.searchsorted(edges, column, side="right").tolist()


def test_nothing_to_learn_is_said_so(truth: Any) -> None:
    rng = np.random.default_rng(2)
    outcome = rng.integers(0, 2, ROWS).astype(np.int8)

    with pytest.raises(NotTrainable, match="because no single feature"):
        scorecard.train(matrix=truth[0], outcome=outcome, columns=COLUMNS, seed=0)


def test_the_same_data_and_seed_give_the_same_bytes(truth: Any, boosted: Boosting) -> None:
    assert boost(truth, signs=SIGNS).as_dict() == boosted.as_dict()


def test_models_score_the_same_after_a_trip_through_json(
    truth: Any, carded: Scorecard, boosted: Boosting
) -> None:
    matrix = truth[0][:500]
    card = Scorecard.from_dict(json.loads(json.dumps(carded.as_dict())))
    trees = Boosting.from_dict(json.loads(json.dumps(boosted.as_dict())))

    assert np.array_equal(card.probability(matrix), carded.probability(matrix))
    assert np.array_equal(trees.probability(matrix), boosted.probability(matrix))


def test_a_monotone_column_never_lowers_the_chance(truth: Any, boosted: Boosting) -> None:
    matrix = np.repeat(truth[0][:100], 2, axis=0)
    matrix[1::2, 0] += 1.0

    found = boosted.raw(matrix)

    assert (found[1::2] >= found[::2] - 1e-12).all()


def test_contributions_of_trees_are_those_that_catboost_gives(truth: Any) -> None:
    matrix, free = truth[0][:400], boost(truth)

    found = free.contributions(matrix)

    given = free.model.get_feature_importance(Pool(matrix), type="ShapValues")
    assert np.abs(found - given[:, :-1]).max() < 1e-5
    assert np.abs(found.sum(axis=1) + given[0, -1] - free.raw(matrix)).max() < 1e-5


def test_contributions_of_constrained_trees_add_up(truth: Any, boosted: Boosting) -> None:
    matrix = truth[0][:400]

    rest = boosted.raw(matrix) - boosted.contributions(matrix).sum(axis=1)

    assert np.ptp(rest) < 1e-5


def test_contributions_of_a_scorecard_add_up(truth: Any, carded: Scorecard) -> None:
    matrix = truth[0][:400]
    average = carded.intercept + sum(variable.mean for variable in carded.variables)

    found = carded.contributions(matrix)

    assert np.allclose(found.sum(axis=1) + average, carded.log_odds(matrix), atol=1e-5)


def test_few_events_are_calibrated_by_a_sigmoid_and_many_by_a_line() -> None:
    rng = np.random.default_rng(4)
    raw = rng.normal(size=6000)
    outcome = (rng.random(6000) < 1 / (1 + np.exp(-2 * raw))).astype(int)

    few = boosting.calibrate(raw=raw[:600], outcome=outcome[:600])
    many = boosting.calibrate(raw=raw, outcome=outcome)

    assert few.kind == "platt"
    assert few.numbers[0] == pytest.approx(2, abs=0.4)
    assert many.kind == "isotonic"
    assert (np.diff(many(np.linspace(-9, 9, 100))) >= 0).all()
    assert 0 < many(np.array([-99.0]))[0] < many(np.array([99.0]))[0] < 1


def test_training_prints_nothing(truth: Any, capfd: pytest.CaptureFixture[str]) -> None:
    matrix, _chance, outcome = truth
    capfd.readouterr()

    scorecard.train(matrix=matrix[:500], outcome=outcome[:500], columns=COLUMNS, seed=0)
    boost(truth)

    assert capfd.readouterr() == ("", "")
