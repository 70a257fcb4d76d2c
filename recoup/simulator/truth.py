"""
What an action would bring, case by case, under the model: for judging, never for policies.

The effect of an action today and nothing after, over a horizon, against nothing at all. Both
worlds are played from forks with the same chance, so that they differ by the action alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.kernel.errors import Invalid
from recoup.simulator.actions import Action, Capacity
from recoup.simulator.laboratory import Laboratory

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Effect:
    """Arrays over the action's cases, minor units: money gained, what it cost, and the rest."""

    gain: Floats
    cost: Floats
    error: Floats

    @property
    def net(self) -> Floats:
        """Gained less spent."""
        return self.gain - self.cost


def effect(
    *, laboratory: Laboratory, action: Action, horizon: int, forks: int, seed: int
) -> Effect:  # fmt: skip
    """
    The expected effect on each case of `action`, in the order of its cases.

    `error` is the standard error of the gain from so many pairs of forks.

    :raises Invalid: for fewer than two forks or no day
    """
    if forks < 2 or horizon < 1:
        raise Invalid("At least two forks and a day are needed to see an effect and its error.")
    gains = np.empty((forks, len(action.cases)))
    for nth in range(forks):
        with_, without = (_played(laboratory, one, horizon, seed + nth) for one in (action, None))
        gains[nth] = (with_ - without)[action.cases]
    used = laboratory.uses([action])
    each = np.full(len(action.cases), used["spend"] / max(len(action.cases), 1))
    spread = gains.std(axis=0, ddof=1) / np.sqrt(forks)
    return Effect(gain=gains.mean(axis=0), cost=each, error=spread)


def _played(laboratory: Laboratory, action: Action | None, horizon: int, seed: int) -> Floats:
    world = laboratory.fork(seed=seed)
    world.capacity = Capacity()
    before = world.log().paid
    world.play([action] if action is not None else [])
    for _ in range(horizon - 1):
        world.play()
    return np.asarray(world.log().paid - before, dtype=np.float64)
