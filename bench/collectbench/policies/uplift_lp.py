"""
Uplift and a linear program: the best use of today's budgets at the learned values, by HiGHS.

Huangfu, Hall (2018), Mathematical Programming Computation 10(1), the solver. One day at a time: the
program knows no tomorrow. Slots of calls are alike to the model, so their lines are added up and
given out afterwards; what is fractional is dropped.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.collectbench.house import limits
from bench.collectbench.policies.marginal import Marginal
from bench.collectbench.protocol import Contact, Log, Terms, Yesterday

Floats = NDArray[np.float64]
WAYS = 6  # the best of a case that the program may choose from
WHOLE = 1e-6


class UpliftLP(Marginal):
    """The best day."""

    def act(
        self, log: Log, terms: Terms, *, day: int, yesterday: Yesterday | None
    ) -> list[Contact]:  # fmt: skip
        """Solve for today; ways of the solution come first, slots in turn."""
        values = self.values(log, day=day)
        groups = int(self._group.max()) + 1
        best = np.full((len(values), groups), -np.inf)
        for way, of in enumerate(self._group):
            best[:, of] = np.maximum(best[:, of], values[:, way])
        chosen = self._solve(best, terms)
        kept = np.where(chosen[:, self._group], values, -np.inf)
        return self.take(kept, terms, day=day)

    def _solve(self, best: Floats, terms: Terms) -> NDArray[np.bool_]:
        """Which group of each case the program takes, (cases, groups)."""
        from scipy.optimize import linprog
        from scipy.sparse import csr_array, vstack

        chosen = np.zeros(best.shape, dtype=bool)
        worst = np.sort(best, axis=1)[:, -min(WAYS, best.shape[1])]
        cases, groups = np.nonzero((best > 0) & (best >= worst[:, None]))
        if not len(cases):
            return chosen
        use, most = self._added(terms)
        columns = np.arange(len(cases))
        once = csr_array((np.ones(len(cases)), (cases, columns)), shape=(len(best), len(cases)))
        matrix = vstack([once, csr_array(use[groups].T)]).tocsr()
        found = linprog(
            -best[cases, groups], A_ub=matrix, b_ub=np.r_[np.ones(len(best)), most],
            bounds=(0, 1), method="highs",
        )  # fmt: skip
        if found.success:
            whole = found.x > 1 - WHOLE
            chosen[cases[whole], groups[whole]] = True
        return chosen

    def _added(self, terms: Terms) -> tuple[Floats, Floats]:
        """Uses by group and budgets, lines of all slots added up."""
        names = [name.rsplit("_", 1)[0] if "_lines_" in name else name for name in self._names]
        kinds = sorted(set(names))
        most, each = np.zeros(len(kinds)), limits(terms, self._names)
        use = np.zeros((int(self._group.max()) + 1, len(kinds)))
        for column, name in enumerate(names):
            most[kinds.index(name)] += each[column]
        for way, of in enumerate(self._group):
            row = np.zeros(len(kinds))
            for column, name in enumerate(names):
                row[kinds.index(name)] += self._uses[way, column]
            use[of] = row
        return use, most
