"""
Judging effects on rows they were not learnt from: Qini, AUUC, deciles, calibration, PEHE.

All is formed from contrasts (`contrast`), one for each row, that are unbiased for the effect: the
gain of treating the first share f of rows, ordered by the effect said of them, is the sum of their
contrasts over all rows. With a Horvitz-Thompson contrast this is the curve of Radcliffe 2007
(Direct Marketing Analytics Journal); with the doubly robust one its error is smaller (Yadlowsky et
al. 2021, arXiv:2111.07966).

    qini   area between the gain and the straight line of treating at random (Radcliffe 2007)
    auuc   area under the gain (Rzepakowski, Jaroszewicz 2012, doi:10.1007/s10115-011-0434-0)
    pehe   root mean square of said less true effect (Hill 2011, doi:10.1198/jcgs.2010.08162)

Areas are in units of the outcome for a row of the whole. Rows that are said the same share their
gain. Intervals draw people, not rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.decision.metrics import Interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
REPEATS = 400


@dataclass(frozen=True, slots=True)
class Curve:
    """
    The gain `up` when the share `across` of rows is treated, best first; both (points,), from 0.

    >>> line = curve(said=np.array([2.0, 1.0]), contrast=np.array([1.0, -1.0]))
    >>> line.across.tolist(), line.up.tolist(), line.qini, line.auuc
    ([0.0, 0.5, 1.0], [0.0, 0.5, 0.0], 0.25, 0.25)
    """

    across: Floats
    up: Floats

    @property
    def auuc(self) -> float:
        """The area under the gain."""
        return float(np.trapezoid(self.up, self.across))

    @property
    def qini(self) -> float:
        """The area under the gain above that of treating at random."""
        return self.auuc - float(self.up[-1]) / 2

    def at(self, shares: Sequence[float] | Floats) -> Floats:
        """The gain at some shares."""
        return np.interp(shares, self.across, self.up)


def curve(*, said: Floats, contrast: Floats, weight: Floats | None = None) -> Curve:
    """The gain curve of rows; `weight` counts each so often."""
    order, ends = _order(said)
    return _curve(order, ends, contrast, np.ones(len(said)) if weight is None else weight)


def _order(said: Floats) -> tuple[Ints, Ints]:
    order = np.argsort(-said, kind="stable")
    return order, np.append(np.flatnonzero(np.diff(said[order])), len(said) - 1)


def _curve(order: Ints, ends: Ints, contrast: Floats, weight: Floats) -> Curve:
    total = weight.sum()
    share = np.cumsum(weight[order])[ends] / total
    gain = np.cumsum((weight * contrast)[order])[ends] / total
    return Curve(np.append(0.0, share), np.append(0.0, gain))


@dataclass(frozen=True, slots=True)
class Judgment:
    """
    How well effects order and size rows, with 95 % intervals.

    `ate` is the mean contrast, `slope` how much the contrast grows with what was said (1 is
    calibrated, 0 says nothing; Chernozhukov et al. 2018, NBER w24678), `loss` the mean squared
    contrast less what was said, above that of saying `ate` to all: below 0 is better than constant.
    """

    rows: int
    people: int
    curve: Curve
    ate: Interval
    qini: Interval
    auuc: Interval
    slope: Interval
    loss: Interval
    deciles: tuple[dict[str, float], ...]

    def as_dict(self, *, points: int = 20) -> dict[str, Any]:
        """Plain data for JSON, the curve at `points` even shares."""
        shares = np.linspace(0, 1, points + 1)
        return {
            "rows": self.rows, "people": self.people,
            **{name: getattr(self, name).as_dict()
               for name in ("ate", "qini", "auuc", "slope", "loss")},
            "curve": [[round(float(a), 4), round(float(b), 8)]
                      for a, b in zip(shares, self.curve.at(shares), strict=True)],
            "deciles": list(self.deciles),
        }  # fmt: skip


def judge(
    *, said: Floats, contrast: Floats, people: Ints, seed: int, repeats: int = REPEATS,
    groups: int = 10,
) -> Judgment:  # fmt: skip
    """
    Judge what was `said` (n,) of rows by their contrasts (n,). Repeatable under its seed.

    >>> rng = np.random.default_rng(1)
    >>> true = rng.normal(size=4_000)
    >>> found = judge(said=true, contrast=true + rng.normal(size=4_000), people=np.arange(4_000),
    ...     seed=1)
    >>> found.qini.low > 0.2, 0.9 < found.slope.value < 1.1, found.loss.high < 0
    (True, True, True)
    """
    _, place = np.unique(people, return_inverse=True)
    order, ends = _order(said)

    def figures(weight: Floats) -> tuple[float, ...]:
        line = _curve(order, ends, contrast, weight)
        ate, slope, loss = _linear(said, contrast, weight)
        return ate, line.qini, line.auuc, slope, loss

    ones = np.ones(len(said))
    values = figures(ones)
    drawn = resample(figures, place=place, seed=seed, repeats=repeats)
    ate, qini, auuc, slope, loss = (
        interval(value, column) for value, column in zip(values, drawn.T, strict=True)
    )
    return Judgment(
        rows=len(said), people=int(place.max()) + 1, curve=_curve(order, ends, contrast, ones),
        ate=ate, qini=qini, auuc=auuc, slope=slope, loss=loss,
        deciles=deciles(said=said, contrast=contrast, people=people, groups=groups),
    )  # fmt: skip


def _linear(said: Floats, contrast: Floats, weight: Floats) -> tuple[float, float, float]:
    total = float(weight.sum())
    mean_said, ate = float(weight @ said) / total, float(weight @ contrast) / total
    apart = said - mean_said
    spread = float(weight @ apart**2)
    slope = float(weight @ (apart * (contrast - ate))) / spread if np.ptp(said) else float("nan")
    loss = float(weight @ ((contrast - said) ** 2 - (contrast - ate) ** 2)) / total
    return ate, slope, loss


def resample(
    figures: Callable[[Floats], Sequence[float]], *, place: Ints, seed: int, repeats: int = REPEATS
) -> Floats:
    """Figures of weights that count how often each row's person was drawn. (repeats, figures)."""
    rng, count = np.random.default_rng(seed), int(place.max()) + 1
    drawn = []
    for _ in range(repeats):
        often = np.bincount(rng.integers(0, count, count), minlength=count)
        drawn.append(figures(often[place].astype(np.float64)))
    return np.array(drawn, np.float64)


def interval(value: float, drawn: Floats, *, level: float = 0.95) -> Interval:
    """The percentile interval of drawn figures; NaN where some could not be formed."""
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))


def deciles(
    *, said: Floats, contrast: Floats, people: Ints, groups: int = 10
) -> tuple[dict[str, float], ...]:
    """
    Groups of equal size from the largest effect down: how many, what was said, what happened, and
    the standard error of that, rows of one person hanging together.
    """
    found = []
    for rows in np.array_split(np.argsort(-said, kind="stable"), groups):
        if not len(rows):
            continue
        mean = float(contrast[rows].mean())
        _, place = np.unique(people[rows], return_inverse=True)
        sums = np.bincount(place, contrast[rows] - mean)
        found.append({
            "rows": len(rows), "said": round(float(said[rows].mean()), 8),
            "happened": round(mean, 8),
            "error": round(float(np.linalg.norm(sums)) / len(rows), 8),
        })  # fmt: skip
    return tuple(found)


def pehe(*, said: Floats, true: Floats) -> float:
    """
    Root mean square of said less true effects.

    >>> pehe(said=np.array([1.0, 2.0]), true=np.array([1.0, 4.0])) == 2.0**0.5
    True
    """
    return float(np.sqrt(np.mean((said - true) ** 2)))
