"""
From prices to a plan: everybody's best action, made to fit every budget.

Prices leave a few accounts undecided, whose best and next best are worth nearly the same. A pool of
the closest of these is moved: first out of budgets that are over-used, then into what is left. The
pool grows until everything fits; with everybody in it, doing nothing always does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recoup.decision import moves
from recoup.decision.passes import LANES
from recoup.decision.tiles import TOLERANCE, Actions, Ranking, Tiles, closest
from recoup.decision.uses import NONE, Floats, Integers, use_of

NOTHING = -1
POOL = 2_048  # accounts that are looked at first, or so many for each budget, or one in 1,024
POOL_EACH, POOL_SHARE = 64, 1_024
MISSED = 5  # a plan that misses less than so many average accounts are worth is good enough
ROUNDS = 12
EFFORT = 4_000  # pairs of accounts looked at for each budget
SMALL = 5_000  # up to so many accounts, several roundings are tried
SWAYS = (1.02, 0.98, 1.1, 0.9, 1.3, 0.7)  # prices a little off may round better


@dataclass(frozen=True)
class Rounded:
    """A plan (N,) that exceeds no budget, its use of each (M,) and its value."""

    chosen: Actions
    used: Floats
    value: float


def round_off(tiles: Tiles, ranking: Ranking, prices: Floats) -> Rounded:
    """The best plan near these prices; of a small problem, the best of several."""
    best = _fit(tiles, ranking, prices)
    if tiles.count <= SMALL and best.value < ranking.bound * (1 - 1e-9):
        for sway in SWAYS:
            near = prices * sway
            other = _fit(tiles, tiles.rank(near), near)
            if other.value > best.value:
                best = other
    return best


def _fit(tiles: Tiles, ranking: Ranking, prices: Floats) -> Rounded:
    chosen = ranking.chosen.copy()
    slack = tiles.budgets * TOLERANCE
    size = max(POOL, POOL_EACH * len(slack), tiles.count // POOL_SHARE)
    while True:
        size = min(size, tiles.count)
        pool = closest(ranking, size)
        left = tiles.budgets - ranking.used
        fits = _settle(tiles, prices, pool, chosen, left, slack, ranking.bound)
        if fits or size == tiles.count:
            break
        chosen[pool] = ranking.chosen[pool]
        size *= 4
    if not fits:  # what is left is to do nothing where it is over-used
        chosen = _without(tiles, chosen, slack)
    total = use_of(tiles.use, chosen)
    if (total > tiles.budgets + slack).any():  # sums of floats differ by their order
        chosen = _without(tiles, chosen, slack)
        total = use_of(tiles.use, chosen)
    return Rounded(chosen, total, value_of(tiles, chosen))


def _settle(
    tiles: Tiles, prices: Floats, pool: Integers, chosen: Actions, left: Floats, slack: Floats,
    bound: float,
) -> bool:  # fmt: skip
    """Move the accounts of the pool; `chosen` and `left` change. True if no budget is over-used."""
    listed = tiles.use.listed(pool)
    rows, actions, parts = listed.which.shape
    which = np.full((rows, actions + 1, parts), NONE, dtype=np.int64)
    amount = np.zeros((rows, actions + 1, parts))
    which[:, :-1], amount[:, :-1] = listed.which, listed.amount
    limits = np.r_[tiles.fits, np.inf]
    values = np.zeros((rows, actions + 1))
    values[:, :-1] = tiles.source[pool]
    values[np.isnan(values)] = -np.inf
    values[(amount > limits[which]).any(axis=2)] = -np.inf
    charge = (amount * np.r_[prices, 0.0][which]).sum(axis=2)
    adjusted = values - charge
    current = np.where(chosen[pool] < 0, actions, chosen[pool]).astype(np.int64)
    fits = moves.relieve(adjusted, which, amount, current, left, tiles.budgets, slack, ROUNDS)
    top = adjusted.max(axis=1)
    if fits:
        moves.fill(adjusted, values, which, amount, current, left, slack, ROUNDS)
        missed = _missed(prices, left, top, adjusted, current)
        if missed > MISSED * bound / tiles.count:
            moves.exchange(
                adjusted[:POOL], values[:POOL], which[:POOL], amount[:POOL], current[:POOL], left,
                prices, slack, EFFORT * len(prices),
            )  # fmt: skip
    chosen[pool] = np.where(current == actions, NOTHING, current)
    return fits


def _missed(
    prices: Floats, left: Floats, top: Floats, adjusted: Floats, current: Integers
) -> float:
    """What separates a plan from the bound: budgets left at their price, and second choices."""
    return float(prices @ left) + float((top - adjusted[np.arange(len(top)), current]).sum())


def _without(tiles: Tiles, chosen: Actions, slack: Floats) -> Actions:
    """Drop the actions of least value for what they use, until nothing is over-used."""
    chosen = chosen.copy()
    for _ in range(len(slack) + 4):
        left = tiles.budgets + slack - use_of(tiles.use, chosen)
        over = int(np.argmin(left / np.maximum(tiles.budgets, 1e-300)))
        if left[over] >= 0:
            return chosen
        rows = np.flatnonzero(chosen >= 0)
        listed = tiles.use.listed(rows)
        mine = listed.which[np.arange(len(rows)), chosen[rows]]
        need = np.where(mine == over, listed.amount[np.arange(len(rows)), chosen[rows]], 0).sum(1)
        users = np.flatnonzero(need > 0)
        worth = tiles.source[rows[users], chosen[rows[users]]] / need[users]
        order = np.argsort(worth, kind="stable")
        freed = np.cumsum(need[users[order]])
        last = min(int(np.searchsorted(freed, -left[over] * (1 + 1e-9))) + 1, len(order))
        chosen[rows[users[order[:last]]]] = NOTHING
    return np.full_like(chosen, NOTHING)


def value_of(tiles: Tiles, chosen: Actions) -> float:
    """What a plan is worth."""
    total = 0.0
    for start in range(0, tiles.count, 4096 * LANES):
        part = chosen[start : start + 4096 * LANES]
        rows = np.flatnonzero(part >= 0)
        total += float(tiles.source[start + rows, part[rows]].sum(dtype=np.float64))
    return total
