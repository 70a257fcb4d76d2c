"""
What an action would bring, case by case, under the model: for judging, never for policies.

The action is done today and nothing after, against nothing at all. `chances` is exact: nothing a
borrower does before the first payment depends on another, so the chance of any payment by a day is
one less the product of the days' chances of none, averaged over how the contact may end.
`effect` is money, and money depends on the path: both worlds are played from forks with the same
chance, so that they differ by the action alone, and the standard error is told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.kernel.errors import Invalid
from recoup.simulator import endings, hazard
from recoup.simulator.actions import Action, Capacity
from recoup.simulator.laboratory import Laboratory
from recoup.simulator.population import Population

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Effect:
    """
    Arrays over the action's cases, minor units: the money it gains, what it costs, and the
    standard error of the gain.
    """

    gain: Floats
    cost: Floats
    error: Floats

    @property
    def net(self) -> Floats:
        """Gained less spent."""
        return self.gain - self.cost


@dataclass(frozen=True, slots=True)
class Chances:
    """The chance that each of the action's cases pays anything in the horizon, with it and without."""

    treated: Floats
    untreated: Floats

    @property
    def uplift(self) -> Floats:
        """What the action adds."""
        return self.treated - self.untreated


def effect(
    *, laboratory: Laboratory, action: Action, horizon: int, forks: int, seed: int
) -> Effect:  # fmt: skip
    """
    The expected effect on each case of `action`, in the order of its cases.

    Money counts in the horizon, in days, today included. Opted-out cases gain and cost nothing.

    :raises Invalid: for fewer than two forks or no day
    """
    if forks < 2 or horizon < 1:
        raise Invalid("At least two forks and a day are needed to see an effect and its error.")
    gains = np.empty((forks, len(action.cases)))
    for nth in range(forks):
        treated = _played(laboratory, action, horizon, seed + nth)
        gains[nth] = (treated - _played(laboratory, None, horizon, seed + nth))[action.cases]
    used = laboratory.uses([action])["spend"]
    reached = ~laboratory.log().opted_out[action.cases]
    cost = np.where(reached, used / max(reached.sum(), 1), 0.0)
    error = gains.std(axis=0, ddof=1) / np.sqrt(forks)
    return Effect(gain=gains.mean(axis=0), cost=cost, error=error)


def _played(laboratory: Laboratory, action: Action | None, horizon: int, seed: int) -> Floats:
    world = laboratory.fork(seed=seed)
    world.capacity = Capacity()
    before = world.log().paid
    world.play([action] if action is not None else [])
    for _ in range(horizon - 1):
        world.play()
    return np.asarray(world.log().paid - before, dtype=np.float64)


def chances(*, laboratory: Laboratory, action: Action, horizon: int) -> Chances:
    """
    The exact chances, in the order of the action's cases, each of them in arrears.

    In a variant they hold for an economy that stays as it is today.

    :raises Invalid: for no day, or a case that owes nothing today or was charged off
    """
    hidden, cases = laboratory._population, action.cases.astype(np.int64)
    if horizon < 1:
        raise Invalid("A horizon of a day at least is needed.")
    if (hidden.arrears[cases] <= 0).any() or (hidden.regime[cases] != 0).any():
        raise Invalid("Chances are for cases in arrears that the house works itself.")
    today = laboratory.today
    nothing = np.zeros(len(cases))
    untreated = 1.0 - _none(hidden, cases, nothing, today, horizon) * _unpromised(
        hidden, cases, today, horizon
    )
    treated = np.zeros(len(cases))
    silent = laboratory.log().opted_out[cases]
    for end in endings.of(action=action, population=hidden, cases=cases):
        no_payment = _none(hidden, cases, end.effect, today, horizon, end.relief)
        held = _unpromised(hidden, cases, today, horizon)
        fresh = 1.0 - end.keeps * endings.due_within(horizon, hidden.parameters)
        no_promise = end.promises * fresh + (1.0 - end.promises) * held
        treated += end.chance * (1.0 - no_payment * no_promise)
    return Chances(treated=np.where(silent, untreated, treated), untreated=untreated)


def _none(
    hidden: Population, cases: Ints, effect: Floats, today: int, horizon: int,
    relief: Floats | float = 0.0,
) -> Floats:  # fmt: skip
    """The chance of no payment but for promises, with this much more lift and this relief."""
    p = hidden.parameters
    base = hazard.baseline(p)
    full_weight = np.exp(hidden.traits.drive[cases].astype(np.float64))
    part_weight = np.exp(hidden.traits.partial[cases].astype(np.float64))
    standing = np.where(hidden.relief_until[cases] >= today, hidden.relief[cases], 0.0)
    until = np.where(relief, today + 30, hidden.relief_until[cases])
    share = np.where(relief, relief, standing)
    total = np.zeros(len(cases))
    for day in range(horizon):
        late = np.minimum(hidden.days[cases] + day, hazard.LONGEST)
        lift = (hidden.lift[cases] + effect) * 0.5 ** (day / p["effect.half_life"])
        opened = np.where(until >= today + day, p["effect.write_down"] * share, 0.0)
        rate = base.cure[late] * full_weight * np.exp(opened) + base.partial[late] * part_weight
        total += rate * np.exp(lift + hidden.economy)
        total += hidden.excite[cases] * 0.5 ** (day / p["excite.half_life"])
    return np.exp(-total)


def _unpromised(hidden: Population, cases: Ints, today: int, horizon: int) -> Floats:
    """1 where no promise that stands today will be kept in the horizon, else 0."""
    due = hidden.promised_on[cases]
    kept = (due >= today) & (due < today + horizon) & hidden.will_keep[cases]
    return np.where(kept, 0.0, 1.0)
