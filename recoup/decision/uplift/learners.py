"""
Uplift learners on gradient boosting: what each treatment changes against doing nothing, by row.

With mu(x, a) the expected outcome and p the logged chance of the action taken:

    constant   mean of the doubly robust contrast                        the baseline
    odds       sigmoid(o + b_a w^dose) - sigmoid(o), o the logit of mu(x, 0)        see `odds`
    s          mu(x, a) - mu(x, 0), one forest, the action a column      Kuenzel et al. 2019,
    t          mu_a(x) - mu_0(x), a forest for each action               doi:10.1073/pnas.1804597116
    x          g t_0(x) + (1 - g) t_1(x), t_1 a forest of y - mu_0(x) on the treated, t_0 of
               mu_a(x) - y on those left alone, g the share of the treated
    dr         a forest of the doubly robust contrast, cross-fitted      Kennedy 2023,
                                                                         doi:10.1214/23-EJS2157

The contrast of action a is mu_a - mu_0 + [t = a] (y - mu_a) / p - [t = 0] (y - mu_0) / p. Where a
sign is known of the effect (more contacts lately do not raise what the next one brings) the forests
of `x` and `dr` are monotone; effects of `s` and `t` are put in order over the dose (`dose`); that of
`odds` fades with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.decision.policylog import FEWEST_EFFECTIVE, BadLog
from recoup.decision.uplift import odds, trees
from recoup.decision.uplift.contrast import Contrasts, Outcomes, across
from recoup.decision.uplift.dose import falling
from recoup.decision.uplift.trees import Forest
from recoup.decision.uplift.trial import NOTHING, Group, Trial, inverse, signs_for
from recoup.kernel.errors import NotTrainable

Floats = NDArray[np.float64]


class Learner(StrEnum):
    """The learners, by the names of the table above."""

    CONSTANT = "constant"
    ODDS = "odds"
    S = "s"
    T = "t"
    X = "x"
    DR = "dr"


@dataclass(frozen=True)
class Uplift:
    """
    Effects of the treatments `names` against the first of them, doing nothing.

    `groups` says what each was learnt from; one with reasons has no effect here (NaN). `line` holds
    for each action the intercept and slope that `shrunk` found, (0, 1) before.
    """

    learner: Learner
    columns: tuple[str, ...]
    names: tuple[str, ...]
    groups: tuple[Group, ...]
    dose: str | None = None
    forests: Mapping[str, Forest] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    line: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def learnt(self) -> tuple[int, ...]:
        """The numbers of the actions that have an effect here."""
        return tuple(
            number for number, one in enumerate(self.groups, start=1) if one.carries
        )  # fmt: skip

    def effect(self, x: NDArray[Any], *, threads: int = 1) -> Floats:
        """
        The change of the outcome by each action. Shape (n, k) to (n, A): 0 for doing nothing, NaN
        for what could not be learnt.
        """
        found = np.full((len(x), len(self.names)), np.nan)
        found[:, NOTHING] = 0.0
        learnt = list(self.learnt)
        found[:, learnt] = self._raw(np.asarray(x, np.float32), threads)
        for number in learnt:
            intercept, slope = self.line.get(self.names[number], (0.0, 1.0))
            found[:, number] = intercept + slope * found[:, number]
        return found

    def by_dose(self, x: NDArray[Any], *, most: int = 8, threads: int = 1) -> Floats:
        """Mean effects of these rows if their dose were 0 to `most`. Shape (most + 1, A)."""
        if self.dose is None:
            raise ValueError("This model knows no dose.")
        place, rows = self.columns.index(self.dose), []
        for dose in range(most + 1):
            at = np.array(x, np.float32, copy=True)
            at[:, place] = dose
            rows.append(self.effect(at, threads=threads).mean(axis=0))
        return np.array(rows)

    def _raw(self, x: NDArray[Any], threads: int) -> Floats:
        match self.learner:
            case Learner.CONSTANT:
                means = [self.numbers[self.names[number]] for number in self.learnt]
                return np.tile(means, (len(x), 1))
            case Learner.S | Learner.T:
                differ = self._pooled if self.learner == Learner.S else self._apart
                if self.dose is None:
                    return differ(x, threads)
                place = self.columns.index(self.dose)
                return falling(lambda at: differ(at, threads), x, place=place)
            case Learner.ODDS:
                return self._shifted(x, threads)
            case Learner.X:
                return np.column_stack([self._crossed(x, n, threads) for n in self.learnt])
            case Learner.DR:
                return np.column_stack(
                    [self.forests[self.names[n]](x, threads=threads) for n in self.learnt]
                )

    def _pooled(self, x: NDArray[Any], threads: int) -> Floats:
        outcomes = Outcomes(self.forests["all"], len(self.names))
        found = outcomes(x, (NOTHING, *self.learnt), threads=threads)
        return found[:, 1:] - found[:, :1]

    def _shifted(self, x: NDArray[Any], threads: int) -> Floats:
        alone = Outcomes(self.forests["all"], len(self.names))(x, (NOTHING,), threads=threads)[:, 0]
        offset = odds.log_odds(alone) + self.numbers[self.names[NOTHING]]
        dose = _doses(x, self.columns, self.dose)
        found = []
        for number in self.learnt:
            b, wear = self.numbers[self.names[number]], self.numbers["wear"]
            # A shift below 0 that faded would be an effect that grows with the dose.
            size = wear**dose if b > 0 else np.ones(len(x))
            found.append(odds.moved(offset=offset, b=b, size=size))
        return np.column_stack(found)

    def _apart(self, x: NDArray[Any], threads: int) -> Floats:
        alone = self.forests[self.names[NOTHING]](x, threads=threads)
        return np.column_stack(
            [self.forests[self.names[n]](x, threads=threads) - alone for n in self.learnt]
        )

    def _crossed(self, x: NDArray[Any], number: int, threads: int) -> Floats:
        name = self.names[number]
        share = self.numbers[name]
        treated = self.forests[f"{name}:treated"](x, threads=threads)
        alone = self.forests[f"{name}:alone"](x, threads=threads)
        return share * alone + (1 - share) * treated

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "learner": self.learner.value, "columns": list(self.columns),
            "names": list(self.names), "dose": self.dose,
            "groups": [
                {"name": one.name, "rows": one.rows, "people": one.people,
                 "effective": one.effective, "nothing": one.nothing, "reasons": list(one.reasons)}
                for one in self.groups
            ],
            "forests": {name: one.as_text() for name, one in self.forests.items()},
            "numbers": dict(self.numbers),
            "line": {name: list(pair) for name, pair in self.line.items()},
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Uplift:
        """The model of `as_dict`."""
        return cls(
            Learner(data["learner"]), tuple(data["columns"]), tuple(data["names"]),
            tuple(Group(**{**one, "reasons": tuple(one["reasons"])}) for one in data["groups"]),
            data["dose"],
            {name: Forest.from_text(text) for name, text in data["forests"].items()},
            dict(data["numbers"]),
            {name: (pair[0], pair[1]) for name, pair in data["line"].items()},
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Task:
    trial: Trial
    groups: tuple[Group, ...]
    signs: Sequence[int]
    seed: int
    threads: int
    contrasts: Contrasts | None
    folds: int
    dose: str | None

    @property
    def seen(self) -> Contrasts:
        if self.contrasts is not None:
            return self.contrasts
        return across(self.trial, seed=self.seed, folds=self.folds, threads=self.threads)

    @property
    def actions(self) -> list[int]:
        return [number for number, one in enumerate(self.groups, start=1) if one.carries]


def learn(
    trial: Trial, *, learner: Learner, seed: int, dose: str | None = None,
    signs: Mapping[str, int] | None = None, folds: int = 5, threads: int = 1,
    fewest: float = FEWEST_EFFECTIVE, contrasts: Contrasts | None = None,
) -> Uplift:  # fmt: skip
    """
    Learn the effects of every treatment that the log carries.

    `dose` names the column of contacts lately, of which effects must not grow; `signs` gives other
    columns of which an effect must not fall (1) or grow (-1), for `x` and `dr`. `contrasts` are those
    of `contrast.across`, where they are there already. The same trial, seed and number
    of threads give the same model.

    :raises NotTrainable: if the log carries no treatment, with every reason
    :raises BadLog: for a dose or a sign of a column that is not there, or for `odds` an outcome that
        does not lie between 0 and 1
    """
    known = {**(signs or {}), **({dose: -1} if dose else {})}
    ordered = signs_for(trial.columns, known)
    groups = trial.groups(fewest=fewest)
    if not any(one.carries for one in groups):
        raise NotTrainable(
            "No effect can be learnt. " + " ".join(r for one in groups for r in one.reasons),
            hint="Let the randomised slice run longer, or over more cases.",
        )
    task = _Task(trial, groups, ordered, seed, threads, contrasts, folds, dose)
    forests, numbers = _LEARN[learner](task)
    return Uplift(learner, trial.columns, trial.names, groups, dose, forests, numbers)


_Learnt = tuple[dict[str, Forest], dict[str, float]]


def _constant(task: _Task) -> _Learnt:
    found = task.seen
    means = {
        task.trial.names[number]: float(found.of(number)[task.trial.open[:, number]].mean())
        for number in task.actions
    }
    return {}, means


def _odds(task: _Task) -> _Learnt:
    trial, log = task.trial, task.trial.log
    if log.outcomes.min() < 0 or log.outcomes.max() > 1:
        raise BadLog(["The learner by odds takes outcomes between 0 and 1."])
    offset = odds.log_odds(task.seen.expected[:, NOTHING])
    dose = _doses(log.known, trial.columns, task.dose)
    numbers: dict[str, float] = {}
    best = -np.inf
    for wear in odds.WEARS if task.dose else (1.0,):
        tried, total = {"wear": wear}, 0.0
        for number in (NOTHING, *task.actions):
            rows, name = log.actions == number, trial.names[number]
            size = wear ** dose[rows] if number else np.ones(int(rows.sum()))
            start = offset[rows] + (tried[trial.names[NOTHING]] if number else 0.0)
            given = {"offset": start, "y": log.outcomes[rows],
                     "weight": inverse(trial, number), "size": size}  # fmt: skip
            tried[name] = odds.shift(**given)
            total += odds.quasi(**given, b=tried[name])
        if total > best:
            best, numbers = total, tried
    forest = Outcomes.fit(trial, seed=task.seed, threads=task.threads).forest
    return {"all": forest}, numbers


def _doses(x: NDArray[Any], columns: Sequence[str], dose: str | None) -> Floats:
    if dose is None:
        return np.zeros(len(x))
    given = np.nan_to_num(np.asarray(x, float)[:, list(columns).index(dose)])
    return np.asarray(np.maximum(given, 0), np.float64)


def _s(task: _Task) -> _Learnt:
    return {"all": Outcomes.fit(task.trial, seed=task.seed, threads=task.threads).forest}, {}


def _t(task: _Task) -> _Learnt:
    trial = task.trial
    return {
        trial.names[number]: _of_action(task, number) for number in (NOTHING, *task.actions)
    }, {}


def _of_action(task: _Task, number: int) -> Forest:
    log = task.trial.log
    rows = log.actions == number
    return trees.grow(
        log.known[rows], log.outcomes[rows], seed=task.seed + number,
        weight=inverse(task.trial, number), threads=task.threads,
    )  # fmt: skip


def _x(task: _Task) -> _Learnt:
    trial, log = task.trial, task.trial.log
    forests: dict[str, Forest] = {}
    shares: dict[str, float] = {}
    apart = _t(task)[0]
    alone = log.actions == NOTHING
    weight_alone = np.zeros(len(alone))
    weight_alone[alone] = inverse(trial, NOTHING)
    for number in task.actions:
        name = trial.names[number]
        treated, left = log.actions == number, alone & trial.open[:, number]
        gained = log.outcomes[treated] - apart[trial.names[NOTHING]](log.known[treated])
        missed = apart[name](log.known[left]) - log.outcomes[left]
        for what, rows, y, weight in (
            ("treated", treated, gained, inverse(trial, number)),
            ("alone", left, missed, weight_alone[left]),
        ):
            forests[f"{name}:{what}"] = trees.grow(
                log.known[rows], y, seed=task.seed + number, shape=trees.EFFECT, weight=weight,
                signs=task.signs, threads=task.threads,
            )  # fmt: skip
        group = task.groups[number - 1]
        shares[name] = group.effective / (group.effective + group.nothing)
    return forests, shares


def _dr(task: _Task) -> _Learnt:
    trial = task.trial
    found = task.seen
    forests = {}
    for number in task.actions:
        rows = trial.open[:, number]
        forests[trial.names[number]] = trees.grow(
            trial.log.known[rows], found.of(number)[rows], seed=task.seed + number,
            shape=trees.EFFECT, signs=task.signs, threads=task.threads,
        )  # fmt: skip
    return forests, {}


_LEARN = {
    Learner.CONSTANT: _constant, Learner.ODDS: _odds, Learner.S: _s, Learner.T: _t, Learner.X: _x, Learner.DR: _dr,
}  # fmt: skip
