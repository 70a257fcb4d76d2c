"""Differences over paired seeds, with intervals by Student's t."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Ratio:
    """The mean of paired ratios less 1, and its 95 % interval; infinite for a single pair."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        if not np.isfinite(self.low):  # a single pair
            return f"{100 * self.mean:+.1f} %"
        return f"{100 * self.mean:+.1f} % [{100 * self.low:+.1f}, {100 * self.high:+.1f}]"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """
    How much more ours is than theirs, seed by seed.

    >>> ratio([11.0, 22.0, 33.0], [10.0, 20.0, 30.0]).mean.__round__(3)
    0.1
    """
    from scipy.stats import t

    a, b = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    each = a / np.where(b == 0, np.nan, b) - 1.0
    each = each[np.isfinite(each)]
    if not len(each):
        return Ratio(float("nan"), -np.inf, np.inf)
    mean = float(each.mean())
    if len(each) < 2:
        return Ratio(mean, -np.inf, np.inf)
    half = float(t.ppf(0.975, len(each) - 1) * each.std(ddof=1) / np.sqrt(len(each)))
    return Ratio(mean, mean - half, mean + half)


def regret(nets: Sequence[float], bounds: Sequence[float]) -> Ratio:
    """
    The share of the bounds that is missed, sums over seeds, with the interval of a ratio of means.

    >>> regret([9.0, 18.0, 27.5], [10.0, 20.0, 30.0]).mean.__round__(3)
    0.092
    """
    from scipy.stats import t

    a, b = np.asarray(nets, dtype=np.float64), np.asarray(bounds, dtype=np.float64)
    share = float(a.sum() / b.sum())
    if len(a) < 2:
        return Ratio(1 - share, -np.inf, np.inf)
    spread = float((a - share * b).std(ddof=1) / np.sqrt(len(a)) / b.mean())
    half = float(t.ppf(0.975, len(a) - 1)) * spread
    return Ratio(1 - share, 1 - share - half, 1 - share + half)
