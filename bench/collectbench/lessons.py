"""
Rows for learners from the randomised log: state, way of contact, what came in afterwards.

`groups` are what a policy distinguishes: channel, tone and tier, hours apart; group 0 is nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.collectbench.features import table
from bench.collectbench.house import Way
from bench.collectbench.protocol import Contact, Episode

Floats = NDArray[np.float32]
Group = tuple[str, str, str]


def group(way: Way | Contact) -> Group:
    """What is distinguished of a way of contact."""
    return way.channel, way.tone, way.tier


def groups_of(past: Sequence[Episode]) -> list[Group]:
    """All groups that were tried, in order."""
    return sorted({group(way) for one in past for way, _ in one.shares})


@dataclass(frozen=True, slots=True)
class Lesson:
    """
    Rows: features `x`, the group done (`done`, 0 for nothing), `chance` of any contact, what was
    `paid` in the horizon, the `arrears` before, and the features `then` of the day after it, for
    those whose horizon ends within the log; `case` numbers cases over all books.
    """

    x: Floats
    done: NDArray[np.int64]
    chance: Floats
    paid: Floats
    arrears: Floats
    then: Floats
    owing: NDArray[np.bool_]
    case: NDArray[np.int64]

    @property
    def cases(self) -> int:
        """How many cases there are, over all books."""
        return int(self.case.max()) + 1


def lesson(
    past: Sequence[Episode], groups: Sequence[Group], *, horizon: int, every: int = 1
) -> Lesson:
    """The rows of cases in arrears on every so many mornings whose horizon the log holds."""
    parts: list[tuple[NDArray[np.generic], ...]] = []
    number = {one: place for place, one in enumerate(groups, start=1)}
    before = 0
    for one in past:
        tables = {}
        for day in range(0, len(one.contacts) - horizon + 1, every):
            log, later = one.logs[day], one.logs[day + horizon]
            for at in (day, day + horizon):
                if at not in tables:
                    tables[at] = table(one.logs[at])
            rows = np.flatnonzero((log.arrears > 0) & ~log.opted_out & ~log.complained)
            done = np.zeros(len(log), dtype=np.int64)
            for contact in one.contacts[day]:
                done[contact.cases] = number.get(group(contact), 0)
            owing = (later.arrears > 0) & ~later.opted_out & ~later.complained
            parts.append((
                tables[day][rows], done[rows], one.chance[day][rows],
                (later.paid - log.paid)[rows].astype(np.float32),
                log.arrears[rows].astype(np.float32), tables[day + horizon][rows], owing[rows],
                rows + before,
            ))  # fmt: skip
        before += len(one.logs[0])
    return Lesson(*(np.concatenate(column) for column in zip(*parts, strict=True)))  # type: ignore[arg-type]
