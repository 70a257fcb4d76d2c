"""
Constrained reinforcement learning: fitted values, and a linear program for the resources.

Abe, Melville, Pendus et al. (2010), Optimizing debt collections using constrained reinforcement
learning, KDD: values are fitted backwards over logged transitions; in each round the policy that
the values are taken under is the best one that the resources allow, by a linear program over the
states of the log, whose dual prices charge for them. Deployed for the taxes of New York State.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.collectbench.house import limits
from bench.collectbench.lessons import groups_of, lesson
from bench.collectbench.policies.marginal import Marginal
from bench.collectbench.protocol import Contact, Episode, Log, Terms, Yesterday
from bench.collectbench.uplift import Uplift

Floats = NDArray[np.float64]
STEP, ROUNDS = 5, 4  # days of a decision, and how many the values look ahead
SAMPLE = 600


class ConstrainedRL(Marginal):
    """Fitted values under prices; every case decides on every fifth day."""

    def learn(self, past: Sequence[Episode], terms: Terms, *, seed: int) -> None:
        """Values from the last step backwards."""
        groups = groups_of(past)
        rows = lesson(past, groups, horizon=STEP, every=3)
        self._prepare(terms, groups)
        rng = np.random.default_rng(seed)
        ahead = np.zeros(len(rows.paid))
        for _ in range(ROUNDS):
            share = np.clip((rows.paid + ahead) / rows.arrears, 0.0, 3.0)
            self._uplift = Uplift(rows, share, groups=groups, past=past, seed=seed)
            then = np.exp(rows.then[:, 1].astype(np.float64))  # arrears of the state reached
            won = self._uplift(rows.then) * then[:, None] - self._of_group(self._cost)
            prices = self._prices(won[rng.integers(0, len(won), SAMPLE)], terms)
            charged = won - self._of_group(self._uses) @ prices
            value = self._uplift.without(rows.then) * then + np.maximum(charged.max(axis=1), 0.0)
            ahead = np.where(rows.owing, np.maximum(value, 0.0), 0.0)
        self._price = self._uses @ prices

    def _of_group(self, by_way: Floats) -> Floats:
        """The use of a group: that of its first way, lines of a slot counting for all slots."""
        first = [int(np.flatnonzero(self._group == of)[0]) for of in range(self._group.max() + 1)]
        return by_way[first]

    def _prices(self, won: Floats, terms: Terms) -> Floats:
        """Dual prices of the budgets that so many cases have in a day, a fifth deciding."""
        from scipy.optimize import linprog

        use = self._of_group(self._uses)
        most = limits(terms, self._names) * STEP * SAMPLE / terms.cases
        lines = np.array(["_lines_" in name for name in self._names])
        use, most = use[:, ~lines], most[~lines]
        cases, groups = np.nonzero(won > 0)
        prices = np.zeros(len(lines))
        if not len(cases):
            return prices
        once = np.zeros((len(won), len(cases)), dtype=np.float32)
        once[cases, np.arange(len(cases))] = 1.0
        found = linprog(
            -won[cases, groups], A_ub=np.vstack([once, use[groups].T]),
            b_ub=np.r_[np.ones(len(won)), most], bounds=(0, 1), method="highs",
        )  # fmt: skip
        prices[~lines] = -found.ineqlin.marginals[len(won) :]
        return prices

    def act(
        self, log: Log, terms: Terms, *, day: int, yesterday: Yesterday | None
    ) -> list[Contact]:  # fmt: skip
        """Those whose turn it is, by what is won after the prices."""
        values = self.values(log, day=day)
        turn = np.arange(len(values)) % STEP == day % STEP
        values[~turn] = -np.inf
        return self.take(values - self._price, terms, day=day)
