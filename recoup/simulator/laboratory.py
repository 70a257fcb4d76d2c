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
from recoup.simulator.population import Paid, Population
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
    anything is owed; what is paid in time counts as paid, on the evening before. Only variants
    drift.

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
        # An instalment falls due when this remainder of the day comes round.
        self._phase = ((MONTH - late % MONTH) % MONTH).astype(np.int8)
        self._chance = seed
        self._setting = setting
        self._wander = 0.0
        self._parameters = parameters
        self.capacity = capacity
        self.today = 0
        self._drift()

    def __len__(self) -> int:
        return len(self._population)

    def fork(self, *, seed: int) -> Laboratory:
        """The same book on the same day, whose future chance comes from another seed."""
        other = copy.copy(self)
        other._population = self._population.copy()
        other._record = self._record.copy()
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
        tally = np.zeros(3, dtype=np.int64)
        tried = np.zeros(len(self), dtype=np.int8)
        outcomes = []
        for action, cases in plan:
            # Who opted out an hour ago is left alone by what was planned for later today.
            cases = cases[~self._record.opted_out[cases]]
            ended = np.full(len(self), NOT_TRIED, dtype=np.int8)
            for nth in range(int(tried[cases].max(initial=0)) + 1):
                some = cases[tried[cases] == nth]
                ended[some] = self._contact(action, some, nth, tally)
            tried[cases] += 1
            outcomes.append(ended[action.cases])
        paid = self._population.pay(on=self.today, rng=self._rng(1, 0))
        self._record.received(paid, self.today)
        self._record.judge(self.today)
        in_time = self._pass()
        return Day(
            paid=int(paid.amount.sum() + in_time.amount.sum()),
            payments=len(paid.index) + len(in_time.index),
            cost=round(used["spend"]) + int(paid.fee.sum()), conceded=int(paid.forgiven.sum()),
            used=used, complaints=int(tally[0]), opt_outs=int(tally[1]), promises=int(tally[2]),
            outcomes=tuple(outcomes),
        )  # fmt: skip

    def charge_off(self, cases: Ints) -> None:
        """
        Hand cases over for good: left alone, sold, or given to an agency, as `chargeoff` has it.

        They are not contacted any more; an agency's fee is in the cost of the day.
        """
        cases = cases[~self._record.charged_off[cases]]
        self._population.charge_off(index=cases, on=self.today, rng=self._rng(4, 0))
        self._record.charged_off[cases] = True

    def _open(self, action: Action) -> Ints:
        record, cases = self._record, action.cases.astype(np.int64)
        return cases[~(record.opted_out | record.charged_off)[cases]]

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
        self, action: Action, cases: Ints, nth: int, tally: Ints
    ) -> NDArray[np.int8]:  # fmt: skip
        """How the nth contact of the day with each case ended; counts go into `tally`."""
        hidden = self._population
        rng = self._rng(2, nth)
        given = hidden.contact(
            index=cases, channel=action.channel, tone=action.tone, tier=action.tier,
            hour=np.full(len(cases), action.hour), rng=rng,
        )  # fmt: skip
        self._record.contacted(action, cases, given, self.today)
        if action.offer is not None:
            heard = cases[np.isin(given.outcome, HEARD)]
            hidden.offer(
                index=heard, kind=action.offer.kind, share=action.offer.share, on=self.today
            )  # fmt: skip
        made = cases[given.promises & (hidden.arrears[cases] > 0)]
        binding = self._parameters["promise.robot_binds"] if action.channel == "robot" else 1.0
        self._record.promised(hidden.promise(index=made, on=self.today, rng=rng, binding=binding))
        tally += (int(given.complains.sum()), int(given.opts_out.sum()), len(made))
        return given.outcome

    def _rng(self, purpose: int, nth: int) -> np.random.Generator:
        return np.random.default_rng([self._chance % 2**64, 0xA1, self.today, purpose, nth])

    def _pass(self) -> Paid:
        """Let the night pass; gives the instalments of the morning that are paid in time."""
        hidden = self._population
        hidden.grow_older()
        self.today += 1
        self._drift()
        due = np.flatnonzero(self._phase == self.today % MONTH)
        due = due[hidden.owed[due] > 0]
        in_time = hidden.fall_due(due[hidden.regime[due] == 0], self._rng(5, 0))
        self._record.received(in_time, self.today - 1)
        return in_time

    def _drift(self) -> None:
        """Let what all have in common wander, in a variant; without one nothing drifts."""
        if self._setting is None:
            return
        p, hidden, years = self._parameters, self._population, self.today / 365.0
        if self.today:
            kept = float(np.exp(-1.0 / p["drift.economy_days"]))
            step = p["drift.economy"] * self._setting.drift * np.sqrt(1.0 - kept**2)
            self._wander = kept * self._wander + step * float(self._rng(3, 0).standard_normal())
        hidden.economy = self._setting.economy + self._wander
        hidden.reach = self._setting.reach + p["drift.reach"] * years
        hidden.wear = p["drift.wear"] * years


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
