"""
Flying: the days of one repetition are played under each strategy, with the product's own planning.

In each repetition the simulator's parameters and the borrowers are drawn once and met by every
strategy, and by nobody's contacts at all, with common chance. Only sums are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.kernel.errors import RecoupError
from recoup.kernel.progress import Progress, quiet
from recoup.strategy import planning
from recoup.strategy.flights.borrowers import Borrowers, drawn
from recoup.strategy.flights.course import Course
from recoup.strategy.flights.start import Side, Start
from recoup.strategy.planning import Night
from recoup.strategy.prospects import Frames
from recoup.strategy.schema import Treatment

Floats = NDArray[np.float64]
Prices = Mapping[str, float] | None
Ints = NDArray[np.int64]
DAILY = ("recovered", "cost", "contacts", "complaints", "opt_outs", "promises", "left_alone")
QUIET = "nobody"
CANDIDATE, CHAMPION = "candidate", "champion"


class Stopped(RecoupError):
    """Somebody called the flight back."""


@dataclass
class Tally:
    """
    One side in one repetition, for the cases flown and not weighted.

    `daily` has a row for each of `DAILY` and a column for each day; `used` and `prices` a row for
    each day and a column for each budget of the side's strategy; money in minor units. The law was
    `asked` about so many contacts and `refused` so many.
    """

    daily: Floats
    used: Floats
    prices: Floats
    paid: Ints
    spent: Floats
    contacts: Ints
    complaints: Ints
    rules: Counter[str] = field(default_factory=Counter)
    why: Counter[str] = field(default_factory=Counter)
    asked: int = 0
    refused: int = 0

    @classmethod
    def of(cls, days: int, cases: int, budgets: int = 0) -> Tally:
        """An empty one."""
        whole = np.zeros(cases, dtype=np.int64)
        return cls(
            np.zeros((len(DAILY), days)), np.zeros((days, budgets)), np.zeros((days, budgets)),
            whole, np.zeros(cases), whole.copy(), whole.copy(),
        )  # fmt: skip

    def note(self, name: str, day: int, amount: float) -> None:
        """Add to one of `DAILY` on a day."""
        self.daily[DAILY.index(name), day] += amount


class Keeping(Protocol):
    """Repetitions that were flown already (`resuming.Kept`)."""

    def load(self, number: int, sides: tuple[str, ...]) -> dict[str, Tally] | None:
        """A repetition by side, or `None`."""

    def save(self, number: int, tallies: Mapping[str, Tally]) -> None:
        """Keep a repetition."""


@dataclass(frozen=True)
class Flown:
    """
    A whole flight: the tallies by side and repetition, and the first night of each side.

    `first` are the plans of the whole book for the first night, which no chance but the
    strategy's own slice is in.
    """

    start: Start
    first: dict[str, Night]
    tallies: dict[str, list[Tally]]
    seeds: tuple[int, ...]


def fly(
    *, start: Start, repetitions: int, seed: int, progress: Progress = quiet,
    is_stopped: Callable[[], bool] = lambda: False, kept: Keeping | None = None,
) -> Flown:  # fmt: skip
    """
    Play the days of a flight so many times; repetitions that are `kept` are not played again.

    :raises Stopped: if `is_stopped` says so, asked once a day
    """
    sides = {CANDIDATE: start.candidate, CHAMPION: start.champion}
    there = {name: side for name, side in sides.items() if side is not None}
    first = {name: _plan(start, side, side.whole, 0) for name, side in there.items()}
    opening = first
    if len(start.cases) < start.total:
        opening = {name: _plan(start, side, side.frames, 0) for name, side in there.items()}
    each = len(start.days) * len(there)
    seeds = tuple(int(s) for s in np.random.default_rng(seed).integers(1 << 62, size=repetitions))
    tallies: dict[str, list[Tally]] = {name: [] for name in (*there, QUIET)}
    all_parameters = drawn(count=repetitions, seed=seed)
    for number, (one, parameters) in enumerate(zip(seeds, all_parameters, strict=True)):

        def told(day: int, before: int = number * each) -> None:
            if is_stopped():
                raise Stopped("The flight was called back.")
            progress("flight", before + day, repetitions * each)

        made = kept.load(number, tuple(tallies)) if kept else None
        if made is None:
            made = _repetition(
                start, there, opening, Borrowers(seen=start.seen, parameters=parameters, seed=one),
                told,
            )  # fmt: skip
            if kept:
                kept.save(number, made)
        told(each)
        for name, tally in made.items():
            tallies[name].append(tally)
    return Flown(start, first, tallies, seeds)


def _repetition(
    start: Start, there: Mapping[str, Side], opening: Mapping[str, Night], people: Borrowers,
    told: Callable[[int], None],
) -> dict[str, Tally]:  # fmt: skip
    """The days of one repetition under each side and under nobody; `told` hears of each day."""
    made, done = {}, 0
    for name, side in there.items():
        tally = Tally.of(len(start.days), len(start.cases), len(side.limits))
        course, prices = Course(start, side, people.copy()), side.prices
        for day in range(len(start.days)):
            told(done)
            night = opening[name]
            if day:
                night = _plan(start, side, course.frames(day), day, prices)
            prices = night.prices
            _play(course, tally, night, day)
            done += 1
        made[name] = tally
    made[QUIET] = _alone(start, people.copy())
    return made


def _plan(start: Start, side: Side, frames: Frames, day: int, prices: Prices = None) -> Night:
    """The product's plan for a day; both sides draw their slice by the champion's seed."""
    common = start.champion or start.candidate
    return planning.night(
        book=start.book, strategy=side.strategy if frames is side.whole else side.scaled,
        digest=common.digest, frames=frames, on=start.days[day], at=start.at(day),
        prices=prices or side.prices, stopped=side.stopped,
    )  # fmt: skip


def _play(course: Course, tally: Tally, night: Night, day: int) -> None:
    """Carry out a day's plan, let the borrowers answer and pay, and count."""
    rows, strategy = night.rows, course.side.strategy
    chosen = rows["treatment"].to_numpy()
    for code, treatment in strategy.treatments.items():
        index = np.flatnonzero(chosen == code)
        if len(index):
            _contact(course, tally, treatment, index, day)
    course.stepped(day, rows.filter(pl.col("treatment") != ""))
    overdue = course.borrowers.overdue > 0
    tally.note("left_alone", day, int((overdue & (chosen == "")).sum()))
    _pay(course.borrowers, tally, day)
    tally.used[day] = night.choice.used
    tally.prices[day] = night.choice.plan.prices
    tally.rules.update(night.rules)
    tally.why.update(night.refused)
    tally.asked += night.asked
    tally.refused += night.forbidden


def _contact(course: Course, tally: Tally, treatment: Treatment, index: Ints, day: int) -> None:
    given = course.borrowers.contact(
        index=index, channel=treatment.channel, hour=_middle(treatment.window), day=day
    )
    course.contacted(number=day, channel=treatment.channel, index=index,
                     complains=given.complains, opts_out=given.opts_out)  # fmt: skip
    cost = treatment.spend(course.side.strategy.assumptions.minute)
    tally.spent[index] += cost
    tally.contacts[index] += 1
    tally.complaints[index] += given.complains
    tally.note("cost", day, cost * len(index))
    tally.note("contacts", day, len(index))
    tally.note("complaints", day, int(given.complains.sum()))
    tally.note("opt_outs", day, int(given.opts_out.sum()))
    tally.note("promises", day, int(given.promises.sum()))


def _middle(window: tuple[time, time]) -> int:
    opens, closes = window
    return (opens.hour * 60 + opens.minute + closes.hour * 60 + closes.minute) // 120


def _pay(borrowers: Borrowers, tally: Tally, day: int) -> None:
    paid = borrowers.pay(day=day)
    tally.paid += paid
    tally.note("recovered", day, float(paid.sum()))


def _alone(start: Start, borrowers: Borrowers) -> Tally:
    """The same days if nobody is contacted."""
    tally = Tally.of(len(start.days), len(start.cases))
    for day in range(len(start.days)):
        tally.note("left_alone", day, int((borrowers.overdue > 0).sum()))
        _pay(borrowers, tally, day)
    return tally
