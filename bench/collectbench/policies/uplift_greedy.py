"""
Uplift greedy: the marginal value of a contact, the largest first, while budgets last.

van de Geer, Wang, Bhulai (2018), Data-driven consumer debt collection via machine learning and
approximate dynamic programming: a value function by gradient-boosted trees over the state of a
case, and each day the cases with the largest marginal value are called. Here over all channels.
"""

from __future__ import annotations

from bench.collectbench.policies.marginal import Marginal
from bench.collectbench.protocol import Contact, Log, Terms, Yesterday


class UpliftGreedy(Marginal):
    """The largest marginal value first."""

    def act(
        self, log: Log, terms: Terms, *, day: int, yesterday: Yesterday | None
    ) -> list[Contact]:  # fmt: skip
        """All pairs that win something, the largest first."""
        return self.take(self.values(log, day=day), terms, day=day)
