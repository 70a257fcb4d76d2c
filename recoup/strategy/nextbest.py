"""
The next best action of one case in plain Python: what `replanning` would choose, in microseconds.

    prepared = Prepared.of(strategy, prices)         # once for a plan
    found = prepared.choose(known, values, rows, left, now)

`known` is what a case's looks and facts came to when it was read, `values` its columns by name (the
night's, with whatever has changed since), `rows` the facts of each treatment's channel as the compiled
rules read them. The arithmetic is that of `valuing`, `uses` and `decision.priced`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from recoup.rulebook.rows import RowGate
from recoup.strategy import counting
from recoup.strategy import uses as taking
from recoup.strategy.budgets import BY_CASE
from recoup.strategy.conditions import Holds, compile_one
from recoup.strategy.effects.complaints import Objecting, rate_of
from recoup.strategy.effects.measured import Effects
from recoup.strategy.onestand import Sequences, Stands
from recoup.strategy.schema import BUDGETS, Strategy, Treatment
from recoup.strategy.valuing import single_of
from recoup.strategy.waiting import Expected, Outlook, gains_of

NO_FACTS, NO_HOUR, NO_POINT, RULE = "no_facts", "no_common_hour", "no_contact_point", "rule"
STOP, DISTRESS = "stop", "distress"
# What a case is looked ahead by.
AHEAD = (
    "repay_30", "lost_contact", "overdue", "contacts_7", "contacts_30", "contacted_ago",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """
    A case as it was read: everything that only an event changes.

    `windows` has for each treatment when it may be carried out, `points` by channel where to;
    `closed` are channels that did something today; `route` the group its person was drawn into,
    `objects` what the case makes of rates of complaints, where they are measured; `only` the treatments left to who may be in distress; `measured` the measured effects by number of
    treatment; `stopped` says whether contact is stopped, `None` if there are no facts.
    """

    arm: str
    follows: str
    media: frozenset[str]
    past: Mapping[str, tuple[int, int]]
    windows: tuple[tuple[datetime, datetime] | None, ...]
    points: Mapping[str, int]
    closed: frozenset[str]
    measured: Mapping[int, float]
    stopped: bool | None
    holds: Mapping[str, int] = field(default_factory=dict)
    route: str = ""
    objects: float | None = None
    only: frozenset[int] | None = None


class Option(NamedTuple):
    """One action that is lawful: what it is worth before and after prices, and what it takes."""

    treatment: int
    value: float
    worth: float
    takes: tuple[tuple[int, float], ...]
    has_room: bool


class Found(NamedTuple):
    """The action chosen, or -1 and why; all lawful ones, and the rules that closed the others."""

    treatment: int
    why: str
    segment: str = ""
    step: int = 0
    step_code: str = ""
    options: tuple[Option, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prepared:
    """A strategy and a night's prices, made ready. :raises Invalid: if a condition is not for one"""

    treatments: tuple[Treatment, ...]
    sequences: Sequences
    names: tuple[str, ...]
    prices: tuple[float, ...]
    assume: Any
    spend: tuple[float, ...]
    takes: tuple[tuple[tuple[int, float, str, Holds | None, int], ...], ...]
    closed: Mapping[str, Collection[str]] = field(default_factory=dict)
    rates: tuple[float, ...] = ()
    outlook: Outlook | None = None

    @classmethod
    def of(
        cls, strategy: Strategy, prices: Sequence[float],
        closed: Mapping[str, Collection[str]] | None = None, objecting: Objecting | None = None,
        expected: Expected | None = None,
    ) -> Prepared:  # fmt: skip
        """
        The strategy of a plan with its prices, in the order of `uses.names`, by segment the groups
        that routing has closed, the chances of a complaint that its values were made with, and what
        it expected, if it looks ahead.
        """
        rates = {
            code: rate_of(objecting.risk, one) if objecting else 1.0
            for code, one in strategy.treatments.items()
        }
        minute = strategy.assumptions.minute
        treatments = tuple(strategy.treatments.values())
        conditions = {
            budget.name: compile_one(budget.when) for budget in strategy.own if budget.when
        }
        takes = []
        for treatment in treatments:
            house = treatment.uses(minute)
            mine = [(m, house.get(name, 0.0), "", None) for m, name in enumerate(BUDGETS)]
            mine += [
                (m, taking.rate_of(strategy, budget, treatment, rates), BY_CASE.get(budget.unit, ""),
                 conditions.get(budget.name))
                for m, budget in enumerate(strategy.own, start=len(BUDGETS))
            ]  # fmt: skip
            takes.append(tuple((*one, counting.parts(one[1])) for one in mine if one[1] > 0))
        return cls(
            treatments, Sequences.of(strategy), taking.names(strategy), tuple(prices),
            strategy.assumptions, tuple(each.spend(minute) for each in treatments), tuple(takes),
            closed or {}, tuple(rates.values()),
            Outlook(strategy, expected, objecting) if strategy.waiting and expected else None,
        )  # fmt: skip

    def choose(
        self, known: Known, values: Mapping[str, Any], *, gates: Mapping[int, RowGate],
        rows: Mapping[int, Sequence[Any]], left: Mapping[str, int], now: datetime,
    ) -> Found:  # fmt: skip
        """
        The best action with room, by treatment number. `gates` and `rows` are the compiled rules and
        the facts of each treatment that is a contact; one without either is closed.
        """
        stands = self.sequences.stand(
            values, arm=known.arm, follows=known.follows, media=known.media, past=known.past,
            route=known.route if known.only is None else "",
            closed=self.closed if known.only is None else None,
        )  # fmt: skip
        if stands.why:
            return Found(-1, stands.why, stands.segment, stands.step, stands.step_code)
        lawful, why, rules = self._lawful(known, stands.offered, gates, rows, now)
        options, top = [], None
        gains = self._gains(known, values, stands) if self.outlook and lawful else None
        for at in lawful:
            option = self._option(known, values, at, left, gains)
            options.append(option)
            if option.has_room and option.worth > (top.worth if top else 0.0):
                top = option
        if not lawful:
            reason = why
        elif top is None:
            reason = "budget" if max(one.value for one in options) > 0 else "not_worth"
            if gains is not None and reason == "not_worth":
                now = max(self.value(known, values, at) for at in lawful)
                reason = "better_later" if now > 0 else reason
        else:
            reason = ""
        return Found(
            top.treatment if top else -1, reason, stands.segment, stands.step, stands.step_code,
            tuple(options), rules,
        )  # fmt: skip

    def _lawful(
        self, known: Known, offered: Sequence[int], gates: Mapping[int, RowGate],
        rows: Mapping[int, Sequence[Any]], now: datetime,
    ) -> tuple[list[int], str, tuple[str, ...]]:  # fmt: skip
        """The treatments that the law and the clock leave open, and what closed the others."""
        lawful: list[int] = []
        rules: tuple[str, ...] = ()
        why = NO_HOUR
        for at in offered:
            window, channel = known.windows[at], self.treatments[at].channel
            if known.only is not None and at not in known.only:
                why = DISTRESS
                continue
            if window is None or window[1] <= now:
                continue
            if channel in known.closed:
                why = "pending"
            elif channel == "task":
                if known.stopped is False:
                    lawful.append(at)
                else:
                    why = NO_FACTS if known.stopped is None else STOP
            elif (row := rows.get(at)) is None or (gate := gates.get(at)) is None:
                why = NO_FACTS
            elif fired := gate.fired(row):
                why, rules = RULE, gate.names(fired)
            elif not known.points.get(channel):
                why = NO_POINT
            else:
                lawful.append(at)
        return lawful, why, rules

    def _option(
        self, known: Known, values: Mapping[str, Any], at: int, left: Mapping[str, int],
        gains: Sequence[float] | None,
    ) -> Option:  # fmt: skip
        value = self.value(known, values, at, gains)
        worth, room, takes, held = value, True, [], known.holds
        for m, rate, kind, holds, need in self.takes[at]:
            if holds is not None and not holds(values):
                continue
            amount = rate
            if kind:
                amount = rate * self._factor(known, values, kind)
                need = counting.parts(amount)
            worth -= amount * self.prices[m]
            takes.append((m, amount))
            name = self.names[m]
            if left[name] + held.get(name, 0) < need:
                room = False
        return Option(at, value, worth, tuple(takes), room)

    def _gains(self, known: Known, values: Mapping[str, Any], stands: Stands) -> list[float]:
        """What each treatment brings over waiting, before what it costs, as `waiting.gains`."""
        outlook = self.outlook
        assert outlook is not None
        segment = outlook.segment(known.follows, stands.segment)
        fits = [
            at in stands.fits and (known.only is None or at in known.only)
            for at in range(len(self.treatments))
        ]
        chart, places = outlook.chart(segment=segment, fits=fits)
        step = np.array([places[stands.step % len(segment.steps)]])
        count = len(self.treatments)
        row = pl.DataFrame(
            {name: [values.get(name)] for name in AHEAD}, schema=dict.fromkeys(AHEAD, pl.Float64)
        )
        effects = Effects(
            by={self.treatments[at].code: np.array([one]) for at, one in known.measured.items()}
        )
        single = single_of(strategy=outlook.strategy, cases=row, effects=effects)
        objection = np.array([[self._objects(known, values, at) for at in range(count)]])
        return [
            float(one) for one in gains_of(chart, step, single, objection, usual=np.array(fits))[0]
        ]

    def _objects(self, known: Known, values: Mapping[str, Any], at: int) -> float:
        """The chance that a treatment ends in an objection."""
        rate = self.rates[at] * self._factor(known, values, "complaints")
        return rate if known.objects is None else -math.expm1(-rate)

    def value(
        self, known: Known, values: Mapping[str, Any], at: int, gains: Sequence[float] | None = None
    ) -> float:
        """What a treatment is worth for a case, in minor units: the formula of `valuing`."""
        assume, treatment = self.assume, self.treatments[at]
        recent = values["contacts_30"] or 0
        overdue = values["overdue"] or 0
        cost = self.spend[at] + assume.harm * (1 + assume.harm_growth * recent)
        if assume.complaint_cost:
            cost += assume.complaint_cost * self._objects(known, values, at)
        if gains is not None:
            return gains[at] - cost
        if (effect := known.measured.get(at)) is not None:
            return overdue * effect - cost
        chance = values["repay_30"]
        chance = min(max(assume.repay_30 if chance is None else chance, 1e-4), 1 - 1e-4)
        lost = min(max(values["lost_contact"] or 0.0, 0.0), 1.0)
        shift = treatment.effect * assume.wear**recent
        lift = 1 / (1 + math.exp(-(math.log(chance / (1 - chance)) + shift))) - chance
        return assume.recoverable * overdue * treatment.reach * (1 - lost) * lift - cost

    def _factor(self, known: Known, values: Mapping[str, Any], kind: str) -> float:
        if kind == "owed":
            return float(max(values["owed"] or 0, 0))
        if known.objects is not None:
            return known.objects
        recent = values["contacts_30"] or 0
        return float(self.assume.complaint * (1 + self.assume.harm_growth * recent))
