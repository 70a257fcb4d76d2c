"""
The value of contacting today against waiting, case by case, by dynamic programming.

State of a case: day, lift (log of the rate of paying against its base) and irritation. Each day one
way of contact or none; it is heard, only arrives, or is lost; lift and irritation fade. A payment
clears all or is a part; an objection ends all contact, and a complaint costs `harm`. Budgets enter by prices,
which are part of the cost of a way. Values are tabled on a grid of lift and irritation for every
day that is left and read by interpolation, so that tomorrow's best contact is in today's value:
waiting is worth something (Bellman 1957; with prices, Hawkins 2003, Whittle's relaxation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.decision.restraint.irritation import chance

Floats = NDArray[np.float64]
LIFTS = np.linspace(-1.0, 3.0, 9)
LEVELS = 7
Moved = tuple[Floats, Floats, Floats, Floats]


@dataclass(frozen=True)
class Ways:
    """
    Ways of contact, each (n, ways): the chance to be `heard`, to arrive without that (`brushed`),
    what a hearing adds to lift (`effect`), what it `promises` in money, the `cost` with prices
    (infinite: not open). Each (ways,): what a hearing and a brush add to irritation, and the log
    rates without irritation of complaints about what arrived (`complains_heard`,
    `complains_brushed`) and of opt-outs from what was heard (`opts_out`).
    """

    heard: Floats
    brushed: Floats
    effect: Floats
    promises: Floats
    cost: Floats
    weight_heard: Floats
    weight_brushed: Floats
    complains_heard: Floats
    complains_brushed: Floats
    opts_out: Floats


@dataclass(frozen=True)
class Ahead:
    """
    What is expected of each case on each of the days left, (n, days): the `rate` of payments at no
    lift, what clears the case and what that is worth (`clears`); (n,): the share of payments that
    are `whole`, and the mean of other payments, `part`.
    """

    rate: Floats
    clears: Floats
    whole: Floats
    part: Floats


@dataclass(frozen=True)
class Fading:
    """
    What is left after a day of `lift`, of the `level` of irritation and, with the contacts that are
    usual, of the `effect` of further ones; how irritation beyond `knots` strains the lift; the `top`
    of the grid of levels; and the `harm` of a complaint.

    What a level of one leaves of an effect is `wear`, what it adds to the log rates of objections
    `pressure`; any contact costs a `toll`, which grows by `growth` of itself with each level.
    """

    lift: float
    level: float
    effect: float
    knots: Floats
    strain: Floats
    top: float
    harm: float
    wear: float = 1.0
    pressure: float = 1.0
    toll: float = 0.0
    growth: float = 0.0

    def strains(self, level: Floats) -> Floats:
        """What a contact that brings irritation to a level takes off the lift."""
        return np.asarray(np.maximum(level[..., None] - self.knots, 0.0) @ self.strain)


@dataclass(frozen=True)
class Steps:
    """
    A sequence of contacts: the step of each way (ways,); for each step (steps,) the one that
    `follows`, -1 where none does, and how many days after the contact before it is open (`gaps`).
    """

    of: NDArray[np.int64]
    follows: NDArray[np.int64]
    gaps: NDArray[np.int64]

    @classmethod
    def none(cls, ways: int) -> Steps:
        """Anything on any day."""
        return cls(
            np.zeros(ways, dtype=np.int64), np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64)
        )


@dataclass(frozen=True)
class Tables:
    """
    Worth of the evenings, (n, days, steps, lifts, levels), before the day's payments: `evening` of
    days without a contact, by the step that is open, `rested` of days with one, by the step that was
    taken; and `lonely` (n, days, lifts) of who may not be contacted again.
    """

    first: int
    evening: NDArray[np.float32]
    rested: NDArray[np.float32]
    lonely: NDArray[np.float32]
    fading: Fading
    lifts: Floats


def plan(
    *, ahead: Ahead, ways: Ways, fading: Fading, first: int, steps: Steps | None = None,
    lifts: Floats = LIFTS, levels: int = LEVELS,
) -> Tables:  # fmt: skip
    """
    Tables for every day left, the first of them day `first`, from the last backwards; without
    `steps` every way is open on every day. `lifts` are evenly apart.
    """
    n, days = ahead.rate.shape
    order = steps or Steps.none(ways.heard.shape[1])
    evening = np.zeros((n, days, len(order.gaps), len(lifts), levels), dtype=np.float32)
    rested = np.zeros_like(evening)
    lonely = np.zeros((n, days, len(lifts)), dtype=np.float32)
    grid = np.linspace(0.0, fading.top, levels)
    moves = _moves(grid, ways, fading)
    from recoup.decision.restraint import loops

    loops.plan(
        ahead.rate, ahead.clears, ahead.whole, ahead.part, ways.heard, ways.brushed, ways.effect,
        ways.promises, ways.cost, *moves[0], *moves[1], order.of, order.follows, order.gaps, grid,
        fading.level, fading.lift, fading.effect, fading.wear**grid, fading.top, lifts,
        np.exp(lifts), evening, rested, lonely,
    )  # fmt: skip
    return Tables(first, evening, rested, lonely, fading, lifts)


def _moves(level: Floats, ways: Ways, fading: Fading) -> tuple[Moved, Moved]:
    """
    After a contact that was heard and after one that was not, each (levels, ways): level, strain,
    the chance of an objection, and what complaints, and the contact itself, are expected to cost.
    """
    heard, brushed = level[..., None] + ways.weight_heard, level[..., None] + ways.weight_brushed
    loud = chance(ways.complains_heard, fading.pressure * heard)
    quiet = chance(ways.complains_brushed, fading.pressure * brushed)
    either = 1.0 - (1.0 - loud) * (1.0 - chance(ways.opts_out, fading.pressure * heard))
    toll = fading.toll * (1.0 + fading.growth * level[..., None])
    return (
        (heard, fading.strains(heard), either, loud * fading.harm + toll),
        (brushed, fading.strains(brushed), quiet, quiet * fading.harm + toll),
    )


def ask(
    tables: Tables, *, day: int, lift: Floats, level: Floats, ways: Ways,
    rows: NDArray[np.int64],
) -> tuple[Floats, Floats]:  # fmt: skip
    """
    The value of each way today less that of waiting, (rows, ways), costs taken off; and the value of
    waiting (rows,). `rows` are the cases of the tables that are asked about; lift, level and ways
    are of them.
    """
    from recoup.decision.restraint import loops

    f = tables.fading
    out = np.zeros((len(rows), ways.heard.shape[1]))
    waits = np.zeros(len(rows))
    heard, brushed = _moves(level, ways, f)
    loops.ask(
        rows, np.zeros_like(rows), day - tables.first, lift, level, ways.heard, ways.brushed, ways.effect, ways.promises,
        ways.cost, *heard, *brushed, f.top, tables.lifts, tables.evening, tables.rested, tables.lonely,
        out, waits,
    )  # fmt: skip
    return out - waits[:, None], waits
