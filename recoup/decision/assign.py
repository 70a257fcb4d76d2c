"""
Assignment (分案): which collector gets which case.

Each case goes to at most one collector, each collector gets at most as many as there is room for,
and nobody gets a case without the skill, the language and the licence, or one that conflicts. What
is made as large as can be is the sum of

    value[i] * effect[skill[i], j] + continuity * value[i] (for who had the case before).

Small problems are solved exactly by linear programming (`transport`), large ones by auction
(`auction`) to a certified gap. Fairness is by construction: in each band of value every collector
has an equal share of room, so that nobody gets only the poor cases. Where there is too little room,
only the cases that win it without bands are shared out so: no poor case keeps a rich one out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recoup.decision import auction, transport
from recoup.decision import bands as banding
from recoup.decision.allocate import Certificate
from recoup.decision.auction import NOBODY, Chosen, Floats, Ints, Market, Rows
from recoup.decision.market import (
    GIANT,
    Cases,
    Collectors,
    Marks,
    Stage,
    barred_from_all,
    rows_by_value,
    somebody,
    stage,
)

__all__ = ["NOBODY", "Cases", "Collectors", "Plan", "Point", "Why", "assign", "fairness_curve",
           "rebalance"]  # fmt: skip

ACCURACY = 1.5e-3
CONTINUITY = 0.05  # of the case's value: what it is worth that the borrower knows the voice
MARGIN = 0.2  # of the case's value: what a move must win
BIDS = 60  # a case, on average; what is best by then is the plan


class Why(IntEnum):
    """Why a case has a collector, or none."""

    ASSIGNED = 0
    NO_VALUE = 1  # its value is not a number
    NO_SKILL = 2  # nobody has the skill
    NO_LANGUAGE = 3  # nobody with the skill speaks the language
    NO_LICENCE = 4  # nobody who could holds the licence
    CONFLICT = 5  # everybody who could has a conflict
    NO_CAPACITY = 6  # nobody who could has any room
    OUTBID = 7  # the room of those who could went to cases worth more there
    WORTHLESS = 8  # with everybody who could it is worth nothing, or less


@dataclass(frozen=True)
class Plan:
    """
    Who gets what. Rows are those of the cases and collectors handed in.

    `collector` (N,) is a row or -1, `why` (N,) a `Why`; `score` (N,) what the case is worth there,
    bonus included; `band` (N,) its band of value and `prices` (J, bands + 1) what one more slot of
    each collector would win in each band, the last column for what the bands left over. With bands
    the certificate adds up theirs and that of the rest: it is of the best plan within the bands.
    """

    collector: Chosen
    why: NDArray[np.uint8]
    score: Floats
    band: NDArray[np.int16]
    prices: Floats
    certificate: Certificate
    exact: bool

    def per_collector(self, people: int) -> tuple[Ints, Floats]:
        """How many cases each collector gets, and what they are worth."""
        given = self.collector != NOBODY
        who = self.collector[given]
        return (
            np.bincount(who, minlength=people).astype(np.int64),
            np.bincount(who, weights=self.score[given], minlength=people).astype(np.float64),
        )

    def spread(self, collectors: Collectors) -> float:
        """Variation of value per slot between collectors with room: deviation by mean."""
        room = collectors.room
        with_room = room > 0
        if not with_room.any():
            return 0.0
        each = self.per_collector(len(room))[1][with_room] / room[with_room]
        return float(each.std() / each.mean()) if each.mean() > 0 else 0.0


@dataclass(frozen=True)
class Point:
    """What so many bands cost: `share` of the value without bands, at this `spread`."""

    bands: int
    value: float
    share: float
    spread: float
    gap: float


def assign(
    cases: Cases, collectors: Collectors, *, continuity: float = CONTINUITY, bands: int = 1,
    accuracy: float = ACCURACY, bids: int = BIDS, start: Floats | None = None,
) -> Plan:  # fmt: skip
    """
    Give cases to collectors.

    `continuity` is the bonus for who had the case before, as a share of its value; `bands` of value
    in which room is shared out evenly, 1 for none; `accuracy` the certified gap that is enough (a
    small problem is solved exactly); `bids` a case at most, on average, if it is not reached;
    `start` prices (J,) to begin with, such as yesterday's. The same input gives the same plan.

    Two cases, one slot with each: the one worth more goes where it is worth more.

    >>> people = Collectors.of(ids=[7, 8], capacity=[1, 1], effect=[[1.0, 0.5]])
    >>> plan = assign(Cases.of(ids=[1, 2, 3], value=[10.0, 30.0, 20.0]), people)
    >>> plan.collector.tolist(), plan.why.tolist(), plan.certificate.primal
    ([-1, 0, 1], [7, 0, 0], 40.0)

    :raises ValueError: for what `Cases.of` and `Collectors.of` refuse, a need without a table, an
        accuracy or number of bands or bids that is not positive
    """
    return _assign(
        cases, collectors, stage(cases, collectors, continuity=continuity, now=None, margin=0.0),
        bands, accuracy, bids, start,
    )  # fmt: skip


def rebalance(
    cases: Cases, collectors: Collectors, *, now: ArrayLike, margin: float = MARGIN,
    continuity: float = CONTINUITY, bands: int = 1, accuracy: float = ACCURACY, bids: int = BIDS,
    start: Floats | None = None,
) -> Plan:  # fmt: skip
    """
    The day's new cases, and the cases of who is away, while everybody else's stay where they are.

    `now` (N,) is the id of the collector who holds each case, -1 for a new one; whoever is not
    among `collectors` is away. `capacity` counts what is held, so `load` is for other cases only. A
    case leaves its collector only where the whole gains more than `margin` of its value by that,
    to within the gap. With `bands`, room goes first to what is held and then to the bands of which
    a collector has least. The certificate counts the margin as value, the score of a case does not.

    :raises ValueError: as `assign`
    """
    holds = np.asarray(now).astype(np.int64)
    if holds.shape != cases.ids.shape:
        raise ValueError("now is not one for each case.")
    made = stage(cases, collectors, continuity=continuity, now=holds, margin=margin)
    plan = _assign(cases, collectors, made, bands, accuracy, bids, start, holds)
    kept = (plan.collector != NOBODY) & (collectors.rows_of(holds) == plan.collector)
    bonus = np.where(kept, margin * np.maximum(np.nan_to_num(cases.value), 0.0), 0.0)
    return Plan(plan.collector, plan.why, plan.score - bonus, plan.band, plan.prices,
                plan.certificate, plan.exact)  # fmt: skip


def fairness_curve(
    cases: Cases, collectors: Collectors, *, bands: Sequence[int] = (1, 2, 4, 10, 20),
    continuity: float = CONTINUITY, accuracy: float = ACCURACY, bids: int = BIDS,
) -> list[Point]:  # fmt: skip
    """
    The price of fairness: for each number of bands, the share of value kept and the variation of
    value per slot between collectors. The first is what the others are compared with.

    Always by auction, to `accuracy`: nobody is given a case by a curve, and the exact answer for few
    cases takes thirty times as long.
    """
    made = stage(cases, collectors, continuity=continuity, now=None, margin=0.0)
    points: list[Point] = []
    worthy: Rows | None = None
    for count in bands:
        plan = _assign(
            cases, collectors, made, count, accuracy, bids, None, worthy=worthy, exactly=False
        )
        if count == 1:
            worthy = made.rows[plan.collector[made.order[made.rows]] != NOBODY]
        value = plan.certificate.primal
        whole = points[0].value if points else value
        share = value / whole if whole > 0 else 1.0
        points.append(Point(count, value, share, plan.spread(collectors), plan.certificate.gap))
    return points


def _assign(
    cases: Cases, collectors: Collectors, made: Stage, bands: int, accuracy: float, bids: int,
    start: Floats | None, now: Ints | None = None, worthy: Rows | None = None,
    exactly: bool = True,
) -> Plan:  # fmt: skip
    if bands < 1 or bids < 1 or not 0 < accuracy < 1:
        raise ValueError("Bands and bids are at least one, an accuracy is between 0 and 1.")
    count, people = len(cases.ids), len(collectors.ids)
    first = None if start is None else np.asarray(start, dtype=np.float64)
    if first is not None and (first.shape != (people,) or not (first >= 0).all()):
        raise ValueError("Prices to begin with are one for each collector, not negative.")
    market = made.market
    chosen = np.full(count, NOBODY, dtype=np.int32)
    band = np.zeros(count, dtype=np.int16)
    prices = np.zeros((people, bands + 1))
    bound = primal = 0.0
    spent, exact = 0, True
    left = market.room.copy()
    # All bands together take no longer than one small problem.
    most = transport.ARCS // bands if exactly else 0
    if bands == 1:
        worthy = made.rows
    elif worthy is None:
        worthy = _worthy(market, made.rows, accuracy, bids, first, most)
    by_band = rows_by_value(made, worthy, bands)
    held = None if now is None else _held(collectors, made, by_band, now)
    parts = list(zip(by_band, banding.rooms(market.room, bands, held), strict=True))
    for number, (rows, room) in enumerate(parts):
        sale, proved = _sell(market._replace(room=room), rows, accuracy, bids, first, most)
        chosen[rows], band[rows], prices[:, number] = sale.chosen, number, sale.prices
        bound, primal, spent = bound + sale.bound, primal + sale.primal, spent + sale.bids
        exact &= proved
    given = chosen[made.rows]
    left -= np.bincount(given[given != NOBODY], minlength=people)
    rest = made.rows[given == NOBODY]
    if bands > 1 and len(rest) and left.any():
        # Room that a band had no use for: nobody stays out for the sake of fairness.
        sale, proved = _sell(market._replace(room=left), rest, accuracy, bids, None, most)
        chosen[rest], prices[:, bands] = sale.chosen, sale.prices
        band[rest[sale.chosen != NOBODY]] = bands
        bound, primal, spent = bound + sale.bound, primal + sale.primal, spent + sale.bids
        exact &= proved
    if (np.bincount(chosen[chosen != NOBODY], minlength=people) > market.room).any():
        raise AssertionError("A plan gives a collector more than there is room for.")
    score = np.zeros(count)
    score[made.order[made.rows]] = auction.scores(market, made.rows, chosen)
    collector, own = np.empty_like(chosen), np.empty_like(band)
    collector[made.order], own[made.order] = chosen, band
    why = _why(cases, collectors, made, collector)
    proof = Certificate(bound, primal, spent)
    return Plan(collector, why, score, own, prices, proof, exact)


def _worthy(
    market: Market, rows: Rows, accuracy: float, bids: int, start: Floats | None, most: int
) -> Rows:  # fmt: skip
    """The cases that would have a collector if there were no bands."""
    sale, _proved = _sell(market, rows, accuracy, bids, start, most)
    won: Rows = rows[sale.chosen != NOBODY]
    return won


def _sell(
    market: Market, rows: Rows, accuracy: float, bids: int, start: Floats | None, most: int
) -> tuple[auction.Sale, bool]:
    """Exactly up to so many pairs, where that is quick, else by auction; and whether it is exact."""
    arcs = int(np.diff(market.starts.astype(np.int64))[market.cases["kind"][rows]].sum())
    if 0 < arcs <= most:
        return transport.solve(market, rows), True
    limit = bids * max(len(rows), 1)
    return auction.sell(market, rows, accuracy=accuracy, limit=limit, start=start), arcs == 0


def _held(collectors: Collectors, made: Stage, bands: list[Rows], now: Ints) -> Ints:
    """How many cases each collector holds of each band, (J, bands)."""
    person = collectors.rows_of(now)[made.order]
    people = len(collectors.ids)
    held = np.zeros((people, len(bands)), dtype=np.int64)
    for number, rows in enumerate(bands):
        mine = person[rows]
        held[:, number] = np.bincount(mine[mine != NOBODY], minlength=people)
    return held


def _why(cases: Cases, collectors: Collectors, made: Stage, chosen: Chosen) -> NDArray[np.uint8]:
    """The reason of every case, the first that holds."""
    skilled: Marks = collectors.effect[made.needs[:, 0]] > 0
    speaking = skilled.copy()
    asked = made.needs[:, 1] != NOBODY
    speaking[asked] &= collectors.languages[made.needs[asked, 1]]
    roomy = somebody(made.table & (collectors.room > 0))
    kind = made.kind
    known: Marks = np.isfinite(cases.value) & (np.abs(cases.value) <= GIANT)
    reasons: list[tuple[Marks, Why]] = [
        (chosen != NOBODY, Why.ASSIGNED),
        (~known, Why.NO_VALUE),
        (~somebody(skilled)[kind], Why.NO_SKILL),
        (~somebody(speaking)[kind], Why.NO_LANGUAGE),
        (~somebody(made.table)[kind], Why.NO_LICENCE),
        (barred_from_all(cases, collectors, made), Why.CONFLICT),
        (cases.value <= 0, Why.WORTHLESS),
        (~roomy[kind], Why.NO_CAPACITY),
    ]
    return np.select(
        [held for held, _why in reasons], [np.uint8(why) for _held, why in reasons],
        default=np.uint8(Why.OUTBID),
    ).astype(np.uint8)  # fmt: skip
