"""
Doubly robust contrasts: for each row, an estimate of what an action would have changed, unbiased
when either the outcome model or the logged propensities are right (Robins, Rotnitzky, Zhao 1994,
doi:10.1080/01621459.1994.10476818). They are noisy one by one; their means are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.decision.uplift import trees
from recoup.decision.uplift.trees import Forest
from recoup.decision.uplift.trial import NOTHING, Trial

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What every action is expected to bring: one forest, the action as columns of 0 and 1."""

    forest: Forest
    actions: int

    @classmethod
    def fit(cls, trial: Trial, *, seed: int, threads: int = 1) -> Outcomes:
        """Fit on a trial's rows."""
        log, count = trial.log, len(trial.names)
        x = np.column_stack([log.known, np.eye(count)[log.actions][:, 1:]])
        return cls(trees.grow(x, log.outcomes, seed=seed, threads=threads), count)

    def __call__(self, x: NDArray[Any], actions: Sequence[int], *, threads: int = 1) -> Floats:
        """What is expected of each row under some actions. Shape (n, k) to (n, len(actions))."""
        found = np.empty((len(x), len(actions)))
        for place, action in enumerate(actions):
            taken = np.zeros((len(x), self.actions - 1))
            if action:
                taken[:, action - 1] = 1.0
            found[:, place] = self.forest(np.column_stack([x, taken]), threads=threads)
        return found


@dataclass(frozen=True, slots=True)
class Contrasts:
    """Expected outcomes of a trial's rows, `expected` (n, A), from models that never saw them."""

    trial: Trial
    expected: Floats

    def of(self, action: int) -> Floats:
        """The contrast of an action against nothing, (n,); it is meant where the action was open."""
        log, mu = self.trial.log, self.expected
        found = mu[:, action] - mu[:, NOTHING]
        rest = log.outcomes - mu[np.arange(len(log.actions)), log.actions]
        sign = (log.actions == action).astype(float) - (log.actions == NOTHING)
        return np.asarray(found + sign * rest / log.propensities)


def across(trial: Trial, *, seed: int, folds: int = 5, threads: int = 1) -> Contrasts:
    """Contrasts of a trial by cross-fitting; a person is in one fold only."""
    log, actions = trial.log, range(len(trial.names))
    rng = np.random.default_rng(seed)
    fold = rng.permutation(np.arange(int(log.people.max()) + 1) % folds)[log.people]
    expected = np.empty((len(log.actions), len(trial.names)))
    for held in range(folds):
        here = fold == held
        if not here.any():
            continue
        fitted = Outcomes.fit(trial.take(~here), seed=seed + held, threads=threads)
        expected[here] = fitted(log.known[here], list(actions), threads=threads)
    return Contrasts(trial, expected)


def held_out(trial: Trial, outcomes: Outcomes, *, threads: int = 1) -> Contrasts:
    """Contrasts of rows that the outcome model never saw."""
    every = list(range(len(trial.names)))
    return Contrasts(trial, outcomes(trial.log.known, every, threads=threads))
