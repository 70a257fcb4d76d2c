"""
Ability and willingness to pay, as two scores: what outcomes show of each, and whether they differ.

A payment has two parts (a hurdle: Cragg 1971, doi:10.2307/1909582). Whether somebody who was reached
pays anything shows willingness; how much of what is overdue they pay, if they pay, shows ability.
So each score is calibrated on an outcome of its own: willingness on all who were reached, ability on
all who paid. Whoever was not reached shows nothing of willingness, and whoever did not pay nothing
of ability (a limit: those who pay may be abler than the rest, Heckman 1979, doi:10.2307/1912352).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.decision import metrics

UNSHOWN = -1
SIGN_OF_LIFE = 0.05  # of what is overdue: below it a payment shows nothing
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Shown:
    """What an outcome shows of n cases: 1, 0, or `UNSHOWN`."""

    willing: NDArray[np.int8]
    able: NDArray[np.int8]


def shown(*, paid: NDArray[Any], overdue: NDArray[Any], reached: NDArray[Any]) -> Shown:
    """
    What payments of a window show, beside what was overdue at its start and who was reached in it.

    >>> found = shown(paid=np.array([0, 20, 90, 90]), overdue=np.array([100, 100, 100, 100]),
    ...     reached=np.array([True, True, True, False]))
    >>> found.willing.tolist(), found.able.tolist()
    ([0, 1, 1, -1], [-1, 0, 1, 1])
    """
    share = np.asarray(paid, float) / np.maximum(np.asarray(overdue, float), 1.0)
    pays = share >= SIGN_OF_LIFE
    willing = np.where(np.asarray(reached, bool), pays, UNSHOWN)
    able = np.where(pays, share >= HALF, UNSHOWN)
    return Shown(willing.astype(np.int8), able.astype(np.int8))


def points(chance: float) -> int:
    """
    A chance as a score of 0 to 100.

    >>> points(0.0), points(0.374), points(1.0)
    (0, 37, 100)
    """
    return round(100 * min(max(chance, 0.0), 1.0))


@dataclass(frozen=True, slots=True)
class Separation:
    """
    The areas under the curve of each score (first word) on what each outcome shows (second word).
    """

    willing_willing: float
    willing_able: float
    able_able: float
    able_willing: float

    @property
    def separate(self) -> bool:
        """Whether each score orders its own outcome better than the other score does."""
        return (
            self.willing_willing > self.able_willing and self.able_able > self.willing_able
        )  # fmt: skip


def separation(*, willing: NDArray[Any], able: NDArray[Any], seen: Shown) -> Separation:
    """
    How far two scores are two things, on held-out outcomes.

    >>> seen = Shown(np.array([0, 1, 0, 1], np.int8), np.array([0, 0, 1, 1], np.int8))
    >>> apart = separation(willing=np.array([0, 1, 0, 1]), able=np.array([0, 0, 1, 1]), seen=seen)
    >>> apart.willing_willing, apart.able_willing, apart.separate
    (1.0, 0.5, True)
    """

    def area(score: NDArray[Any], outcome: NDArray[np.int8]) -> float:
        kept = outcome != UNSHOWN
        return metrics.auc(outcome=outcome[kept], score=np.asarray(score, float)[kept])

    return Separation(
        area(willing, seen.willing), area(willing, seen.able), area(able, seen.able),
        area(able, seen.willing),
    )  # fmt: skip
