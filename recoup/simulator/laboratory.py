"""
A book to try policies on. A policy sees the log that a lender would have, and nothing else.

    laboratory = Laboratory(size=10_000, seed=1, variant="early")
    while laboratory.today < 30:
        log = laboratory.log()
        day = laboratory.play([Action("sms", "moral", np.flatnonzero(log.days_past_due < 30))])

A day is refused whole when its actions need more than the capacity. Everything it gives is
simulated.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recoup.kernel.errors import Invalid
from recoup.simulator import actions as acting
from recoup.simulator import chance, hazard, parameters, traits
from recoup.simulator.actions import Action, Capacity, Offer
from recoup.simulator.answers import NOT_TRIED, Outcome
from recoup.simulator.parameters import Parameters
from recoup.simulator.population import Population
from recoup.simulator.record import REACHED, Day, Log, Record
from recoup.simulator.variants import setting_of, usual_capacity

__all__ = ["REACHED", "Action", "Capacity", "Day", "Laboratory", "Log", "Offer"]

Ints = NDArray[np.int64]
MONTH = 30
HEARD = (*REACHED, Outcome.READ, Outcome.REPLIED)


class Laboratory:
    """
    A simulated book under a policy.

    `days` gives every case the same days past due, `variant` those of one of `VARIANTS`; without
    either, cases are spread over a year as hazards have it. A variant brings its usual capacity
    unless one is given; otherwise nothing is limited. Instalments fall due every 30 days while
    anything is owed.

    :raises Invalid: for no case, or a variant that is none
    """

    def __init__(
        self, *, size: int, seed: int, days: int | None = None, variant: str | None = None,
        parameters: Parameters = parameters.load(),  # noqa: B008 (immutable)
        capacity: Capacity | None = None,
    ) -> None:  # fmt: skip
        if size < 1:
            raise Invalid("A laboratory needs a case at least.")
        setting = setting_of(variant) if variant is not None else None
        span = (setting.first, setting.last) if setting else (1, 360)
        if days is not None:
            span = (days, days)
        if capacity is None:
            capacity = usual_capacity(variant=variant, size=size) if variant else Capacity()
        keys, late = _late(size, seed, span, parameters)
        signs = traits.signs(keys, parameters)
        instalment = np.exp(7.0 + 0.6 * chance.normal(keys, 12)).astype(np.int64) * 100
        arrears = instalment * np.minimum(1 + late // MONTH, 12)
        accelerated = late > 180
        owed = np.where(accelerated, arrears, arrears + 8 * instalment)
        self._population = Population(
            traits=traits.of(keys, parameters), days=late, arrears=arrears, owed=owed,
            instalment=instalment, parameters=parameters,
        )  # fmt: skip
        self._record = Record(size=size, signs=signs)
        self._due_in = MONTH - late % MONTH
        self._chance = seed
        self._parameters = parameters
        self.capacity = capacity
        self.today = 0

    def __len__(self) -> int:
        return len(self._population)

    def fork(self, *, seed: int) -> Laboratory:
        """The same book on the same day, whose future chance comes from another seed."""
        other = copy.copy(self)
        other._population = self._population.copy()
        other._record = self._record.copy()
        other._due_in = self._due_in.copy()
        other._chance = seed
        return other

    def log(self) -> Log:
        """What may be known today."""
        hidden = self._population
        return self._record.log(
            days=hidden.days, arrears=hidden.arrears, owed=hidden.owed,
            instalment=hidden.instalment, today=self.today,
        )  # fmt: skip

    def uses(self, actions: Sequence[Action]) -> dict[str, float]:
        """
        What these actions would use of each budget today.

        :raises Invalid: if they cannot be done at all
        """
        acting.check(actions, size=len(self), circle=True)
        return self._uses([(action, self._open(action)) for action in actions])

    def play(self, actions: Sequence[Action] = (), *, calibration: bool = False) -> Day:
        """
        Do these contacts, let people pay, and let the day pass. Who opted out is left alone.

        `calibration` allows the channel that no policy may use.

        :raises Invalid: if an action makes no sense or the day needs more than the capacity;
            nothing is done then
        """
        acting.check(actions, size=len(self), circle=calibration)
        plan = [(action, self._open(action)) for action in actions]
        used = self._uses(plan)
        if problems := acting.exceeded(used, self.capacity):
            raise Invalid("The day needs more than there is; nothing was done.", problems=problems)
        complaints = opt_outs = promises = 0
        outcomes: list[NDArray[np.int8]] = []
        for nth, (action, cases) in enumerate(plan):
            ended = np.full(len(action.cases), NOT_TRIED, dtype=np.int8)
            some = self._contact(action, cases, nth)
            ended[np.isin(action.cases, cases)] = some[0]
            complaints, opt_outs = complaints + some[1], opt_outs + some[2]
            promises += some[3]
            outcomes.append(ended)
        paid = self._population.pay(on=self.today, rng=self._rng(1, 0))
        self._record.received(paid, self.today)
        self._pass()
        return Day(
            paid=int(paid.amount.sum()), payments=len(paid.index), cost=round(used["spend"]),
            conceded=int(paid.forgiven.sum()), used=used, complaints=complaints,
            opt_outs=opt_outs, promises=promises, outcomes=tuple(outcomes),
        )  # fmt: skip

    def _open(self, action: Action) -> Ints:
        return action.cases[~self._record.opted_out[action.cases]].astype(np.int64)

    def _uses(self, plan: Sequence[tuple[Action, Ints]]) -> dict[str, float]:
        total = dict.fromkeys(acting.BUDGETS, 0.0)
        for action, cases in plan:
            used = acting.use(
                action=action, cases=cases, arrears=self._population.arrears,
                parameters=self._parameters,
            )  # fmt: skip
            for name, amount in used.items():
                total[name] += amount
        return total

    def _contact(
        self, action: Action, cases: Ints, nth: int
    ) -> tuple[NDArray[np.int8], int, int, int]:
        """How each contact ended, then counts: complaints, opt-outs, promises."""
        hidden = self._population
        rng = self._rng(2, nth)
        given = hidden.contact(
            index=cases, channel=action.channel, tone=action.tone, tier=action.tier,
            hour=np.full(len(cases), action.hour), rng=rng,
        )  # fmt: skip
        self._record.contacted(action, cases, given, self.today)
        if action.offer is not None:
            heard = cases[np.isin(given.outcome, HEARD)]
            hidden.offer(index=heard, kind=action.offer.kind, share=action.offer.share)
        made = cases[given.promises & (hidden.arrears[cases] > 0)]
        binding = self._parameters["promise.robot_binds"] if action.channel == "robot" else 1.0
        promised = hidden.promise(index=made, on=self.today, rng=rng, binding=binding)
        self._record.promised(promised)
        return given.outcome, int(given.complains.sum()), int(given.opts_out.sum()), len(made)

    def _rng(self, purpose: int, nth: int) -> np.random.Generator:
        return np.random.default_rng([self._chance % 2**64, 0xA1, self.today, purpose, nth])

    def _pass(self) -> None:
        hidden = self._population
        hidden.grow_older()
        self.today += 1
        self._due_in -= 1
        due = np.flatnonzero(self._due_in == 0)
        self._due_in[due] = MONTH
        hidden.fall_due(due[hidden.arrears[due] > 0])


def _late(
    size: int, seed: int, span: tuple[int, int], p: Parameters
) -> tuple[chance.Keys, Ints]:  # fmt: skip
    """Keys and days past due of cases that have not paid by then."""
    start, have = 0, 0
    first, last = span
    keys: list[chance.Keys] = []
    lates: list[Ints] = []
    while have < size:
        batch = chance.keys_of_numbers(seed, np.arange(start, start + 2 * size + 64))
        start += len(batch)
        late = first + ((last - first + 1) * chance.uniform(batch, 51)).astype(np.int64)
        alive = hazard.survives(late - 1, traits.drive(batch, p), p)
        keep = np.flatnonzero(chance.uniform(batch, 52) < alive)[: size - have]
        keys.append(batch[keep])
        lates.append(late[keep])
        have += len(keep)
    return np.concatenate(keys), np.concatenate(lates)
