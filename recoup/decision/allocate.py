"""
One action per account under shared budgets: the multiple-choice knapsack, by its prices.

For account i and action a with value `v[i, a]` and use `u[a, m]` (or `u[i, a, m]`) of budget m,

    maximise  sum_i v[i, a(i)]   subject to   sum_i u[i, a(i), m] <= B[m]  for every m,

where doing nothing (action -1, value 0, no use) is always open. Relaxing the budgets with prices
`p >= 0` gives the dual, which separates over accounts and bounds every plan from above:

    D(p) = sum_m p[m] B[m] + sum_i max(0, max_a (v[i, a] - sum_m p[m] u[i, a, m])).

Sources: Everett (1963), Operations Research 11(3), the Lagrangian for integer allocation; Fisher
(1981), Management Science 27(1), its bound and repair. The prices move by multiplicative steps on
`use / B - 1` with Nesterov momentum and restart (O'Donoghue and Candes, 2015, FoCM 15(3)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Actions = NDArray[np.int32]

NOTHING = -1
CHUNK = 32_768  # accounts handled at once: a chunk of six actions stays in a core's cache
SAMPLE = 50_000  # prices are first found on so many accounts, then polished on all
SMALL = 5_000  # up to so many accounts, several roundings are tried
TOLERANCE = 1e-9  # of a budget: what rounding of floats may seem to use


@dataclass(frozen=True)
class Certificate:
    """How good a plan is: no plan is worth more than `bound`; this one is worth `primal`."""

    bound: float
    primal: float
    passes: int

    @property
    def gap(self) -> float:
        """The share of the bound that the plan may have missed."""
        return max(0.0, (self.bound - self.primal) / max(abs(self.bound), 1e-12))


@dataclass(frozen=True)
class Allocation:
    """
    A feasible plan.

    `chosen` (N,) is the action of each account, -1 for nothing; `prices` (M,) what one more unit of
    each budget would win, in units of value; `used` (M,) never exceeds the budgets.
    """

    chosen: Actions
    prices: Floats
    used: Floats
    certificate: Certificate


class _Instance:
    """The arrays of one problem, with closed actions at minus infinity."""

    def __init__(self, values: Floats, use: Floats, budgets: Floats) -> None:
        self.use = use
        self.budgets = budgets
        self.own = use.ndim == 3
        closed = (use > budgets * (1 + TOLERANCE)).any(axis=-1)
        self.values = np.where(closed | np.isnan(values), -np.inf, values)
        self.count, self.actions = values.shape

    def sample(self, rows: NDArray[np.int64]) -> _Instance:
        """The same problem on some of the accounts, with budgets cut in proportion."""
        share = len(rows) / self.count
        part = object.__new__(_Instance)
        part.use = self.use[rows] if self.own else self.use
        part.budgets = self.budgets * share
        part.own, part.values = self.own, self.values[rows]
        part.count, part.actions = len(rows), self.actions
        return part

    def reduced(self, rows: slice | NDArray[np.int64], prices: Floats) -> Floats:
        """Values less what the budgets charge, (rows, A)."""
        charge = (self.use[rows] if self.own else self.use) @ prices
        return np.asarray(self.values[rows] - charge, dtype=np.float64)

    def best(self, prices: Floats) -> tuple[Actions, Floats, float]:
        """Each account's best action at these prices, the use of it all, and the dual value."""
        chosen = np.empty(self.count, dtype=np.int32)
        bound = float(prices @ self.budgets)
        for start in range(0, self.count, CHUNK):
            rows = slice(start, min(start + CHUNK, self.count))
            worth = self.reduced(rows, prices)
            pick = worth.argmax(axis=1).astype(np.int32)
            top = worth[np.arange(len(pick)), pick]
            good = top > 0
            pick[~good] = NOTHING
            chosen[rows] = pick
            bound += float(top[good].sum())
        return chosen, self.used(chosen), bound

    def used(self, chosen: Actions) -> Floats:
        """Use of every budget, (M,)."""
        if self.own:
            rows = np.flatnonzero(chosen >= 0)
            total = self.use[rows, chosen[rows]].sum(axis=0)
        else:
            total = np.bincount(chosen[chosen >= 0], minlength=self.actions) @ self.use
        return np.asarray(total, dtype=np.float64).reshape(len(self.budgets))

    def use_of(self, rows: NDArray[np.int64], actions: Actions) -> Floats:
        """Use by these accounts of these actions, (rows, M); nothing uses nothing."""
        picked = self.use[rows, actions] if self.own else self.use[actions]
        return np.where((actions >= 0)[:, None], picked, 0.0)

    def worth_of(self, rows: NDArray[np.int64], actions: Actions) -> Floats:
        """Value to these accounts of these actions, (rows,); nothing is worth nothing."""
        return np.where(actions >= 0, self.values[rows, actions], 0.0)


def allocate(
    values: Floats, use: Floats, budgets: Floats, *, seed: int = 0, start: Floats | None = None,
    passes: int = 120, accuracy: float = 1e-6,
) -> Allocation:  # fmt: skip
    """
    Choose at most one action for every account so that no budget is exceeded.

    `values` is (N, A), minus infinity (or NaN) where an action is closed to an account; `use` is
    (A, M), or (N, A, M) if accounts differ, never negative; `budgets` is (M,), infinite for a
    budget without limit. `start` are prices to begin with, such as yesterday's. The same input
    and seed give the same plan. Time and memory are linear in N.

    Two messages for three people: the last one's place costs what the best refused would have won.

    >>> plan = allocate(np.array([[9.0], [5.0], [7.0]]), np.ones((1, 1)), np.array([2.0]))
    >>> plan.chosen.tolist(), plan.used.tolist(), plan.certificate.primal
    ([0, -1, 0], [2.0], 16.0)
    >>> bool(5 <= plan.prices[0] <= 7)
    True

    :raises ValueError: if shapes do not fit, or a use or budget is negative or not a number
    """
    values, use, budgets = _checked(values, use, budgets)
    if values.size == 0:
        nothing = np.full(len(values), NOTHING, dtype=np.int32)
        none = np.zeros(len(budgets))
        return Allocation(nothing, none, none.copy(), Certificate(0.0, 0.0, 0))
    kept = np.isfinite(budgets)
    problem = _Instance(values, use[..., kept], budgets[kept])
    prices, bound, spent = _prices(problem, seed, start, kept, passes, accuracy)
    chosen, primal = _feasible(problem, prices)
    used = problem.used(chosen)
    if (used > problem.budgets * (1 + TOLERANCE)).any():
        raise AssertionError("A plan exceeds a budget.")
    all_prices, all_used = np.zeros(len(budgets)), np.zeros(len(budgets))
    all_prices[kept] = prices
    counted = _Instance(values, use, budgets) if not kept.all() else problem
    all_used[:] = counted.used(chosen)
    return Allocation(chosen, all_prices, all_used, Certificate(bound, primal, spent))


def _checked(values: Floats, use: Floats, budgets: Floats) -> tuple[Floats, Floats, Floats]:
    values = np.asarray(values, dtype=np.float64)
    use = np.asarray(use, dtype=np.float64)
    budgets = np.asarray(budgets, dtype=np.float64)
    if values.ndim != 2 or budgets.ndim != 1 or use.shape[-1:] != budgets.shape:
        raise ValueError("values is (N, A), use (A, M) or (N, A, M), budgets (M,).")
    if use.shape[:-1] not in ((values.shape[1],), values.shape):
        raise ValueError("use does not fit the values: (A, M) or (N, A, M).")
    if np.isnan(use).any() or (use < 0).any() or np.isnan(budgets).any() or (budgets < 0).any():
        raise ValueError("Uses and budgets are numbers, not negative.")
    if np.isposinf(values).any():
        raise ValueError("A value cannot be infinite.")
    return values, use, budgets


def _prices(
    problem: _Instance, seed: int, start: Floats | None, kept: NDArray[np.bool_],
    passes: int, accuracy: float,
) -> tuple[Floats, float, int]:  # fmt: skip
    """The best prices found, the bound they give, and the passes over all accounts."""
    zero = np.zeros(len(problem.budgets))
    _, used, free_bound = problem.best(zero)
    if (used <= problem.budgets).all():
        return zero, free_bound, 1
    first = _scale(problem) if start is None else np.asarray(start, dtype=np.float64)[kept]
    first = np.where(first > 0, first, _scale(problem) * 1e-3)
    if problem.count > 2 * SAMPLE:
        rows = np.sort(np.random.default_rng(seed).choice(problem.count, SAMPLE, replace=False))
        first, _, _ = _descend(problem.sample(rows), first, passes, accuracy)
        passes = max(20, passes // 4)
    prices, bound, spent = _descend(problem, first, passes, accuracy)
    prices, bound = _without_idle(problem, prices, bound)
    return (zero, free_bound, spent) if free_bound < bound else (prices, bound, spent)


def _scale(problem: _Instance) -> Floats:
    """A price at which an average good action pays for the budget it needs."""
    good = problem.values[np.isfinite(problem.values) & (problem.values > 0)]
    typical = float(np.median(good)) if len(good) else 1.0
    need = problem.use.reshape(-1, len(problem.budgets)).max(axis=0)
    return np.where(need > 0, typical / np.maximum(need, 1e-300) / len(problem.budgets), 0.0)


def _descend(
    problem: _Instance, first: Floats, passes: int, accuracy: float
) -> tuple[Floats, float, int]:
    """Accelerated descent of the dual in the logarithms of the prices."""
    floor = np.where(first > 0, first, 1.0) * 1e-12
    here = np.log(np.maximum(first, floor))
    before, best, lowest = here.copy(), np.exp(here), np.inf
    step, momentum, stale, last = 0.5, 1.0, 0, np.inf
    spent = 0
    for spent in range(1, passes + 1):
        following = (1 + np.sqrt(1 + 4 * momentum * momentum)) / 2
        ahead = here + (momentum - 1) / following * (here - before)
        _, used, bound = problem.best(np.exp(ahead))
        relative = lowest - bound
        if bound < lowest:
            best, lowest = np.exp(ahead), bound
        if bound > last:  # overshot: forget the momentum and tread more softly
            step, momentum, ahead = max(step * 0.6, 1e-4), 1.0, np.log(np.maximum(best, floor))
            _, used, _ = problem.best(best)
            spent += 1
        else:
            step, momentum = min(step * 1.05, 2.0), following
        last = bound
        stale = stale + 1 if relative < accuracy * max(abs(lowest), 1e-12) else 0
        if stale >= 12:
            break
        slope = np.clip(used / np.maximum(problem.budgets, 1e-300) - 1, -1, 2)
        before, here = here, np.clip(ahead + step * slope, np.log(floor), 690.0)
    return best, float(lowest), spent


def _without_idle(problem: _Instance, prices: Floats, bound: float) -> tuple[Floats, float]:
    """A logarithm never reaches a price of nothing: try it where a budget has room to spare."""
    _, used, _ = problem.best(prices)
    idle = used < problem.budgets * 0.999
    single = [np.eye(len(prices), dtype=bool)[m] for m in np.flatnonzero(idle)[:8]]
    for off in [idle, *single] if idle.any() else []:
        trial = np.where(off, 0.0, prices)
        lower = problem.best(trial)[2]
        if lower < bound:
            prices, bound = trial, lower
    return prices, bound


def _feasible(problem: _Instance, prices: Floats) -> tuple[Actions, float]:
    """A plan within all budgets, and its value. In small problems, the best of several tries."""
    every = np.arange(problem.count)
    best: tuple[Actions, float] = (np.full(problem.count, NOTHING, dtype=np.int32), 0.0)
    # Rounding costs most where a budget buys few actions: prices a little off may round better.
    for factor in (1.0, 1.02, 0.98, 1.1, 0.9, 1.3, 0.7) if problem.count <= SMALL else (1.0,):
        near = prices * factor
        chosen = _fill(problem, _cut(problem, problem.best(near)[0], near), near)
        worth = float(problem.worth_of(every, chosen).sum())
        if worth > best[1]:
            best = chosen, worth
    return best


def _cut(problem: _Instance, chosen: Actions, prices: Floats) -> Actions:
    """Drop the actions that are missed least, until no budget is exceeded."""
    chosen = chosen.copy()
    for budget in range(len(problem.budgets)):
        rows = np.flatnonzero(chosen >= 0)
        need = problem.use_of(rows, chosen[rows])
        over = need[:, budget].sum() - problem.budgets[budget]
        if over <= problem.budgets[budget] * TOLERANCE:
            continue
        users = np.flatnonzero(need[:, budget] > 0)
        missed = problem.worth_of(rows[users], chosen[rows[users]]) - need[users] @ prices
        order = np.argsort(missed / need[users, budget], kind="stable")
        freed = np.cumsum(need[users[order], budget])
        last = min(int(np.searchsorted(freed, over * (1 - TOLERANCE))) + 1, len(order))
        chosen[rows[users[order[:last]]]] = NOTHING
    return chosen


def _fill(problem: _Instance, chosen: Actions, prices: Floats, rounds: int = 12) -> Actions:
    """Spend what is left on the best improvements that still fit, best first."""
    left = problem.budgets - problem.used(chosen)
    for _ in range(rounds):
        rows, actions, gain, more = _improvements(problem, chosen, prices, left)
        if not len(rows):
            break
        order = np.argsort(-gain, kind="stable")
        taken = _fitting(more[order], left)
        if not len(taken):
            break
        picked = order[taken]
        chosen[rows[picked]] = actions[picked]
        left = problem.budgets - problem.used(chosen)
    return chosen


def _improvements(
    problem: _Instance, chosen: Actions, prices: Floats, left: Floats
) -> tuple[NDArray[np.int64], Actions, Floats, Floats]:
    """For each account, the change that would win most at these prices and fits on its own."""
    found: list[tuple[NDArray[np.int64], Actions, Floats, Floats]] = []
    for start in range(0, problem.count, CHUNK):
        rows = np.arange(start, min(start + CHUNK, problem.count))
        now = problem.worth_of(rows, chosen[rows])
        spent = problem.use_of(rows, chosen[rows])
        room = left + spent
        use = problem.use[rows] if problem.own else problem.use
        wins = problem.values[rows] - now[:, None]
        for budget in range(len(left)):
            short = use[..., budget] > room[:, budget, None] * (1 + TOLERANCE)
            wins = np.where(short, -np.inf, wins)
        wins = np.where(wins > 1e-12, wins - use @ prices, -np.inf)
        pick = wins.argmax(axis=1).astype(np.int32)
        gain = wins[np.arange(len(rows)), pick] + spent @ prices
        good = np.isfinite(gain) & (pick != chosen[rows])
        kept = rows[good]
        more = problem.use_of(kept, pick[good]) - spent[good]
        found.append((kept, pick[good], gain[good], more))
    rows_, actions_, gains_, more_ = zip(*found, strict=True)
    return (
        np.concatenate(rows_), np.concatenate(actions_),
        np.concatenate(gains_), np.concatenate(more_),
    )  # fmt: skip


def _fitting(more: Floats, left: Floats, attempts: int = 200) -> NDArray[np.int64]:
    """The positions, in order, whose uses together still fit into what is left."""
    left = left.copy()
    waiting = np.arange(len(more))
    taken: list[NDArray[np.int64]] = []
    for _ in range(attempts):
        waiting = waiting[(more[waiting] <= left + 1e-9 * np.maximum(left, 0)).all(axis=1)]
        if not len(waiting):
            break
        total = np.cumsum(more[waiting], axis=0)
        over = (total > left).any(axis=1)
        first = int(over.argmax()) if over.any() else len(waiting)
        first = max(first, 1)
        taken.append(waiting[:first])
        left -= more[waiting[:first]].sum(axis=0)
        waiting = waiting[first:]
    return np.concatenate(taken) if taken else np.empty(0, dtype=np.int64)
