"""
One action per account under shared budgets: the multiple-choice knapsack, by its prices.

For account i and action a with value `v[i, a]` and use `u[i, a, m]` of budget m,

    maximise  sum_i v[i, a(i)]   subject to   sum_i u[i, a(i), m] <= B[m]  for every m,

where doing nothing (action -1, value 0, no use) is always open. Relaxing the budgets with prices
`p >= 0` gives the dual, which separates over accounts and bounds every plan from above:

    D(p) = sum_m p[m] B[m] + sum_i max(0, max_a (v[i, a] - sum_m p[m] u[i, a, m])).

`prices` finds p, `tiles` and `passes` evaluate D and everybody's best action, `repair` and `moves`
make them a plan. Sources: Everett (1963), Operations Research 11(3), the Lagrangian for integer
allocation; Fisher (1981), Management Science 27(1), its bound and repair.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.decision.uses import Factored, Floats, Listed, Numbers, of_arrays, use_of

Actions = NDArray[np.int32]

NOTHING = -1
LARGE = 200_000  # accounts from which several threads pay, samples, and polishing prices
TOO_LARGE = 1e250  # sums of such numbers are not held by floats


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
class Reasons:
    """
    Why each account (N,) has what it has: the action that is best for it at the prices or -1, what
    that is worth after them, the runner-up or -1 and its worth, minus infinity where nothing is all
    that is open. A plan departs from `best` only where budgets left no room, or room to spare.
    """

    best: Actions
    worth: Numbers
    runner: Actions
    runner_worth: Numbers


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
    reasons: Reasons


def allocate(
    values: Numbers, use: Numbers | Factored | Listed, budgets: Floats, *, seed: int = 0,
    start: Floats | None = None, passes: int = 200, accuracy: float = 1e-6,
    threads: int | None = None,
) -> Allocation:  # fmt: skip
    """
    Choose at most one action for every account so that no budget is exceeded.

    `values` is (N, A), minus infinity (or NaN) where an action is closed to an account; `use` is
    (A, M), or (N, A, M) if accounts differ, or one of the forms of `uses`, never negative;
    `budgets` is (M,), infinite for a budget without limit. `start` are prices to begin with, such
    as yesterday's; without them a large book is first priced on samples. `accuracy` is the share of
    the value at which prices are good enough. If values and uses by account are all of single
    precision, so are the passes; the plan and its certificate are always counted in double.

    The same input and seed give the same plan, on however many `threads` (all cores by default).
    Time and memory are linear in N.

    Two messages for three people: the last one's place costs what the best refused would have won.

    >>> plan = allocate(np.array([[9.0], [5.0], [7.0]]), np.ones((1, 1)), np.array([2.0]))
    >>> plan.chosen.tolist(), plan.used.tolist(), plan.certificate.primal
    ([0, -1, 0], [2.0], 16.0)
    >>> bool(5 <= plan.prices[0] <= 7)
    True

    :raises ValueError: if shapes do not fit, a value is infinite, a use is negative or not finite,
        a budget negative or not a number, or numbers are too large to add up
    """
    values, use, budgets = _checked(values, use, budgets)
    start = _started(start, budgets)
    if values.size == 0:
        return _nothing(len(values), len(budgets))
    # The compiler takes half a second to load: only who plans waits for it.
    from recoup.decision import prices as pricing
    from recoup.decision import repair
    from recoup.decision.tiles import Tiles

    kept = np.isfinite(budgets)
    if threads is None:
        threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    large = len(values) >= LARGE
    tiles = Tiles(
        values, use if kept.all() else use.only(kept), budgets[kept],
        threads=threads if large else 1, laid=not large,
    )  # fmt: skip
    found = pricing.price(
        tiles, start=None if start is None else start[kept], seed=seed, most=passes,
        accuracy=accuracy, large=large,
    )  # fmt: skip
    plan = repair.round_off(tiles, found.ranking, found.prices)
    for _ in range(pricing.POLISHES if large else 0):
        if found.bound - plan.value <= accuracy * abs(found.bound):
            break
        finer = pricing.refine(tiles, found, most=passes, accuracy=accuracy)
        found, before = finer, found.bound
        if finer.bound >= before:
            break
        other = repair.round_off(tiles, found.ranking, found.prices)
        plan = other if other.value >= plan.value else plan
    ranking = found.ranking
    if not (plan.used <= tiles.fits).all():
        raise AssertionError("A plan exceeds a budget.")
    used, prices = np.zeros(len(budgets)), np.zeros(len(budgets))
    used[kept], prices[kept] = plan.used, found.prices
    if not kept.all():
        used[~kept] = use_of(use.only(~kept), plan.chosen)
    return Allocation(
        plan.chosen, prices, used, Certificate(found.bound, plan.value, math.ceil(found.passes)),
        Reasons(ranking.chosen, ranking.worth, ranking.runner, ranking.runner_worth),
    )  # fmt: skip


def _nothing(accounts: int, budgets: int) -> Allocation:
    """The plan of those to whom nothing is offered."""
    chosen = np.full(accounts, NOTHING, dtype=np.int32)
    worth = np.zeros(accounts)
    reasons = Reasons(chosen.copy(), worth, chosen.copy(), np.full(accounts, -np.inf))
    return Allocation(
        chosen, np.zeros(budgets), np.zeros(budgets), Certificate(0.0, 0.0, 0), reasons
    )


def _checked(
    values: Numbers, use: Numbers | Factored | Listed, budgets: Floats
) -> tuple[Numbers, Factored | Listed, Floats]:
    values = np.asarray(values)
    budgets = np.asarray(budgets, dtype=np.float64)
    if values.ndim != 2 or budgets.ndim != 1:
        raise ValueError("values is (N, A), use (A, M) or (N, A, M), budgets (M,).")
    if np.isnan(budgets).any() or (budgets < 0).any():
        raise ValueError("Budgets are numbers, not negative.")
    if not isinstance(use, Factored | Listed):
        array = np.asarray(use)
        if array.dtype != np.float32:
            array = array.astype(np.float64)
        if array.shape[-1:] != budgets.shape or array.shape[:-1] not in (
            values.shape[1:], values.shape,
        ):  # fmt: skip
            raise ValueError("use does not fit the values and budgets: (A, M) or (N, A, M).")
        use = of_arrays(array, len(values))
    if (use.accounts, use.actions, use.budgets) != (*values.shape, len(budgets)):
        raise ValueError("use does not fit the values and budgets.")
    own = use.factors if isinstance(use, Factored) else use.amount
    single = values.dtype == np.float32 and (own.dtype == np.float32 or not own.size)
    values = np.ascontiguousarray(values, dtype=np.float32 if single else np.float64)
    if budgets.max(where=np.isfinite(budgets), initial=0) >= TOO_LARGE:
        raise ValueError("A budget is too large to add up.")
    return values, use, budgets


def _started(start: Floats | None, budgets: Floats) -> Floats | None:
    if start is None:
        return None
    start = np.asarray(start, dtype=np.float64)
    if start.shape != budgets.shape or not np.isfinite(start).all() or (start < 0).any():
        raise ValueError("Prices to start with: one for each budget, finite and not negative.")
    return start
