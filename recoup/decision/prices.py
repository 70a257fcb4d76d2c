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
from numpy.typing import NDArray

from recoup.decision.tiles import Ranking, Tiles, closest
from recoup.decision.uses import Floats, use_of

SAMPLES = (0.01, 0.1)  # of the accounts of a large book, that are priced before all are asked
LEAST = 20_000  # accounts in a sample; below that prices are too uncertain to be worth a stage
MOST = 500_000  # and above that a sample tells no more than polish does
SAMPLED = 1e-4  # the accuracy a sample is asked for: beyond that it is itself mistaken
CLEARLY = 1.1  # times a budget: if a sample wants so much of it, so do all
STALE = 12  # passes without progress before it ends, where each asks all accounts
ABOUT = 3e-4  # the accuracy from which polish is cheaper than passes over all accounts
POLISHES = 3  # at most, before others are asked and again after
PATIENT = 60  # and where it asks a few
NEAR, WIDEST = 1 / 64, 1 / 8  # the share of accounts that is asked when prices are polished
REACH = 40  # times what is open: the share of accounts that may move to close it
FINER = 1e-3  # of what is open is left to the polish after
EASE = 30.0  # times the step for a budget that costs little: its price hardly moves anybody
NEARLY = 3e-5  # open, in shares of the bound: a plan from there on may be good enough
DEAREST = 1e6  # times the typical price: from higher ones it does not find back
STEEP = 2.0  # an over-use of thrice the budget counts as much as any above


@dataclass(frozen=True)
class Found:
    """The best prices, the dual value there, and passes over all accounts."""

    prices: Floats
    bound: float
    passes: float


@dataclass(frozen=True)
class Priced:
    """
    Prices, everybody's best there, the lowest bound met, passes over all accounts, and what is
    `open`: used too much or too little of the budgets, at their prices, as a share of the bound,
    or at least a tenth of the worst over-use, as a share of the budget.
    """

    prices: Floats
    ranking: Ranking
    bound: float
    passes: float
    open: float


def price(
    tiles: Tiles, *, start: Floats | None, seed: int, most: int, accuracy: float, large: bool
) -> Priced:
    """
    Prices for all accounts, beginning at `start` if that is given.

    A large book is priced on samples and then polished until a plan at them may be good enough, so
    that all are asked two or three times; only where that leaves too much open are they asked until
    prices are about right.
    """
    first = _scale(tiles)
    if start is not None:
        first = np.where(start > 0, np.minimum(start, first * DEAREST), first * 1e-3)
    if not large:
        return _ranked(tiles, find(tiles, first, most=most, accuracy=accuracy))
    found = sampled(tiles, first, seed=seed, most=most, accuracy=accuracy)
    done = _polished(tiles, found, most=most, accuracy=accuracy)
    if done.open > ABOUT:
        first = np.maximum(done.prices, first * 1e-9)
        found = find(tiles, first, most=most, accuracy=max(accuracy, ABOUT))
        found = Found(found.prices, found.bound, done.passes + found.passes)
        done = _polished(tiles, found, most=most, accuracy=accuracy)
    return done


def find(tiles: Tiles, first: Floats, *, most: int, accuracy: float) -> Found:
    """Prices by passes over all accounts, each a little better than the last."""
    zero = np.zeros(len(tiles.budgets))
    used, free = tiles.best(zero)
    if (used <= tiles.budgets).all():
        return Found(zero, free, 1)
    found, _ = descend(tiles, first, most=most, accuracy=accuracy, step=0.5)
    prices, bound, more = _without_idle(tiles, found.prices, found.bound)
    if free < bound:
        prices, bound = zero, free
    return Found(prices, bound, 1 + found.passes + more)


def sampled(tiles: Tiles, first: Floats, *, seed: int, most: int, accuracy: float) -> Found:
    """Prices of samples; the dual value of all at them is not known."""
    step, spent, zero = 0.5, 0.0, np.zeros(len(tiles.budgets))
    for number, share in enumerate(SAMPLES):
        if tiles.count * share < LEAST:
            continue
        rows = _strata(tiles.count, min(int(tiles.count * share), MOST), seed + number)
        sample = tiles.sample(rows)
        if not spent and (sample.best(zero)[0] <= sample.budgets * CLEARLY).all():
            spent += 1
            used, free = tiles.best(zero)
            if (used <= tiles.budgets).all():
                return Found(zero, free, spent)
        found, step = descend(sample, first, most=most, accuracy=max(accuracy, SAMPLED), step=step)
        first, step = np.maximum(found.prices, first * 1e-9), max(step / 4, 0.05)
        spent += found.passes * sample.count / tiles.count
    return Found(first, np.inf, spent)


def _strata(count: int, size: int, seed: int) -> np.ndarray:
    """One account drawn from each of equal stretches of the book, whatever its order."""
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


def _ranked(tiles: Tiles, found: Found, into: Ranking | None = None) -> Priced:
    """Everybody's best at prices that are found."""
    ranking = tiles.rank(found.prices, into=into)
    off = float(found.prices @ np.abs(tiles.budgets - ranking.used))
    bound = min(found.bound, ranking.bound)
    over = float(
        ((ranking.used - tiles.budgets) / np.maximum(tiles.budgets, 1e-300)).max(initial=0)
    )
    share = max(off / max(abs(bound), 1e-300), min(over, 1.0) / 10)
    return Priced(found.prices, ranking, bound, found.passes + 1, share)


def _polished(tiles: Tiles, found: Found, *, most: int, accuracy: float) -> Priced:
    """Prices polished until little is open, and everybody's best there."""
    done = _ranked(tiles, found)
    for _ in range(POLISHES):
        if done.open <= max(accuracy, NEARLY):
            break
        finer = refine(tiles, done, most=most, accuracy=accuracy)
        if finer.bound >= done.bound:
            return finer
        done = finer
    return done


def refine(tiles: Tiles, priced: Priced, *, most: int, accuracy: float) -> Priced:
    """Prices polished once, or the same with the same bound if that wins nothing."""
    prices, more = polish(tiles, priced, most=most, accuracy=accuracy)
    finer = _ranked(tiles, Found(prices, np.inf, priced.passes + more), priced.ranking)
    if finer.bound < priced.bound:
        return finer
    return _ranked(tiles, Found(priced.prices, priced.bound, finer.passes), priced.ranking)


def polish(tiles: Tiles, priced: Priced, *, most: int, accuracy: float) -> tuple[Floats, float]:
    """
    Better prices, from the accounts alone that small changes of them may move; passes over all.

    Everybody whose best is clearly best stays with it, so a pass asks one account in 64 and yet
    goes as a pass over all would. What the others leave of the budgets is theirs.
    """
    ranking, prices = priced.ranking, priced.prices
    share = min(max(NEAR, REACH * priced.open), WIDEST)
    pool = np.sort(closest(ranking, max(LEAST, int(tiles.count * share))))
    some = tiles.part(pool, tiles.budgets)
    some.budgets = tiles.budgets - ranking.used + use_of(some.use, ranking.chosen[pool])
    if (some.budgets < 0).any():
        return prices, 0.0
    above = prices > 0
    first = np.where(above, prices, _scale(tiles) * 1e-12)
    found, _ = descend(
        some, first, most=most, accuracy=max(accuracy / 10, FINER * priced.open), step=0.2,
        scale=tiles.budgets, whole=ranking.bound, ease=_ease(prices * tiles.budgets),
    )  # fmt: skip
    finer = np.where(above, found.prices, 0.0)
    free = np.where(_room(some, finer, tiles.budgets), 0.0, finer)
    # Who is not asked may want more as well: only what then still has room costs nothing.
    trial = np.where(_room(some, free, tiles.budgets), free, finer)
    finer = trial if some.best(trial)[1] < found.bound else finer
    return finer, (found.passes + 3) * some.count / tiles.count


def _ease(cost: Floats) -> Floats:
    """How many times the step each budget can bear, by what it costs beside the others."""
    typical = cost[cost > 0].mean() if (cost > 0).any() else 0.0
    found: Floats = np.where(cost > 0, np.clip(typical / np.maximum(cost, 1e-300), 1, EASE), 1.0)
    return found


def _room(tiles: Tiles, prices: Floats, scale: Floats) -> NDArray[np.bool_]:
    """The budgets of which more than a thousandth is left."""
    found: NDArray[np.bool_] = tiles.budgets - tiles.best(prices)[0] > 0.001 * scale
    return found


def descend(
    tiles: Tiles, first: Floats, *, most: int, accuracy: float, step: float,
    scale: Floats | None = None, whole: float = 0.0, ease: Floats | float = 1.0,
) -> tuple[Found, float]:  # fmt: skip
    """
    The lowest dual value within `most` passes, and the step it ended with.

    Ends before that when the prices charge for what is used, to `accuracy` of the bound, or when
    it gains nothing more. Where `tiles` are only a part of a problem, `scale` are the budgets of
    all, `whole` the value of all, and `ease` (M,) how many times the step each price can bear.
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
        after = np.clip(ahead + step * ease * slope, floor, 690.0)
        # The direction of travel against the slope of the dual, p (B - use), in the logarithms.
        uphill = float((prices * (tiles.budgets - used)) @ (after - here)) > 0
        before, here = here, after
        momentum = 1.0 if uphill else following
        if momentum == 1.0:
            before = here
    return Found(best, float(lowest), spent), step


def _without_idle(tiles: Tiles, prices: Floats, bound: float) -> tuple[Floats, float, int]:
    """A logarithm never reaches a price of nothing: try it where a budget has room to spare."""
    idle = _room(tiles, prices, tiles.budgets)
    single = [np.arange(len(prices)) == budget for budget in np.flatnonzero(idle)[:8]]
    tried = 1
    for off in [idle, *(single if tiles.count <= 200_000 else [])] if idle.any() else []:
        trial = np.where(off, 0.0, prices)
        lower = tiles.best(trial)[1]
        tried += 1
        if lower < bound:
            prices, bound = trial, lower
    return prices, bound, tried
