"""
What two arms show against each other, as one number and its variance.

Tests that may be looked at every day (`sequential`) need no more than that. Four ways to it:

* `means`: averages and shares, from counts and sums;
* `adjusted`: averages less what was known before the draw (CUPED: Deng, Xu, Kohavi, Walker 2013,
  doi:10.1145/2433396.2433413), Y - theta (X - mean X), theta = cov(Y, X) / var(X) within the arms;
* `ratios`: a sum over a sum, such as money by contact, by the delta method (Deng, Knoblich, Lu
  2018, doi:10.1145/3219819.3219919): var(R) = var(top - R bottom) / (n mean(bottom)^2).

A variance is an estimate (plug-in); what rests on it is asymptotic. `doubt` is a sentence that says
why a look should decide nothing yet; empty where nothing speaks against it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recoup.decision.arms import FEWEST, Outcome

Floats = NDArray[np.float64]
LARGEST = 0.5  # of the spread of an arm, at most, comes from one case


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much more an arm has than the other, its variance, the cases of the smaller arm."""

    difference: float
    variance: float
    count: int
    doubt: str = ""

    def __post_init__(self) -> None:
        if math.isnan(self.difference) or math.isnan(self.variance) or self.variance < 0:
            raise ValueError(
                f"A difference of {self.difference} with a variance of {self.variance} is no"
                " evidence: both are numbers, and a variance is not below 0."
            )


def means(arm: Outcome, other: Outcome) -> Evidence:
    """
    The difference of two averages (or shares) with Welch's variance.

    >>> found = means(Outcome.of_shares(1000, 300), Outcome.of_shares(1000, 250))
    >>> round(found.difference, 3), round(found.variance ** 0.5, 4), found.doubt
    (0.05, 0.0199, '')
    >>> means(Outcome.of([]), Outcome.of_shares(1000, 250)).doubt
    'The arm has 0 cases and the other 1000; each needs 30.'
    """
    for one in (arm, other):
        if not (math.isfinite(one.total) and math.isfinite(one.squares)):
            raise ValueError("Some outcomes are not numbers or are infinite.")
    count = min(arm.count, other.count)
    difference = arm.mean - other.mean
    if count < FEWEST:
        return Evidence(difference, math.inf, count, _few(arm.count, other.count))
    return _weighed(difference, arm.variance / arm.count + other.variance / other.count, count, "")


def adjusted(
    *, arm: ArrayLike, other: ArrayLike, arm_before: ArrayLike, other_before: ArrayLike
) -> Evidence:
    """
    The difference of two averages less what was known of each case before the draw.

    Outcomes are (n,) and (m,); what was known (n, k) and (m, k), or (n,) and (m,). Only what no arm
    can have changed may be given: a score or a balance of the day before, never of the day after.
    The variance falls by the share of the spread that was known.

    :raises ValueError: if lengths differ, or anything is not a finite number
    """
    one, two = _outcomes(arm), _outcomes(other)
    known_one, known_two = _known(arm_before, one), _known(other_before, two)
    if known_one.shape[1] != known_two.shape[1]:
        raise ValueError("Both arms need the same columns of what was known before.")
    count = min(len(one), len(two))
    if count < FEWEST + known_one.shape[1]:
        gap = float(one.mean() - two.mean()) if count else 0.0
        return Evidence(gap, math.inf, count, _few(len(one), len(two), known_one.shape[1]))
    scale = np.vstack([known_one, known_two]).std(axis=0)
    scale[scale == 0] = 1.0
    known_one, known_two = known_one / scale, known_two / scale
    inner = [known_one - known_one.mean(axis=0), known_two - known_two.mean(axis=0)]
    outer = [one - one.mean(), two - two.mean()]
    theta = np.linalg.lstsq(np.vstack(inner), np.concatenate(outer), rcond=1e-10)[0]
    rest = [y - x @ theta for y, x in zip(outer, inner, strict=True)]
    gap = one.mean() - two.mean() - (known_one.mean(axis=0) - known_two.mean(axis=0)) @ theta
    columns = len(theta)
    variance = sum(float(r @ r) / (len(r) - 1 - columns) / len(r) for r in rest)
    return _weighed(float(gap), variance, count, _outlier(rest))


def ratios(*, arm: ArrayLike, arm_by: ArrayLike, other: ArrayLike, other_by: ArrayLike) -> Evidence:
    """
    The difference of two ratios of sums, sum(arm) / sum(arm_by), cases (n,) and (m,).

    Use it where the unit counted (a call, a yuan overdue) is not the unit drawn (a person).

    :raises ValueError: if lengths differ, or anything is not a finite number
    """
    values, rests, variance = [], [], 0.0
    counts = []
    for top, bottom in ((arm, arm_by), (other, other_by)):
        upper, lower = _outcomes(top), _outcomes(bottom)
        if len(upper) != len(lower):
            raise ValueError(f"{len(upper)} tops stand over {len(lower)} bottoms.")
        counts.append(len(upper))
        if len(upper) < FEWEST:
            continue
        mean = float(lower.mean())
        if not mean > 0:
            return Evidence(0.0, math.inf, min(counts), "An arm has nothing to divide by.")
        value = float(upper.mean()) / mean
        rest = (upper - value * lower) / mean
        values.append(value)
        rests.append(rest)
        variance += float(rest @ rest) / (len(rest) - 1) / len(rest)
    if len(values) < 2:
        return Evidence(0.0, math.inf, min(counts), _few(counts[0], counts[1]))
    return _weighed(values[0] - values[1], variance, min(counts), _outlier(rests))


def _weighed(difference: float, variance: float, count: int, doubt: str) -> Evidence:
    if not math.isfinite(difference) or not math.isfinite(variance):
        raise ValueError("Outcomes are so large that their squares cannot be summed.")
    if variance <= 1e-24 * difference**2:
        return Evidence(difference, 0.0, count, "The outcomes do not vary, so nothing can be said.")
    return Evidence(difference, variance, count, doubt)


def _few(arm: int, other: int, columns: int = 0) -> str:
    return f"The arm has {arm} cases and the other {other}; each needs {FEWEST + columns}."


def _outlier(rests: list[Floats]) -> str:
    for rest in rests:
        squares = rest * rest
        if squares.max() > LARGEST * squares.sum():
            return (
                f"One case makes {squares.max() / squares.sum():.0%} of the spread of its arm."
                " Check it, or cap outcomes by a rule fixed beforehand."
            )
    return ""


def _outcomes(values: ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError("There is one outcome for each case.")
    if not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).sum())
        raise ValueError(f"{bad} of {len(array)} outcomes are not numbers or are infinite.")
    return array


def _known(values: ArrayLike, outcomes: Floats) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or len(array) != len(outcomes):
        raise ValueError("What was known before has one row for each case.")
    if not np.isfinite(array).all():
        raise ValueError(
            "What was known before has holes: fill them with one value and add a column that says"
            " so."
        )
    return array
