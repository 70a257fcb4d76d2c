"""
What a lender's own record holds of a simulated book: the whole of what a policy may know.

Kept by what the lender does and sees alone, never by reading what is hidden.
"""

from __future__ import annotations

import copy
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.simulator.actions import Action
from recoup.simulator.answers import CHANNELS, Answers, Outcome, Reply
from recoup.simulator.population import Paid, Promised
from recoup.simulator.traits import SLOTS, Signs

Ints = NDArray[np.int64]
Counts = NDArray[np.int16]
Flags = NDArray[np.bool_]
REACHED = (Outcome.RIGHT_PARTY, Outcome.PROMISE, Outcome.REFUSED)
NEVER = -1
WINDOW = 30


@dataclass(frozen=True, slots=True)
class Log:
    """
    What the lender's log holds of each of n cases: copies, arrays of n, money in minor units.

    `contacts` and `contacted_ago` (days; -1 never) are n by channel, in the order of `CHANNELS`;
    `calls` and `talks` are n by two-hour slot: dialled by person or robot, and answered by the
    borrower. `last_outcome` is an `Outcome`, -1 before the first contact. `paid_ago` and
    `promise_due` are days, -1 for never and for no promise.
    """

    days_past_due: NDArray[np.int32]
    arrears: Ints
    owed: Ints
    instalment: Ints
    credit: NDArray[np.float32]
    income: NDArray[np.float32]
    stability: NDArray[np.float32]
    age: Counts
    contacts: Counts
    contacted_ago: Counts
    calls: Counts
    talks: Counts
    last_outcome: NDArray[np.int8]
    promises_made: Counts
    promises_kept: Counts
    promises_broken: Counts
    promise_open: Flags
    promise_due: Counts
    paid: Ints
    paid_30: Ints
    paid_ago: Counts
    offers_made: Counts
    opted_out: Flags
    complained: Flags
    wrong_number: Flags
    charged_off: Flags


@dataclass(frozen=True, slots=True)
class Day:
    """
    What a day brought: money in minor units, what was used of each budget, and for each action
    how each of its contacts ended, in the order of its cases (`NOT_TRIED` for whoever is left
    alone because they opted out).
    """

    paid: int
    payments: int
    cost: int
    conceded: int
    used: dict[str, float]
    complaints: int
    opt_outs: int
    promises: int
    outcomes: tuple[NDArray[np.int8], ...]


class Record:
    """The lender's books and notes of n cases, kept day by day."""

    def __init__(self, *, size: int, signs: Signs) -> None:
        self.signs = signs
        self.contacts = np.zeros((size, len(CHANNELS)), dtype=np.int16)
        self.contacted_on = np.full((size, len(CHANNELS)), NEVER, dtype=np.int32)
        self.calls = np.zeros((size, SLOTS), dtype=np.int16)
        self.talks = np.zeros((size, SLOTS), dtype=np.int16)
        self.outcome = np.full(size, -1, dtype=np.int8)
        self.made = np.zeros(size, dtype=np.int16)
        self.kept = np.zeros(size, dtype=np.int16)
        self.broken = np.zeros(size, dtype=np.int16)
        self.promise_on = np.full(size, NEVER, dtype=np.int32)
        self.promise_left = np.zeros(size, dtype=np.int64)
        self.paid = np.zeros(size, dtype=np.int64)
        self.paid_30 = np.zeros(size, dtype=np.int64)
        self.paid_on = np.full(size, NEVER, dtype=np.int32)
        self.offers = np.zeros(size, dtype=np.int16)
        self.opted_out = np.zeros(size, dtype=bool)
        self.complained = np.zeros(size, dtype=bool)
        self.wrong_number = np.zeros(size, dtype=bool)
        self.charged_off = np.zeros(size, dtype=bool)
        self._lately: deque[tuple[int, Ints, Ints]] = deque()
        self._due: dict[int, list[Ints]] = {}

    def copy(self) -> Record:
        """One that goes its own way; what the lender saw at application is shared."""
        return copy.deepcopy(self, {id(self.signs): self.signs})

    def contacted(self, action: Action, cases: Ints, given: Answers, on: int) -> None:
        """Note how a contact with each of some cases ended."""
        channel = CHANNELS.index(action.channel)
        self.contacts[cases, channel] += 1
        self.contacted_on[cases, channel] = on
        self.outcome[cases] = given.outcome
        self.opted_out[cases] |= given.opts_out
        self.complained[cases] |= given.complains
        self.offers[cases] += action.offer is not None
        if action.channel in ("call", "robot"):
            self.calls[cases, action.slot] += 1
            self.talks[cases, action.slot] += np.isin(given.outcome, REACHED)
        wrong = given.outcome == Outcome.INVALID_NUMBER
        self.wrong_number[cases] |= wrong | (given.reply == Reply.WRONG_NUMBER)

    def promised(self, made: Promised) -> None:
        """Note promises; a new one takes the place of an open one."""
        self.made[made.index] += 1
        self.promise_on[made.index] = made.due_on
        self.promise_left[made.index] = made.amount
        for day in np.unique(made.due_on).tolist():
            self._due.setdefault(day, []).append(made.index[made.due_on == day])

    def received(self, paid: Paid, on: int) -> None:
        """Note the payments of a day."""
        self.paid[paid.index] += paid.amount
        self.paid_30[paid.index] += paid.amount
        self.paid_on[paid.index] = on
        self.promise_left[paid.index] -= paid.amount
        self._lately.append((on, paid.index, paid.amount))
        while self._lately[0][0] <= on - WINDOW:
            _, index, amount = self._lately.popleft()
            self.paid_30[index] -= amount

    def judge(self, on: int) -> None:
        """Call the promises that fell due today kept or broken."""
        for cases in self._due.pop(on, []):
            due = cases[self.promise_on[cases] == on]
            kept = self.promise_left[due] <= 0
            self.kept[due[kept]] += 1
            self.broken[due[~kept]] += 1
            self.promise_on[due] = NEVER

    def log(
        self, *, days: NDArray[np.int32], arrears: Ints, owed: Ints, instalment: Ints, today: int
    ) -> Log:
        """The log of today, with what the ledger says."""
        open_ = self.promise_on >= today
        signs = self.signs
        return Log(
            days_past_due=days.copy(), arrears=arrears.copy(), owed=owed.copy(),
            instalment=instalment.copy(), credit=signs.credit.copy(), income=signs.income.copy(),
            stability=signs.stability.copy(), age=signs.age.copy(), contacts=self.contacts.copy(),
            contacted_ago=_ago(self.contacted_on, today), calls=self.calls.copy(),
            talks=self.talks.copy(), last_outcome=self.outcome.copy(),
            promises_made=self.made.copy(), promises_kept=self.kept.copy(),
            promises_broken=self.broken.copy(), promise_open=open_,
            promise_due=np.where(open_, self.promise_on - today, NEVER).astype(np.int16),
            paid=self.paid.copy(), paid_30=self.paid_30.copy(), paid_ago=_ago(self.paid_on, today),
            offers_made=self.offers.copy(), opted_out=self.opted_out.copy(),
            complained=self.complained.copy(), wrong_number=self.wrong_number.copy(),
            charged_off=self.charged_off.copy(),
        )  # fmt: skip


def _ago(on: NDArray[np.int32], today: int) -> Counts:
    return np.where(on == NEVER, NEVER, today - on).astype(np.int16)
