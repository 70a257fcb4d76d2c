"""
The prices of budgets: accelerated descent of the dual in their logarithms.

A step multiplies every price by `exp(step * (use / budget - 1))`: what is over-used gets dearer. It
is mirror descent with the entropy of the prices (Beck and Teboulle, 2003, Operations Research
Letters 31(3)), with the momentum of Nesterov (1983) restarted when it points uphill (O'Donoghue and
Candes, 2015, FoCM 15(3)). All prices move at once from one pass over the accounts; no price is
searched for on its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recoup.decision.tiles import Ranking, Tiles, closest
from recoup.decision.uses import Floats, use_of

SAMPLES = (0.01, 0.1)  # of the accounts: prices are found on these before all are asked
LEAST = 20_000  # accounts in a sample; below that prices are too uncertain to be worth a stage
STALE = 12  # passes without progress before it ends, where each asks all accounts
ABOUT = 3e-4  # the accuracy from which polish is cheaper than passes over all accounts
PATIENT = 60  # and where it asks a few
NEAR = 64  # one account in so many is asked when prices are polished
DEAREST = 1e6  # times the typical price: from higher ones it does not find back
STEEP = 2.0  # an over-use of thrice the budget counts as much as any above


@dataclass(frozen=True)
class Found:
    """The best prices, the dual value there, and passes over all accounts."""

    prices: Floats
    bound: float
    passes: int


def find(tiles: Tiles, *, start: Floats | None, seed: int, most: int, accuracy: float) -> Found:
    """Prices for all accounts, from `start` or from samples, each a little better than the last."""
    zero = np.zeros(len(tiles.budgets))
    used, free = tiles.best(zero)
    if (used <= tiles.budgets).all():
        return Found(zero, free, 1)
    # A budget nobody wants to exceed still gets a small price: others may push use onto it.
    first = _scale(tiles)
    if start is not None:
        first = np.where(start > 0, np.minimum(start, first * DEAREST), first * 1e-3)
    step, spent, sampled = 0.5, 1, False
    if start is None:
        for number, share in enumerate(SAMPLES):
            if tiles.count * share < LEAST:
                continue
            sample = tiles.sample(_strata(tiles.count, share, seed + number))
            found, step = descend(sample, first, most=most, accuracy=accuracy, step=step)
            first, step = np.maximum(found.prices, first * 1e-9), max(step / 4, 0.05)
            spent += found.passes * sample.count // tiles.count
            sampled = sample.count * 10 >= tiles.count
    if sampled:  # all are asked until prices are about right, and the rest is polish
        accuracy = max(accuracy, ABOUT)
    found, _ = descend(tiles, first, most=most, accuracy=accuracy, step=step)
    spent += found.passes
    prices, bound, more = _without_idle(tiles, found.prices, found.bound)
    if free < bound:
        prices, bound = zero, free
    return Found(prices, bound, spent + more)


def _strata(count: int, share: float, seed: int) -> np.ndarray:
    """One account drawn from each of equal stretches of the book, whatever its order."""
    size = int(count * share)
    places = np.arange(size) + np.random.default_rng(seed).random(size)
    rows: np.ndarray = np.minimum((places * (count / size)).astype(np.int64), count - 1)
    return rows


def _scale(tiles: Tiles) -> Floats:
    """A price at which an average good action pays for the budget it needs."""
    rows = np.unique(np.linspace(0, tiles.count - 1, 2_000).astype(np.int64))
    some = tiles.source[rows]
    good = some[np.isfinite(some) & (some > 0)]
    typical = float(np.median(good)) if len(good) else 1.0
    listed = tiles.use.listed(rows)
    need = np.zeros(len(tiles.budgets))
    taken = listed.which >= 0
    np.maximum.at(need, listed.which[taken], listed.amount[taken])
    need = np.where(need > 0, need, 1.0)
    return np.asarray(np.clip(typical / need / max(len(need), 1), 1e-200, 1e200), dtype=np.float64)


def refine(
    tiles: Tiles, prices: Floats, *, rounds: int, most: int, accuracy: float
) -> tuple[Floats, Ranking, float]:
    """Prices polished for so many rounds, everybody's best there, and the lowest bound met."""
    ranking = tiles.rank(prices)
    bound = ranking.bound
    for _ in range(rounds):
        left = tiles.budgets - use_of(tiles.use, ranking.chosen)
        if float(prices @ np.abs(left)) <= accuracy * abs(bound):
            break
        finer = polish(tiles, ranking, prices, most=most, accuracy=accuracy / 10)
        ranking = tiles.rank(finer, into=ranking)
        if ranking.bound > bound:
            ranking = tiles.rank(prices, into=ranking)
            break
        prices, bound = finer, ranking.bound
    return prices, ranking, bound


def polish(tiles: Tiles, ranking: Ranking, prices: Floats, *, most: int, accuracy: float) -> Floats:
    """
    Better prices, from the accounts alone that small changes of them may move.

    Everybody whose best is clearly best stays with it, so a pass asks one account in 64 and yet
    goes as a pass over all would. What the others leave of the budgets is theirs.
    """
    pool = np.sort(closest(ranking, max(LEAST, tiles.count // NEAR)))
    used = use_of(tiles.use, ranking.chosen)
    some = tiles.part(pool, tiles.budgets)
    some.budgets = tiles.budgets - used + use_of(some.use, ranking.chosen[pool])
    if (some.budgets < 0).any():
        return prices
    above = prices > 0
    first = np.where(above, prices, _scale(tiles) * 1e-12)
    found, _ = descend(
        some, first, most=most, accuracy=accuracy, step=0.2, scale=tiles.budgets,
        whole=ranking.bound,
    )  # fmt: skip
    return np.where(above, found.prices, 0.0)


def descend(
    tiles: Tiles, first: Floats, *, most: int, accuracy: float, step: float,
    scale: Floats | None = None, whole: float = 0.0,
) -> tuple[Found, float]:  # fmt: skip
    """
    The lowest dual value within `most` passes, and the step it ended with.

    Ends before that when the prices charge for what is used, to `accuracy` of the bound, or when
    it gains nothing more. Where `tiles` are only a part of a problem, `scale` are the budgets of
    all and `whole` the value of all.
    """
    patience, least = (STALE, 0.1) if scale is None else (PATIENT, 1e-4)
    budgets = np.maximum(tiles.budgets if scale is None else scale, 1e-300)
    floor = np.log(first) - 40
    here = before = np.log(first)
    best, lowest, last, momentum, stale = first, np.inf, np.inf, 1.0, 0
    spent = 0
    while spent < most:
        spent += 1
        following = (1 + np.sqrt(1 + 4 * momentum * momentum)) / 2
        ahead = here + (momentum - 1) / following * (here - before)
        prices = np.exp(ahead)
        used, bound = tiles.best(prices)
        gained = lowest - bound
        if bound < lowest:
            best, lowest = prices, bound
        worth = max(abs(lowest), whole)
        stale = stale + 1 if gained <= accuracy * least * worth else 0
        slack = float(prices @ np.abs(tiles.budgets - used))
        if slack <= accuracy * worth or stale >= patience:
            break
        overshot = bound > last
        step = max(step * 0.7, 1e-4) if overshot else min(step * 1.05, 2.0)
        last = bound
        slope = np.clip((used - tiles.budgets) / budgets, -1, STEEP)
        after = np.clip(ahead + step * slope, floor, 690.0)
        # The direction of travel against the slope of the dual, p (B - use), in the logarithms.
        uphill = float((prices * (tiles.budgets - used)) @ (after - here)) > 0
        before, here = here, after
        momentum = 1.0 if uphill else following
        if momentum == 1.0:
            before = here
    return Found(best, float(lowest), spent), step


def _without_idle(tiles: Tiles, prices: Floats, bound: float) -> tuple[Floats, float, int]:
    """A logarithm never reaches a price of nothing: try it where a budget has room to spare."""
    used, _ = tiles.best(prices)
    idle = used < tiles.budgets * 0.999
    single = [np.arange(len(prices)) == budget for budget in np.flatnonzero(idle)[:8]]
    tried = 1
    for off in [idle, *(single if tiles.count <= 200_000 else [])] if idle.any() else []:
        trial = np.where(off, 0.0, prices)
        lower = tiles.best(trial)[1]
        tried += 1
        if lower < bound:
            prices, bound = trial, lower
    return prices, bound, tried
