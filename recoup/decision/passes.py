"""
One pass over all accounts: the best action of each at given prices.

Accounts lie in tiles of 64, `values[tile, action, lane]`, so that a pass reads memory once, in
order, and every step is one instruction for many accounts. Blocks of tiles never cross a segment
and each writes its own sums, so the result does not depend on who computes which block. A book
that is asked only a few times is laid out block by block as it is read, and never held twice.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.decision.compiled import compiled

LANES = 64
BLOCK = 128  # tiles: what one thread takes at a time
READ = 32  # tiles that are laid out at a time where a book is laid out as it is read

Array = NDArray[Any]


@compiled
def sound(source: Array, first: int, last: int, limit: float) -> bool:
    """Whether rows hold no infinity and nothing as large as the limit, closed ones apart."""
    bad = 0
    for row in range(first, last):
        for action in range(source.shape[1]):
            value = source[row, action]
            bad |= (abs(value) >= limit) & (value > -np.inf)
    return bad == 0


@compiled
def _row(order: Array, count: int, place: int) -> int:
    """Which account lies at a place, -1 for none; without an order they lie as they come."""
    if len(order):
        return int(order[place])
    return place if place < count else -1


@compiled
def lay(
    source: Array, numbers: Array, order: Array, caps: Array, blocks: Array, first: int, last: int,
    base: int, tiles: Array, factors: Array,
) -> None:  # fmt: skip
    """
    Copy accounts of blocks, values (N, A) and factors (F, N), into tiles that begin at `base`.

    What is not a number is closed, and so is an action whose factor is above its cap, (S, 1 + F, A)
    or none at all: more than a budget bears.
    """
    actions, count = source.shape[1], len(source)
    closed = tiles.dtype.type(-np.inf)
    for block in range(first, last):
        segment = blocks[block, 2]
        for tile in range(blocks[block, 0], blocks[block, 1]):
            here = tile - base
            for lane in range(LANES):
                row = _row(order, count, tile * LANES + lane)
                for action in range(actions):
                    value = source[row, action] if row >= 0 else closed
                    tiles[here, action, lane] = value if value > -np.inf else closed
                for factor in range(len(numbers)):
                    factors[here, factor, lane] = numbers[factor, row] if row >= 0 else 0
            if not len(caps):
                continue
            for action in range(actions):
                if caps[segment, 0, action] < 1:
                    tiles[here, action, :] = closed
                for factor in range(len(numbers)):
                    for lane in range(LANES):
                        if factors[here, factor, lane] > caps[segment, factor + 1, action]:
                            tiles[here, action, lane] = closed


@compiled
def shut_listed(tiles: Array, which: Array, amount: Array, budgets: Array) -> None:
    """Close the actions that use more of a budget than there is."""
    for tile in range(len(tiles)):
        for action in range(tiles.shape[1]):
            for part in range(which.shape[2]):
                for lane in range(LANES):
                    if amount[tile, action, part, lane] > budgets[which[tile, action, part, lane]]:
                        tiles[tile, action, lane] = -np.inf


@compiled
def best_factored(
    tiles: Array, factors: Array, charges: Array, blocks: Array, first: int, last: int, base: int,
    totals: Array, bounds: Array,
) -> None:  # fmt: skip
    """
    Sums of the best actions of blocks, whose tiles begin at `base`.

    `charges` (S, 1 + F, A) is what the prices make of an action, bare and by factor; `totals`
    (blocks, 1 + F, 1 + A) gets the count and the factors of those who take nothing (0) or an
    action; `bounds` (blocks,) what they win.
    """
    kinds = factors.shape[1]
    best = np.empty(LANES, tiles.dtype)
    worth = np.empty(LANES, tiles.dtype)
    pick = np.empty(LANES, np.int32)
    won = np.empty(LANES, np.float64)
    for block in range(first, last):
        segment = blocks[block, 2]
        won[:] = 0.0
        totals[block] = 0.0
        for tile in range(blocks[block, 0] - base, blocks[block, 1] - base):
            best[:] = 0
            pick[:] = 0
            for action in range(tiles.shape[1]):
                bare = charges[segment, 0, action]
                for lane in range(LANES):
                    worth[lane] = tiles[tile, action, lane] - bare
                for kind in range(kinds):
                    rate = charges[segment, kind + 1, action]
                    for lane in range(LANES):
                        worth[lane] -= factors[tile, kind, lane] * rate
                name = np.int32(action + 1)
                for lane in range(LANES):
                    better = worth[lane] > best[lane]
                    best[lane] = worth[lane] if better else best[lane]
                    pick[lane] = name if better else pick[lane]
            for lane in range(LANES):
                won[lane] += best[lane]
            for lane in range(LANES):
                totals[block, 0, pick[lane]] += 1.0
            for kind in range(kinds):
                for lane in range(LANES):
                    totals[block, kind + 1, pick[lane]] += factors[tile, kind, lane]
        bounds[block] = won.sum()


@compiled
def best_listed(
    tiles: Array, which: Array, amount: Array, prices: Array, blocks: Array, first: int, last: int,
    totals: Array, bounds: Array,
) -> None:  # fmt: skip
    """The same where every pair has a list; `prices` and `totals` (blocks, M + 1) end in none."""
    best = np.empty(LANES, tiles.dtype)
    worth = np.empty(LANES, tiles.dtype)
    pick = np.empty(LANES, np.int32)
    won = np.empty(LANES, np.float64)
    parts = which.shape[2]
    for block in range(first, last):
        won[:] = 0.0
        totals[block] = 0.0
        for tile in range(blocks[block, 0], blocks[block, 1]):
            best[:] = 0
            pick[:] = -1
            for action in range(tiles.shape[1]):
                for lane in range(LANES):
                    worth[lane] = tiles[tile, action, lane]
                for part in range(parts):
                    for lane in range(LANES):
                        price = prices[which[tile, action, part, lane]]
                        worth[lane] -= amount[tile, action, part, lane] * price
                name = np.int32(action)
                for lane in range(LANES):
                    better = worth[lane] > best[lane]
                    best[lane] = worth[lane] if better else best[lane]
                    pick[lane] = name if better else pick[lane]
            for lane in range(LANES):
                won[lane] += best[lane]
                action = pick[lane]
                if action >= 0:
                    for part in range(parts):
                        budget = which[tile, action, part, lane]
                        totals[block, budget] += amount[tile, action, part, lane]
        bounds[block] = won.sum()


@compiled
def rank(
    tiles: Array, factors: Array, charges: Array, which: Array, amount: Array, prices: Array,
    blocks: Array, order: Array, first: int, last: int, base: int,
    chosen: Array, worths: Array, second: Array, seconds: Array, bounds: Array,
) -> None:  # fmt: skip
    """
    The best and the next best of every account, nothing (-1, worth 0) included, in double
    precision and in the caller's order; one of the two forms has no parts or no factors.

    A next best of -1 with a worth of minus infinity: nothing is all that is open.
    """
    best, next_best = np.empty(LANES), np.empty(LANES)
    worth, won = np.empty(LANES), np.empty(LANES)
    pick, runner = np.empty(LANES, np.int32), np.empty(LANES, np.int32)
    for block in range(first, last):
        segment = blocks[block, 2]
        won[:] = 0.0
        for tile in range(blocks[block, 0] - base, blocks[block, 1] - base):
            best[:] = 0.0
            next_best[:] = -np.inf
            pick[:] = -1
            runner[:] = -1
            for action in range(tiles.shape[1]):
                bare = charges[segment, 0, action]
                for lane in range(LANES):
                    worth[lane] = tiles[tile, action, lane] - bare
                for kind in range(factors.shape[1]):
                    rate = charges[segment, kind + 1, action]
                    for lane in range(LANES):
                        worth[lane] -= factors[tile, kind, lane] * rate
                for part in range(which.shape[2]):
                    for lane in range(LANES):
                        price = prices[which[tile, action, part, lane]]
                        worth[lane] -= amount[tile, action, part, lane] * price
                name = np.int32(action)
                for lane in range(LANES):
                    better = worth[lane] > best[lane]
                    beaten = best[lane] if better else worth[lane]
                    loser = pick[lane] if better else name
                    best[lane] = worth[lane] if better else best[lane]
                    pick[lane] = name if better else pick[lane]
                    close = beaten > next_best[lane]
                    next_best[lane] = beaten if close else next_best[lane]
                    runner[lane] = loser if close else runner[lane]
            for lane in range(LANES):
                won[lane] += best[lane]
                row = _row(order, len(chosen), (tile + base) * LANES + lane)
                if row >= 0:
                    chosen[row] = pick[lane]
                    worths[row] = best[lane]
                    second[row] = runner[lane]
                    seconds[row] = next_best[lane]
        bounds[block] = won.sum()


@compiled
def best_read(
    source: Array, numbers: Array, order: Array, caps: Array, charges: Array, blocks: Array,
    first: int, last: int, totals: Array, bounds: Array,
) -> None:  # fmt: skip
    """`best_factored` of accounts that are laid out block by block while they are read."""
    tiles = np.empty((READ, source.shape[1], LANES), source.dtype)
    factors = np.empty((READ, len(numbers), LANES), source.dtype)
    for block in range(first, last):
        base, after = blocks[block, 0], block + 1
        lay(source, numbers, order, caps, blocks, block, after, base, tiles, factors)
        best_factored(tiles, factors, charges, blocks, block, after, base, totals, bounds)


@compiled
def rank_read(
    source: Array, numbers: Array, order: Array, caps: Array, charges: Array, which: Array,
    amount: Array, prices: Array, blocks: Array, first: int, last: int,
    chosen: Array, worths: Array, second: Array, seconds: Array, bounds: Array,
) -> None:  # fmt: skip
    """`rank` of accounts that are laid out block by block while they are read."""
    tiles = np.empty((READ, source.shape[1], LANES), source.dtype)
    factors = np.empty((READ, len(numbers), LANES), source.dtype)
    for block in range(first, last):
        base, after = blocks[block, 0], block + 1
        lay(source, numbers, order, caps, blocks, block, after, base, tiles, factors)
        rank(
            tiles, factors, charges, which, amount, prices, blocks, order, block, after, base,
            chosen, worths, second, seconds, bounds,
        )  # fmt: skip
