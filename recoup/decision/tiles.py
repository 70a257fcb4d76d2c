"""The accounts of a plan, laid out in tiles: everything prices are asked about."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recoup.decision import passes
from recoup.decision.passes import BLOCK, LANES, READ
from recoup.decision.uses import NONE, Factored, Floats, Integers, Listed, Numbers, use_of

Actions = NDArray[np.int32]
Result = TypeVar("Result")
TOLERANCE = 1e-12  # of a budget: what the rounding of floats may seem to use
TOO_LARGE = 1e250  # sums of such numbers are not held by floats
HIGHEST = 1e37  # a charge that single precision still holds
CHUNK = 262_144  # accounts whose intermediate numbers stay in the cache


@dataclass(frozen=True)
class Ranking:
    """
    For each account (N,): the best action at the prices or -1, what it is worth after them, the
    runner-up and its worth. `used` (M,) is what the best use, `bound` what no plan exceeds.
    """

    chosen: Actions
    worth: Numbers
    runner: Actions
    runner_worth: Numbers
    used: Floats
    bound: float


class Tiles:
    """
    One problem: values (N, A) of single or double precision, their uses, budgets (M,), all finite.

    `fits` are the budgets an action must fit alone, if these are a share of them. Sums go by blocks
    and are added in their order: `threads` changes the time and nothing else. Accounts that are
    asked only a few times need not be `laid` out beforehand, which takes as much memory again.

    :raises ValueError: if a value is infinite or too large to add up
    """

    def __init__(
        self, values: Numbers, use: Factored | Listed, budgets: Floats, *,
        fits: Floats | None = None, threads: int = 1, laid: bool = True,
    ) -> None:  # fmt: skip
        self.source, self.use, self.budgets = values, use, budgets
        self.fits = (budgets if fits is None else fits) * (1 + TOLERANCE)
        self.threads = threads
        self.count, self.actions = values.shape
        self.laid = laid or isinstance(use, Listed)
        segment = use.segment if isinstance(use, Factored) else np.zeros(self.count, np.int64)
        self.order, self.blocks = _order(segment, BLOCK if self.laid else READ)
        steps = range(0, self.count, CHUNK)
        if not all(
            self._apart(
                lambda step: passes.sound(
                    values, step, min(step + CHUNK, self.count), TOO_LARGE
                ),
                steps,
            )
        ):  # fmt: skip
            raise ValueError("A value cannot be infinite, or too large to add up.")
        kind, none = values.dtype, np.empty((0, 1, self.actions))
        self.numbers, self.caps = np.empty((0, self.count), dtype=kind), none
        if isinstance(use, Factored):
            self._factor(use)
        tiles = int(self.blocks[-1, 1]) if self.laid else 0
        self.tiles = np.empty((tiles, self.actions, LANES), dtype=kind)
        self.factors = np.empty((tiles, len(self.numbers), LANES), dtype=kind)
        self.which = np.empty((tiles, self.actions, 0, LANES), dtype=np.int16)
        self.amount = np.empty((tiles, self.actions, 0, LANES), dtype=kind)
        if self.laid:
            self._blocks(
                lambda first, last: passes.lay(
                    values, self.numbers, self.order, self.caps, self.blocks, first, last, 0,
                    self.tiles, self.factors,
                )
            )  # fmt: skip
        if isinstance(use, Listed):
            self._list(use)

    def _factor(self, use: Factored) -> None:
        """Rates by kind of factor, and caps where an action may use more than there is."""
        self.numbers = np.ascontiguousarray(use.factors, dtype=self.source.dtype)
        self.kinds = [np.flatnonzero(use.of == of) for of in range(NONE, len(use.factors))]
        pairs = len(use.rates) * self.actions
        self.rates = [
            np.ascontiguousarray(use.rates[..., some]).reshape(pairs, len(some))
            for some in self.kinds
        ]
        with np.errstate(divide="ignore", invalid="ignore"):
            most = np.where(use.rates > 0, self.fits / use.rates, np.inf)
        caps = np.full((len(use.rates), len(self.kinds), self.actions), np.inf)
        for kind, some in enumerate(self.kinds):
            if len(some):
                caps[:, kind] = most[..., some].min(axis=-1)
        tallest = [1.0, *(float(values.max(initial=0)) for values in use.factors)]
        if (np.array(tallest)[:, None] > caps).any():
            self.caps = caps

    def _list(self, use: Listed) -> None:
        """Lists beside the values in their tiles."""
        tiles = len(self.tiles)
        real = np.minimum(np.arange(tiles * LANES), self.count - 1).reshape(tiles, LANES)
        none = np.where(use.which >= 0, use.which, use.budgets).astype(use.which.dtype)
        self.which = np.ascontiguousarray(none[real].transpose(0, 2, 3, 1))
        self.amount = np.ascontiguousarray(
            use.amount[real].transpose(0, 2, 3, 1), dtype=self.tiles.dtype
        )
        self.amount *= self.which < use.budgets
        passes.shut_listed(self.tiles, self.which, self.amount, np.r_[self.fits, np.inf])

    def sample(self, rows: Integers) -> Tiles:
        """The same problem for some accounts, with budgets cut in proportion."""
        return self.part(rows, self.budgets * (len(rows) / self.count))

    def part(self, rows: Integers, budgets: Floats) -> Tiles:
        """The problem of some accounts, with budgets of their own."""
        if isinstance(self.use, Factored):
            use: Factored | Listed = Factored(
                self.use.rates, self.use.segment[rows], self.use.factors[:, rows], self.use.of
            )
        else:
            use = Listed(self.use.which[rows], self.use.amount[rows], self.use.budgets)
        return Tiles(
            self.source[rows], use, budgets,
            fits=self.fits, threads=self.threads if len(rows) > CHUNK else 1,
        )  # fmt: skip

    def charges(self, prices: Floats) -> Floats:
        """What prices make of every action of every segment, bare and by factor, (S, 1+F, A)."""
        if isinstance(self.use, Listed):
            return np.zeros((1, 1, self.actions))
        found = [rates @ prices[some] for rates, some in zip(self.rates, self.kinds, strict=True)]
        return np.ascontiguousarray(
            np.stack(found).reshape(len(found), -1, self.actions).transpose(1, 0, 2)
        )

    def best(self, prices: Floats) -> tuple[Floats, float]:
        """The use of every budget, (M,), if all take their best, and the dual value."""
        kind = self.source.dtype
        bounds = np.empty(len(self.blocks))
        if isinstance(self.use, Listed):
            totals = np.empty((len(self.blocks), len(prices) + 1))
            narrow = np.minimum(np.r_[prices, 0.0], HIGHEST).astype(kind)
            self._blocks(
                lambda first, last: passes.best_listed(
                    self.tiles, self.which, self.amount, narrow, self.blocks, first, last,
                    totals, bounds,
                )
            )  # fmt: skip
            used = totals.sum(axis=0)[:-1]
        else:
            totals = np.empty((len(self.blocks), len(self.kinds), self.actions + 1))
            narrow = np.minimum(self.charges(prices), HIGHEST).astype(kind)
            self._blocks(
                lambda first, last: passes.best_factored(
                    self.tiles, self.factors, narrow, self.blocks, first, last, 0, totals, bounds
                )
                if self.laid
                else passes.best_read(
                    self.source, self.numbers, self.order, self.caps, narrow, self.blocks,
                    first, last, totals, bounds,
                )
            )  # fmt: skip
            used = self._used(totals[..., 1:])
        return used, float(prices @ self.budgets) + float(bounds.sum())

    def _used(self, totals: Floats) -> Floats:
        """Use of every budget from the sums of blocks, (blocks, 1 + F, A)."""
        sums = np.zeros((len(self.use.rates), *totals.shape[1:]))  # type: ignore[union-attr]
        np.add.at(sums, self.blocks[:, 2], totals)
        used = np.zeros(len(self.budgets))
        for kind, some in enumerate(self.kinds):
            used[some] = sums[:, kind].reshape(-1) @ self.rates[kind]
        return used

    def rank(self, prices: Floats, into: Ranking | None = None) -> Ranking:
        """Everybody's best and next best at these prices; in the arrays of another, if given."""
        bounds = np.empty(len(self.blocks))
        kind = self.source.dtype
        if into is None:
            chosen, runner = np.empty(self.count, np.int32), np.empty(self.count, np.int32)
            worth, next_worth = np.empty(self.count, kind), np.empty(self.count, kind)
        else:
            chosen, runner = into.chosen, into.runner
            worth, next_worth = into.worth, into.runner_worth
        charges, padded = self.charges(prices), np.r_[prices, 0.0]
        rest = (chosen, worth, runner, next_worth, bounds)
        self._blocks(
            lambda first, last: passes.rank(
                self.tiles, self.factors, charges, self.which, self.amount, padded, self.blocks,
                self.order, first, last, 0, *rest,
            )
            if self.laid
            else passes.rank_read(
                self.source, self.numbers, self.order, self.caps, charges, self.which, self.amount,
                padded, self.blocks, first, last, *rest,
            )
        )  # fmt: skip
        bound = float(prices @ self.budgets) + float(bounds.sum())
        return Ranking(chosen, worth, runner, next_worth, use_of(self.use, chosen), bound)

    def _blocks(self, run: Callable[[int, int], None]) -> None:
        """Run over all blocks, a share to each thread."""
        threads = min(self.threads, len(self.blocks))
        edges = [len(self.blocks) * part // max(threads, 1) for part in range(threads + 1)]
        self._apart(lambda part: run(edges[part], edges[part + 1]), range(threads))

    def _apart(self, run: Callable[[int], Result], parts: range) -> list[Result]:
        """One call for each part, in threads of their own if there are several."""
        if self.threads == 1 or len(parts) < 2:
            return [run(part) for part in parts]
        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(run, parts))


def _order(segment: Integers, size: int) -> tuple[Integers, Integers]:
    """
    Which account lies where, -1 in the rest of a tile, or nothing if all lie as they come; blocks
    of at most `size` tiles (first tile, last, segment).
    """
    count = np.bincount(segment, minlength=1)
    tiles = -(-count // LANES)
    starts = np.r_[0, np.cumsum(tiles)]
    order = np.empty(0, dtype=np.int64)
    if len(count) > 1:
        order = np.full(starts[-1] * LANES, -1, dtype=np.int64)
        rows = np.argsort(segment, kind="stable")
        before = np.r_[0, np.cumsum(count)][:-1]
        offset = starts[:-1] * LANES - before
        order[np.arange(len(segment)) + np.repeat(offset, count)] = rows
    blocks = [
        (first, min(first + size, int(starts[name + 1])), name)
        for name in range(len(count))
        for first in range(int(starts[name]), int(starts[name + 1]), size)
    ]
    return order, np.array(blocks, dtype=np.int64).reshape(-1, 3)


def closest(ranking: Ranking, size: int) -> Integers:
    """The accounts whose best and next best are worth most nearly the same, nearest first."""
    count = len(ranking.worth)
    if size >= count:
        return np.argsort(ranking.worth - ranking.runner_worth, kind="stable")
    step = max(1, count // 262_144)
    some = ranking.worth[::step] - ranking.runner_worth[::step]
    place = min(len(some) - 1, 1 + int(size / step * 1.1))
    edge = np.partition(some, place)[place]
    rows, margins = [], []
    for start in range(0, count, CHUNK):
        here = slice(start, start + CHUNK)
        margin = ranking.worth[here] - ranking.runner_worth[here]
        near = np.flatnonzero(margin <= edge)
        rows.append(near + start)
        margins.append(margin[near])
    order = np.argsort(np.concatenate(margins), kind="stable")[:size]
    nearest: Integers = np.concatenate(rows)[order]
    return nearest
