"""
Rows scored per second of CPU: the boosting against LightGBM, the scorecard against NumPy.

    python bench/scoring.py [ROWS]

Synthetic rows (40 columns, 3 % missing), models trained on 40,000 of them, threads 1. CPU seconds
of the process, best of five, so that other work on the machine matters little. LightGBM comes with
the extra `bench`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.decision import boosting, metrics, scorecard

COLUMNS = tuple(f"x{number}" for number in range(40))
LEARN, HOLD = 40_000, 10_000


def rows_of(count: int) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Columns with steps, curves and products in the truth, and what happened."""
    rng = np.random.default_rng(20)
    matrix = rng.normal(size=(count, len(COLUMNS))).astype(np.float32)
    matrix[rng.random(matrix.shape) < 0.03] = np.nan
    x = np.nan_to_num(matrix)
    log_odds = (
        x[:, :12] @ np.linspace(0.7, 0.1, 12) + 0.4 * x[:, 0] * x[:, 1]
        + 0.5 * (x[:, 2] > 1) - 0.3 * x[:, 3] ** 2 - 0.6
    )  # fmt: skip
    return matrix, (rng.random(count) < 1 / (1 + np.exp(-log_odds))).astype(np.int8)


def cost(work: Callable[[], Any], rows: int) -> float:
    """Rows per CPU second, the best of five."""
    best = float("inf")
    for _ in range(5):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return rows / max(best, 1e-9)


def floor(card: scorecard.Scorecard, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
    """The scorecard as one would write it first: a binary search in each column."""
    total = np.full(len(matrix), card.intercept)
    for place, variable in zip(card.places(), card.variables, strict=True):
        column = matrix[:, place]
        bins = np.searchsorted(np.asarray(variable.edges, np.float32), column, side="right")
        bins[np.isnan(column)] = len(variable.edges) + 1
        total += variable.table()[bins]
    return total


def main() -> int:
    """Train, time, print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    matrix, outcome = rows_of(LEARN + HOLD + count)
    learn, hold, score = matrix[:LEARN], matrix[LEARN : LEARN + HOLD], matrix[LEARN + HOLD :]
    score = np.asfortranarray(score)  # as it comes out of a frame
    test = outcome[LEARN + HOLD :]
    trees = boosting.train(
        matrix=learn, outcome=outcome[:LEARN], held_matrix=hold,
        held_outcome=outcome[LEARN : LEARN + HOLD], columns=COLUMNS, seed=0,
    )  # fmt: skip
    card = scorecard.train(matrix=learn, outcome=outcome[:LEARN], columns=COLUMNS, seed=0)
    found = {
        "CatBoost, native (raw)": cost(lambda: trees.raw(score), count),
        "boosting with calibration": cost(lambda: trees.probability(score), count),
        "boosting, SHAP values by table": cost(lambda: trees.contributions(score), count),
        "scorecard, counting edges": cost(lambda: card.log_odds(score), count),
        "scorecard, binary search (floor)": cost(lambda: floor(card, score), count),
    }
    areas = {
        "boosting": metrics.auc(outcome=test, score=trees.probability(score)),
        "scorecard": metrics.auc(outcome=test, score=card.log_odds(score)),
    }
    try:
        import lightgbm

        peer = lightgbm.LGBMClassifier(
            n_estimators=300, num_leaves=31, learning_rate=0.06, n_jobs=1, verbose=-1
        ).fit(learn, outcome[:LEARN])
        booster = peer.booster_
        found["LightGBM, native"] = cost(lambda: booster.predict(score, num_threads=1), count)
        areas["LightGBM"] = metrics.auc(outcome=test, score=booster.predict(score))
    except ImportError:
        print("LightGBM is not installed (extra `bench`): no comparison with it.")
    differs = float(np.abs(card.log_odds(score) - floor(card, score)).max())
    print(f"{count:,} rows; scorecard of {len(card.variables)} variables, differs by {differs:.1e}")
    for name, speed in found.items():
        print(f"{name:36s} {speed / 1e6:8.2f} M rows / CPU s")
    for name, area in areas.items():
        print(f"AUC {name:32s} {area:8.4f}")
    if "LightGBM, native" in found:
        print(
            f"boosting / LightGBM: {found['boosting with calibration'] / found['LightGBM, native']:.1f} x"
        )
    ratio = found["scorecard, counting edges"] / found["scorecard, binary search (floor)"]
    print(f"scorecard / floor: {ratio:.1f} x")
    return 0


if __name__ == "__main__":
    sys.exit(main())
