"""Whoever may be contacted, by lot, until the day's budgets are used up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.collectbench.house import Diary, contacts_of, fill, limits, uses_of
from bench.collectbench.menu import menu
from bench.collectbench.protocol import Contact, Episode, Log, Terms, Yesterday


class Random:
    """Random and feasible."""

    def learn(self, past: Sequence[Episode], terms: Terms, *, seed: int) -> None:
        """Only the seed and the rules."""
        self._rng, self._diary, self._menu = np.random.default_rng(seed), Diary(terms), menu()
        self._uses, self._names = uses_of(self._menu, terms)

    def act(
        self, log: Log, terms: Terms, *, day: int, yesterday: Yesterday | None
    ) -> list[Contact]:  # fmt: skip
        """Every pair of case and way that is allowed, shuffled, while it fits."""
        cases, ways = np.nonzero(self._diary.open(log, self._menu, day=day))
        order = self._rng.permutation(len(cases))
        cases, ways = cases[order], ways[order]
        done = fill(
            cases, ways, uses=self._uses, left=limits(terms, self._names),
            taken=np.zeros(terms.cases, dtype=bool),
        )  # fmt: skip
        contacts = contacts_of(cases[done], ways[done], self._menu)
        self._diary.note(contacts, day=day)
        return contacts
