"""
How irritating each kind of contact is, read from complaints and opt-outs.

The rate of complaints to a contact that arrived is exp(c_p + w . D), that of opt-outs to one that
was heard exp(o_p + w . D), p the part it has, D the decayed counts of past and present contacts by
part, w not negative: one Poisson regression of both, with the half-life that the likelihood likes
best. Irritation is w . D. Parts borrow from each other, the more the fewer objections there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.decision.restraint.poisson import fit, loss
from recoup.decision.restraint.touches import Touches, load

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
HALF_LIVES = (5.0, 7.0, 10.0, 14.0, 20.0, 30.0)
LOUDEST = 3.0  # log rate beyond which nothing changes
RIDGE = 2.0  # on the weight that all parts have in common
APART, CALM = 100.0, 2.0  # on what a part has of its own in weight, in its rates without irritation


@dataclass(frozen=True)
class Irritation:
    """
    `weight` (parts,) by part, `half_life` in days, and the log rates without irritation of
    complaining about a contact of each part (`complains`) and of opting out (`opts_out`); what
    irritation adds to both is itself.
    """

    weight: Floats
    half_life: float
    complains: Floats
    opts_out: Floats

    def of(self, load: Floats) -> Floats:
        """The level from decayed counts (m, parts)."""
        return np.asarray(load @ self.weight)


def chance(calm: Floats, level: Floats) -> Floats:
    """
    The chance of an objection at a level of irritation, the contact itself included.

    >>> float(chance(np.array(-6.0), np.array(0.0)).round(5))
    0.00248
    """
    return np.asarray(-np.expm1(-np.exp(np.minimum(calm + level, LOUDEST))))


def learn(
    touches: Touches, complained: Flags, opted_out: Flags, *,
    half_lives: Sequence[float] = HALF_LIVES,
) -> Irritation:  # fmt: skip
    """
    Fit weights, half-life and rates; the flags (m,) say what each contact led to.

    :raises ValueError: if no half-life is given
    """
    if not half_lives:
        raise ValueError("A half-life at least is needed.")
    arrived, heard = np.flatnonzero(touches.touched), np.flatnonzero(touches.heard)
    rows = np.r_[arrived, heard]
    y = np.r_[complained[arrived], opted_out[heard]].astype(np.float64)
    loud = np.r_[np.ones(len(arrived)), np.zeros(len(heard))]
    part = np.eye(touches.parts)[touches.part[rows]]
    calm = np.column_stack(
        [np.ones(len(rows)), loud, part * loud[:, None], part * (1 - loud)[:, None]]
    )
    wide, parts = calm.shape[1], touches.parts
    # What all have in common is not held back at all: a rate is small, its logarithm is not.
    ridge = np.r_[0.0, 0.0, np.full(2 * parts, CALM), RIDGE, np.full(parts, APART)]
    lowest = np.r_[np.full(wide, -np.inf), 0.0, np.full(parts, -np.inf)]
    start = _level(y, loud, len(ridge))
    best: tuple[float, float, Floats] | None = None
    for half_life in half_lives:
        counts = load(touches, half_life=half_life)[rows]
        table = np.column_stack([calm, counts.sum(axis=1), counts])
        found = fit(table, y, ridge=ridge, lowest=lowest, start=start)
        value = loss(table, y, found) + 0.5 * float((ridge * found**2).sum())
        if best is None or value < best[0]:
            best = value, half_life, found
    assert best is not None
    _, half_life, found = best
    own = found[2 : 2 + 2 * parts].reshape(2, parts)
    weight = np.maximum(found[wide] + found[wide + 1 :], 0.0)
    return Irritation(weight, half_life, found[0] + found[1] + own[0], found[0] + own[1])


def _level(y: Floats, loud: Floats, wide: int) -> Floats:
    """Where to begin: the mean rates, half an event where there was none."""
    rates = [np.log((y[loud == one].sum() + 0.5) / max((loud == one).sum(), 1.0)) for one in (1, 0)]
    start = np.zeros(wide)
    start[:2] = rates[1], rates[0] - rates[1]
    return start
