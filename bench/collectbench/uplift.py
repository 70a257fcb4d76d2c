"""
What each kind of contact wins in the days after it, learned from the randomised log.

The R-learner (Nie, Wager 2021, Biometrika 108(2)) with known chances of contact e_g:

    y - m(x) = sum_g (d_g - e_g) tau_g(x) + noise,

m by gradient boosting, cross-fitted over halves of the cases, tau_g linear in a few features and
shrunk towards what all kinds have in common, because single kinds are rare in the log.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.collectbench.boosting import Boosted, regressor
from bench.collectbench.features import NAMES
from bench.collectbench.lessons import Group, Lesson, group
from bench.collectbench.protocol import Episode

Floats = NDArray[np.float64]
MODIFIERS = ("days_past_due", "log_arrears", "credit", "income", "stability", "calls", "talks",
             "promise_open", "paid_ago", "wrong_number", "since_any")  # fmt: skip
OWN, COMMON = 300.0, 30.0  # ridge on what a kind has of its own, and on what all have


class Modifiers:
    """The few features that effects are linear in, scaled once."""

    def __init__(self, x: NDArray[np.float32]) -> None:
        self._columns = [NAMES.index(name) for name in MODIFIERS]
        picked = self._picked(x)
        self._mean, self._spread = picked.mean(axis=0), picked.std(axis=0) + 1e-6

    def _picked(self, x: NDArray[np.float32]) -> Floats:
        picked = x[:, self._columns].astype(np.float64)
        picked[:, 0] = np.log1p(picked[:, 0])
        return picked

    def __call__(self, x: NDArray[np.float32]) -> Floats:
        """One, the scaled features, and how fresh the case is: (rows, wide)."""
        first = NAMES.index("n_sms")
        contacts = x[:, first : first + 5].sum(axis=1)
        scaled = np.clip((self._picked(x) - self._mean) / self._spread, -2.5, 2.5)
        return np.column_stack([np.ones(len(x)), scaled, 0.85**contacts - 0.5])


class Uplift:
    """What each group adds to a target: call with features, get (cases, groups)."""

    def __init__(
        self, rows: Lesson, target: Floats, *, groups: Sequence[Group], past: Sequence[Episode],
        seed: int,
    ) -> None:  # fmt: skip
        self.groups = list(groups)
        table = np.column_stack([rows.x, rows.chance])
        half = np.random.default_rng(seed).integers(0, 2, rows.cases)[rows.case] == 1
        expected = np.zeros(len(target))
        self._models: list[Boosted] = []
        for part in (half, ~half):
            model = regressor(table[part], target[part], seed=seed)
            expected[~part] = model(table[~part])
            self._models.append(model)
        self._modifiers, self._usual = Modifiers(rows.x), float(rows.chance.mean())
        self._fit(rows, target - expected, shares(past, groups))

    def _fit(self, rows: Lesson, residual: Floats, share: Floats) -> None:
        z = self._modifiers(rows.x)
        groups, wide = len(self.groups), z.shape[1]
        blocks = [((rows.done > 0) - rows.chance.astype(np.float64))[:, None] * z]
        for number in range(groups):
            surprise = (rows.done == number + 1) - rows.chance * share[number]
            blocks.append(surprise[:, None] * z)
        design = np.concatenate(blocks, axis=1)
        ridge = np.r_[np.full(wide, COMMON), np.full(groups * wide, OWN)]
        found = np.linalg.solve(design.T @ design + np.diag(ridge), design.T @ residual)
        found = found.reshape(groups + 1, wide)
        self._effects = found[1:] + found[:1]

    def __call__(self, x: NDArray[np.float32]) -> Floats:
        """What each group adds, (cases, groups)."""
        return np.asarray(self._modifiers(x) @ self._effects.T)

    def without(self, x: NDArray[np.float32]) -> Floats:
        """The target without a contact today, at the usual intensity afterwards, (cases,)."""
        usual = np.full(len(x), self._usual, dtype=np.float32)
        table = np.column_stack([x, usual])
        middle = sum(model(table) for model in self._models) / len(self._models)
        share = np.full(len(self.groups), 1.0 / len(self.groups))
        return np.asarray(middle - self._usual * (self(x) @ share))


def shares(past: Sequence[Episode], groups: Sequence[Group]) -> Floats:
    """The share of each group among the contacts of the log."""
    share = np.zeros(len(groups))
    for way, part in past[0].shares:
        share[list(groups).index(group(way))] += part
    return share
