"""
A typical house: what is done depends on the stage, the largest arrears first.

Up to 30 days late a text every third day and the robot once a week; to 90 days a collector every
third day, texts between; later a senior collector once a week, a letter a month, texts between.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.collectbench.house import Diary, Way, contacts_of, fill, hours, limits, uses_of
from bench.collectbench.protocol import Contact, Episode, Log, Terms, Yesterday

CHANNELS = ("sms", "email", "letter", "call", "robot")
STAGES = (  # up to days past due: channel, tier, every so many days
    (30, (("robot", "junior", 7), ("sms", "junior", 3))),
    (90, (("call", "junior", 3), ("sms", "junior", 3))),
    (10_000, (("letter", "junior", 30), ("call", "senior", 7), ("sms", "junior", 4))),
)


class Buckets:
    """Rules by stage."""

    def learn(self, past: Sequence[Episode], terms: Terms, *, seed: int) -> None:
        """Only the rules; slots for calls are taken in turn."""
        self._diary = Diary(terms)
        self._menu = [
            Way(channel, "moral", tier, hour)
            for channel, tier in sorted({(c, t) for _, steps in STAGES for c, t, _ in steps})
            for hour in (hours() if channel in ("call", "robot") else [10])
        ]
        self._uses, self._names = uses_of(self._menu, terms)

    def act(
        self, log: Log, terms: Terms, *, day: int, yesterday: Yesterday | None
    ) -> list[Contact]:  # fmt: skip
        """The first step of the stage that is due; one contact a case."""
        may = self._diary.open(log, self._menu, day=day)
        rank = np.argsort(-log.arrears, kind="stable")
        left, taken = limits(terms, self._names), log.promise_open.copy()
        cases, ways = [], []
        least = 0
        for most, steps in STAGES:
            stage = (log.days_past_due > least) & (log.days_past_due <= most)
            for channel, tier, every in steps:
                since = log.contacted_ago[:, CHANNELS.index(channel)]
                due = stage & ((since < 0) | (since >= every))
                some = rank[due[rank]]
                for way in self._of(channel, tier, day):
                    some_ = some[may[some, way] & ~taken[some]]
                    done = fill(
                        some_, np.full(len(some_), way), uses=self._uses, left=left, taken=taken
                    )
                    cases.append(some_[done])
                    ways.append(np.full(done.sum(), way))
            least = most
        contacts = contacts_of(np.concatenate(cases), np.concatenate(ways), self._menu)
        self._diary.note(contacts, day=day)
        return contacts

    def _of(self, channel: str, tier: str, day: int) -> list[int]:
        """The ways of a step, beginning with another slot every day."""
        found = [
            number
            for number, way in enumerate(self._menu)
            if (way.channel, way.tier) == (channel, tier)
        ]
        return found[day % len(found) :] + found[: day % len(found)]
