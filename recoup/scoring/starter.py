"""
The starter score: for a lender that has no outcomes yet.

Weighted by hand from what is published, and marked `starter` in every output until the book's own
history has trained something better. It ranks; its probabilities are rough.

log-odds = intercept + sum of weight x tanh(value / scale). The tanh keeps any one feature from
outweighing the rest. The intercepts put an average early case near the middle of what is
published; the weights follow the order in which sources agree:

- days past due lowers the chance most: roll rates grow with the stage and cures fall
  (reference tables of Taiwan cards 2005 and of Freddie Mac 2016-2024 by month);
- a recent payment is the best single sign of another (recency before frequency);
- reaching the right person, and promises kept, raise it; broken promises and wrong numbers lower it.

Both docs/stages/scoring.md and the model card print this table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.scoring.declared import ABLE, LOST, REPAY, ROLL, WILLING

VERSION = 1
FAMILY = "starter"


@dataclass(frozen=True, slots=True)
class Weight:
    """How a feature moves the log-odds: at most by `weight`, half of it at about scale / 2."""

    feature: str
    weight: float
    scale: float


INTERCEPTS = {REPAY: -0.4, ROLL: 0.2, LOST: -0.3, ABLE: 0.3, WILLING: -0.8}
WEIGHTS: dict[str, tuple[Weight, ...]] = {
    REPAY: (
        Weight("days_past_due", -2.4, 120),
        Weight("overdue_share", -0.5, 0.5),
        Weight("payments_30", 0.9, 1),
        Weight("payment_months", 0.8, 3),
        Weight("days_since_payment", -0.7, 90),
        Weight("right_party_share", 0.5, 0.3),
        Weight("wrong_number_90", -0.4, 2),
        Weight("refused_90", -0.4, 2),
        Weight("promises_kept_180", 0.6, 2),
        Weight("promises_broken_180", -0.7, 2),
    ),
    ROLL: (
        Weight("days_past_due", 1.2, 90),
        Weight("overdue_share", 0.3, 0.5),
        Weight("payments_30", -0.9, 1),
        Weight("payment_months", -0.6, 3),
        Weight("days_since_payment", 0.5, 90),
        Weight("right_party_share", -0.4, 0.3),
        Weight("promises_kept_180", -0.5, 2),
        Weight("promises_broken_180", 0.5, 2),
    ),
    LOST: (
        Weight("days_past_due", 0.8, 120),
        Weight("right_party_share", -1.6, 0.3),
        Weight("days_since_right_party", 0.9, 60),
        Weight("unreached_90", 0.8, 6),
        Weight("wrong_number_90", 1.0, 2),
        Weight("payments_30", -0.4, 1),
    ),
    ABLE: (
        Weight("overdue_share", -0.8, 0.5),
        Weight("loans", -0.4, 3),
        Weight("paid_share_90", 1.2, 0.2),
        Weight("payment_months", 0.7, 3),
    ),
    WILLING: (
        Weight("right_party_share", 0.7, 0.3),
        Weight("unreached_90", -0.4, 6),
        Weight("refused_90", -0.9, 2),
        Weight("promises_kept_180", 1.0, 2),
        Weight("promises_broken_180", -1.0, 2),
    ),
}


@dataclass(frozen=True, slots=True)
class Starter:
    """The hand-weighted score of one target. A missing value moves nothing."""

    target: str
    columns: tuple[str, ...]

    def contributions(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """How far each column moves the log-odds. Shape (n, columns)."""
        moved = np.zeros(matrix.shape)
        for one in WEIGHTS[self.target]:
            place = self.columns.index(one.feature)
            value = np.nan_to_num(matrix[:, place], nan=0.0)
            moved[:, place] = one.weight * np.tanh(value / one.scale)
        return moved

    def probability(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """The chance of the target. Shape (n,)."""
        log_odds = INTERCEPTS[self.target] + self.contributions(matrix).sum(axis=1)
        chance: NDArray[np.float64] = 1 / (1 + np.exp(-log_odds))
        return chance


def card(target: str, columns: Sequence[str]) -> dict[str, Any]:
    """What a reader is told about the starter score."""
    return {
        "starter": True,
        "columns": list(columns),
        "intercept": INTERCEPTS[target],
        "weights": [
            {"feature": one.feature, "weight": one.weight, "scale": one.scale}
            for one in WEIGHTS[target]
        ],
        "judged": None,
    }
