"""
What each action brings, fitted on other people's rows: ridge regressions by action, cross-fitted.

A boosting's score is welcome as a column of what is known; the regression then only corrects it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.decision.policylog import Log

Floats = NDArray[np.float64]
RIDGE = 1.0  # rows' worth of pull towards the action's own mean


@dataclass(frozen=True, slots=True)
class _Piece:
    """One regression: of whose rows, for which action, its errors, and on which rows it is used."""

    own: NDArray[np.int64]
    errors: Floats
    inverse: Floats
    here: NDArray[np.int64]
    weight: Floats
    same: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Fitted:
    """
    For each row (n,) the expected outcome of the action taken and that of the policy; `x` the rows
    as the regressions saw them.
    """

    taken: Floats
    policy: Floats
    x: Floats
    pieces: tuple[_Piece, ...]

    def learned(self, corrected: Floats) -> Floats:
        """
        How far each row moved the estimate by having been learned from, (n,), where a row's own
        error counts `corrected` (n,): 0 for the model alone, its weight where it is corrected.

        The sandwich term (Huber 1967): the error e of a row x moves coefficients by
        inverse(X'X) x e, and these the estimate by the sum of pi x - corrected x over the rows that
        they are used on.
        """
        moved = np.zeros(len(self.taken))
        for one in self.pieces:
            used = one.weight - np.where(one.same, corrected[one.here], 0.0)
            pull = one.inverse @ (self.x[one.here].T @ used)
            moved[one.own] += (self.x[one.own] @ pull) * one.errors
        return moved


def fit_across(log: Log, policy: Floats, *, folds: int, rng: np.random.Generator) -> Fitted:
    """
    Fit by action on all folds but one, expect on that one; a person is in one fold only.

    An action that the other folds never took is expected to bring their mean.
    """
    rows, actions = len(log.actions), len(log.names)
    chances = np.asarray(policy, float)
    x = _columns(log.known)
    fold = rng.integers(0, folds, int(log.people.max()) + 1)[log.people]
    taken, expected, pieces = np.zeros(rows), np.zeros(rows), []
    for held in range(folds):
        here, there = np.flatnonzero(fold == held), np.flatnonzero(fold != held)
        if not len(here):
            continue
        overall = float(log.outcomes[there].mean()) if len(there) else 0.0
        for action in range(actions):
            own = there[log.actions[there] == action]
            weight, same = chances[here, action], log.actions[here] == action
            found = np.full(len(here), overall)
            if len(own):
                coefficients, inverse = _ridge(x[own], log.outcomes[own])
                found = x[here] @ coefficients
                freedom = max(1, len(own) - x.shape[1]) / len(own)
                errors = (log.outcomes[own] - x[own] @ coefficients) / np.sqrt(freedom)
                pieces.append(_Piece(own, errors, inverse, here, weight, same))
            expected[here] += weight * found
            taken[here[same]] = found[same]
    return Fitted(taken, expected, x, tuple(pieces))


def _columns(known: Floats) -> Floats:
    """A one and the columns in standard units; a column that does not vary is 0."""
    centre, scale = known.mean(axis=0), known.std(axis=0)
    flat = scale <= 1e-12 * (np.abs(centre) + 1)
    standard = np.where(flat, 0.0, (known - centre) / np.where(flat, 1.0, scale))
    return np.column_stack([np.ones(len(known)), standard])


def _ridge(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Coefficients (k,) and the inverse of X'X + ridge (k, k); the mean is not pulled."""
    pull = np.full(x.shape[1], RIDGE)
    pull[0] = 1e-9
    inverse = np.asarray(np.linalg.inv(x.T @ x + np.diag(pull)), dtype=np.float64)
    return inverse @ (x.T @ y), inverse
