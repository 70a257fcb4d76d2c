"""
What policies share that value each way of contact by itself: values in money, and how they fill.

Not a policy. `values` gives (cases, ways); hours of a call are alike to these models.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.collectbench.features import table
from bench.collectbench.house import Diary, contacts_of, fill, limits, uses_of
from bench.collectbench.lessons import group, groups_of, lesson
from bench.collectbench.menu import menu
from bench.collectbench.protocol import Contact, Episode, Log, Terms
from bench.collectbench.uplift import Uplift

Floats = NDArray[np.float64]
HORIZON = 30


class Marginal:
    """The uplift of every way of contact, learned once, and the books of a house."""

    # Days between contacts, chosen on the tuning seeds from 1, 2, 3: two days net what one does,
    # with a third of the complaints.
    rest = 2

    def learn(self, past: Sequence[Episode], terms: Terms, *, seed: int) -> None:
        """Fit what each group of contacts wins within a month."""
        groups = groups_of(past)
        rows = lesson(past, groups, horizon=min(HORIZON, terms.days // 2))
        share = np.minimum(rows.paid / rows.arrears, 1.0).astype(np.float64)
        self._uplift = Uplift(rows, share, groups=groups, past=past, seed=seed)
        self._prepare(terms, groups)

    def _prepare(self, terms: Terms, groups: Sequence[tuple[str, str, str]]) -> None:
        self._menu, self._diary = menu(), Diary(terms)
        self._uses, self._names = uses_of(self._menu, terms)
        place = {one: number for number, one in enumerate(groups)}
        self._group = np.array([place[group(way)] for way in self._menu])
        self._cost = self._uses[:, self._names.index("spend")]

    def values(self, log: Log, *, day: int) -> Floats:
        """What each way wins after its cost, (cases, ways), -inf where it is not open."""
        won = self._uplift(table(log))[:, self._group] * log.arrears[:, None] - self._cost
        ago = log.contacted_ago
        rested = ((ago < 0) | (ago >= self.rest)).all(axis=1)
        open_ = self._diary.open(log, self._menu, day=day) & rested[:, None]
        return np.where(open_, won, -np.inf)

    def take(self, order: Floats, terms: Terms, *, day: int) -> list[Contact]:
        """All pairs above 0, the largest first, while they fit."""
        # Begin with another slot every day: the model knows no difference.
        nudge = 1e-9 * ((np.arange(len(self._menu)) + day) % 7)
        cases, ways = np.nonzero(order > 0)
        rank = np.argsort(-(order[cases, ways] + nudge[ways]), kind="stable")
        cases, ways = cases[rank], ways[rank]
        done = fill(
            cases, ways, uses=self._uses, left=limits(terms, self._names),
            taken=np.zeros(terms.cases, dtype=bool),
        )  # fmt: skip
        return self.noted(contacts_of(cases[done], ways[done], self._menu), day=day)

    def noted(self, contacts: list[Contact], *, day: int) -> list[Contact]:
        """The same contacts, written in the diary."""
        self._diary.note(contacts, day=day)
        return contacts
