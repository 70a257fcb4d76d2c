"""
A log read as a trial: which treatments could be given, and whether each group carries an answer.

The first action of the log is the comparison, doing nothing; an effect is always against it. Where
not every action was open to every row (`open`), a treatment is judged on the rows where it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recoup.decision.policylog import FEWEST_EFFECTIVE, LARGEST_SHARE, OFF, BadLog, Log

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
NOTHING = 0


@dataclass(frozen=True, slots=True)
class Group:
    """
    One treatment's rows: how many, of how many people, and what they are worth.

    `effective` and `nothing` are the effective numbers of people treated and left alone among whom
    it was open, (sum w)^2 / sum w^2 with w = 1 / propensity summed by person (Kish 1965). With
    `reasons` there is no answer for this treatment.
    """

    name: str
    rows: int
    people: int
    effective: float
    nothing: float
    reasons: tuple[str, ...]

    @property
    def carries(self) -> bool:
        """Whether an effect can be learnt."""
        return not self.reasons


@dataclass(frozen=True)
class Trial:
    """
    A log (`policylog.Log`) with the names of what was known, `columns` (k), and `open` (n, A).

    >>> log = Log.of(actions=[0, 1], outcomes=[0.0, 1.0], propensities=[0.5, 0.5], people=[1, 2],
    ...     names=("nothing", "sms"), known=[[3.0], [4.0]])
    >>> Trial.of(log, columns=("days",)).open.tolist()
    [[True, True], [True, True]]
    """

    log: Log
    columns: tuple[str, ...]
    open: Flags

    @classmethod
    def of(cls, log: Log, *, columns: Sequence[str], open: ArrayLike | None = None) -> Trial:
        """
        Check the names and what was open; without `open`, everything was.

        :raises BadLog: with every problem found
        """
        shape, problems = (len(log.actions), len(log.names)), []
        flags = np.ones(shape, bool) if open is None else np.asarray(open, bool)
        if len(log.names) < 2:
            problems.append("The log took one action only, so nothing can be compared.")
        if len(columns) != log.known.shape[1] or len(set(columns)) != len(columns):
            problems.append(
                f"There are {log.known.shape[1]} columns of what was known; they need as many"
                f" different names, not {len(columns)}."
            )
        if flags.shape != shape:
            problems.append(f"What was open has {shape[0]} rows and {shape[1]} actions.")
        elif not flags[:, NOTHING].all():
            problems.append("Doing nothing is always open.")
        elif not flags[np.arange(shape[0]), log.actions].all():
            problems.append("A row took an action that was not open to it.")
        if problems:
            raise BadLog(problems)
        return cls(log, tuple(columns), flags)

    @property
    def names(self) -> tuple[str, ...]:
        """The actions, doing nothing first."""
        return self.log.names

    def take(self, rows: NDArray[np.int64] | Flags) -> Trial:
        """The trial of some rows; people are numbered anew."""
        log = self.log
        _, people = np.unique(log.people[rows], return_inverse=True)
        part = replace(
            log, actions=log.actions[rows], outcomes=log.outcomes[rows],
            propensities=log.propensities[rows], people=people.astype(np.int64),
            known=log.known[rows],
        )  # fmt: skip
        return Trial(part, self.columns, self.open[rows])

    def group(self, action: int, *, fewest: float = FEWEST_EFFECTIVE) -> Group:
        """Whether the log carries one treatment against nothing, and if not, why."""
        log, among = self.log, self.open[:, action]
        treated = among & (log.actions == action)
        name, rows = log.names[action], int(treated.sum())
        if not rows or not (among & (log.actions == NOTHING)).any():
            what = name if not rows else "doing nothing"
            reason = f"The log never took {what} where {name} could be taken."
            return Group(name, rows, 0, 0.0, 0.0, (reason,))
        reasons: list[str] = []
        effective = []
        for what, side in ((name, action), ("doing nothing", NOTHING)):
            weights = np.where(log.actions[among] == side, 1 / log.propensities[among], 0.0)
            found = _worth(weights, log.people[among])
            effective.append(found.effective)
            reasons += found.doubts(what, name, fewest)
        if np.ptp(log.outcomes[among]) == 0:
            reasons.append(f"Every outcome is the same where {name} could be taken.")
        people = len(np.unique(log.people[treated]))
        return Group(name, rows, people, effective[0], effective[1], tuple(reasons))

    def groups(self, *, fewest: float = FEWEST_EFFECTIVE) -> tuple[Group, ...]:
        """All treatments, doing nothing left out."""
        return tuple(self.group(action, fewest=fewest) for action in range(1, len(self.names)))


@dataclass(frozen=True, slots=True)
class _Worth:
    effective: float
    largest: float
    mean: float
    error: float

    def doubts(self, what: str, treatment: str, fewest: float) -> list[str]:
        found = []
        if self.effective < fewest:
            found.append(
                f"For {treatment}, the rows of {what} are worth {self.effective:.0f} people;"
                f" {fewest:g} are needed. Explore more, or wait longer."
            )
        if self.largest > LARGEST_SHARE:
            found.append(
                f"For {treatment}, one row of {what} has {self.largest:.0%} of all the weight; at"
                f" most {LARGEST_SHARE:.0%} may be."
            )
        if abs(self.mean - 1) > OFF * self.error + 1e-9:
            found.append(
                f"For {treatment}, the weights of {what} average {self.mean:.3f} and not 1: the"
                " propensities, or what was open, are wrong."
            )
        return found


def _worth(weights: Floats, people: NDArray[np.int64]) -> _Worth:
    _, place = np.unique(people, return_inverse=True)
    scale = float(weights.max())
    mine = np.bincount(place, weights / scale)
    mean = float(weights.mean())
    centred = np.bincount(place, (weights - mean) / scale)
    return _Worth(
        effective=float(mine.sum() ** 2 / (mine @ mine)),
        largest=float(scale / weights.sum()),
        mean=mean,
        error=float(np.linalg.norm(centred)) * scale / len(weights),
    )


def inverse(trial: Trial, action: int, *, most: float = 20.0) -> Floats:
    """
    Weights of the rows that took an action, 1 / propensity with mean 1, capped at `most` times the
    mean: what keeps a learner honest that looks at fewer things than the plan did. Shape (rows,).
    """
    log = trial.log
    weights = 1 / log.propensities[log.actions == action]
    weights = np.minimum(weights / weights.mean(), most)
    return np.asarray(weights / weights.mean())


def signs_for(columns: Sequence[str], signs: Mapping[str, int] | None) -> list[int]:
    """
    Signs in the order of the columns, 0 where none is known.

    :raises BadLog: for a sign of a column that is not there
    """
    strange = sorted(set(signs or {}) - set(columns))
    if strange:
        raise BadLog([f"A sign is given for {name}, which is no column." for name in strange])
    return [(signs or {}).get(name, 0) for name in columns]
