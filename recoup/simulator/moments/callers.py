"""
The experiment of machines against people who call (Choi, Huang, Yang, Zhang 2025, w33669).

Loans newly late. For thirty days each that is unpaid, without an open promise, is called once a
day: by a person, by an AI caller, or by an AI caller for five days and a person after. From then
on all are treated alike: a person every tenth day until day 120. Money counts against the amount
first late, discounted by ten per cent a year where a net present value is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from recoup.simulator.answers import Channel
from recoup.simulator.laboratory import Action
from recoup.simulator.moments.base import POINT, Make, Moment, hour_of, so, waiting

YEAR = 365
TRIAL = 30
AFTER = 120
CHOI = "Choi et al. 2025"


@dataclass(frozen=True, slots=True)
class Arm:
    """Shares of the amount first late: present value by day 30 and in a year, repaid in a year."""

    month: float
    year: float
    repaid: float
    kept: float
    missed: float


def moments(make: Make) -> Iterator[Moment]:
    """All of them."""
    people = _arm(make, lambda _: "call")
    robots = _arm(make, lambda _: "robot")
    first = _arm(make, lambda day: "robot" if day < 5 else "call")
    yield Moment(
        "AI caller against people, present value by day 30, points", CHOI, "fitted", -9.0, 1.5,
        (robots.month - people.month) / POINT,
    )  # fmt: skip
    yield Moment(
        "AI caller against people, present value in a year, points", CHOI, "held out", -5.0, 1.5,
        (robots.year - people.year) / POINT,
    )  # fmt: skip
    yield Moment(
        "five days of AI, then people: repaid in a year, % of the late amount", CHOI, "fitted",
        -1.0, 0.5, (first.repaid - people.repaid) / POINT,
    )  # fmt: skip
    yield so(
        "promises to an AI caller bind less: fewer are kept", CHOI, "given",
        robots.kept < people.kept,
    )  # fmt: skip
    yield so(
        "after five days of AI more who paid miss a later instalment", CHOI, "fitted",
        first.missed > people.missed,
    )  # fmt: skip


def _arm(make: Make, caller: Callable[[int], Channel]) -> Arm:
    laboratory = make(1)
    late = laboratory.log().arrears.astype(np.float64)
    value, month, before = np.zeros(len(late)), 0.0, np.zeros(len(late))
    caught = missed = np.zeros(len(late), dtype=bool)
    kept = 0.0
    for day in range(YEAR):
        log = laboratory.log()
        repaid = np.minimum(log.paid, late)
        value += (repaid - before) * 1.10 ** (-day / YEAR)
        before = repaid
        missed = missed | (caught & (log.arrears > 0))
        caught = caught | (log.arrears <= 0)
        if day == TRIAL:
            month = float(np.mean(value / late))
            kept = float(log.promises_kept.sum())
            kept /= max(float((log.promises_kept + log.promises_broken).sum()), 1.0)
        calls = []
        if day < TRIAL or (day < AFTER and day % 10 == 0):
            channel: Channel = caller(day) if day < TRIAL else "call"
            calls = [Action(channel, "reminder", waiting(log), hour_of(day))]
        laboratory.play(calls)
    return Arm(
        month=month, year=float(np.mean(value / late)), repaid=float(np.mean(before / late)),
        kept=kept, missed=float(missed.sum() / max(caught.sum(), 1)),
    )  # fmt: skip
