"""
A champion and its challengers, looked at every day, stopped as soon as there is an answer.

At a look, the evidence against "no difference" is an average of martingales of the difference d
with estimated variance V, for a planned effect e:

    L = w cosh(a d / V) exp(-a^2 / 2V)                 Wald's ratio for +a and -a, a = 1.1 e
      + (1 - w) mean over t of sqrt(V / (V + t^2)) exp(t^2 d^2 / 2V(V + t^2))
                                                       Robbins' normal mixtures, t = e and 10 e

Each is a mixture likelihood ratio (Robbins 1970, doi:10.1214/aoms/1177696786),
so is their average, and by Ville's inequality L exceeds 1/alpha at any look with chance at most
alpha (asymptotically in V: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas 2024,
doi:10.1214/24-AOS2408). 1/L is a p-value valid at every look
(Johari, Koomen, Pekelis, Walsh 2022, doi:10.1287/opre.2021.2135), all theta with L(d - theta) under
1/alpha are the interval. The first part is quick where the effect is about as planned; the others
make the interval shrink to a point in the end, and see at once what is far larger than planned.

Harm has a sequence of its own, one-sided (Howard, Ramdas, McAuliffe, Sekhon 2021,
doi:10.1214/20-AOS1991, the closed form of the one-sided normal mixture). A test also stops when
neither +e nor -e can be true any more (chance `give_up` at most), which raises no false alarm.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recoup.decision.arms import radius
from recoup.decision.evidence import Evidence
from recoup.decision.metrics import Interval

Floats = NDArray[np.float64]
SHARE = 0.9  # w: of the evidence, comes from the ratio for the planned effect
SCALES = (1.0, 10.0)  # t / e of the normal mixtures
AIM = 1.1  # a / e: aimed a little high, which is quicker under a longest duration
LONGEST = 2.0  # of the duration of a test of one look, after which a test ends without an answer
STEPS = 60


class Decided(StrEnum):
    """What a look decides."""

    LOOK_ON = "look_on"
    BETTER = "better"
    WORSE = "worse"
    HARM = "harm"
    TOO_SMALL = "too_small"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What is fixed before the first look. `effect` is the smallest that would matter, in the unit of
    the outcome; `power` that of the test of one look that sets the longest duration; `give_up` the
    chance, at most, of stopping for too small an effect where it is as large as planned.
    `challengers` share the error between them (Bonferroni), for the whole test.
    """

    effect: float
    level: float = 0.95
    power: float = 0.9
    give_up: float = 0.28
    challengers: int = 1
    larger_is_better: bool = True

    def __post_init__(self) -> None:
        if not (math.isfinite(self.effect) and self.effect > 0):
            raise ValueError("The effect planned for is a number above 0.")
        if not (0 < self.level < 1 and 0 < self.power < 1 and 0 <= self.give_up < 1):
            raise ValueError("Level, power and the chance of giving up lie between 0 and 1.")
        if self.challengers < 1:
            raise ValueError("A test has at least one challenger.")

    @property
    def alpha(self) -> float:
        """The error that one challenger may spend over all looks."""
        return (1 - self.level) / self.challengers

    @property
    def single_look(self) -> float:
        """The variance of the difference at which a test of one look would have the power."""
        normal = NormalDist()
        reach = normal.inv_cdf(1 - self.alpha / 2) + normal.inv_cdf(self.power)
        return (self.effect / reach) ** 2

    def cases(self, spread: float) -> int:
        """
        Cases for each arm of the test of one look, where one case has this standard deviation.

        >>> Plan(effect=0.02).cases(0.4)
        8406
        """
        return math.ceil(2 * spread**2 / self.single_look)


@dataclass(frozen=True, slots=True)
class Guard:
    """
    How much more harm is allowed: of a measure of which more is worse, `margin` above the
    champion's. `size` is the excess over the margin that should be noticed soonest.
    """

    margin: float
    size: float
    level: float = 0.95

    def __post_init__(self) -> None:
        if not (math.isfinite(self.margin) and self.margin >= 0):
            raise ValueError("The allowed margin of harm is a number, 0 or more.")
        if not (math.isfinite(self.size) and self.size > 0 and 0 < self.level < 1):
            raise ValueError("The size of harm is above 0, the level between 0 and 1.")


@dataclass(frozen=True, slots=True)
class Sequence:
    """One look's interval and p-value, both valid at all looks together; infinite and 1 if doubted."""

    difference: Interval
    p_value: float
    doubt: str = ""

    @property
    def is_clear(self) -> bool:
        """Whether the interval is clear of zero."""
        return self.difference.low > 0 or self.difference.high < 0


@dataclass(frozen=True, slots=True)
class Look:
    """
    One look: the estimate with an interval and a p-value that hold at all looks together, what is
    decided, and why. `p_value` is the least so far. `harm` is the excess of the measure of harm,
    each end one-sided; `None` where none is guarded.
    """

    difference: Interval
    p_value: float
    decided: Decided
    reason: str
    harm: Interval | None = None

    @property
    def is_over(self) -> bool:
        """Whether the test ends here."""
        return self.decided is not Decided.LOOK_ON


# -- The mathematics, for numbers and arrays alike -------------------------------------------------


def log_evidence(difference: ArrayLike, variance: ArrayLike, *, effect: float) -> Floats:
    """
    The logarithm of L for differences and their variances (above 0), of any equal shape.

    >>> bool(log_evidence(0.05, 1e-4, effect=0.03) > np.log(1 / 0.05))
    True
    """
    d, v = np.abs(np.asarray(difference, float)), np.asarray(variance, float)
    aim = AIM * effect
    tilt = aim * d / v
    # log cosh without overflow
    ratio = tilt + np.log1p(np.exp(-2 * tilt)) - math.log(2) - aim**2 / (2 * v)
    both: Floats = math.log(SHARE) + ratio
    for square in ((scale * effect) ** 2 for scale in SCALES):
        mixed = 0.5 * np.log(v / (v + square)) + square * d**2 / (2 * v * (v + square))
        both = np.logaddexp(both, math.log((1 - SHARE) / len(SCALES)) + mixed)
    return both


def reach(variance: ArrayLike, *, effect: float, alpha: float) -> Floats:
    """
    Half the width of the interval: where L is 1/alpha. It is never wider than `arms.radius` for
    e or 10 e at the level 1 - (1 - w) alpha / 2.

    >>> float(reach(1e-4, effect=0.03, alpha=0.05).round(4))
    0.0279
    """
    v = np.atleast_1d(np.asarray(variance, float))
    level = 1 - (1 - SHARE) / len(SCALES) * alpha
    high = np.array([
        min(radius(float(one), tuned_for=scale * effect, level=level) for scale in SCALES)
        for one in v.ravel()
    ]).reshape(v.shape) * (1 + 1e-9)  # fmt: skip
    low = np.zeros_like(high)
    for _ in range(STEPS):
        middle = (low + high) / 2
        inside = log_evidence(middle, v, effect=effect) < -math.log(alpha)
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return high.reshape(np.shape(variance))


def is_too_small(
    difference: ArrayLike, variance: ArrayLike, *, effect: float, give_up: float
) -> NDArray[np.bool_]:
    """
    Whether neither +effect nor -effect can be true any more, each with chance `give_up` of error.

    Wald's ratio of 0 against the effect (1945, doi:10.1214/aoms/1177731118) is at least 1/give_up
    on both sides: |d| <= effect / 2 - V log(1/give_up) / effect.
    """
    d, v = np.abs(np.asarray(difference, float)), np.asarray(variance, float)
    if give_up <= 0:
        return np.zeros(np.broadcast(d, v).shape, dtype=bool)
    small: NDArray[np.bool_] = d <= effect / 2 + v * math.log(give_up) / effect
    return small


def one_sided(variance: ArrayLike, *, size: float, alpha: float) -> Floats:
    """
    How far one end lies from the estimate, at all looks together with chance 1 - alpha.

    sqrt( 2 V (V + t^2) / t^2  log(1 + sqrt((V + t^2) / V) / (2 alpha)) ) with t the size.

    >>> float(one_sided(1e-4, size=0.03, alpha=0.05)) < radius(1e-4, tuned_for=0.03)
    True
    """
    v, square = np.asarray(variance, float), size**2
    spread = np.log1p(np.sqrt((v + square) / v) / (2 * alpha))
    distance: Floats = np.sqrt(2 * v * (v + square) / square * spread)
    return distance


def reach_of_harm(variance: ArrayLike, *, size: float, alpha: float) -> Floats:
    """
    The same at once for the size and for ten times it, each with half of the error: harm far above
    what was planned for is seen while there are few cases.

    >>> float(reach_of_harm(2e-3, size=0.005, alpha=0.05)) < float(
    ...     one_sided(2e-3, size=0.005, alpha=0.05))
    True
    """
    each = [one_sided(variance, size=scale * size, alpha=alpha / len(SCALES)) for scale in SCALES]
    least: Floats = np.minimum.reduce(each)
    return least


# -- Looking ---------------------------------------------------------------------------------------


def sequence(evidence: Evidence, plan: Plan) -> Sequence:
    """
    The interval and the p-value of one look, without a decision.

    >>> found = sequence(Evidence(0.05, 1e-4, 900), Plan(effect=0.03))
    >>> round(found.difference.low, 4), found.p_value < 0.05, found.is_clear
    (0.0221, True, True)
    """
    gap, variance = evidence.difference, evidence.variance
    if evidence.doubt or not 0 < variance < math.inf:
        doubt = evidence.doubt or "The variance cannot be estimated yet."
        return Sequence(Interval(gap, -math.inf, math.inf), 1.0, doubt)
    width = float(reach(variance, effect=plan.effect, alpha=plan.alpha))
    spent = -float(log_evidence(gap, variance, effect=plan.effect))
    p_value = min(1.0, plan.challengers * math.exp(min(0.0, spent)))
    return Sequence(Interval(gap, gap - width, gap + width), p_value)


def excess(harm: Evidence, guard: Guard, *, challengers: int = 1) -> Interval:
    """
    How much more harm a challenger does, each end one-sided and valid at all looks together.

    >>> found = excess(Evidence(0.04, 1e-4, 900), Guard(margin=0.005, size=0.01))
    >>> found.low > 0.005
    True
    """
    gap, width = harm.difference, math.inf
    if not harm.doubt and 0 < harm.variance < math.inf:
        alpha = (1 - guard.level) / challengers
        width = float(reach_of_harm(harm.variance, size=guard.size, alpha=alpha))
    return Interval(gap, gap - width, gap + width)


def look(
    evidence: Evidence, plan: Plan, *, before: Look | None = None,
    harm: Evidence | None = None, guard: Guard | None = None,
) -> Look:  # fmt: skip
    """
    Look at one challenger against the champion. `before` is the look before this one: a p-value
    never rises again and a decision stays.

    >>> plan, last = Plan(effect=0.05), None
    >>> for cases in (1_000, 4_000, 9_000):
    ...     last = look(Evidence(0.05, 90 / cases / 100, cases), plan, before=last)
    >>> last.decided.value, last.is_over
    ('better', True)

    :raises ValueError: if harm is guarded and not measured, or measured and not guarded
    """
    if (harm is None) != (guard is None):
        raise ValueError("Harm is guarded with a measure of it and a margin, or not at all.")
    seen = sequence(evidence, plan)
    p_value = seen.p_value
    more = None
    if harm is not None and guard is not None:
        more = excess(harm, guard, challengers=plan.challengers)
    if before is not None:
        p_value = min(p_value, before.p_value)
        if before.is_over:
            return Look(seen.difference, p_value, before.decided, before.reason, more)
    found = Look(seen.difference, p_value, Decided.LOOK_ON, "", more)
    decided, reason = _decide(found, evidence, plan, guard, seen.doubt)
    return replace(found, decided=decided, reason=reason)


def look_at_all(
    evidence: Mapping[str, Evidence], plan: Plan, *, before: Mapping[str, Look] | None = None,
    harm: Mapping[str, Evidence] | None = None, guard: Guard | None = None,
) -> dict[str, Look]:  # fmt: skip
    """
    Look at every challenger. All of them together raise a false alarm with chance at most
    1 - level: each spends its share, also after another has stopped.

    :raises ValueError: if there are more challengers than planned, or harm is not measured for each
    """
    if len(evidence) > plan.challengers:
        raise ValueError(
            f"{len(evidence)} challengers are looked at, but the test was planned for"
            f" {plan.challengers}. Plan for all of them before the first look."
        )
    if harm is not None and set(harm) != set(evidence):
        raise ValueError("Harm is measured for every challenger or for none.")
    return {
        name: look(
            one, plan, before=(before or {}).get(name),
            harm=None if harm is None else harm[name], guard=guard,
        )
        for name, one in evidence.items()
    }  # fmt: skip


def _decide(
    found: Look, evidence: Evidence, plan: Plan, guard: Guard | None, doubt: str
) -> tuple[Decided, str]:
    """What to do, the gravest first, and one sentence why."""
    gap, low, high = found.difference.value, found.difference.low, found.difference.high
    if found.harm is not None and guard is not None and found.harm.low > guard.margin:
        return Decided.HARM, (
            f"Harm is above the allowed {guard.margin:.4g}: {found.harm.value:.4g} more than the"
            f" champion, at least {found.harm.low:.4g}. Stop this challenger."
        )
    if doubt:
        return Decided.LOOK_ON, doubt
    if low > 0 or high < 0:
        good = (gap > 0) == plan.larger_is_better
        return (Decided.BETTER if good else Decided.WORSE), (
            f"The difference of {gap:.4g} is clear of 0: {low:.4g} to {high:.4g} at all looks"
            f" together (p {found.p_value:.2g})."
        )
    if is_too_small(gap, evidence.variance, effect=plan.effect, give_up=plan.give_up):
        return Decided.TOO_SMALL, (
            f"An effect of {plan.effect:.4g}, either way, is no longer to be expected"
            f" (difference {gap:.4g}, {low:.4g} to {high:.4g})."
        )
    if evidence.variance * LONGEST <= plan.single_look:
        return Decided.NO_ANSWER, (
            f"After {LONGEST:g} times the duration of a test of one look the difference of {gap:.4g}"
            f" is still not clear of 0 ({low:.4g} to {high:.4g})."
        )
    share = min(1.0, plan.single_look / evidence.variance)
    return Decided.LOOK_ON, (
        f"Not clear yet: {gap:.4g}, {low:.4g} to {high:.4g}, with {share:.0%} of the cases of a"
        " test of one look."
    )
