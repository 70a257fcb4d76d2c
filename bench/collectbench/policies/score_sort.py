"""
Score-sort: the chance of paying times what is owed, the best contacted first, as most houses do.

The chance is learned by gradient boosting on the log, whatever was done; nobody asks what a contact
changes. Best ones get the dearest channel that is left. A case rests two days between contacts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.collectbench.boosting import regressor
from bench.collectbench.features import CHANNELS, table
from bench.collectbench.house import Diary, Way, contacts_of, fill, hours, limits, uses_of
from bench.collectbench.lessons import lesson
from bench.collectbench.protocol import Contact, Episode, Log, Terms, Yesterday

ORDER = (("call", "senior"), ("call", "junior"), ("robot", "junior"), ("sms", "junior"))
HORIZON = 30


class ScoreSort:
    """Propensity times balance."""

    rest = 3  # days between contacts, chosen on the tuning seeds from 1, 2, 3, 5

    def learn(self, past: Sequence[Episode], terms: Terms, *, seed: int) -> None:
        """Fit the share of arrears that is paid within a month."""
        rows = lesson(past, [], horizon=min(HORIZON, terms.days // 2), every=5)
        share = np.minimum(rows.paid / rows.arrears, 1.0)
        self._model = regressor(rows.x, share, seed=seed)
        self._diary = Diary(terms)
        self._menu = [
            Way(channel, "moral", tier, hour)
            for channel, tier in ORDER
            for hour in (hours() if channel in ("call", "robot") else [10])
        ]
        self._uses, self._names = uses_of(self._menu, terms)

    def act(
        self, log: Log, terms: Terms, *, day: int, yesterday: Yesterday | None
    ) -> list[Contact]:  # fmt: skip
        """From the best score down, each the first way in order that still has room."""
        may = self._diary.open(log, self._menu, day=day)
        ago = log.contacted_ago[:, : len(CHANNELS)]
        rested = ((ago < 0) | (ago >= self.rest)).all(axis=1) & ~log.promise_open
        score = self._model(table(log)) * log.arrears
        rank = np.argsort(-score, kind="stable")
        rank = rank[rested[rank]]
        cases, ways = np.repeat(rank, len(self._menu)), np.tile(self._turned(day), len(rank))
        open_ = may[cases, ways]
        cases, ways = cases[open_], ways[open_]
        done = fill(
            cases, ways, uses=self._uses, left=limits(terms, self._names),
            taken=np.zeros(terms.cases, dtype=bool),
        )  # fmt: skip
        contacts = contacts_of(cases[done], ways[done], self._menu)
        self._diary.note(contacts, day=day)
        return contacts

    def _turned(self, day: int) -> np.ndarray:
        """The menu in order, slots of a channel beginning with another one every day."""
        turned: list[int] = []
        for channel, tier in ORDER:
            same = [
                number
                for number, way in enumerate(self._menu)
                if (way.channel, way.tier) == (channel, tier)
            ]
            turned += same[day % len(same) :] + same[: day % len(same)]
        return np.array(turned)
