"""The runner-up of every case at once: who would have been next, and what that would bring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recoup.decision.assign import CONTINUITY, MARGIN, Plan
from recoup.decision.auction import NOBODY, Chosen, Floats, Records, Rows, Starts
from recoup.decision.compiled import compiled
from recoup.decision.market import Cases, Collectors, conflicts, stage


@dataclass(frozen=True)
class Runners:
    """
    The best of the others who may have each case, at the prices of their slots. Rows are those of
    the cases: `runner` (N,) is a row of the collectors or -1 where nobody else may have it or has
    room, `net` (N,) what it would bring there less the price of the slot, bonus included, minus
    infinity where there is none; `able` (N,) how many may have it, the one who has it too.
    """

    runner: Chosen
    net: Floats
    able: NDArray[np.int32]


def runners(
    cases: Cases, collectors: Collectors, plan: Plan, *, continuity: float = CONTINUITY,
    now: ArrayLike | None = None, margin: float = MARGIN,
) -> Runners:  # fmt: skip
    """
    Look once more at everybody who may have each case, at the plan's own prices.

    `continuity`, `now` and `margin` are what the plan was made with. A case that nobody gets was
    outbid everywhere: its runner-up is where it came closest.

    >>> from recoup.decision.assign import assign
    >>> people = Collectors.of(ids=[7, 8], capacity=[1, 1], effect=[[1.0, 0.5]])
    >>> cases = Cases.of(ids=[1, 2], value=[10.0, 30.0])
    >>> found = runners(cases, people, assign(cases, people))
    >>> found.runner.tolist(), found.able.tolist()
    ([0, 1], [2, 2])

    :raises ValueError: as `assign`
    """
    holds = None if now is None else np.asarray(now).astype(np.int64)
    made = stage(cases, collectors, continuity=continuity, now=holds, margin=margin)
    market, count = made.market, len(cases.ids)
    chosen = plan.collector[made.order]
    runner = np.full(count, NOBODY, dtype=np.int32)
    net = np.full(count, -np.inf)
    band = plan.band[made.order]
    for number in np.unique(band):
        rows = made.rows[band[made.rows] == number]
        prices = np.where(market.room > 0, plan.prices[:, number], np.inf)
        _look(*market[:6], rows, chosen, prices, market.scratch, runner, net)
    of_case, net_of_case = np.empty_like(runner), np.empty_like(net)
    of_case[made.order], net_of_case[made.order] = runner, net
    return Runners(of_case, net_of_case, _able(cases, collectors, made.table, made.kind))


def _able(
    cases: Cases, collectors: Collectors, table: NDArray[np.bool_], kind: NDArray[np.int64]
) -> NDArray[np.int32]:
    found: NDArray[np.int32] = table.sum(axis=1).astype(np.int32)[kind]
    pairs = np.unique(conflicts(cases, collectors), axis=0)
    barred = pairs[table[kind[pairs[:, 0]], pairs[:, 1]], 0]
    return found - np.bincount(barred, minlength=len(cases.ids)).astype(np.int32)


@compiled
def _look(
    records: Records, starts: Starts, who: Rows, effect: Floats, pair_who: Rows, pair_more: Floats,
    rows: Rows, chosen: Chosen, prices: Floats, saved: Floats, runner: Chosen, net: Floats,
) -> None:  # fmt: skip
    """Fill `runner` and `net` for the cases `rows` of the market."""
    for i in rows:
        case = records[i]
        first, last = np.uint64(case.first), np.uint64(case.last)
        for q in range(first, last):
            saved[q - first] = prices[pair_who[q]]
            prices[pair_who[q]] -= pair_more[q]
        best = -np.inf
        k = np.uint64(case.kind)
        for q in range(starts[k], starts[k + np.uint64(1)]):
            j = who[q]
            gain = case.value * effect[q] - prices[j]
            if gain > best and np.int64(j) != chosen[i]:
                best = gain
                runner[i] = np.int64(j)
        net[i] = best
        for q in range(first, last):
            prices[pair_who[q]] = saved[q - first]
