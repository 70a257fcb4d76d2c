"""
How contacts fade, said in a few figures: what a chance of paying means day by day.

    rate(t) = r d^(t/30) exp(b 2^(-t/h))        after a contact that was noticed on day 0

r is such that the chance of the month is that of the case, b such that one contact that is noticed
raises it to what is known of that contact: how large an effect is comes from elsewhere, how it fades
is said here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from recoup.decision.restraint.touches import kept

Floats = NDArray[np.float64]
MONTH, WEEK = 30, 7
LEAST, MOST = 1e-4, 1 - 1e-4
JUMPS = np.linspace(-5.0, 5.0, 401)


@dataclass(frozen=True)
class Habits:
    """
    :param days: how far ahead is looked
    :param half_life: days after which half of an effect is left
    :param cooling: days after which half of the irritation is left
    :param irritation: what a contact adds to the log rate of objections
    :param wear: what each contact of the last 30 days leaves of an effect
    :param decline: what is left of the rate of paying after 30 days
    """

    days: int
    half_life: float
    cooling: float
    irritation: float
    wear: float
    decline: float

    @property
    def months(self) -> float:
        """How many contacts of the last 30 days a level of 1 stands for, if they come evenly."""
        return MONTH * float(np.log(2)) / self.cooling

    def rate(self, chance: Floats) -> Floats:
        """The rate of the first day from the chance of the month."""
        base, _ = _month(self.decline, self.half_life)
        return np.asarray(-np.log1p(-np.clip(chance, LEAST, MOST)) / base)

    def jump(self, chance: Floats, then: Floats) -> Floats:
        """What one contact adds to the log of the rate that makes `then` of a chance of a month."""
        before = np.log1p(-np.clip(chance, LEAST, MOST))
        wanted = np.log(np.log1p(-np.clip(then, LEAST, MOST)) / before)
        return np.asarray(np.interp(wanted, _month(self.decline, self.half_life)[1], JUMPS))


def left(*, week: Floats, month: Floats, ago: Floats, half_life: float) -> Floats:
    """
    What is left of contacts in contacts of today, (n,), from those of the last 7 and 30 days and days
    since the last (not a number: not known), the others taken to be spread evenly.

    >>> import numpy as np
    >>> week, month, ago = np.array([[1, 0, 2], [1, 0, 3], [0, np.nan, 1]], dtype=float)
    >>> left(week=week, month=month, ago=ago, half_life=10.0).round(2).tolist()
    [1.0, 0.0, 2.01]
    """
    last = np.where(np.isnan(ago), np.where(week > 0, WEEK, MONTH), ago)
    known = np.where((month > 0) & (last <= MONTH), 0.5 ** (last / half_life), 0.0)
    lately = np.maximum(week - (last <= WEEK), 0.0)
    before = np.maximum(month - week - ((last > WEEK) & (last <= MONTH)), 0.0)
    soon, late = np.minimum(last, WEEK), np.clip(last, WEEK, MONTH)
    return np.asarray(
        known + lately * _mean(soon, WEEK, half_life) + before * _mean(late, MONTH, half_life)
    )


def _mean(start: Floats, end: float, half_life: float) -> Floats:
    """The mean of what is left of contacts of between so many days ago and so many."""
    days = start[..., None] + (end - start)[..., None] * np.linspace(0.0, 1.0, 9)
    return np.asarray((0.5 ** (days / half_life)).mean(axis=-1))


@lru_cache(maxsize=64)
def _month(decline: float, half_life: float) -> tuple[float, Floats]:
    """The days of a month in days like the first, and the log of what each jump makes of its rate."""
    base = decline ** (np.arange(MONTH) / MONTH)
    fading = np.exp(JUMPS[:, None] * kept(half_life) ** np.arange(MONTH))
    return float(base.sum()), np.log(fading @ (base / base.sum()))
