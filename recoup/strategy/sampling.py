"""
Cases of a learning arm: chosen by draws from what is believed, within the night's budgets.

Prices come from a plan of everybody in which each such case brings the values of one draw of its
own. At those prices the share of draws that take an action is its chance, and the case takes an
action with just that chance, so the chance that is logged is exact. Each case's place in 0 to 1 is
uniform by itself, but the places are spread evenly over cases with like chances (a Kronecker sequence
with one random shift), so that what all take together hardly varies. What it may come to is tried for
many shifts; the plan is made again with as much less of a budget as that and one action exceed it. A
shift that exceeds it still is drawn again; if nothing fits, they are all left alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.decision import thompson
from recoup.decision.allocate import NOTHING, Allocation, allocate
from recoup.decision.priced import adjusted
from recoup.decision.uses import NONE, Factored, use_of

Floats = NDArray[np.float64]
GOLDEN = (5**0.5 - 1) / 2
SHIFTS, FEWER, LARGE = 200, 64, 20_000  # shifts that are tried, and where there are many cases
ROUNDS = 8
AGAIN = 50


@dataclass(frozen=True)
class Sampling:
    """
    The due cases (`rows`, L) that choose by draws: `scale` (L,), `z` (L, k) and `cost` (L, A) of
    `thompson.values`, and `draws` (M, A, k) of the effects.
    """

    rows: NDArray[np.int64]
    scale: Floats
    z: Floats
    cost: Floats
    draws: Floats


@dataclass(frozen=True)
class Sampled:
    """
    The plan that gave the prices, the action of every due case (n,), the chances of the cases that
    were drawn for (`rows`), (L, 1 + A), nothing first, and how often the plan was made.
    """

    rows: NDArray[np.int64]
    plan: Allocation
    action: NDArray[np.int32]
    chances: Floats
    rounds: int
    draws: int

    @property
    def chance(self) -> Floats:
        """Of each due case, that the plan takes its action: 1 but for `rows`."""
        found = np.ones(len(self.action))
        found[self.rows] = self.chance_of(self.action)
        return found

    def chance_of(self, action: NDArray[np.int32]) -> Floats:
        """The chance of these actions, of all due cases, for `rows`."""
        mine = action[self.rows]
        found: Floats = self.chances[np.arange(len(mine)), mine + 1]
        return found

    @property
    def error(self) -> float:
        """The standard error with which a chance is known as that of Thompson sampling, on average."""
        spread = np.sqrt(self.chances * (1 - self.chances) / self.draws)
        return float(spread.mean()) if spread.size else 0.0


def sample(
    *, values: Floats, use: Factored, budgets: Floats, sampling: Sampling, seed: int,
    start: Floats | None, rng: np.random.Generator,
) -> Sampled:  # fmt: skip
    """Price, draw and check; `values` (n, A) are those of the others, closed ones of all."""
    rows, times = sampling.rows, len(sampling.draws)
    mine = np.zeros(len(values), dtype=bool)
    mine[rows] = True
    own = Factored(use.rates, use.segment[rows], use.factors[:, rows], use.of)
    open_ = np.isfinite(values[rows])
    each = sampling.draws[rng.integers(0, times, len(rows))]
    mixed = values.copy()
    mixed[rows] = thompson.values(
        scale=sampling.scale, z=sampling.z, effects=each, cost=sampling.cost, open_=open_
    )
    less = np.zeros(len(budgets))
    for round_ in range(1, ROUNDS + 1):  # noqa: B007 (how often is told)
        plan = allocate(mixed, use, np.maximum(budgets - less, 0), seed=seed, start=start)
        cost = -adjusted(np.where(open_, -sampling.cost, -np.inf), own, plan.prices)
        chances = thompson.chances(
            scale=sampling.scale, z=sampling.z, draws=sampling.draws, open_=open_,
            cost=np.where(open_, cost, 0.0),
        )  # fmt: skip
        others = plan.chosen.copy()
        others[mine] = NOTHING
        rest = budgets - use_of(use, others)
        over = _most(own, chances) - rest
        if (over <= 1e-9 * np.maximum(budgets, 1)).all():
            break
        less += np.where(over > 0, 1.1 * over, 0.0)
    else:
        chances = np.zeros_like(chances)
        chances[:, 0] = 1.0
    action, chances = _drawn(own, chances, rest, rng)
    others[rows] = action
    return Sampled(rows, plan, others, chances, round_, times)


def _actions(steps: Floats, order: NDArray[np.int64], shift: float) -> NDArray[np.int32]:
    """An action for each case by its summed chances, -1 for nothing, at one shift."""
    place = np.empty(len(steps))
    place[order] = (shift + GOLDEN * np.arange(len(steps))) % 1.0
    found = (steps[:, :-1] <= (place * steps[:, -1])[:, None]).sum(axis=1) - 1
    return np.asarray(found, dtype=np.int32)


def _order(chances: Floats) -> NDArray[np.int64]:
    """Cases with like chances side by side."""
    return np.lexsort((chances.max(axis=1), chances.argmax(axis=1)))


def _most(use: Factored, chances: Floats) -> Floats:
    """What actions by these chances (L, 1 + A) come to at most of each budget, and one action."""
    steps, order = chances.cumsum(axis=1), _order(chances)
    times = SHIFTS if len(chances) <= LARGE else FEWER
    most = np.zeros(use.budgets)
    for shift in (np.arange(times) + 0.5) / times:
        most = np.maximum(most, use_of(use, _actions(steps, order, shift)))
    return np.where(most > 0, most + _single(use, chances[:, 1:]), 0.0)


def _single(use: Factored, chances: Floats) -> Floats:
    """The most that one action with a chance takes of each budget."""
    found = np.zeros(use.budgets)
    for kind in np.unique(use.of):
        some = np.flatnonzero(use.of == kind)
        weight = np.ones(len(chances)) if kind == NONE else use.factors[kind].astype(np.float64)
        largest = np.zeros((len(use.rates), use.actions))
        np.maximum.at(largest, use.segment, (chances > 0) * weight[:, None])
        found[some] = (largest[..., None] * use.rates[..., some]).max(axis=(0, 1), initial=0.0)
    return found


def _drawn(
    use: Factored, chances: Floats, rest: Floats, rng: np.random.Generator
) -> tuple[NDArray[np.int32], Floats]:
    """An action for each by its chances, all within the rest of the budgets."""
    steps, order = chances.cumsum(axis=1), _order(chances)
    for _ in range(AGAIN):
        action = _actions(steps, order, rng.random())
        if (use_of(use, action) <= rest * (1 + 1e-9)).all():
            return action, chances
    nothing = np.zeros_like(chances)
    nothing[:, 0] = 1.0
    return np.full(len(chances), NOTHING, dtype=np.int32), nothing
