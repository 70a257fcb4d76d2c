"""Facts about messages and calls: what they do, who answers, and when there are too many."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from recoup.simulator import facts
from recoup.simulator.laboratory import REACHED, Action, Laboratory
from recoup.simulator.moments.base import CARDS, POINT, Make, Moment, hour_of, once, so, unpaid


def moments(make: Make) -> Iterator[Moment]:
    """All of them."""
    yield from _messages(make)
    yield from _calls(make)
    yield from _circle(make)
    yield from _restraint(make)


def _messages(make: Make) -> Iterator[Moment]:
    base = unpaid(make(CARDS), 30)
    bursztyn = "Bursztyn et al. 2019"
    yield Moment("delinquent without a message", bursztyn, "fitted", 0.66, 0.04, base)
    plain = unpaid(make(CARDS), 30, once("sms", "reminder"))
    moral = unpaid(make(CARDS), 30, once("sms", "moral"))
    yield Moment(
        "reminder text, change of delinquency, points", f"{bursztyn}; Karlan et al. 2012",
        "fitted", 0.0, 0.5, (plain - base) / POINT,
    )  # fmt: skip
    yield Moment(
        "moral text, change of delinquency, points", bursztyn, "fitted", -4.4, 1.0,
        (moral - base) / POINT,
    )  # fmt: skip
    early = unpaid(make(1), 14)
    signed = unpaid(make(1), 14, once("sms", "officer"))
    yield Moment(
        "text signed by the known officer, relative change of late payment",
        "Karlan, Morten, Zinman 2012", "fitted", -0.20, 0.06, signed / early - 1.0,
    )  # fmt: skip


def _calls(make: Make) -> Iterator[Moment]:
    laboratory = make(15)
    day = laboratory.play([Action("call", "reminder", np.arange(len(laboratory)))])
    reached = float(np.isin(day.outcomes[0], REACHED).mean())
    yield Moment(
        "right-party contact of dialled attempts", "industry", "fitted", 0.23, 0.03, reached
    )
    rates = _success(make(15))
    target = facts.success_by_contact()
    for nth in (2, 4, 6, 8):
        name = f"success of contact {nth} against the first"
        ratio = float(target[nth - 1] / target[0])
        value = float(rates[nth - 1] / max(rates[0], 1e-9))
        yield Moment(name, "UCI bank calls", "fitted", ratio, 0.15, value)


def _success(laboratory: Laboratory) -> NDArray[np.float64]:
    """Promises for the nth call to those who have not promised yet."""
    done, rates = np.zeros(len(laboratory), dtype=bool), np.zeros(8)
    for nth in range(8):
        left = np.flatnonzero(~done & ~laboratory.log().opted_out)
        day = laboratory.play([Action("call", "reminder", left, hour_of(nth))])
        rates[nth] = day.promises / max(len(left), 1)
        done |= laboratory.log().promise_open
    return rates


def _circle(make: Make) -> Iterator[Moment]:
    base = unpaid(make(CARDS), 30)
    worse = unpaid(make(CARDS), 30, once("circle", "reminder"))
    yield Moment(
        "contacting the borrower's circle, relative change of default",
        "Jun Yang et al. 2020", "fitted", 0.15, 0.149, worse / base - 1.0,
    )  # fmt: skip


def _restraint(make: Make) -> Iterator[Moment]:
    """The number of calls in 60 days at which most is recovered lies between none and daily."""
    recovered = []
    for every in (0, 20, 10, 5, 3, 1):
        laboratory = make(CARDS)
        total = 0
        for day in range(60):
            calls = []
            if every and day % every == 0:
                log = laboratory.log()
                open_ = np.flatnonzero((log.arrears > 0) & ~log.opted_out)
                calls = [Action("call", "reminder", open_, hour_of(day))]
            total += laboratory.play(calls).paid
        recovered.append(total)
    best = int(np.argmax(recovered))
    yield so(
        "most is recovered at fewer calls than daily and more than none",
        "Yang, Lu, Li, Lu 2023", "fitted", 0 < best < len(recovered) - 1,
    )  # fmt: skip
    yield Moment(
        "recovered with a call a day against the best number of calls",
        "Yang, Lu, Li, Lu 2023 (+8.1 % with 63 % fewer)", "fitted", 0.925, 0.075,
        recovered[-1] / recovered[best],
    )  # fmt: skip
