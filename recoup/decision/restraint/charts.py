"""
The value of waiting for cases of which little is known: charts by chance of paying and by money.

`waiting` plans every case by itself, ten milliseconds each. Where all that is known of a case is the
chance that it pays within a month and how much money that is, some dozens of kinds of case are
planned instead (`draw`) and a case is read between the four nearest (`advantage`): values are
homogeneous in money once costs are counted in it. Each case is taken as it stands tonight, so the
horizon moves on with the nights (receding horizon).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.decision.restraint import waiting
from recoup.decision.restraint.habits import LEAST, MONTH, MOST, Habits
from recoup.decision.restraint.touches import kept
from recoup.decision.restraint.waiting import Ahead, Fading, Steps, Ways

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
CHANCES = np.array([0.003, 0.01, 0.03, 0.08, 0.17, 0.32, 0.52, 0.75, 0.93])
RATIOS = np.geomspace(1.0, 1e5, 9)  # money over the dearest contact
LIFTS = np.linspace(-0.75, 1.75, 16)  # single contacts lift by a few tenths
TOP, LEVELS = 4.0, 13  # contacts; beyond, nothing changes
MONEY = 1e6  # what a charted case pays: figures of its size keep their digits in tables


@dataclass(frozen=True)
class Menu:
    """
    The contacts that cases of a chart may get, each a way of one of the `steps`: (ways,) the chance
    that one is noticed (`reach`), its `cost` with the prices of budgets, and the chance of an
    `objection` by who was not contacted of late; `then` (chances, ways) the chance of the month after
    one that was noticed, for each of `CHANCES`. In minor units: the `harm` of an objection, and the
    `toll` of any contact, to which each of the last 30 days adds `growth` of itself.
    """

    steps: Steps
    reach: Floats
    cost: Floats
    objection: Floats
    then: Floats
    harm: float
    toll: float
    growth: float


@dataclass(frozen=True)
class Chart:
    """
    Tables of tonight by kind of case, chance by chance and in each ratio by ratio: (kinds, 1, steps,
    lifts, levels), `lonely` (kinds, 1, lifts), money in `MONEY`.
    """

    habits: Habits
    unit: float
    top: float
    evening: NDArray[np.float32]
    rested: NDArray[np.float32]
    lonely: NDArray[np.float32]


def draw(*, habits: Habits, menu: Menu) -> Chart:
    """
    Plan every kind of case.

    :raises ValueError: if a figure is missing or infinite, or of another shape
    """
    _check(habits, menu)
    unit = max(float(menu.cost.max(initial=0.0)), menu.toll, 1.0)
    top = min(TOP, 1.0 / (1.0 - kept(habits.cooling) ** int(menu.steps.gaps.min())))
    tables = [_tables(habits, menu, MONEY / (ratio * unit), top) for ratio in RATIOS]
    # Only tonight is asked about: tomorrow is another night.
    evening, rested, lonely = (
        np.stack([table[:, :1] for table in row], axis=1).reshape(-1, *row[0][:, :1].shape[1:])
        for row in zip(*((one.evening, one.rested, one.lonely) for one in tables), strict=True)
    )
    return Chart(habits, unit, top, evening, rested, lonely)


def _tables(habits: Habits, menu: Menu, scale: float, top: float) -> waiting.Tables:
    """All chances at one ratio, at which a minor unit is `scale` of a case's money."""
    return waiting.plan(
        ahead=_ahead(habits), ways=_ways(habits, menu, scale), steps=menu.steps, first=0,
        lifts=LIFTS, levels=LEVELS,
        fading=Fading(
            lift=kept(habits.half_life), level=kept(habits.cooling), effect=1.0,
            knots=np.zeros(0), strain=np.zeros(0), top=top, harm=menu.harm * scale,
            wear=habits.wear**habits.months, pressure=habits.irritation, toll=menu.toll * scale,
            growth=menu.growth * habits.months,
        ),
    )  # fmt: skip


def _ahead(habits: Habits) -> Ahead:
    fading = habits.decline ** (np.arange(habits.days) / MONTH)
    rate = habits.rate(CHANCES)[:, None] * fading
    one = np.ones(len(CHANCES))
    return Ahead(rate, np.full(rate.shape, MONEY), one, MONEY * one)


def _ways(habits: Habits, menu: Menu, scale: float) -> Ways:
    shape = (len(CHANCES), len(menu.reach))
    heard = np.broadcast_to(menu.reach, shape).copy()
    one = np.ones(len(menu.reach))
    with np.errstate(divide="ignore"):
        # The contact itself is in the level at which it is objected to: it is taken out here.
        calm = np.log(-np.log1p(-np.clip(menu.objection, 0.0, MOST))) - habits.irritation
    return Ways(
        heard, 1.0 - heard, habits.jump(CHANCES[:, None], menu.then), np.zeros(shape),
        np.broadcast_to(menu.cost * scale, shape).copy(), one, one, calm, calm,
        np.full(len(one), -np.inf),
    )  # fmt: skip


def advantage(
    chart: Chart, *, step: Ints, chance: Floats, money: Floats, level: Floats, lasting: Floats,
    usual: Flags, reach: Floats, then: Floats, objection: Floats,
) -> Floats:  # fmt: skip
    """
    What each contact tonight brings over waiting, before anything that it costs, (n, ways), in minor
    units. Of each case (n,): the `step` it is at, its `chance` of paying within a month without more
    contacts, the `money` that comes then, its `level` of irritation and what is `lasting` of contacts
    before, each worth what those of its `usual` ways (ways,) are on average; (n, ways): `reach`, the
    chance of the month after a contact that was noticed (`then`), and the chance of an `objection`.
    """
    n, ways = reach.shape
    chance = np.clip(chance, LEAST, MOST)
    jump = chart.habits.jump(chance[:, None], then)
    lift = lasting * (reach * jump)[:, usual].mean(axis=1) if usual.any() else np.zeros(n)
    low, up = _between(np.log(CHANCES / (1 - CHANCES)), np.log(chance / (1 - chance)))
    left, right = _between(np.log(RATIOS), np.log(np.maximum(money, 1.0) / chart.unit))
    found = np.zeros((n, ways))
    for one, much in ((0, 1 - up), (1, up)):
        for two, share in ((0, 1 - right), (1, right)):
            rows = (low + one) * len(RATIOS) + left + two
            gain = _read(chart, rows, step, lift, level, reach, jump, objection)
            found += (much * share)[:, None] * gain
    return np.asarray(found * (money / MONEY)[:, None])


def _read(
    chart: Chart, rows: Ints, step: Ints, lift: Floats, level: Floats, reach: Floats, jump: Floats,
    objection: Floats,
) -> Floats:  # fmt: skip
    """The gain over waiting of cases of these kinds, in `MONEY`."""
    from recoup.decision.restraint import loops

    none = np.zeros(reach.shape)
    now = np.minimum(level, chart.top)
    after = np.broadcast_to(np.minimum(now + 1.0, chart.top)[:, None], reach.shape).copy()
    moved = (after, none, objection, none)
    found, waits = np.zeros(reach.shape), np.zeros(len(rows))
    loops.ask(
        rows, step, 0, lift, now, reach, 1.0 - reach, jump, none, none, *moved, *moved, chart.top,
        LIFTS, chart.evening, chart.rested, chart.lonely, found, waits,
    )  # fmt: skip
    return found - waits[:, None]


def _between(nodes: Floats, at: Floats) -> tuple[Ints, Floats]:
    """The node below and how far it is to the next, held at both ends."""
    place = np.clip(np.searchsorted(nodes, at, side="right") - 1, 0, len(nodes) - 2)
    share = (at - nodes[place]) / (nodes[place + 1] - nodes[place])
    return place, np.clip(share, 0.0, 1.0)


def _check(habits: Habits, menu: Menu) -> None:
    ways = len(menu.reach)
    if menu.then.shape != (len(CHANCES), ways) or not (
        len(menu.cost) == len(menu.objection) == len(menu.steps.of) == ways
    ):
        raise ValueError("Every contact of a menu needs a step, a reach, a cost and its effects.")
    figures = (menu.reach, menu.cost, menu.objection, menu.then.ravel(),
               [habits.half_life, habits.cooling, habits.irritation, habits.wear, habits.decline,
                menu.harm, menu.toll, menu.growth])  # fmt: skip
    if not all(np.isfinite(np.asarray(one, dtype=float)).all() for one in figures):
        raise ValueError("A figure of the menu or of the habits is missing or infinite.")
    if min(habits.days, int(menu.steps.gaps.min())) < 1 or min(
        habits.half_life, habits.cooling, habits.decline) <= 0:  # fmt: skip
        raise ValueError("Days, gaps, half-lives and what is left of the rate are above 0.")
