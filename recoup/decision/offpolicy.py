"""
What another policy would have brought, told from the log of the one that ran, or that it cannot be.

A row is one case on one day: what was known x, the action a that was taken, the chance p with which
the plan took it (`propensity` of the plan's file, exact by `strategy.choosing`), what came of it y,
and who it was. The policy to judge gives pi(a | x). With w = pi(a | x) / p and q(x, a) a regression
of y fitted on other people's rows (cross-fitting: Chernozhukov et al. 2018, doi:10.1111/ectj.12097):

    ips         mean of w y                                       Horvitz, Thompson 1952
    snips       sum of w y / sum of w                             Swaminathan, Joachims 2015
    direct      mean of sum_a pi(a | x) q(x, a)
    doubly      mean of sum_a pi(a | x) q(x, a) + w (y - q(x, a)) Dudik, Langford, Li 2011
    switch      the same, w set to 0 above a threshold            Wang, Agarwal, Dudik 2017

Every estimate is a mean of one number for each row (its influence). Intervals count people, not
rows: asymptotic normal with the variance of sums by person (Liang, Zeger 1986), and percentiles of
a bootstrap that draws people (Cameron, Gelbach, Miller 2008). Where the log does not carry the
policy the answer is a `Refusal` with sentences.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from recoup.decision.metrics import Interval
from recoup.decision.policylog import Log, Support, support
from recoup.decision.regression import Fitted, fit_across
from recoup.kernel.said import Said

Floats = NDArray[np.float64]
RESAMPLES = 1_000
GRID = (0.5, 0.75, 0.9, 0.95, 0.99)  # quantiles of the weights tried as threshold
ONE_PERSON = 0.3  # of the variance of an estimate, at most, comes from one person
DOUBT = 1.5  # standard errors that a model alone may be off: few, since a bias hides in noise
CHUNK = 4_000_000  # draws held in memory at once


class Estimator(StrEnum):
    """The estimators, by the names of the table above."""

    IPS = "ips"
    SNIPS = "snips"
    DIRECT = "direct"
    DOUBLY = "doubly"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True)
class Answer:
    """
    The value of the policy for each row. `normal` and `bootstrap` are two intervals for it, `gain`
    how much that is above what the log itself brought, with a normal interval. `threshold` is the
    largest weight that `switch` let through.
    """

    estimator: Estimator
    normal: Interval
    bootstrap: Interval
    gain: Interval
    support: Support
    threshold: float = math.inf

    @property
    def value(self) -> float:
        """The estimate."""
        return self.normal.value


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no answer, in sentences."""

    estimator: Estimator
    reasons: tuple[str, ...]
    support: Support


def evaluate(
    log: Log, policy: Floats, *, rng: np.random.Generator,
    estimators: Sequence[Estimator] = tuple(Estimator), level: float = 0.9, folds: int = 5,
    resamples: int = RESAMPLES, threshold: float | None = None,
) -> dict[Estimator, Answer | Refusal]:  # fmt: skip
    """
    Judge a policy: `policy` (n, A) has its chance of each action of `log.names` on each row.
    `threshold` is that of `switch`; without it, it is chosen from the log.

    >>> rng = np.random.default_rng(1)
    >>> act = rng.integers(0, 2, 4_000)
    >>> log = Log.of(actions=act, outcomes=act + rng.normal(size=4_000),
    ...     propensities=np.full(4_000, 0.5), people=np.arange(4_000), names=("", "call"))
    >>> found = evaluate(log, np.tile([0.0, 1.0], (4_000, 1)), rng=rng)
    >>> bool(abs(found[Estimator.DOUBLY].value - 1) < 0.1)
    True

    :raises BadLog: if the policy is no policy for this log, with every problem found
    """
    if not 0 < level < 1 or folds < 2 or resamples < 100 or (threshold or 1) <= 0:
        raise ValueError(
            "The level lies between 0 and 1; there are 2 folds and 100 draws or more, and a threshold"
            " is above 0."
        )
    found = support(log, policy)
    if found.reasons:
        return {one: Refusal(one, found.reasons, found) for one in estimators}
    weights = found.weights
    fitted = None
    if set(estimators) & {Estimator.DIRECT, Estimator.DOUBLY, Estimator.SWITCH}:
        fitted = fit_across(log, policy, folds=folds, rng=rng)
    people = _People.of(log.people)
    parts = {one: _influence(one, log, weights, fitted, threshold) for one in estimators}
    drawn = people.drawn(list(parts.values()), resamples, rng)
    answers: dict[Estimator, Answer | Refusal] = {}
    for number, (one, influence) in enumerate(parts.items()):
        doubts = _doubts(one, influence, log, weights, fitted, people)
        answers[one] = (
            Refusal(one, doubts, found) if doubts
            else _answer(one, influence, log, people, drawn[:, number], level, found)
        )  # fmt: skip
    return answers


@dataclass(frozen=True, slots=True)
class _Influence:
    """The estimate is sum(top) / sum(bottom); `rest` (n,) is its centred influence."""

    top: Floats
    bottom: Floats
    extra: Floats
    threshold: float = math.inf

    @property
    def value(self) -> float:
        return float(self.top.sum() / self.bottom.sum())

    @property
    def rest(self) -> Floats:
        mean = float(self.bottom.mean())
        return (self.top - self.value * self.bottom) / mean + self.extra


def _influence(
    one: Estimator, log: Log, weights: Floats, fitted: Fitted | None, threshold: float | None
) -> _Influence:
    y, ones, none = log.outcomes, np.ones(len(log.outcomes)), np.zeros(len(log.outcomes))
    if one is Estimator.IPS:
        return _Influence(weights * y, ones, none)
    if one is Estimator.SNIPS:
        return _Influence(weights * y, weights, none)
    assert fitted is not None, "the models are fitted for every other estimator"
    if one is Estimator.DIRECT:
        return _Influence(fitted.policy, ones, fitted.learned(none))
    rest = y - fitted.taken
    if one is Estimator.DOUBLY:
        return _Influence(fitted.policy + weights * rest, ones, none)
    most = _threshold(weights, weights * rest, fitted, y) if threshold is None else threshold
    kept = np.where(weights <= most, weights, 0.0)
    # Where the model is believed, what it was learned from is part of the uncertainty.
    learned = fitted.learned(kept) if (weights > most).any() else none
    return _Influence(fitted.policy + kept * rest, ones, learned, most)


def _threshold(weights: Floats, rest: Floats, fitted: Fitted, outcomes: Floats) -> float:
    """
    The weight above which the model is believed: least variance plus squared bias, estimated (Wang,
    Agarwal, Dudik 2017). The bias is bounded by the weight cut off times the size of
    the model's errors, in place of the largest outcome, which for money has no bound.
    """
    error = math.sqrt(float(np.mean((outcomes - fitted.taken) ** 2)))
    best, least = math.inf, math.inf
    for threshold in (*np.quantile(weights, GRID), math.inf):
        kept = fitted.policy + np.where(weights <= threshold, rest, 0)
        bias = float(np.mean(np.where(weights > threshold, weights, 0))) * error
        loss = float(kept.var()) / len(kept) + bias**2
        if loss <= least:
            best, least = float(threshold), loss
    return best


def _doubts(
    one: Estimator, influence: _Influence, log: Log, weights: Floats, fitted: Fitted | None,
    people: _People,
) -> tuple[str, ...]:  # fmt: skip
    """What speaks against this estimator on this log, though the log carries the policy."""
    found: list[str] = []
    sums = people.sums(influence.rest)
    total = float(sums @ sums)
    if not math.isfinite(total):
        return (Said("Outcomes are so large that their squares cannot be summed."),)
    if not total > 0:
        return (Said("The estimate has no spread to form an interval from."),)
    if float((sums**2).max()) > ONE_PERSON * total:
        found.append(
            Said(
                "One person makes {share:.0%} of the variance. Check the outcome, or cap outcomes"
                " by a rule fixed beforehand.",
                share=float((sums**2).max()) / total,
            )
        )
    if one is Estimator.DIRECT and fitted is not None:
        # Hausman 1978: the two estimates differ by the mean of `gap`, whose error must count that
        # the models were fitted on the same outcomes.
        gap = weights * (log.outcomes - fitted.taken)
        apart = gap - gap.mean() + fitted.learned(weights) - influence.extra
        error = people.error(apart)
        if abs(gap.mean()) > DOUBT * error:
            found.append(
                Said(
                    "The model alone is off: where the policy acts, outcomes differ from it by"
                    " {gap:.4g} on average. Take `doubly`.",
                    gap=float(gap.mean()),
                )
            )
    return tuple(found)


def _answer(
    one: Estimator, influence: _Influence, log: Log, people: _People, drawn: Floats,
    level: float, found: Support,
) -> Answer:  # fmt: skip
    value = influence.value
    reach = NormalDist().inv_cdf(0.5 + level / 2)
    error = people.error(influence.rest)
    low, high = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2])
    own = float(log.outcomes.mean())
    apart = people.error(influence.rest - (log.outcomes - own))
    gain = value - own
    return Answer(
        one, Interval(value, value - reach * error, value + reach * error),
        Interval(value, float(low), float(high)),
        Interval(gain, gain - reach * apart, gain + reach * apart), found, influence.threshold,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _People:
    """Rows by person: `place` (n,) says whose a row is, of `count` people."""

    place: NDArray[np.int64]
    count: int

    @classmethod
    def of(cls, people: NDArray[np.int64]) -> _People:
        return cls(people, int(people.max()) + 1)

    def sums(self, values: Floats) -> Floats:
        return np.asarray(np.bincount(self.place, values, minlength=self.count), np.float64)

    def error(self, rest: Floats) -> float:
        """The standard error of a mean over rows, rows of one person hanging together."""
        sums = self.sums(rest)
        scale = self.count / max(1, self.count - 1)
        return math.sqrt(scale * float(sums @ sums)) / len(rest)

    def drawn(self, parts: Sequence[_Influence], times: int, rng: np.random.Generator) -> Floats:
        """The estimates when people are drawn anew with replacement: (times, parts)."""
        columns = [(one.top + one.extra, one.bottom) for one in parts]
        sums = np.column_stack([self.sums(part) for pair in columns for part in pair])
        found = []
        at_once = max(1, CHUNK // self.count)
        for start in range(0, times, at_once):
            some = min(at_once, times - start)
            drawn = rng.integers(0, self.count, (some, self.count))
            drawn += self.count * np.arange(some)[:, None]
            often = np.bincount(drawn.ravel(), minlength=some * self.count)
            totals = often.reshape(some, self.count).astype(np.float64) @ sums
            found.append(totals[:, ::2] / totals[:, 1::2])
        return np.concatenate(found)
