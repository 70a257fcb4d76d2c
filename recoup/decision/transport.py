"""
The assignment of few cases, exactly: the transportation problem as a linear programme, by HiGHS.

Its corner solutions are whole (the constraint matrix is totally unimodular), and its marginal values
are the prices of the collectors' slots, which certify it. HiGHS is in SciPy, which is here anyway.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from recoup.decision.auction import NOBODY, Market, Rows, Sale, bound, scores

ARCS = 20_000  # pairs of case and collector; up to here the exact answer takes less than a second


def solve(market: Market, rows: Rows) -> Sale:
    """
    The best plan for these cases, to the solver's tolerance.

    :raises RuntimeError: if the solver fails, which a problem that is always feasible does not cause
    """
    case, person, score = _arcs(market, rows)
    kept = (score > 0) & (market.room[person] > 0)
    case, person, score = case[kept], person[kept], score[kept]
    chosen = np.full(len(market.cases), NOBODY, dtype=np.int32)
    prices = np.zeros(len(market.room))
    if len(score):
        number = np.arange(len(score))
        ones = np.ones(2 * len(score))
        lines = np.concatenate([case, len(rows) + person])
        shape = (len(rows) + len(market.room), len(score))
        matrix = coo_array((ones, (lines, np.concatenate([number, number]))), shape=shape).tocsr()
        limits = np.concatenate([np.ones(len(rows)), market.room]).astype(np.float64)
        scale = score.max()
        found = linprog(-score / scale, A_ub=matrix, b_ub=limits, method="highs-ds")
        if not found.success:
            raise RuntimeError(found.message)
        taken = found.x > 0.5
        chosen[rows[case[taken]]] = person[taken]
        prices = np.maximum(-found.ineqlin.marginals[len(rows) :], 0.0) * scale
    worth = float(scores(market, rows, chosen).sum())
    return Sale(chosen[rows], prices, max(bound(market, rows, prices), worth), worth, 0)


def _arcs(market: Market, rows: Rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every pair that may be: the case's place in `rows`, the collector, the score."""
    starts = market.starts.astype(np.int64)
    kind = market.cases["kind"][rows].astype(np.int64)
    wide = starts[kind + 1] - starts[kind]
    case = np.repeat(np.arange(len(rows)), wide)
    place = np.arange(len(case)) - np.repeat(np.cumsum(wide) - wide, wide)
    arc = starts[kind][case] + place
    person = market.who[arc].astype(np.int64)
    score = market.cases["value"][rows][case] * market.effect[arc]
    ends = np.cumsum(wide)
    first, last = market.cases["first"][rows], market.cases["last"][rows]
    for n in np.flatnonzero(last > first):
        own = slice(int(ends[n] - wide[n]), int(ends[n]))
        for q in range(int(first[n]), int(last[n])):
            score[own][person[own] == market.pair_who[q]] += market.pair_more[q]
    return case, person, score
