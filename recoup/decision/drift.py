"""
Whether the world, or the log of it, has moved from what is believed.

* `Watch`: an alarm on a stream of standardised residuals, one a night. Two Shiryaev-Roberts sums of
  likelihood ratios, M = (M + 1) exp(+-l z - l^2 / 2), one for each direction, and their mean
  (e-detectors: Shin, Ramdas, Rinaldo 2024, doi:10.51387/23-NEJSDS51). Without a change an alarm comes
  after `LIMIT` nights on average or later. Nights differ more than their cases say, so a residual
  is divided by the spread of those before it where that is above one.
* `shares`: whether as many cases were drawn at random, and as many left alone, as their chances
  say, by arm (chi-square: Pearson 1900).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SHIFT = 0.5  # of a night's spread, is noticed soonest
LIMIT = 1_000.0
LEAST = 20  # nights that only show their own spread
WIDER = 1.1  # than it looks, which of so few nights is uncertain
FEWEST = 5.0  # the least variance of a count for the cell to be tested
WRONG = 1e-4  # a chance this small of what the log shows is an alarm: it is looked at every night


@dataclass(frozen=True, slots=True)
class Watch:
    """The two sums, and of the residuals so far how many and their sum of squares."""

    up: float = 0.0
    down: float = 0.0
    count: int = 0
    squares: float = 0.0

    def after(self, residual: float) -> Watch:
        """
        With one more standardised residual.

        >>> quiet, moved = Watch(), Watch()
        >>> for night in range(50):
        ...     quiet = quiet.after((-1) ** night * 0.8)
        ...     moved = moved.after((-1) ** night * 0.8 + (1.5 if night >= 25 else 0.0))
        >>> quiet.direction, moved.direction
        (0, 1)

        :raises ValueError: for a residual that is no number
        """
        if not math.isfinite(residual):
            raise ValueError("A residual is a number.")
        if self.count < LEAST:
            return Watch(0.0, 0.0, self.count + 1, self.squares + residual**2)
        spread = max(1.0, WIDER * math.sqrt(self.squares / self.count))
        z = residual / spread
        up, down = (
            min(1e300, (past + 1) * math.exp(SHIFT * sign * z - SHIFT**2 / 2))
            for past, sign in ((self.up, 1), (self.down, -1))
        )
        # A change is not to hide the spread that it is measured by.
        kept = min(abs(residual), 3.0 * spread)
        return Watch(up, down, self.count + 1, self.squares + kept**2)

    @property
    def direction(self) -> int:
        """1 or -1 where more or less comes than is believed, 0 where nothing is proven."""
        if (self.up + self.down) / 2 < LIMIT:
            return 0
        return 1 if self.up >= self.down else -1


@dataclass(frozen=True, slots=True)
class Shares:
    """
    What a log shows of its own chances, by arm: how many were `drawn` at random, and how many were
    `idle`, each with how many were expected and of how many; and the chance of so large a difference.
    """

    drawn: Mapping[str, tuple[int, float, int]]
    idle: Mapping[str, tuple[int, float, int]]
    chance_drawn: float
    chance_idle: float

    @property
    def chance(self) -> float:
        """The chance of differences as large as these in a log that is what it says."""
        return min(1.0, 2 * min(self.chance_drawn, self.chance_idle))

    @property
    def is_wrong(self) -> bool:
        """Whether the log cannot be what its chances say."""
        return self.chance < WRONG


def shares(
    *, arms: NDArray[np.str_], explored: NDArray[np.bool_], explore: Floats,
    idle: NDArray[np.bool_], chances: Floats,
) -> Shares:  # fmt: skip
    """
    Look at rows that had a choice: their arm, whether they were drawn and with what chance, whether
    they were left alone and with what chance.

    >>> rng, n = np.random.default_rng(1), 20_000
    >>> drawn = rng.random(n) < 0.02
    >>> log = dict(arms=np.full(n, "champion"), explore=np.full(n, 0.02), explored=drawn,
    ...     idle=drawn & (rng.random(n) < 0.5), chances=np.full(n, 0.01))
    >>> shares(**log).is_wrong, shares(**{**log, "explored": rng.random(n) < 0.04}).is_wrong
    (False, True)
    """
    drawn, first = _cells(arms, explored, explore)
    left, second = _cells(arms, idle, chances)
    return Shares(drawn, left, first, second)


def _cells(
    arms: NDArray[np.str_], happened: NDArray[np.bool_], chances: Floats
) -> tuple[dict[str, tuple[int, float, int]], float]:
    """By arm what happened, what was expected, of how many; and Pearson's chance of it."""
    found, statistic, cells = {}, 0.0, 0
    for arm in sorted(set(arms.tolist())):
        mine = arms == arm
        count, expected = int(happened[mine].sum()), float(chances[mine].sum())
        found[arm] = (count, expected, int(mine.sum()))
        spread = float((chances[mine] * (1 - chances[mine])).sum())
        if spread >= FEWEST:
            statistic += (count - expected) ** 2 / spread
            cells += 1
        elif spread == 0 and count != expected:
            return found, 0.0
    return found, _tail(statistic, cells)


def _tail(statistic: float, cells: int) -> float:
    """The chance of a larger chi-square with so many degrees of freedom."""
    if not cells:
        return 1.0
    from scipy.stats import chi2

    return float(chi2.sf(statistic, cells))
