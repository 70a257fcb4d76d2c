"""
What a contact is worth against leaving somebody in peace tonight, for strategies that say `waiting`.

Without that block a contact is worth what it changes in 30 days. With it, it is worth that much more
than the best of the nights to come: who will be more open later, is cooling down or will probably pay
by tomorrow is left alone, and a step is not spent that a better day will need. The sequence's own
steps and waits are in it, the contacts a case can get (`Standing.fits`), and the prices that budgets
had the night before. How much one contact does is the strategy's, or measured, as ever; the block
says how it fades.

    value = V(contact) - V(wait) - cost - harm                                     minor units

V from charts by chance of paying and money (`decision.restraint.charts`), the money being that of who
can be reached: contacts with somebody who may be lost cost as much and bring less, tonight and later.
What is not looked ahead
at: prices of budgets that go by the case, segments that a case will move to, law that closes a
channel for good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.decision.complaints import Pressure
from recoup.decision.complaints import chance as as_chance
from recoup.decision.restraint import charts
from recoup.decision.restraint.charts import CHANCES, Chart, Menu
from recoup.decision.restraint.habits import Habits, left
from recoup.decision.restraint.waiting import Steps
from recoup.strategy.budgets import BY_CASE
from recoup.strategy.effects.complaints import Objecting, number, rate_of
from recoup.strategy.models import Plan
from recoup.strategy.schema import BUDGETS, Segment, Strategy, Treatment
from recoup.strategy.sequence import Standing

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
FRESH_DAYS = 30.0  # past due, of the case that future objections are reckoned with


@dataclass(frozen=True)
class Expected:
    """
    What the nights to come are taken to be like, the same all day: the `prices` of budgets, by name,
    and by treatment the mean measured effect, as what it adds to the chance of the month (`rises`).
    """

    prices: Mapping[str, float] = field(default_factory=dict)
    rises: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, *, prices: Mapping[str, float] | None, rises: Mapping[str, Floats]) -> Expected:
        """From the prices of the night before and tonight's effects: two and three digits of each."""
        return cls(
            {name: float(f"{price:.2g}") for name, price in (prices or {}).items() if price > 0},
            {code: float(f"{one.mean():.3g}") for code, one in rises.items() if len(one)},
        )

    def as_dict(self) -> dict[str, Any]:
        """For the record of a night."""
        return {"prices": dict(self.prices), "rises": dict(self.rises)}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Expected:
        """What a night recorded."""
        return cls(dict(kept.get("prices", {})), dict(kept.get("rises", {})))


def of_plan(plan: Plan, strategy: Strategy) -> Expected | None:
    """What a night expected, if its strategy looks ahead and it said so."""
    kept = plan.effects.get("waiting") if strategy.waiting is not None else None
    return None if kept is None else Expected.from_dict(kept)


@dataclass(frozen=True)
class Single:
    """
    What one contact does, of each case (n,): the `chance` of paying within 30 days, the `money` that
    then comes from who can be reached, the `level` of irritation and what is `lasting` of contacts
    before; and (n, A) by treatment: `reach`, and what it adds to the chance if it is noticed (`rise`).
    """

    chance: Floats
    money: Floats
    level: Floats
    lasting: Floats
    reach: Floats
    rise: Floats


@dataclass(frozen=True)
class Outlook:
    """A strategy that looks ahead, and what it expects."""

    strategy: Strategy
    expected: Expected
    objecting: Objecting | None = None

    @property
    def habits(self) -> Habits:
        """How contacts fade."""
        return habits_of(self.strategy)

    def segment(self, arm: str, code: str) -> Segment:
        """A segment as an arm has it."""
        mine = next(one for one in self.strategy.arms if one.code == arm)
        return next(one for one in self.strategy.segments_of(mine) if one.code == code)

    def chart(
        self, *, segment: Segment, fits: Sequence[bool] | Flags
    ) -> tuple[Chart, Mapping[int, int]]:
        """
        The chart of cases of a segment that could get these treatments, and the place in it of each
        of the segment's steps that offers any.
        """
        strategy = self.strategy
        codes = tuple(code for code, fit in zip(strategy.treatments, fits, strict=True) if fit)
        order = _order(segment, codes, strategy)
        return _drawn(self.habits, self._menu(order)), {
            step: place for place, step in enumerate(order.steps)
        }

    def _menu(self, order: _Order) -> _Written:
        strategy, assume = self.strategy, self.strategy.assumptions
        ways = []
        for place, code in order.ways:
            treatment = strategy.treatments[code]
            rise = self.expected.rises.get(code)
            ways.append((
                place, treatment.reach if rise is None else 1.0,
                treatment.spend(assume.minute) + self._charge(treatment), self._objection(treatment),
                treatment.effect if rise is None else 0.0, rise or 0.0,
            ))  # fmt: skip
        return _Written(
            tuple(ways), order.follows, order.gaps, assume.complaint_cost, assume.harm,
            assume.harm_growth,
        )  # fmt: skip

    def _charge(self, treatment: Treatment) -> float:
        """What the prices come to of budgets that every case draws on alike."""
        strategy, minute = self.strategy, self.strategy.assumptions.minute
        uses = treatment.uses(minute)
        amounts = {name: uses.get(name, 0.0) for name in BUDGETS}
        for budget in strategy.own:
            if budget.unit not in BY_CASE and budget.when is None:
                amounts[budget.name] = budget.rate(treatment, minute)
        return sum(amounts.get(name, 0.0) * price for name, price in self.expected.prices.items())

    def _objection(self, treatment: Treatment) -> float:
        """The chance of an objection by somebody who was not contacted of late."""
        if self.objecting is None:
            return self.strategy.assumptions.complaint
        nobody = Pressure(
            np.zeros(1), np.zeros(1), np.full(1, np.inf), np.zeros(1, dtype=bool),
            np.full(1, FRESH_DAYS),
        )  # fmt: skip
        factor = self.objecting.risk.factor(nobody)
        return float(as_chance(rate_of(self.objecting.risk, treatment) * factor)[0])


def habits_of(strategy: Strategy) -> Habits:
    """How contacts fade under a strategy that says so."""
    said = strategy.waiting
    assert said is not None
    return Habits(
        said.days, said.half_life, said.cooling, said.irritation, strategy.assumptions.wear,
        said.decline,
    )  # fmt: skip


def left_of(cases: pl.DataFrame, half_life: float) -> Floats:
    """What is left of the contacts of each case, in contacts of today, (n,)."""
    return left(
        week=number(cases, "contacts_7", 0.0), month=number(cases, "contacts_30", 0.0),
        ago=number(cases, "contacted_ago", np.nan), half_life=half_life,
    )  # fmt: skip


def gains(
    outlook: Outlook, *, standing: Standing, due: NDArray[np.int64], allowed: Flags,
    single: Single, objection: Floats,
) -> Floats:  # fmt: skip
    """
    What each treatment of the due cases (n,) brings over waiting, before what it costs, (n, A), 0
    where nothing is allowed; `objection` (n, A) are the chances of one.
    """
    found = np.zeros(single.rise.shape)
    open_ = np.flatnonzero(allowed.any(axis=1))
    step, due = standing.step[due[open_]], due[open_]
    arms, segments, fits = standing.follows[due], standing.segment[due], standing.fits[due]
    weights = np.int64(1) << np.arange(fits.shape[1], dtype=np.int64)
    keys = np.stack([arms.codes, segments.codes, fits.astype(np.int64) @ weights], axis=1)
    kinds, place = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(place, kind="stable")
    ends = np.cumsum(np.bincount(place, minlength=len(kinds)))
    for kind, rows in zip(kinds, np.split(order, ends[:-1]), strict=True):
        of = outlook.segment(arms.known[kind[0]], segments.known[kind[1]])
        mine = (kind[2] & weights) > 0
        chart, places = outlook.chart(segment=of, fits=mine)
        at = [places[one] for one in (step[rows] % len(of.steps)).tolist()]
        cases = open_[rows]
        found[cases] = gains_of(
            chart, np.array(at), _some(single, cases), objection[cases], usual=mine
        )
    return found


def gains_of(
    chart: Chart, step: NDArray[np.int64], single: Single, objection: Floats, *, usual: Flags
) -> Floats:
    """The gains of cases of one chart, each at a step of it, (n, A); what they can get is `usual`."""
    return charts.advantage(
        chart, step=step, chance=single.chance, money=single.money, level=single.level,
        lasting=single.lasting, usual=usual,
        reach=np.ascontiguousarray(single.reach), then=single.chance[:, None] + single.rise,
        objection=np.ascontiguousarray(objection),
    )  # fmt: skip


def _some(single: Single, rows: NDArray[np.int64]) -> Single:
    return Single(
        single.chance[rows], single.money[rows], single.level[rows], single.lasting[rows],
        single.reach[rows],
        single.rise[rows],
    )  # fmt: skip


@dataclass(frozen=True)
class _Order:
    """The steps of a segment that a case can take: their numbers, what follows after how long."""

    steps: tuple[int, ...]
    ways: tuple[tuple[int, str], ...]
    follows: tuple[int, ...]
    gaps: tuple[int, ...]


def _order(segment: Segment, codes: Sequence[str], strategy: Strategy) -> _Order:
    """A step that offers nothing is passed over, its wait is not, as `sequence.stand` does."""
    limit = strategy.contact_limit
    least = -(-limit.days // limit.contacts)
    steps = [n for n, step in enumerate(segment.steps) if set(step.choose) & set(codes)]
    ways = tuple(
        (place, code) for place, n in enumerate(steps)
        for code in segment.steps[n].choose if code in codes
    )  # fmt: skip
    follows, gaps = [], []
    for place, n in enumerate(steps):
        is_last = place == len(steps) - 1
        follows.append(
            (0 if segment.repeat_after_days is not None else -1) if is_last else place + 1
        )
        before = steps[place - 1]
        passed = (
            [*range(before + 1, n + 1)]
            if place
            else [*range(before + 1, len(segment.steps)), *range(n + 1)]
        )
        waits = [
            segment.repeat_after_days or segment.steps[0].wait_days if each == 0
            else segment.steps[each].wait_days
            for each in passed
        ]  # fmt: skip
        gaps.append(max(least, *waits, 1))
    return _Order(tuple(steps), ways, tuple(follows), tuple(gaps))


@dataclass(frozen=True)
class _Written:
    """
    A menu that can be looked up. A way is its step, reach, cost, objection, its effect in log-odds
    and what it adds to the chance.
    """

    ways: tuple[tuple[int, float, float, float, float, float], ...]
    follows: tuple[int, ...]
    gaps: tuple[int, ...]
    harm: float
    toll: float
    growth: float


@lru_cache(maxsize=256)  # nights of a flight meet the same prices again and again
def _drawn(habits: Habits, written: _Written) -> Chart:
    step, reach, cost, objection, effect, more = (
        np.array(one) for one in zip(*written.ways, strict=True)
    )
    odds = np.log(CHANCES / (1 - CHANCES))[:, None] + effect
    return charts.draw(
        habits=habits,
        menu=Menu(
            steps=Steps(step.astype(np.int64), np.array(written.follows), np.array(written.gaps)),
            reach=reach, cost=cost, objection=objection, then=1 / (1 + np.exp(-odds)) + more,
            harm=written.harm, toll=written.toll, growth=written.growth,
        ),
    )  # fmt: skip
