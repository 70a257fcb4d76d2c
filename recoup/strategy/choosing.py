"""
Choosing: the plan under all budgets, a randomised slice of it, and the exact chance of each choice.

Every due case has a best action in the plan, found with the budgets less a reserve. With chance e,
drawn for each case on its own and without looking at the plan, a case takes instead an action drawn
from all that is admissible to it, nothing included. The weights of that draw are even, but lower
for actions of a scarce budget, so that on average the slice takes at most a fifth of any budget.
Hence, exactly,

    P(a) = (1 - e) [a is the plan's] + e w[a] / (1 + sum of w over the admissible actions).

The reserve is what the slice takes on average, four standard deviations and one action; a draw that
takes more is drawn again, which happens about once in 10^4 nights and is the only inexactness.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.decision.allocate import NOTHING, Allocation, allocate

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
SLICE = 0.2  # of a budget, at most, goes to the randomised slice on average
RESERVE = 0.5  # of a budget, at most, is kept back for it
DEVIATIONS = 4.0


@dataclass(frozen=True)
class Choice:
    """
    What was chosen for each due case: an action or -1, the chance of that choice, and whether it
    was drawn. `used` never exceeds the budgets; `weights` are those of the draw.
    """

    action: NDArray[np.int32]
    propensity: Floats
    explored: Flags
    plan: Allocation
    used: Floats
    weights: Floats


def choose(
    *, values: Floats, use: Floats, budgets: Floats, explore: float, seed: int,
    start: Floats | None = None,
) -> Choice:  # fmt: skip
    """
    Choose for all due cases; `values` (n, A) has minus infinity where an action is closed, `start`
    are prices to begin with.

    An action that no budget could ever pay for is closed as well.
    """
    values = np.where((use <= budgets).all(axis=1), values, -np.inf)
    admissible = np.isfinite(values)
    weights, reserve = _weights(admissible, use, budgets, explore)
    plan = allocate(values, use, np.maximum(budgets - reserve, 0), seed=seed, start=start)
    rng = np.random.default_rng(seed)
    drawn, draw = _slice(admissible, use, weights, explore, reserve, rng)
    action = np.where(drawn, draw, plan.chosen).astype(np.int32)
    total = 1 + admissible @ weights
    weight = np.where(action >= 0, weights[action], 1.0)
    propensity = (1 - explore) * (action == plan.chosen) + explore * weight / total
    propensity[~admissible.any(axis=1)] = 1.0
    used = _used(action, use)
    if (used > budgets * (1 + 1e-9)).any():
        raise AssertionError("A plan exceeds a budget.")
    return Choice(action, propensity, drawn, plan, used, weights)


def _used(action: NDArray[np.int32], use: Floats) -> Floats:
    return np.asarray(np.bincount(action[action >= 0], minlength=len(use)) @ use, dtype=float)


def _weights(
    admissible: Flags, use: Floats, budgets: Floats, explore: float
) -> tuple[Floats, Floats]:
    """The weight of each action in the draw, and what must be kept back of each budget."""
    weights = np.ones(len(use))
    patterns, counts = np.unique(admissible, axis=0, return_counts=True)
    for _ in range(60):
        chance = patterns * weights
        chance /= 1 + chance.sum(axis=1, keepdims=True)
        times = explore * (counts @ chance)
        mean, spread = times @ use, np.sqrt(times @ use**2)
        reserve = mean + DEVIATIONS * spread + (use * (weights > 0)[:, None]).max(axis=0, initial=0)
        reserve = np.where(mean > 0, reserve, 0.0)
        if (mean <= SLICE * budgets * 1.001).all() and (reserve <= RESERVE * budgets).all():
            return weights, reserve
        for budget in np.flatnonzero(mean > 0):
            users = use[:, budget] > 0
            if (
                reserve[budget] > RESERVE * budgets[budget]
                and mean[budget] <= SLICE * budgets[budget]
            ):
                weights[users] = 0.0  # so small a budget cannot be drawn from with safety
            else:
                weights[users] *= min(1.0, SLICE * budgets[budget] / mean[budget])
    return np.zeros(len(use)), np.zeros(len(budgets))


def _slice(
    admissible: Flags, use: Floats, weights: Floats, explore: float, reserve: Floats,
    rng: np.random.Generator,
) -> tuple[Flags, NDArray[np.int32]]:  # fmt: skip
    """Who is drawn, and what the draw gives to everybody who is."""
    pool = admissible.any(axis=1)
    while True:
        drawn = pool & (rng.random(len(pool)) < explore)
        draw = np.full(len(pool), NOTHING, dtype=np.int32)
        draw[drawn] = _draw(admissible[drawn] * weights, rng)
        if (_used(draw, use) <= reserve).all():
            return drawn, draw


def _draw(weights: Floats, rng: np.random.Generator) -> NDArray[np.int32]:
    """One action by its weight, or nothing with weight 1, for each row."""
    steps = np.cumsum(weights, axis=1)
    place = rng.random(len(weights)) * (1 + steps[:, -1])
    found = (steps <= place[:, None]).sum(axis=1)
    return np.where(found < weights.shape[1], found, NOTHING).astype(np.int32)
