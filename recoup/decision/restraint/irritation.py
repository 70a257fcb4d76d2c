"""
How irritating each kind of contact is, read from complaints and opt-outs.

The rate of objections to a contact is taken as exp(a_p + w . D), with a_p for each part and D the
decayed counts of past and present contacts by part, w not negative: a Poisson regression, with the
half-life that the likelihood likes best. Irritation is w . D; only its shape is used further on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.decision.restraint.poisson import fit, loss
from recoup.decision.restraint.touches import Touches, load

Floats = NDArray[np.float64]
HALF_LIVES = (5.0, 7.0, 10.0, 14.0, 20.0, 30.0)
MOST = 8.0  # irritation is not believed beyond what was seen; rates neither
RIDGE, APART = 2.0, 200.0  # on what all parts have in common, on what each has of its own


@dataclass(frozen=True)
class Irritation:
    """
    `weight` (parts,) by part, `half_life` in days, and the log rate of objecting to a contact of
    each part without irritation, `calm` (parts,); what irritation adds to it is itself.
    """

    weight: Floats
    half_life: float
    calm: Floats

    def of(self, load: Floats) -> Floats:
        """The level from decayed counts (m, parts)."""
        return np.asarray(load @ self.weight)

    def objects(self, level: Floats, part: NDArray[np.int64]) -> Floats:
        """The chance of an objection to a contact of a part at a level, itself included."""
        rate = np.exp(self.calm[part] + np.minimum(level, MOST))
        return np.asarray(-np.expm1(-rate))


def learn(
    touches: Touches, objected: NDArray[np.bool_], *, half_lives: Sequence[float] = HALF_LIVES
) -> Irritation:
    """
    Fit weights, half-life and calm rates. The fewer objections, the more alike parts weigh.

    `objected` (m,) says to which contacts there was an objection.
    """
    rows = np.flatnonzero(touches.touched)
    y = objected[rows].astype(np.float64)
    own = np.eye(touches.parts)[touches.part[rows]]
    best: tuple[float, Irritation] | None = None
    for half_life in half_lives:
        counts = load(touches, half_life=half_life)[rows]
        table = np.column_stack([own, counts.sum(axis=1), counts])
        ridge = np.r_[np.full(touches.parts + 1, RIDGE), np.full(touches.parts, APART)]
        lowest = np.r_[np.full(touches.parts, -np.inf), 0.0, np.full(touches.parts, -np.inf)]
        found = fit(table, y, ridge=ridge, lowest=lowest)
        common, apart = found[touches.parts], found[touches.parts + 1 :]
        weight = np.maximum(common + apart, 0.0)
        value = loss(table, y, found)
        if best is None or value < best[0]:
            best = value, Irritation(weight, half_life, found[: touches.parts])
    if best is None:
        raise ValueError("A half-life at least is needed.")
    return best[1]
