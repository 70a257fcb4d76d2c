"""
A book to try policies on. A policy sees the log that a lender would have, and nothing else.

    laboratory = Laboratory(size=10_000, seed=1)
    while laboratory.today < 30:
        log = laboratory.log()
        day = laboratory.play([Action("sms", "moral", np.flatnonzero(log.days_past_due < 30), 10)])

Everything it gives is simulated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.kernel.errors import Invalid
from recoup.simulator import chance, hazard, parameters, traits
from recoup.simulator.answers import Channel, Outcome, Tone
from recoup.simulator.parameters import Parameters
from recoup.simulator.population import Population

Ints = NDArray[np.int64]
MONTH = 30


@dataclass(frozen=True, slots=True)
class Action:
    """One contact with each of some cases (indices), on a channel, at a local hour."""

    channel: Channel
    tone: Tone
    cases: Ints
    hour: int = 10


@dataclass(frozen=True, slots=True)
class Log:
    """What the lender's log holds of each case: copies, arrays of n."""

    days_past_due: NDArray[np.int32]
    arrears: Ints
    owed: Ints
    credit: NDArray[np.float32]
    income: NDArray[np.float32]
    age: NDArray[np.int16]
    contacts: NDArray[np.int16]
    last_outcome: NDArray[np.int8]
    promise_open: NDArray[np.bool_]
    opted_out: NDArray[np.bool_]
    paid: Ints


@dataclass(frozen=True, slots=True)
class Day:
    """What a day brought: money, and how each contact of each action ended."""

    paid: int
    payments: int
    complaints: int
    opt_outs: int
    promises: int
    outcomes: tuple[NDArray[np.int8], ...]


class Laboratory:
    """
    A simulated book under a policy.

    `days` gives every case the same days past due; without it cases are spread over the stages
    as hazards have it. Instalments fall due every 30 days while anything is owed.
    """

    def __init__(
        self, *, size: int, seed: int, days: int | None = None,
        parameters: Parameters = parameters.load(),  # noqa: B008 (immutable)
    ) -> None:  # fmt: skip
        if size < 1:
            raise Invalid("A laboratory needs a case at least.")
        keys, late = _late(size, seed, days, parameters)
        self._signs = traits.signs(keys, parameters)
        self._rng = np.random.default_rng([seed, 0xA1])
        instalment = np.exp(7.0 + 0.6 * chance.normal(keys, 12)).astype(np.int64) * 100
        arrears = instalment * np.minimum(1 + late // MONTH, 12)
        accelerated = late > 180
        owed = np.where(accelerated, arrears, arrears + 8 * instalment)
        self._population = Population(
            traits=traits.of(keys, parameters), days=late, arrears=arrears, owed=owed,
            instalment=instalment, parameters=parameters,
        )  # fmt: skip
        self._due_in = MONTH - late % MONTH
        self._outcome = np.full(size, -1, dtype=np.int8)
        self._opted_out = np.zeros(size, dtype=bool)
        self._paid = np.zeros(size, dtype=np.int64)
        self.today = 0

    def log(self) -> Log:
        """What may be known today."""
        hidden = self._population
        return Log(
            days_past_due=hidden.days.copy(), arrears=hidden.arrears.copy(),
            owed=hidden.owed.copy(), credit=self._signs.credit.copy(),
            income=self._signs.income.copy(), age=self._signs.age.copy(),
            contacts=hidden.contacts.copy(), last_outcome=self._outcome.copy(),
            promise_open=hidden.promised_on >= self.today, opted_out=self._opted_out.copy(),
            paid=self._paid.copy(),
        )  # fmt: skip

    def play(self, actions: Sequence[Action] = ()) -> Day:
        """Do these contacts, let people pay, and let the day pass. Who opted out is left alone."""
        hidden, rng = self._population, self._rng
        complaints = opt_outs = promises = 0
        outcomes: list[NDArray[np.int8]] = []
        for action in actions:
            cases = action.cases[~self._opted_out[action.cases]]
            given = hidden.contact(
                index=cases, channel=action.channel, tone=action.tone,
                hour=np.full(len(cases), action.hour), rng=rng,
            )  # fmt: skip
            self._outcome[cases] = given.outcome
            self._opted_out[cases] |= given.opts_out
            made = cases[given.promises & (hidden.arrears[cases] > 0)]
            hidden.promise(index=made, on=self.today, rng=rng)
            complaints += int(given.complains.sum())
            opt_outs += int(given.opts_out.sum())
            promises += len(made)
            outcomes.append(given.outcome)
        paid = hidden.pay(on=self.today, rng=rng)
        self._paid[paid.index] += paid.amount
        self._pass()
        return Day(
            int(paid.amount.sum()), len(paid.index), complaints, opt_outs, promises, tuple(outcomes)
        )

    def _pass(self) -> None:
        hidden = self._population
        hidden.grow_older()
        self.today += 1
        self._due_in -= 1
        due = np.flatnonzero(self._due_in == 0)
        self._due_in[due] = MONTH
        hidden.fall_due(due[hidden.arrears[due] > 0])


def _late(size: int, seed: int, days: int | None, p: Parameters) -> tuple[chance.Keys, Ints]:
    """Keys and days past due of cases that have not paid by then."""
    start, have = 0, 0
    keys: list[chance.Keys] = []
    lates: list[Ints] = []
    while have < size:
        batch = chance.keys_of_numbers(seed, np.arange(start, start + 2 * size + 64))
        start += len(batch)
        late = np.full(len(batch), days if days is not None else 0, dtype=np.int64)
        if days is None:
            late = 1 + (360 * chance.uniform(batch, 51)).astype(np.int64)
        alive = hazard.survives(late - 1, traits.drive(batch, p), p)
        keep = np.flatnonzero(chance.uniform(batch, 52) < alive)[: size - have]
        keys.append(batch[keep])
        lates.append(late[keep])
        have += len(keep)
    return np.concatenate(keys), np.concatenate(lates)


REACHED = (Outcome.RIGHT_PARTY, Outcome.PROMISE, Outcome.REFUSED)
