"""
Choosing: the plan under all budgets, a randomised slice of it, and the exact chance of each choice.

Every due case has a best action in the plan, found with the budgets less a reserve. With chance e,
drawn for each case on its own and without looking at the plan, a case takes instead an action drawn
from all that is admissible to it, nothing included. The weights of that draw are even, but lower
for actions of a scarce budget, in the segments of cases that draw on it, so that on average the slice
takes at most a fifth of any budget.
Hence, exactly,

    P(a) = (1 - e) [a is the plan's] + e w[a] / (1 + sum of w over the admissible actions).

The reserve is what the slice takes on average, four standard deviations and one action; a draw that
takes more is drawn again, which happens about once in 10^4 nights and is the only inexactness.

Cases of a learning arm (`sampling`) have no single action in the plan: there [a is the plan's] is
the share of draws from what is believed that take it at the plan's prices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.decision.allocate import NOTHING, Allocation, allocate
from recoup.decision.uses import NONE, Factored, of_arrays, use_of
from recoup.strategy.sampling import Sampled, Sampling, sample

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]
SLICE = 0.2  # of a budget, at most, goes to the randomised slice on average
RESERVE = 0.5  # of a budget, at most, is kept back for it
DEVIATIONS = 4.0
MOST_DRAWS = 50  # one night in 10^4 needs a second
MOST_PAIRS = 1 << 22  # of segments and patterns that are found by a table


@dataclass(frozen=True)
class Choice:
    """
    What was chosen for each due case: an action or -1, the chance of that choice, and whether it
    was drawn. `used` never exceeds the budgets; `weights` are those of the draw, (segments, A); `open`
    (n, A) is what had a chance, `idle` (n,) the chance of being left alone.
    """

    action: NDArray[np.int32]
    propensity: Floats
    explored: Flags
    plan: Allocation
    used: Floats
    weights: Floats
    open: Flags
    idle: Floats
    sampled: Sampled | None = None


def choose(
    *, values: Floats, use: Floats | Factored, budgets: Floats, explore: float, seed: int,
    start: Floats | None = None, sampling: Sampling | None = None,
) -> Choice:  # fmt: skip
    """
    Choose for all due cases; `values` (n, A) has minus infinity where an action is closed, `use` is
    (A, M) where all cases use alike, `start` are prices to begin with.

    An action that no budget could ever pay for is closed as well.
    """
    if not isinstance(use, Factored):
        use = _form_of(use, len(values))
    values = np.where(too_large(use, budgets), -np.inf, values)
    admissible = np.isfinite(values)
    groups = _Groups.of(admissible, use)
    weights, reserve = _weights(groups, use, budgets, explore)
    rest = np.maximum(budgets - reserve, 0)
    rng = np.random.default_rng(seed)
    if sampling is None or not len(sampling.rows):
        sampled, plan = None, allocate(values, use, rest, seed=seed, start=start)
        own, chance = plan.chosen, np.ones(len(values))
    else:
        sampled = sample(values=values, use=use, budgets=rest, sampling=sampling, seed=seed,
                         start=start, rng=rng)  # fmt: skip
        plan, own, chance = sampled.plan, sampled.action, sampled.chance
    mine = weights[use.segment] * admissible
    drawn, draw = _slice(admissible, use, mine, explore, reserve, rng)
    action = np.where(drawn, draw, own).astype(np.int32)
    rows = np.arange(len(action))
    weight = np.where(action >= 0, mine[rows, action], 1.0) if mine.size else np.ones(len(rows))
    planned = (action == own) * chance
    if sampled is not None:
        planned[sampled.rows] = sampled.chance_of(action)
    propensity = (1 - explore) * planned + explore * weight / (1 + mine.sum(axis=1))
    alone = np.where(own < 0, 1.0, 0.0)
    if sampled is not None:
        alone[sampled.rows] = sampled.chances[:, 0]
    idle = (1 - explore) * alone + explore / (1 + mine.sum(axis=1))
    idle[~admissible.any(axis=1)] = 1.0
    propensity[~admissible.any(axis=1)] = 1.0
    used = use_of(use, action)
    if (used > budgets * (1 + 1e-9)).any():
        raise AssertionError("A plan exceeds a budget.")
    open_ = mine > 0
    # The plan's action had its chance also where another one was drawn.
    for chosen in (action, own):
        taken = np.flatnonzero(chosen >= 0)
        open_[taken, chosen[taken]] = True
    if sampled is not None:
        open_[sampled.rows] |= sampled.chances[:, 1:] > 0
    return Choice(action, propensity, drawn, plan, used, weights, open_, idle, sampled)


def _form_of(use: Floats, cases: int) -> Factored:
    made = of_arrays(use, cases)
    if not isinstance(made, Factored):
        raise TypeError("use is (A, M), or has factors.")
    return made


def too_large(use: Factored, budgets: Floats) -> Flags:
    """Which actions of which cases take more of a budget than there is, (n, A)."""
    bare = np.flatnonzero(use.of == NONE)
    found: Flags = (use.rates[..., bare] > budgets[bare]).any(axis=2)[use.segment]
    for budget in np.flatnonzero(use.of != NONE):
        for action in np.flatnonzero((use.rates[:, :, budget] > 0).any(axis=0)):
            rate = use.rates[:, action, budget][use.segment]
            found[:, action] |= use.factors[use.of[budget]] * rate > budgets[budget]
    return found


@dataclass(frozen=True)
class _Groups:
    """
    Cases to which the same actions are open and that use alike but for factors: the pattern of
    each group (G, A), its segment, and of no factor (first) and of each factor the sum, the sum of
    squares and the largest, (1 + F, G).
    """

    open: Flags
    segment: Whole
    sums: Floats
    squares: Floats
    largest: Floats

    @classmethod
    def of(cls, admissible: Flags, use: Factored) -> _Groups:
        first, group = _pairs(admissible, use.segment)
        count, ones = len(first), np.ones(len(admissible))
        kinds = [ones, *use.factors.astype(np.float64)]
        largest = np.zeros((len(kinds), count))
        for kind, factor in enumerate(kinds):
            np.maximum.at(largest[kind], group, factor)
        return cls(
            admissible[first], use.segment[first],
            np.array([np.bincount(group, factor, count) for factor in kinds]),
            np.array([np.bincount(group, factor**2, count) for factor in kinds]), largest,
        )  # fmt: skip

    def times(self, chance: Floats, weights: Floats, segments: int) -> Floats:
        """A chance (G, A) times what each group weighs by each factor, by segment, (1+F, S, A)."""
        found = np.zeros((len(weights), segments, chance.shape[1]))
        for kind, weight in enumerate(weights):
            np.add.at(found[kind], self.segment, chance * weight[:, None])
        return found


def _pairs(admissible: Flags, segment: Whole) -> tuple[Whole, Whole]:
    """Of the different pairs of segment and open actions one case each, and which pair each is."""
    actions = admissible.shape[1]
    if (int(segment.max(initial=0)) + 1) << actions <= MOST_PAIRS:
        pair = segment << actions
        for place in range(actions):
            pair |= admissible[:, place].astype(np.int64) << place
        some = np.zeros((int(segment.max(initial=0)) + 1) << actions, np.int64)
        some[pair[::-1]] = np.arange(len(pair), 0, -1)  # the first of a pair is written last
        there = np.flatnonzero(some)
        place_of = np.zeros(len(some), np.int64)
        place_of[there] = np.arange(len(there))
        return some[there] - 1, place_of[pair]
    packed = np.packbits(admissible, axis=1)
    whole = np.ascontiguousarray(
        np.hstack([segment.view(np.uint8).reshape(len(packed), segment.itemsize), packed])
    )
    plain = whole.view(np.dtype((np.void, whole.shape[1]))).ravel()
    _, first, group = np.unique(plain, return_index=True, return_inverse=True)
    return first, group


def _weights(
    groups: _Groups, use: Factored, budgets: Floats, explore: float
) -> tuple[Floats, Floats]:
    """The weight of each action in the draw, by segment, and what to keep back of each budget."""
    segments, actions, _ = use.rates.shape
    weights = np.ones((segments, actions))
    most = np.zeros((len(use.factors) + 1, segments))
    for kind, largest in enumerate(groups.largest):
        np.maximum.at(most[kind], groups.segment, largest)
    for _ in range(60):
        chance = groups.open * weights[groups.segment]
        chance = explore * chance / (1 + chance.sum(axis=1, keepdims=True))
        mean = _counted(groups.times(chance, groups.sums, segments), use.rates, use.of)
        spread = _counted(groups.times(chance, groups.squares, segments), use.rates**2, use.of)
        single = (most[use.of + 1].T[:, None, :] * use.rates * (weights > 0)[..., None]).max(
            axis=(0, 1), initial=0
        )
        reserve = np.where(mean > 0, mean + DEVIATIONS * np.sqrt(spread) + single, 0.0)
        if (mean <= SLICE * budgets * 1.001).all() and (reserve <= RESERVE * budgets).all():
            return weights, reserve
        for budget in np.flatnonzero(mean > 0):
            users = use.rates[..., budget] > 0
            if (
                reserve[budget] > RESERVE * budgets[budget]
                and mean[budget] <= SLICE * budgets[budget]
            ):
                weights[users] = 0.0  # so small a budget cannot be drawn from with safety
            else:
                weights[users] *= min(1.0, SLICE * budgets[budget] / mean[budget])
    return np.zeros((segments, actions)), np.zeros(len(budgets))


def _counted(times: Floats, rates: Floats, of: Whole) -> Floats:
    """What times (1+F, S, A) take of each budget, (M,)."""
    found = np.zeros(len(of))
    for kind, each in enumerate(times):
        some = np.flatnonzero(of == kind - 1)
        found[some] = np.einsum("sa,sam->m", each, rates[..., some])
    return found


def _slice(
    admissible: Flags, use: Factored, weights: Floats, explore: float, reserve: Floats,
    rng: np.random.Generator,
) -> tuple[Flags, NDArray[np.int32]]:  # fmt: skip
    """Who is drawn, and what the draw gives to everybody who is; `weights` are by case, (n, A)."""
    pool = admissible.any(axis=1)
    for _ in range(MOST_DRAWS):
        drawn = pool & (rng.random(len(pool)) < explore)
        draw = np.full(len(pool), NOTHING, dtype=np.int32)
        draw[drawn] = _draw(weights[drawn], rng)
        if (use_of(use, draw) <= reserve).all():
            return drawn, draw
    raise AssertionError("The randomised slice never fits what is kept back for it.")


def _draw(weights: Floats, rng: np.random.Generator) -> NDArray[np.int32]:
    """One action by its weight, or nothing with weight 1, for each row."""
    steps = np.cumsum(weights, axis=1)
    place = rng.random(len(weights)) * (1 + steps[:, -1])
    found = (steps <= place[:, None]).sum(axis=1)
    return np.where(found < weights.shape[1], found, NOTHING).astype(np.int32)
