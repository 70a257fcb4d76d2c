"""
Comparing the arms of an experiment: differences with intervals, for one look or for every day.

`compare` gives two intervals. The fixed one is right for a single look that was planned (Welch,
1947, Biometrika 34). The always-valid one covers the truth at all looks together, so that a desk
may show it every morning and stop when it likes: the normal mixture of Robbins (1970, Annals of
Mathematical Statistics 41(5)) for the difference of two means, as in Johari, Koomen, Pekelis and
Walsh (2022, Operations Research 70(3)),

    d +/- sqrt( V (V + t^2) / t^2 * (2 log(1/alpha) + log((V + t^2) / V)) ),

with V the estimated variance of the difference d and t the size of effect it is tuned for, which
must be fixed before looking. It is asymptotic (Waudby-Smith et al., 2024, Annals of Statistics
52(6)), so it says nothing about arms of fewer than `FEWEST` cases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

FEWEST = 30


@dataclass(frozen=True)
class Outcome:
    """
    What one arm did: how many cases, the sum of their outcomes and the sum of squares.

    >>> Outcome.of([0.0, 1.0, 1.0]).mean
    0.6666666666666666
    """

    count: int
    total: float
    squares: float

    @classmethod
    def of(cls, values: ArrayLike) -> Outcome:
        """From one number for each case."""
        array = np.asarray(values, dtype=np.float64)
        return cls(len(array), float(array.sum()), float((array**2).sum()))

    @classmethod
    def of_shares(cls, count: int, hits: int) -> Outcome:
        """From a count of cases and how many of them did it."""
        return cls(count, float(hits), float(hits))

    @property
    def mean(self) -> float:
        """The average over cases; 0 for none."""
        return self.total / self.count if self.count else 0.0

    @property
    def variance(self) -> float:
        """Of one case, unbiased; shrunk towards a half for shares of 0 or 1, never exactly 0."""
        if self.count < 2:
            return math.inf
        raw = max(0.0, (self.squares - self.total**2 / self.count) / (self.count - 1))
        if self.squares == self.total and 0 <= self.total <= self.count:  # shares: Agresti, Caffo
            share = (self.total + 1) / (self.count + 2)
            return max(raw, share * (1 - share))
        return raw


@dataclass(frozen=True)
class Difference:
    """
    How much more one arm has than the other, for each case.

    `low` and `high` are for one look, `low_always` and `high_always` for any number of looks;
    infinite where there are too few cases to say.
    """

    difference: float
    low: float
    high: float
    low_always: float
    high_always: float

    @property
    def is_clear(self) -> bool:
        """Whether the always-valid interval is clear of zero."""
        return self.low_always > 0 or self.high_always < 0


def compare(arm: Outcome, other: Outcome, *, tuned_for: float, level: float = 0.95) -> Difference:
    """
    How much more `arm` has than `other`. `tuned_for` is the effect that the always-valid interval
    is narrowest for; fix it before looking.

    >>> found = compare(Outcome.of_shares(5000, 1000), Outcome.of_shares(5000, 750), tuned_for=0.02)
    >>> round(found.difference, 3), found.is_clear
    (0.05, True)
    >>> compare(Outcome.of([1.0]), Outcome.of([0.0]), tuned_for=1.0).is_clear
    False

    :raises ValueError: if the effect is not above 0 or the level not between 0 and 1
    """
    if not tuned_for > 0 or not 0 < level < 1:
        raise ValueError("The effect is above 0, the level between 0 and 1.")
    gap = arm.mean - other.mean
    if min(arm.count, other.count) < FEWEST:
        return Difference(gap, -math.inf, math.inf, -math.inf, math.inf)
    variance = arm.variance / arm.count + other.variance / other.count
    if variance == 0:
        return Difference(gap, gap, gap, -math.inf, math.inf)
    fixed = NormalDist().inv_cdf(0.5 + level / 2) * math.sqrt(variance)
    always = radius(variance, tuned_for=tuned_for, level=level)
    return Difference(gap, gap - fixed, gap + fixed, gap - always, gap + always)


def radius(variance: float, *, tuned_for: float, level: float = 0.95) -> float:
    """
    Half the width of the always-valid interval for an estimate of this variance.

    >>> radius(1e-4, tuned_for=0.02) > 1.96 * 1e-2
    True
    """
    square = tuned_for**2
    spread = 2 * math.log(1 / (1 - level)) + math.log((variance + square) / variance)
    return math.sqrt(variance * (variance + square) / square * spread)
