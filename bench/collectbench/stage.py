"""
One policy, one book, all its days: what it recovered, at what cost, and what it broke.

Counted in minor units: `paid` is what came in, `cost` what contacts cost and what was conceded at
its face. Net is the difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bench.collectbench.protocol import Terms
from bench.collectbench.referee import BrokenError, Referee
from bench.collectbench.seat import FailedError, Seat
from bench.collectbench.world import Book


@dataclass(frozen=True, slots=True)
class Result:
    """What a policy did with one book. `broken` says why it is disqualified, or is empty."""

    policy: str
    variant: str
    seed: int
    cases: int
    opening: int
    paid: int
    cost: int
    contacts: int
    complaints: int
    opt_outs: int
    cpu: float
    used: Mapping[str, float]
    by_day: tuple[tuple[int, int, int], ...] = field(repr=False)  # paid, cost, contacts
    broken: str = ""

    @property
    def net(self) -> int:
        """Recovered less costs, in minor units."""
        return self.paid - self.cost

    @property
    def share(self) -> float:
        """Net, as a share of the opening balance."""
        return self.net / self.opening


def play(seat: Seat, book: Book, terms: Terms, *, name: str) -> Result:
    """
    Play one policy on one book to the end, or to the day on which it breaks its terms.

    The policy has forgotten other books.
    """
    referee, spent = Referee(terms), seat.cpu
    days: list[tuple[int, int, int]] = []
    used: dict[str, float] = {}
    complaints = opt_outs = 0
    broken, yesterday = "", None
    try:
        seat.begin()
        for day in range(terms.days):
            log = book.log()
            asked = seat.act(log, terms, day=day, yesterday=yesterday)
            contacts = referee.admit(asked, log, day=day)
            told = book.play(contacts)
            referee.count(contacts, told.used, told.complaints, day=day)
            yesterday = told
            days.append(
                (told.paid, told.cost + told.conceded, sum(len(one.cases) for one in contacts))
            )
            complaints, opt_outs = complaints + told.complaints, opt_outs + told.opt_outs
            for budget, amount in told.used.items():
                used[budget] = used.get(budget, 0.0) + amount
    except BrokenError as error:
        broken = str(error)
    except FailedError as error:
        broken = f"Day {len(days)}: {error}"
    paid, cost, count = (int(np.sum([one[k] for one in days])) for k in range(3))
    return Result(
        policy=name, variant=terms.variant, seed=book.seed, cases=terms.cases,
        opening=book.opening, paid=paid, cost=cost, contacts=count, complaints=complaints,
        opt_outs=opt_outs, cpu=seat.cpu - spent, used=used, by_day=tuple(days), broken=broken,
    )  # fmt: skip
