"""Facts about offers and effort: write-downs, lower minimum payments, one more effort level."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recoup.simulator.laboratory import Action, Laboratory, Offer
from recoup.simulator.moments.base import POINT, Make, Moment, hour_of, so, waiting

DOBBIE = "Dobbie, Song 2020"
EFFORT = "recovery-level table, 1,882 accounts"
SHARE = 0.2  # of the arrears, or of the instalments, that is offered off
LEVEL = 5_000.0  # fen: what one more level of effort costs an account
EXPECTED = 1000.0  # yuan that an account of the table is expected to bring
YEAR = 360


def moments(make: Make) -> Iterator[Moment]:
    """All of them."""
    yield from _offers(make)
    yield _effort(make)


def _offers(make: Make) -> Iterator[Moment]:
    plain = _repays(make, None)
    down = _repays(make, Offer("write_down", SHARE)) - plain
    lower = _repays(make, Offer("lower_minimum", SHARE)) - plain
    yield so(
        "write-downs raise repayment, by half a point or more", DOBBIE, "fitted", down >= 0.005
    )
    yield Moment(
        "lower minimum payments, change of repayment, points", DOBBIE, "given", 0.0, 0.5,
        lower / POINT,
    )  # fmt: skip
    yield so("write-downs do more than lower minimum payments", DOBBIE, "given", down > lower)


def _repays(make: Make, offer: Offer | None) -> float:
    """The share, two months late and called four times with an offer, that repays in half a year."""
    laboratory = make(60)
    done = np.zeros(len(laboratory), dtype=bool)
    for day in range(180):
        calls = []
        if day in (0, 7, 14, 21):
            who = waiting(laboratory.log())
            calls = [Action("call", "reminder", who, hour_of(day), offer=offer)]
        laboratory.play(calls)
        done |= laboratory.log().arrears <= 0
    return float(done.mean())


def _effort(make: Make) -> Moment:
    """
    Old debts that would bring 1,000 yuan, with calls for 50 yuan more on each.

    The level below is what comes unasked. The gain is scaled to that expectation and that cost.
    """
    base, _ = _year_of(make(240), every=0)
    more, cost = _year_of(make(240), every=4)
    gain = (more / base - 1.0) * EXPECTED * (LEVEL / cost)
    return Moment(
        "one more effort level costing 50, at 1,000 expected: earned", EFFORT, "fitted",
        278.0, 74.0, gain,
    )  # fmt: skip


def _year_of(laboratory: Laboratory, *, every: int) -> tuple[float, float]:
    """Recovered in a year and spent, minor units an account, ringing until a level is spent."""
    spent = recovered = 0
    for day in range(YEAR):
        calls = []
        if every and day % every == 0 and spent < LEVEL * len(laboratory):
            calls = [Action("call", "reminder", waiting(laboratory.log()), hour_of(day))]
        played = laboratory.play(calls)
        spent, recovered = spent + played.cost, recovered + played.paid
    return recovered / len(laboratory), max(spent / len(laboratory), 1.0)
