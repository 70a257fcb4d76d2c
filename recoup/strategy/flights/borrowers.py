"""
How the borrowers of a flight answer and pay: the only door to `recoup.simulator`.

The people of a book are not known to us as the simulator's are, so they are drawn anew in every
repetition, given what the book shows: days past due, sums, scores, contacts. The chance of paying
within 30 days that a case has by its score fixes the mean of its drive to pay,

    E[1 - exp(-(C e^z + w P e^(a + b z + s^2/2)))] = score,   z ~ N(m, spread^2 (1 - r^2)),

with C and P the baseline hazards of the next 30 days, w the chance that a part payment is large
enough to count for the score, and r how much of the drive a lender sees (`signal.visible`). All
other traits are those of the borrower with the nearest drive in a pool of the simulator's own. The
hidden traits of a demo book are never read.

Chance is common: what a case draws on a day depends on the repetition's seed, the day and its place
alone (`simulator.daily`), so that two strategies meet the same luck (Glasserman, Yao, 1992, Management Science 38(6)).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from recoup.simulator import chance, hazard, parameters, traits
from recoup.simulator import version as simulator
from recoup.simulator.answers import CHANNELS, Channel
from recoup.simulator.parameters import Parameters
from recoup.simulator.population import TALKED, Population
from recoup.simulator.ranges import APART, draws

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

POOL = 1 << 14
MONTH = 30
SCORED_SHARE = 0.05  # of what is overdue: `scoring.samples.LEAST_SHARE`, what the score foretells
TASK_CHANNEL = "call"
TASK_HOURS = (10, 14, 17)  # when a collector rings for a task, until the borrower answers
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
# Where the mean of a drive is sought; a score outside what hazards can give lands on an end.
LEAST, MOST = -12.0, 8.0
ANSWERS, PAYMENTS, PROMISES, DUE = 1, 2, 3, 4


@dataclass(frozen=True)
class Seen:
    """What the book shows of n cases: arrays of n; `repay_30` and `lost` may be NaN. Sums in minor units."""

    days_past_due: Ints
    overdue: Ints
    owed: Ints
    repay_30: Floats
    lost: Floats
    contacts_30: Ints

    def __len__(self) -> int:
        return len(self.days_past_due)


@dataclass(frozen=True)
class Answered:
    """What came of the contacts asked for: arrays in the order asked."""

    complains: Flags
    opts_out: Flags
    promises: Flags


def version() -> str:
    """Which simulator this is, in a line that says that all is simulated."""
    return simulator.stamp()


def ranges() -> list[tuple[str, float, float, float, str]]:
    """The parameters that differ between repetitions: name, value, low, high, grade."""
    return [
        (row.name, row.value, row.low, row.high, row.grade)
        for row in parameters.load().rows.values()
        if row.low < row.high and not row.name.startswith(APART)
    ]


def drawn(*, count: int, seed: int) -> list[Parameters]:
    """The parameters of so many repetitions, spread over their ranges (Latin hypercube)."""
    return draws(parameters=parameters.load(), count=count, seed=seed)


class Borrowers:
    """
    The cases of a flight under one repetition's parameters. Everything here is hidden from plans.

    :param seed: of the repetition; the same for every strategy
    """

    def __init__(self, *, seen: Seen, parameters: Parameters, seed: int) -> None:
        self._seed = seed
        rng = np.random.default_rng([seed, 0xF1])
        month = np.maximum(1, 1 + (np.maximum(seen.days_past_due, 1) - 1) // MONTH)
        instalment = np.maximum(seen.overdue // np.minimum(month, 12), 1000)
        people = _people(seen, instalment, parameters, rng)
        self._population = Population(
            traits=people, days=np.maximum(seen.days_past_due, 0), arrears=seen.overdue.copy(),
            owed=np.maximum(seen.owed, seen.overdue), instalment=instalment, parameters=parameters,
        )  # fmt: skip
        self._population.contacts = np.minimum(seen.contacts_30, 1000).astype(np.int16)
        fading = 0.5 ** (MONTH / 2 / parameters["irritation.half_life"])
        self._population.irritation = (
            seen.contacts_30 * parameters["irritation.sms"] * fading / people.patience
        ).astype(np.float32)
        self._due_in = MONTH - np.maximum(seen.days_past_due, 0) % MONTH

    def __len__(self) -> int:
        return len(self._population)

    def copy(self) -> Borrowers:
        """The same people, once more: another strategy meets them as they were."""
        other = copy.copy(self)
        other._population, other._due_in = self._population.copy(), self._due_in.copy()
        return other

    @property
    def days_past_due(self) -> Ints:
        """Days past due, 0 for who owes nothing that is due."""
        hidden = self._population
        return np.where(hidden.arrears > 0, hidden.days, 0).astype(np.int64)

    @property
    def overdue(self) -> Ints:
        """What is due and unpaid, in minor units."""
        return self._population.arrears.copy()

    @property
    def owed(self) -> Ints:
        """All that is owed, in minor units."""
        return self._population.owed.copy()

    def promised(self, *, day: int) -> Flags:
        """Whose promise is open on a day."""
        return self._population.promised_on >= day

    def contact(self, *, index: Ints, channel: str, hour: int, day: int) -> Answered:
        """
        Contact some cases once each; they answer, are changed by it, and some promise.

        `index` holds nobody twice. A message is heard as a plain reminder; for a task a collector
        rings at some hours of the day until the borrower answers.
        """
        found = Answered(*(np.zeros(len(index), dtype=bool) for _ in range(3)))
        hours = TASK_HOURS if channel == "task" else (hour,)
        left = np.arange(len(index))
        for number, at in enumerate(hours):
            left = left[self._once(index, left, channel, at, (day, number), found)]
        return found

    def _once(
        self, index: Ints, some: Ints, channel: str, hour: int, when: tuple[int, int],
        found: Answered,
    ) -> Flags:  # fmt: skip
        """One contact with some of those asked for; gives who has not been talked to."""
        heard = cast("Channel", TASK_CHANNEL if channel == "task" else channel)
        here, salt = index[some], [self._seed, CHANNELS.index(heard), *when]
        given = self._population.contact(
            index=here, channel=heard, tone="reminder", hour=np.full(len(here), hour),
            rng=np.random.default_rng([*salt, ANSWERS]),
        )  # fmt: skip
        promises = given.promises & (self._population.arrears[here] > 0)
        self._population.promise(
            index=here[promises], on=when[0], rng=np.random.default_rng([*salt, PROMISES])
        )
        found.complains[some] |= given.complains
        found.opts_out[some] |= given.opts_out
        found.promises[some] |= promises
        return np.asarray(~np.isin(given.outcome, TALKED))

    def pay(self, *, day: int) -> Ints:
        """
        What each case pays of its arrears on a day, in minor units; then the day passes.

        An instalment that falls due and is paid in time is not among it.
        """
        hidden, paid = self._population, np.zeros(len(self), dtype=np.int64)
        made = hidden.pay(on=day, rng=np.random.default_rng([self._seed, PAYMENTS, day]))
        np.add.at(paid, made.index, made.amount)
        hidden.grow_older()
        self._due_in -= 1
        due = np.flatnonzero(self._due_in == 0)
        self._due_in[due] = MONTH
        hidden.fall_due(due, np.random.default_rng([self._seed, DUE, day]))
        return paid


# -- Who they are, given what the book shows ---------------------------------------------------------
def _people(seen: Seen, instalment: Ints, p: Parameters, rng: np.random.Generator) -> traits.Traits:
    """Traits for every case: those of the pool's borrower whose drive is nearest the one drawn."""
    pool = traits.of(chance.keys_of_numbers(int(rng.integers(1 << 62)), np.arange(POOL)), p)
    order = np.argsort(pool.drive, kind="stable")
    pool = pool.take(order)
    slope, level = np.polyfit(pool.drive.astype(float), pool.partial.astype(float), 1)
    rest = float(np.var(pool.partial - (level + slope * pool.drive)))
    mean, spread = _drives(seen, instalment, (level + rest / 2, slope), p)
    wanted = mean + spread * rng.standard_normal(len(seen))
    place = np.searchsorted(pool.drive, wanted) + rng.integers(-8, 9, len(seen))
    people = pool.take(np.clip(place, 0, POOL - 1))
    dead = rng.random(len(seen)) < np.where(
        np.isnan(seen.lost), p["lost.phone_at_start"], np.clip(np.nan_to_num(seen.lost), 0, 1)
    )
    alive = np.maximum(people.lost_after, np.minimum(seen.days_past_due + 1, 32_000))
    # A score beyond what the pool holds still means what it says.
    partial = people.partial + slope * (wanted - people.drive)
    return replace(
        people, drive=wanted.astype(np.float32), partial=partial.astype(np.float32),
        lost_after=np.where(dead, 0, alive).astype(np.int16),
    )  # fmt: skip


def _drives(
    seen: Seen, instalment: Ints, line: tuple[float, float], p: Parameters
) -> tuple[Floats, Floats]:
    """
    Mean and spread of the drive of each case, such that the score is what it means.

    `line` is the log of the mean weight of part payments at drive 0, and its slope in the drive.
    """
    base, scored = hazard.baseline(p), ~np.isnan(seen.repay_30)
    day = np.clip(seen.days_past_due, 0, hazard.LONGEST)
    later = np.minimum(day + MONTH, hazard.LONGEST)
    cure = base.cure_sum[later] - base.cure_sum[day]
    partial = (base.partial_sum[later] - base.partial_sum[day]) * _counts(seen, instalment, p)
    usual = 1 - base.survival[later] / base.survival[day]
    target = np.clip(np.where(scored, np.nan_to_num(seen.repay_30), usual), 1e-4, 1 - 1e-4)
    hidden = np.where(scored, np.sqrt(1 - p["signal.visible"] ** 2), 1.0)
    spread = p["drive.spread"] * hidden
    low, high = np.full(len(seen), LEAST), np.full(len(seen), MOST)
    for _ in range(36):
        middle = 0.5 * (low + high)
        drive = middle[:, None] + spread[:, None] * NODES
        rate = cure[:, None] * np.exp(drive)
        rate += partial[:, None] * np.exp(line[0] + line[1] * drive)
        below = -np.expm1(-rate) @ WEIGHTS < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return 0.5 * (low + high), spread


def _counts(seen: Seen, instalment: Ints, p: Parameters) -> Floats:
    """The chance that a part payment is large enough for what the score foretells."""
    need = SCORED_SHARE * np.maximum(seen.overdue, 1) / instalment
    least, most = p["partial.least"], p["partial.most"]
    share = np.clip((most - need) / max(most - least, 1e-9), 0, 1)
    whole = p["partial.instalment_share"]
    return np.asarray(whole * (need <= 1) + (1 - whole) * share)
