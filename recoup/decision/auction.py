"""
The auction that gives cases to collectors: Gauss-Seidel bids, one heap of accepted bids a collector.

A case bids for the slot it would gain most from, up to what its second choice is worth, plus eps. A
collector with no slot left drops the lowest accepted bid, which is the price of a slot from then on,
and the dropped case bids again. At the end every case is within eps of its best choice at the prices
(Bertsekas, 1988, Annals of Operations Research 14; similar objects: Bertsekas and Castanon, 1989,
ibid. 20), and any prices, these too, bound every plan:

    bound(p) = sum_j room[j] p[j] + sum_i max(0, max_j (score[i, j] - p[j])).

The loops are compiled. Rows are unsigned there: a signed index may be negative, and the test for it
costs a third of the scan.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recoup.decision.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Chosen = NDArray[np.int32]
Rows = NDArray[np.uint32]
Starts = NDArray[np.uint64]
Records = NDArray[np.void]

NOBODY = -1
CASE = np.dtype([("value", "f8"), ("kind", "u4"), ("first", "u4"), ("last", "u4"), ("", "u4")])
FACTOR = 6.0  # each round of bids is about so much finer than the one before
AGAIN = 2.5  # and so much, where the gap was missed
COARSE = 0.045  # eps of the first round, as a share of a usual score
SAFETY = 1.5  # a round begins with prices so many eps lower: none may begin above where it ends
EASE = 6.5  # eps of the last round, by the gap asked for: the gap is about a sixth of eps
DEEPEST = 64  # the most eps by which prices that nobody paid are lowered at once
ROUNDS = 8  # finer rounds that are tried when the gap is not reached


class Market(NamedTuple):
    """
    Who may take what, and what it would be worth.

    `cases` (N,) are records of `CASE`: what is known of one case lies together, for a case that is
    outbid is anywhere in memory. Cases of one `kind` (skill, language, region) share the list
    `who[starts[kind]:starts[kind + 1]]` of collectors, in their order, and the share of a case's
    value that each brings, `effect`. `pair_who` and `pair_more`, from the case's `first` to its
    `last`, are what is added to single pairs: a bonus for continuity, minus infinity for a
    conflict; a pair comes once. `room` (J,) is in cases.
    """

    cases: Records
    starts: Starts
    who: Rows
    effect: Floats
    pair_who: Rows
    pair_more: Floats
    room: Ints

    @property
    def scratch(self) -> Floats:
        """Room for the prices of one case's pairs."""
        pairs = self.cases["last"].astype(np.int64) - self.cases["first"]
        return np.empty(int(pairs.max(initial=0)) + 1)


@dataclass(frozen=True)
class Sale:
    """
    How an auction ended: `chosen` (n,) of the cases asked about is a collector or -1, `prices` (J,),
    no plan is worth more than `bound`, this one is worth `primal`; `bids` how many were made.
    """

    chosen: Chosen
    prices: Floats
    bound: float
    primal: float
    bids: int


@compiled
def _best(
    case: Any, starts: Starts, who: Rows, effect: Floats, pair_who: Rows, pair_more: Floats,
    prices: Floats, saved: Floats,
) -> tuple[int, float, float]:  # fmt: skip
    """A case's best collector, the gain there and at the second best; staying out gains nothing."""
    first, last = np.uint64(case.first), np.uint64(case.last)
    for q in range(first, last):
        saved[q - first] = prices[pair_who[q]]
        prices[pair_who[q]] -= pair_more[q]
    best, second = 0.0, 0.0
    at: Any = NOBODY
    worth = case.value
    k = np.uint64(case.kind)
    for q in range(starts[k], starts[k + np.uint64(1)]):
        gain = worth * effect[q] - prices[who[q]]
        if gain > second:
            if gain > best:
                second, best, at = best, gain, np.int64(who[q])
            else:
                second = gain
    for q in range(first, last):
        prices[pair_who[q]] = saved[q - first]
    return at, best, second


@compiled
def _sink(levels: Floats, cases: Rows, base: int, count: int, level: float, case: int) -> None:
    """Put a bid in place of the lowest."""
    hole = 0
    while True:
        child = 2 * hole + 1
        if child >= count:
            break
        if child + 1 < count and levels[base + child + 1] < levels[base + child]:
            child += 1
        if levels[base + child] >= level:
            break
        levels[base + hole] = levels[base + child]
        cases[base + hole] = cases[base + child]
        hole = child
    levels[base + hole] = level
    cases[base + hole] = case


@compiled
def _rise(levels: Floats, cases: Rows, base: int, count: int, level: float, case: int) -> None:
    """Add a bid to a heap of `count`."""
    hole = count
    while hole > 0:
        parent = (hole - 1) // 2
        if levels[base + parent] <= level:
            break
        levels[base + hole] = levels[base + parent]
        cases[base + hole] = cases[base + parent]
        hole = parent
    levels[base + hole] = level
    cases[base + hole] = case


@compiled
def _bid(
    records: Records, starts: Starts, who: Rows, effect: Floats, pair_who: Rows, pair_more: Floats,
    room: Ints, order: Rows, chosen: Chosen, prices: Floats,
    eps: float, limit: int, saved: Floats,
) -> tuple[int, Ints]:  # fmt: skip
    """
    Let the cases of `order` bid, the last first, until nobody does or `limit` bids were made.

    Fills `chosen` and moves `prices`, which come as the least each collector sells at. Gives the
    bids and how many cases each collector holds.
    """
    count = len(room)
    # Heaps grow by doubling in one pool; what a collector holds never shrinks, so 4 N is enough.
    levels = np.empty(4 * len(order) + 16 * count)
    cases = np.empty(4 * len(order) + 16 * count, dtype=np.uint32)
    base = np.zeros(count, dtype=np.int64)
    space = np.zeros(count, dtype=np.int64)
    held = np.zeros(count, dtype=np.int64)
    used = 0
    stack = order.copy()
    top = len(stack)
    bids = 0
    for j in range(count):
        if room[j] == 0:
            prices[j] = np.inf
    while top > 0 and bids < limit:
        top -= 1
        i = stack[top]
        at, best, second = _best(
            records[i], starts, who, effect, pair_who, pair_more, prices, saved
        )
        bids += 1
        chosen[i] = at
        if at == NOBODY:
            continue
        level = prices[at] + (best - second) + eps
        if held[at] < room[at]:
            if held[at] == space[at]:
                wide = max(8, 2 * space[at])
                for q in range(held[at]):
                    levels[used + q] = levels[base[at] + q]
                    cases[used + q] = cases[base[at] + q]
                base[at], space[at] = used, wide
                used += wide
            _rise(levels, cases, base[at], held[at], level, i)
            held[at] += 1
            if held[at] == room[at]:
                prices[at] = max(prices[at], levels[base[at]])
        else:
            out = cases[base[at]]
            _sink(levels, cases, base[at], held[at], level, i)
            prices[at] = max(prices[at], levels[base[at]])
            chosen[out] = NOBODY
            stack[top] = out
            top += 1
    for q in range(top):
        chosen[stack[q]] = NOBODY
    return bids, held


@compiled
def _bound(
    records: Records, starts: Starts, who: Rows, effect: Floats, pair_who: Rows, pair_more: Floats,
    room: Ints, rows: Rows, prices: Floats, saved: Floats,
) -> float:  # fmt: skip
    """What no plan for the cases `rows` is worth more than, at these prices."""
    total = 0.0
    for j in range(len(room)):
        if room[j] > 0:
            total += room[j] * prices[j]
    for i in rows:
        _at, best, _second = _best(
            records[i], starts, who, effect, pair_who, pair_more, prices, saved
        )
        total += best
    return total


@compiled
def _scores(
    records: Records, starts: Starts, who: Rows, effect: Floats, pair_who: Rows, pair_more: Floats,
    rows: Rows, chosen: Chosen, scores: Floats,
) -> None:  # fmt: skip
    """What each case of `rows` is worth where it is; nothing where it is nowhere."""
    for n in range(len(rows)):
        i = np.uint64(rows[n])
        scores[n] = 0.0
        if chosen[i] == NOBODY:
            continue
        case = records[i]
        k = np.uint64(case.kind)
        low, high = np.int64(starts[k]), np.int64(starts[k + np.uint64(1)]) - 1
        while low < high:  # the list of a kind is in the order of the collectors
            middle = (low + high) // 2
            if np.int64(who[middle]) < chosen[i]:
                low = middle + 1
            else:
                high = middle
        scores[n] = case.value * effect[low]
        for q in range(case.first, case.last):
            if np.int64(pair_who[q]) == chosen[i]:
                scores[n] += pair_more[q]


def scores(market: Market, rows: Rows, chosen: Chosen) -> Floats:
    """What each case of `rows` brings with the collector it has in `chosen` (N,), bonus included."""
    made = np.empty(len(rows))
    _scores(*market[:6], rows, chosen, made)
    return made


def bound(market: Market, rows: Rows, prices: Floats) -> float:
    """No plan for the cases `rows` is worth more than this, whatever the prices, if not negative."""
    # Who has no room takes nobody: a price without end, at no cost.
    closed = np.where(market.room > 0, prices, np.inf)
    return float(_bound(*market, rows, closed, market.scratch))


def usual(market: Market, rows: Rows) -> tuple[float, float]:
    """
    The mean score of these cases, and that of all but the largest hundredth: bids begin as coarse as
    the first asks and end as fine as the second, for a giant or two say nothing of all the others.
    """
    starts = market.starts.astype(np.int64)
    best = np.zeros(len(starts) - 1)
    filled = np.flatnonzero(np.diff(starts) > 0)
    best[filled] = np.maximum.reduceat(market.effect, starts[filled]) if len(filled) else 0.0
    high = market.cases["value"][rows] * best[market.cases["kind"][rows]]
    high = high[high > 0]
    if not len(high):
        return 0.0, 0.0
    kept = max(1, len(high) * 99 // 100)
    return float(high.mean()), float(np.partition(high, kept - 1)[:kept].mean())


def sell(
    market: Market, rows: Rows, *, accuracy: float, limit: int, start: Floats | None = None
) -> Sale:
    """
    Give the cases `rows` away, in rounds of finer and finer bids, until the certified gap is at most
    `accuracy` or `limit` bids were made; what was best so far is given back then.

    `start` are prices to begin with, such as yesterday's: only the finest round is needed if they
    are about right. The market's cases are best in the order of their kinds: a kind's list is in
    the cache then.
    """
    mean, scale = usual(market, rows)
    count = len(market.room)
    chosen = np.full(len(market.cases), NOBODY, dtype=np.int32)
    best = Sale(chosen[rows], np.zeros(count), np.inf, 0.0, 0)
    if scale == 0.0:  # a bonus comes only with a value
        return Sale(best.chosen, best.prices, 0.0, 0.0, 0)
    last = max(accuracy * EASE, 1e-7) * scale
    eps, step = (last, 1.0) if start is not None else _ladder(mean, last)
    prices = np.zeros(count) if start is None else np.maximum(start - SAFETY * eps, 0.0)
    bids, finer, lower = 0, 0, 1.0
    while True:
        chosen[rows] = NOBODY
        made, held = _bid(
            *market, rows, chosen, prices, eps, max(limit - bids, len(rows)), market.scratch
        )
        bids += made
        prices[market.room == 0] = 0.0
        full = held >= market.room
        if eps <= last * 1.001 or bids >= limit:
            _fill(market, rows, chosen, held)
            low = bound(market, rows, prices)
            high = float(scores(market, rows, chosen).sum())
            best = _better(best, Sale(chosen[rows], prices.copy(), low, high, bids))
            finer += 1
            reached = best.bound - best.primal <= accuracy * max(best.bound, 1e-300)
            if reached or bids >= limit or finer > ROUNDS:
                return best
            idle = float((np.where(full, 0, market.room - held) * prices).sum())
            if idle > (low - high) / 2 and start is not None:
                # Slots stand empty at prices that are too high: what we began with misled us.
                start, prices = None, np.zeros(count)
                eps, step = _ladder(mean, last)
                continue
            if idle > (low - high) / 2 and lower < DEEPEST:
                # The price nobody paid is a little too high: lower, and as fine as before.
                lower *= 4
                prices = np.maximum(prices - lower * eps, 0.0)
                continue
            last /= AGAIN
        prices = np.where(full, np.maximum(prices - SAFETY * eps, 0.0), 0.0)
        eps = max(eps / step, last) if eps > last * 1.001 else last


def _ladder(mean: float, last: float) -> tuple[float, float]:
    """The first eps, and by how much each round is finer, so that one of them is the last."""
    first = max(COARSE * mean, last)
    rounds = max(1, round(math.log(first / last, FACTOR)))
    return first, (first / last) ** (1 / rounds)


def _fill(market: Market, rows: Rows, chosen: Chosen, held: Ints) -> None:
    """
    Give cases that a price kept out, or that had no time to bid, the slots nobody took: the most
    valuable first, each for good, as no later bid is above one without end.
    """
    left = market.room - held
    out = rows[chosen[rows] == NOBODY]
    if not len(out) or not (left > 0).any():
        return
    out = out[np.argsort(market.cases["value"][out], kind="stable")]
    rest = market._replace(room=left)
    _bid(*rest, out, chosen, np.zeros(len(left)), np.inf, len(out), market.scratch)


def _better(old: Sale, new: Sale) -> Sale:
    """The plan that is worth more, with the prices that prove more."""
    plan = new if new.primal >= old.primal else old
    proof = new if new.bound <= old.bound else old
    return Sale(plan.chosen, proof.prices, proof.bound, plan.primal, new.bids)
