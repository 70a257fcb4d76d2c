"""What a moment is, and the miniatures of experiments that several of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recoup.simulator.answers import Channel, Tone
from recoup.simulator.laboratory import Action, Laboratory, Log

Kind = Literal["fitted", "held out", "given"]
Make = Callable[[int], Laboratory]
Treat = Callable[[Laboratory], list[Action]]
Flags = NDArray[np.bool_]
POINT = 0.01
CARDS = 24  # days late at which two in three are still delinquent a month on, as in the experiment


@dataclass(frozen=True, slots=True)
class Moment:
    """
    One fact: what it should be, within what, and what the simulator gives.

    `kind` says what it was used for: parameters were moved until it held (`fitted`), none was
    moved for it (`held out`), or it is put in and must come out (`given`).
    """

    name: str
    source: str
    kind: Kind
    target: float
    tolerance: float
    value: float

    @property
    def verdict(self) -> str:
        """`ok` or `short`."""
        return "ok" if abs(self.value - self.target) <= self.tolerance else "short"

    @property
    def short_by(self) -> float:
        """How far outside the tolerance the value is; 0 inside."""
        return max(abs(self.value - self.target) - self.tolerance, 0.0)


def so(name: str, source: str, kind: Kind, claim: bool) -> Moment:
    """An ordering or a sign, which holds or does not."""
    return Moment(f"{name} (1: so)", source, kind, 1.0, 0.0, float(claim))


def unpaid(laboratory: Laboratory, days: int, treat: Treat | None = None) -> float:
    """The share of cases that never cleared their arrears in so many days."""
    cleared = np.zeros(len(laboratory), dtype=bool)
    for _ in range(days):
        laboratory.play(treat(laboratory) if treat else [], calibration=True)
        cleared |= laboratory.log().arrears <= 0
    return float(1.0 - cleared.mean())


def once(channel: Channel, tone: Tone) -> Treat:
    """A contact with everybody on the first day."""

    def treat(laboratory: Laboratory) -> list[Action]:
        if laboratory.today:
            return []
        return [Action(channel, tone, np.arange(len(laboratory)))]

    return treat


def hour_of(day: int) -> int:
    """An hour that goes round the slots day by day."""
    return 8 + 2 * (day % 6)


def waiting(log: Log) -> NDArray[np.int64]:
    """Whom a caller would ring: late, no promise open, a number that works, no objection."""
    open_ = (log.arrears > 0) & ~log.promise_open & ~log.opted_out & ~log.wrong_number
    return np.flatnonzero(open_)
