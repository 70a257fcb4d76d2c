"""
The definitions that models, experiments and reports share, so that all of them count alike.

Arrays are one-dimensional. `outcome` holds 0 and 1 (1 is the event), `score` grows with the chance
of the event, `probability` lies in [0, 1]. Rates are fractions, never percent. A figure that
cannot be formed (no events, nothing owed) is `nan`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Array = NDArray[Any]

STABLE, SHIFTED = 0.1, 0.25
TINY = 1e-15
EMPTY_SHARE = 1e-4


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the ends of its confidence interval."""

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float | None]:
        """For JSON: rounded to six places, `None` where a figure could not be formed."""
        return {
            name: None if np.isnan(value) else round(float(value), 6)
            for name, value in (("value", self.value), ("low", self.low), ("high", self.high))
        }


# -- Ranking ---------------------------------------------------------------------------------------


def midranks(values: Array) -> Floats:
    """
    Ranks from 1, ties sharing their mean rank. Shape (n,) to (n,).

    >>> midranks(np.array([10, 20, 20, 30])).tolist()
    [1.0, 2.5, 2.5, 4.0]
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Floats = (last - (counts - 1) / 2.0)[place]
    return ranks


def auc(*, outcome: Array, score: Array) -> float:
    """
    The chance that an event scores higher than a non-event, ties counting half.

    U / (n1 n0) with U = R1 - n1 (n1 + 1) / 2 (Mann and Whitney 1947, doi:10.1214/aoms/1177730491;
    Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747).

    >>> auc(outcome=np.array([0, 0, 1, 1]), score=np.array([0.1, 0.4, 0.35, 0.8]))
    0.75
    >>> auc(outcome=np.array([0, 1]), score=np.array([0.5, 0.5]))
    0.5
    """
    event = np.asarray(outcome) == 1
    events = int(event.sum())
    others = event.size - events
    if not events or not others:
        return float("nan")
    ranks = midranks(np.asarray(score))
    return float((ranks[event].sum() - events * (events + 1) / 2) / (events * others))


def gini(*, outcome: Array, score: Array) -> float:
    """
    The accuracy ratio, 2 AUC - 1.

    >>> gini(outcome=np.array([0, 0, 1, 1]), score=np.array([0.1, 0.4, 0.35, 0.8]))
    0.5
    """
    return 2 * auc(outcome=outcome, score=score) - 1


def ks(*, outcome: Array, score: Array) -> float:
    """
    The largest distance between the score distributions of events and non-events.

    max |F1(s) - F0(s)| over the distinct scores (Kolmogorov 1933, Smirnov 1939).

    >>> ks(outcome=np.array([0, 0, 1, 1]), score=np.array([0.1, 0.4, 0.35, 0.8]))
    0.5
    """
    values = np.asarray(score)
    event = np.asarray(outcome) == 1
    if not event.any() or event.all():
        return float("nan")
    order = np.argsort(values, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(values[order])), values.size - 1)
    events = np.cumsum(event[order])[ends] / event.sum()
    others = np.cumsum(~event[order])[ends] / (~event).sum()
    return float(np.abs(events - others).max())


# -- Probabilities ---------------------------------------------------------------------------------


def brier(*, outcome: Array, probability: Array) -> float:
    """
    Mean squared error of the probability (Brier 1950, Monthly Weather Review 78, 1-3).

    >>> round(brier(outcome=np.array([1, 0]), probability=np.array([0.8, 0.3])), 4)
    0.065
    """
    return float(np.mean((np.asarray(probability, float) - outcome) ** 2))


def log_loss(*, outcome: Array, probability: Array) -> float:
    """
    Mean of -[y ln p + (1 - y) ln(1 - p)] in nats; p is kept 1e-15 away from 0 and 1.

    >>> round(log_loss(outcome=np.array([1, 0]), probability=np.array([0.8, 0.2])), 4)
    0.2231
    """
    p = np.clip(np.asarray(probability, float), TINY, 1 - TINY)
    y = np.asarray(outcome, float)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log1p(-p)))


def calibration_table(
    *, outcome: Array, probability: Array, bins: int = 10
) -> list[dict[str, float]]:
    """
    Groups of equal size by rising probability: how many, what was said, what happened.

    >>> calibration_table(outcome=np.array([0, 1]), probability=np.array([0.2, 0.6]), bins=2)
    [{'rows': 1, 'said': 0.2, 'happened': 0.0}, {'rows': 1, 'said': 0.6, 'happened': 1.0}]
    """
    p, y = np.asarray(probability, float), np.asarray(outcome, float)
    groups = np.array_split(np.argsort(p, kind="stable"), bins)
    return [
        {
            "rows": len(group),
            "said": round(float(p[group].mean()), 6),
            "happened": round(float(y[group].mean()), 6),
        }
        for group in groups
        if len(group)
    ]


def calibration_error(*, outcome: Array, probability: Array, bins: int = 10) -> float:
    """
    The expected calibration error: sum of (rows / n) |said - happened| over groups of equal size.

    Naeini, Cooper and Hauskrecht 2015, AAAI 29, 2901-2907 (there with groups of equal width).

    >>> round(calibration_error(outcome=np.array([0, 1]), probability=np.array([0.2, 0.6]), bins=2), 3)
    0.3
    """
    p, y = np.asarray(probability, float), np.asarray(outcome, float)
    groups = np.array_split(np.argsort(p, kind="stable"), bins)
    return float(sum(abs(p[group].sum() - y[group].sum()) for group in groups) / max(p.size, 1))


def lift_table(*, outcome: Array, score: Array, bins: int = 10) -> list[dict[str, float]]:
    """
    Groups of equal size from the highest score down, with lift and capture.

    `lift` is the group's event rate over the rate of all, `capture` the share of all events in
    this and the groups above.

    >>> lift_table(outcome=np.array([1, 0, 0, 0]), score=np.array([9, 3, 2, 1]), bins=2)[0]
    {'rows': 2, 'rate': 0.5, 'lift': 2.0, 'capture': 1.0}
    """
    y = np.asarray(outcome, float)
    events, table, found = y.sum(), [], 0.0
    for group in np.array_split(np.argsort(-np.asarray(score, float), kind="stable"), bins):
        if not len(group):
            continue
        found += float(y[group].sum())
        rate = float(y[group].mean())
        table.append(
            {
                "rows": len(group),
                "rate": round(rate, 6),
                "lift": round(ratio(rate, float(y.mean())), 6),
                "capture": round(ratio(found, float(events)), 6),
            }
        )
    return table


# -- Drift -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bins:
    """
    Fixed groups of a reference: inner edges (k,), and shares (k + 2,), the last one of missing.

    A value v falls in the group numbered by how many edges are at most v.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]

    @classmethod
    def of(cls, reference: Array, *, groups: int = 10) -> Bins:
        """Quantile groups of a reference, with ties merged."""
        values = np.asarray(reference, float)
        known = values[~np.isnan(values)]
        cuts = np.quantile(known, np.linspace(0, 1, groups + 1)[1:-1]) if known.size else []
        edges = tuple(float(cut) for cut in np.unique(cuts))
        counts = cls(edges, ()).count(values)
        return cls(edges, tuple(round(float(s), 8) for s in counts / max(counts.sum(), 1)))

    def count(self, values: Array) -> NDArray[np.int64]:
        """How many values fall in each group. Shape (n,) to (k + 2,)."""
        numbers = np.asarray(values, float)
        place = np.searchsorted(np.asarray(self.edges), numbers, side="right")
        place = np.where(np.isnan(numbers), len(self.edges) + 1, place)
        return np.bincount(place, minlength=len(self.edges) + 2).astype(np.int64)


def psi(*, reference: Array, current: Array) -> float:
    """
    The population stability index of two sets of shares (or counts) over the same groups.

    Sum of (c - r) ln(c / r), Jeffreys' divergence; an empty group counts as 0.0001 (Siddiqi 2006,
    Credit Risk Scorecards, ch. 8). Below 0.1 stable, to 0.25 to be watched, above it shifted.

    >>> psi(reference=np.array([0.5, 0.5]), current=np.array([50, 50]))
    0.0
    >>> round(psi(reference=np.array([0.5, 0.5]), current=np.array([0.75, 0.25])), 4)
    0.2747
    """
    shares = []
    for counts in (np.asarray(reference, float), np.asarray(current, float)):
        if not counts.sum():
            return float("nan")
        shares.append(np.maximum(counts / counts.sum(), EMPTY_SHARE))
    return float(np.sum((shares[1] - shares[0]) * np.log(shares[1] / shares[0])))


def drift_status(value: float) -> str:
    """
    What a stability index says.

    >>> drift_status(0.05), drift_status(0.1), drift_status(0.3), drift_status(float("nan"))
    ('stable', 'watch', 'shifted', 'unknown')
    """
    if np.isnan(value):
        return "unknown"
    return "stable" if value < STABLE else "watch" if value < SHIFTED else "shifted"


# -- Intervals -------------------------------------------------------------------------------------


def bootstrap(
    statistic: Callable[..., float], *arrays: Array, seed: int, repeats: int = 400,
    level: float = 0.95,
) -> Interval:  # fmt: skip
    """
    The percentile interval of a statistic of rows drawn with replacement.

    Efron 1979, doi:10.1214/aos/1176344552. All arrays are drawn with the same rows, so the
    difference of two models on the same cases is a paired comparison.

    >>> found = bootstrap(lambda x: float(x.mean()), np.arange(100.0), seed=1)
    >>> found.low < found.value == 49.5 < found.high
    True
    """
    rng = np.random.default_rng(seed)
    size = len(arrays[0])
    value = statistic(*arrays)
    drawn = np.empty(repeats)
    for number in range(repeats):
        rows = rng.integers(0, size, size)
        drawn[number] = statistic(*(array[rows] for array in arrays))
    kept = drawn[~np.isnan(drawn)]
    if not kept.size:
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))


def delong(*, outcome: Array, score: Array, level: float = 0.95) -> Interval:
    """
    The AUC with DeLong's interval, cut to [0, 1], in O(n log n).

    var = var(V10) / n1 + var(V01) / n0 over the placement values (DeLong et al. 1988,
    doi:10.2307/2531595; by midranks, Sun and Xu 2014, doi:10.1109/LSP.2014.2337313).

    >>> y = np.array([0, 0, 0, 1, 1, 1]); s = np.array([1, 2, 4, 3, 5, 6.0])
    >>> found = delong(outcome=y, score=s)
    >>> round(found.value, 4), round(found.low, 4), found.high
    (0.8889, 0.5809, 1.0)
    """
    values, event = np.asarray(score, float), np.asarray(outcome) == 1
    high, low = values[event], values[~event]
    if len(high) < 2 or len(low) < 2:
        area = auc(outcome=outcome, score=score)
        return Interval(area, float("nan"), float("nan"))
    together = midranks(np.concatenate([high, low]))
    above = (together[: len(high)] - midranks(high)) / len(low)
    below = 1 - (together[len(high) :] - midranks(low)) / len(high)
    area = float(above.mean())
    error = float(np.sqrt(above.var(ddof=1) / len(high) + below.var(ddof=1) / len(low)))
    half = NormalDist().inv_cdf((1 + level) / 2) * error
    return Interval(area, max(area - half, 0.0), min(area + half, 1.0))


def ratio(part: float, whole: float) -> float:
    """
    A fraction; `nan` of nothing.

    >>> ratio(1, 4), ratio(1, 0)
    (0.25, nan)
    """
    return part / whole if whole else float("nan")


def recovery_rate(*, collected: float, owed: float) -> float:
    """
    Money collected in a period, reversals taken off, over what was owed at its start.

    >>> recovery_rate(collected=2_500, owed=10_000)
    0.25
    """
    return ratio(collected, owed)


def roll_rate(*, worse: float, at_start: float) -> float:
    """
    Cases (or money) in a worse stage at the end over all that were in the stage at the start.

    >>> roll_rate(worse=30, at_start=100)
    0.3
    """
    return ratio(worse, at_start)


def cure_rate(*, current: float, overdue_at_start: float) -> float:
    """
    Cases overdue at the start that owe nothing overdue at the end, over all overdue at the start.

    >>> cure_rate(current=20, overdue_at_start=80)
    0.25
    """
    return ratio(current, overdue_at_start)


def connection_rate(*, connected: float, attempts: float) -> float:
    """
    Attempts that somebody answered over all attempts.

    >>> connection_rate(connected=40, attempts=100)
    0.4
    """
    return ratio(connected, attempts)


def right_party_rate(*, right_party: float, attempts: float) -> float:
    """
    Attempts that reached the debtor in person over all attempts.

    >>> right_party_rate(right_party=15, attempts=100)
    0.15
    """
    return ratio(right_party, attempts)


def promise_kept_rate(*, kept: float, judged: float) -> float:
    """
    Promises kept over promises whose day has passed (kept, partly kept and broken).

    >>> promise_kept_rate(kept=6, judged=8)
    0.75
    """
    return ratio(kept, judged)


def cost_per_unit_collected(*, cost: float, collected: float) -> float:
    """
    What one unit of money collected cost, in the same unit.

    >>> cost_per_unit_collected(cost=300, collected=10_000)
    0.03
    """
    return ratio(cost, collected)
