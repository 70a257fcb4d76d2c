"""
Logs of a policy that ran, and whether they carry another policy.

`Log.of_plan` reads the columns that a strategy's plan files have (`arm`, `treatment`, `propensity`,
`admissible`). A propensity there is the chance given the arm, so one log is of one arm. A case to
which no treatment was open has no choice and is left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from recoup.kernel.said import Said

Floats = NDArray[np.float64]
FEWEST_EFFECTIVE = 200
LARGEST_SHARE = 0.05
NOTHING = "nothing"
OFF = 4.0  # standard errors that the mean weight may be from 1


class BadLog(ValueError):
    """A log or a policy that is not one; `problems` has a sentence for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(self.problems))


@dataclass(frozen=True)
class Log:
    """
    Rows of a log: `actions` (n,) as numbers of `names`, `outcomes`, `propensities` (n,), `people`
    (n,) numbered from 0, `known` (n, k) from before the action. Made by `of` or `of_plan`.
    """

    actions: NDArray[np.int64]
    outcomes: Floats
    propensities: Floats
    people: NDArray[np.int64]
    known: Floats
    names: tuple[str, ...]

    @classmethod
    def of(
        cls, *, actions: ArrayLike, outcomes: ArrayLike, propensities: ArrayLike,
        people: ArrayLike, names: Sequence[str], known: ArrayLike | None = None,
    ) -> Log:  # fmt: skip
        """
        Check a log.

        >>> Log.of(actions=[0], outcomes=[1.0], propensities=[0.0], people=[7], names=("call",))
        Traceback (most recent call last):
            ...
        recoup.decision.policylog.BadLog: 1 of 1 propensities lie outside 0 to 1 or are exactly \
0, first in row 0: 0.0.

        :raises BadLog: with every problem found
        """
        number = np.asarray(actions)
        y, p = np.asarray(outcomes, float), np.asarray(propensities, float)
        who = np.asarray(people)
        rows = len(number) if number.ndim == 1 else 0
        if rows == 0:
            raise BadLog(["The log is empty."])
        x = np.zeros((rows, 0)) if known is None else np.asarray(known, float)
        x = x[:, None] if x.ndim == 1 else x
        if not all(one.shape == (rows,) for one in (y, p, who)) or x.shape[:1] != (rows,):
            raise BadLog(["Actions, outcomes, propensities and people are one for each row."])
        problems = []
        if number.dtype.kind not in "iu" or ((number < 0) | (number >= len(names))).any():
            problems.append(f"An action is a number from 0 to {len(names) - 1}.")
        bad = ~((p > 0) & (p <= 1))
        if bad.any():
            first = int(bad.argmax())
            problems.append(
                f"{int(bad.sum())} of {rows} propensities lie outside 0 to 1 or are exactly 0,"
                f" first in row {first}: {p[first]}."
            )
        for what, values in (("outcomes", y), ("things known before", x)):
            holes = int((~np.isfinite(values)).sum())
            if holes:
                problems.append(f"{holes} {what} are missing or infinite.")
        nobody = int(sum(one is None or one != one for one in who.tolist()))
        if nobody:
            problems.append(f"{nobody} of {rows} rows belong to nobody.")
        if problems:
            raise BadLog(problems)
        _, place = np.unique(who, return_inverse=True)
        return cls(number.astype(np.int64), y, p, place.astype(np.int64), x, tuple(names))

    @classmethod
    def of_plan(
        cls, frame: pl.DataFrame, *, arm: str, outcome: str, person: str,
        known: Sequence[str] = (),
    ) -> Log:  # fmt: skip
        """
        From plan files with an outcome and a person for each row, one or many nights together.
        Doing nothing is an action, `NOTHING`.

        :raises BadLog: if columns or the arm are missing, or as `of`
        """
        needed = ["arm", "treatment", "propensity", "admissible", outcome, person, *known]
        missing = [name for name in needed if name not in frame.columns]
        if missing:
            raise BadLog([f"The plan has no column {name}." for name in missing])
        rows = frame.filter(pl.col("arm") == arm)
        if rows.is_empty():
            there = ", ".join(sorted(map(str, frame["arm"].unique()))) or "none"
            raise BadLog([f"No row is of the arm {arm}; there are: {there}."])
        rows = rows.filter(pl.col("admissible") > 0)
        if rows.is_empty():
            raise BadLog([f"No case of the arm {arm} had a choice."])
        done = rows["treatment"].fill_null("").replace({"": NOTHING})
        names = (NOTHING, *sorted(set(done.to_list()) - {NOTHING}))
        place = {name: number for number, name in enumerate(names)}
        return cls.of(
            actions=np.array([place[one] for one in done.to_list()], dtype=np.int64),
            outcomes=_numbers(rows[outcome]), propensities=_numbers(rows["propensity"]),
            people=rows[person].to_numpy(), names=names,
            known=np.column_stack([_numbers(rows[name]) for name in known]) if known else None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Support:
    """
    How well a log carries a policy: the effective number of people, (sum w)^2 / sum w^2 with w
    summed by person (Kish 1965), the largest share of one row in the sum of weights, their mean,
    which is 1 where the log carries the policy, and `reasons` to refuse.
    """

    effective: float
    largest: float
    mean: float
    reasons: tuple[str, ...]
    weights: Floats = field(repr=False, compare=False)


def support(log: Log, policy: ArrayLike) -> Support:
    """
    Weigh the rows for a policy (n, A) and say what is missing.

    :raises BadLog: if the policy is no table of chances
    """
    chances = _chances(log, policy)
    rows = len(log.actions)
    with np.errstate(over="ignore"):
        weights = chances[np.arange(rows), log.actions] / log.propensities
        total = float(weights.sum())
    mean = total / rows
    reasons: list[str] = []
    logged = np.bincount(log.actions, minlength=len(log.names)) > 0
    for number in np.flatnonzero(~logged & (chances > 0).any(axis=0)):
        reasons.append(
            Said(
                "The policy takes {action}, which the log never took: nothing is known of it.",
                action=log.names[number],
            )
        )
    if not total > 0:
        reasons.append(Said("The policy never does what the log did."))
        return Support(0.0, 1.0, 0.0, tuple(reasons), weights)
    if not math.isfinite(total):
        reasons.append(Said("One row has all of the weight: its propensity is next to nothing."))
        return Support(1.0, 1.0, mean, tuple(reasons), weights)
    mine = np.bincount(log.people, weights / weights.max())
    effective = float(mine.sum() ** 2 / (mine @ mine))
    largest = float(weights.max() / total)
    if effective < FEWEST_EFFECTIVE:
        reasons.append(
            Said(
                "The log is worth {effective:.0f} people for this policy; {fewest} are needed."
                " Explore more, wait longer, or ask for a policy nearer to the one that ran.",
                effective=effective,
                fewest=FEWEST_EFFECTIVE,
            )
        )
    if largest > LARGEST_SHARE:
        reasons.append(
            Said(
                "One row has {largest:.0%} of all the weight; at most {most:.0%} may be.",
                largest=largest,
                most=LARGEST_SHARE,
            )
        )
    centred = np.bincount(log.people, weights - mean)
    error = float(np.linalg.norm(centred / weights.max())) * float(weights.max()) / rows
    if abs(mean - 1) > OFF * error + 1e-9:
        reasons.append(
            Said(
                "The weights average {mean:.3f} and not 1: the policy does what the log could not"
                " have done, or the propensities are wrong.",
                mean=mean,
            )
        )
    if np.ptp(log.outcomes) == 0:
        reasons.append(Said("Every outcome is the same, so no policy differs from another."))
    return Support(effective, largest, mean, tuple(reasons), weights)


def _chances(log: Log, policy: ArrayLike) -> Floats:
    chances = np.asarray(policy, float)
    shape = (len(log.actions), len(log.names))
    if chances.shape != shape:
        raise BadLog([f"A policy for this log has {shape[0]} rows and {shape[1]} actions."])
    problems = []
    if not np.isfinite(chances).all() or (chances < 0).any():
        problems.append("A chance of the policy is below 0 or not a number.")
    elif (np.abs(chances.sum(axis=1) - 1) > 1e-6).any():
        problems.append("The chances of a row add up to 1.")
    if problems:
        raise BadLog(problems)
    return chances


def _numbers(column: pl.Series) -> Floats:
    found: Floats = column.cast(pl.Float64).fill_null(math.nan).to_numpy()
    return found
