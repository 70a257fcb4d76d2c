"""
How likely a late loan is paid, day by day, with nobody asking.

The baseline is solved so that a population of frail borrowers (log-normal hazard) reproduces the
target survival: on day d the share that closes is the observed one although the keen have gone.
A borrower's hazard on day d is `cure[d] * exp(drive)` for all arrears and
`partial[d] * exp(partial)` for a part of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from recoup.simulator import facts
from recoup.simulator.parameters import Parameters

Floats = NDArray[np.float32]
LONGEST = 1440  # days past due beyond which nothing changes


@dataclass(frozen=True, slots=True)
class Baseline:
    """Daily baseline hazards by days past due, 0 to `LONGEST`, and their running sums."""

    cure: Floats
    partial: Floats
    cure_sum: NDArray[np.float64]
    partial_sum: NDArray[np.float64]
    survival: NDArray[np.float64]


def target_survival(parameters: Parameters) -> NDArray[np.float64]:
    """The share of newly late loans still unpaid after d days, d from 0 to `LONGEST`."""
    days, closed = facts.cure_curve()
    steps = np.arange(LONGEST + 1)
    early = 1.0 - parameters["cure.closes"] * np.interp(
        steps[:91], np.r_[0.0, days], np.r_[0.0, closed]
    )
    monthly = np.where(
        steps <= 180,
        parameters["cure.month_after_90"],
        np.where(
            steps <= 360, parameters["cure.month_after_180"], parameters["cure.month_after_360"]
        ),
    )
    late = early[90] * np.cumprod((1.0 - monthly[91:]) ** (1 / 30))
    return np.concatenate([early, late])


def _frail_baseline(survival: NDArray[np.float64], spread: float) -> NDArray[np.float64]:
    """Cumulative baseline hazard H with E[exp(-H * exp(spread * z))] = survival, by bisection."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    frailty = np.exp(spread * nodes)
    weights = weights / weights.sum()
    low, high = np.zeros(len(survival)), np.full(len(survival), 1e4)
    for _ in range(80):
        middle = 0.5 * (low + high)
        left = np.exp(-middle[:, None] * frailty[None, :]) @ weights
        low = np.where(left > survival, middle, low)
        high = np.where(left > survival, high, middle)
    return np.asarray(0.5 * (low + high))


@lru_cache(maxsize=8)
def baseline(parameters: Parameters) -> Baseline:
    """The hazards that these parameters mean."""
    survival = target_survival(parameters)
    total = _frail_baseline(survival, parameters["drive.spread"])
    total[0] = 0.0
    cure = np.diff(total, prepend=0.0)
    steps = np.arange(LONGEST + 1)
    monthly = np.select(
        [steps <= 30, steps <= 90, steps <= 180],
        [
            parameters["partial.month_before_30"],
            parameters["partial.month_before_90"],
            parameters["partial.month_before_180"],
        ],
        parameters["partial.month_after_180"],
    )
    partial = monthly / 30.0
    partial[0] = 0.0
    return Baseline(
        cure=cure.astype(np.float32),
        partial=partial.astype(np.float32),
        cure_sum=np.cumsum(cure),
        partial_sum=np.cumsum(partial),
        survival=survival,
    )


def survives(days: NDArray[np.int64], drive: Floats, parameters: Parameters) -> NDArray[np.float64]:
    """The chance that each borrower has not paid the arrears after so many days."""
    total = baseline(parameters).cure_sum[np.minimum(days, LONGEST)]
    return np.asarray(np.exp(-total * np.exp(drive.astype(np.float64))))


def delay(
    drive: Floats,
    chance: NDArray[np.float64],
    parameters: Parameters,
    *,
    most: NDArray[np.int64],
    least: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Days until the arrears are paid, given that it takes more than `least`, at most `most`."""
    total = baseline(parameters).cure_sum
    frailty = np.exp(drive.astype(np.float64))
    low = total[least]
    reached = 1.0 - np.exp(-(total[most] - low) * frailty)
    need = low - np.log1p(-chance * reached) / frailty
    return np.asarray(np.clip(np.searchsorted(total, need, side="left"), least + 1, most))
