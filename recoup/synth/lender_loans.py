"""
Loans of the synthetic lender: who is how late, what was due when, and what was paid.

A borrower who is D days late today is one who did not pay in D days: candidates are kept with the
simulator's chance of that, so those deep in arrears are the unwilling and the unable, and scores
trained on their history have something to find.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from recoup.simulator import hazard, traits
from recoup.simulator.chance import Keys, keys_of_numbers, uniform
from recoup.simulator.parameters import Parameters

Ints = NDArray[np.int64]
EPOCH = date(1970, 1, 1).toordinal()
LONGEST_TERM = 36
# Stages M1 to M6 and M7+: share of the accounts, first and last day past due.
STAGES = (
    (0.38, 1, 30), (0.16, 31, 60), (0.11, 61, 90), (0.08, 91, 120), (0.06, 121, 150),
    (0.05, 151, 180), (0.16, 181, 900),
)  # fmt: skip
CURED = 0.15  # borrowers who were late of late and have paid up
SECOND_LOAN = 0.08
FULL_HISTORY = 0.85


@dataclass(frozen=True, slots=True)
class Borrowers:
    """Borrowers in the lender's file: numbers, keys, hidden traits, days late (0: paid up)."""

    numbers: Ints
    keys: Keys
    traits: traits.Traits
    signs: traits.Signs
    days: Ints

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True, slots=True)
class Loans:
    """
    Loans of some borrowers. Days are numbers since 1970; amounts are fen.

    `due`, `principal_part`, `interest_part` are n x `LONGEST_TERM`, zero after the term.
    `paid` instalments were paid before the arrears began on `since` (a due day, in the future
    for those who are paid up). `whole` loans come with their full history.
    """

    who: Ints
    numbers: Ints
    product: Ints
    principal: Ints
    rate: NDArray[np.float64]
    term: Ints
    paid: Ints
    since: Ints
    whole: NDArray[np.bool_]
    due: Ints
    principal_part: Ints
    interest_part: Ints

    def __len__(self) -> int:
        return len(self.who)


def day_number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - EPOCH


def choose(
    *, seed: int, start: int, wanted: int, parameters: Parameters
) -> tuple[Borrowers, int]:  # fmt: skip
    """
    The next `wanted` borrowers in arrears from candidate number `start`, and where to go on.
    """
    numbers: list[Ints] = []
    days: list[Ints] = []
    have = 0
    while have < wanted:
        batch = np.arange(start, start + 4 * (wanted - have) + 64, dtype=np.int64)
        keys = keys_of_numbers(seed, batch)
        late = _days_late(uniform(keys, 50), uniform(keys, 51), parameters)
        alive = hazard.survives(late, traits.drive(keys, parameters), parameters)
        cured = uniform(keys, 53) < CURED * float(alive.mean())
        keep = np.flatnonzero(cured | (uniform(keys, 52) < alive))[: wanted - have]
        numbers.append(batch[keep])
        days.append(np.where(cured[keep], 0, late[keep]))
        have += len(keep)
        start = int(batch[keep[-1]]) + 1 if len(keep) and have >= wanted else int(batch[-1]) + 1
    chosen = np.concatenate(numbers)
    keys = keys_of_numbers(seed, chosen)
    people = Borrowers(
        chosen, keys, traits.of(keys, parameters), traits.signs(keys, parameters),
        np.concatenate(days),
    )  # fmt: skip
    return people, start


def _days_late(
    stage_chance: NDArray[np.float64], day_chance: NDArray[np.float64], parameters: Parameters
) -> Ints:
    """Days late before thinning: drawn so that after thinning the stages have their shares."""
    survival = hazard.baseline(parameters).survival
    weight = np.array([
        share / float(survival[low : high + 1].mean()) for share, low, high in STAGES
    ])  # fmt: skip
    stage = np.searchsorted(np.cumsum(weight / weight.sum()), stage_chance, side="right")
    stage = np.minimum(stage, len(STAGES) - 1)
    low = np.array([row[1] for row in STAGES])[stage]
    high = np.array([row[2] for row in STAGES])[stage]
    # The oldest debts are fewer.
    shape = np.where(stage == len(STAGES) - 1, day_chance**1.8, day_chance)
    return np.asarray(low + (shape * (high - low + 1)).astype(np.int64))


def lend(*, people: Borrowers, as_of: date, parameters: Parameters) -> Loans:
    """The loans of these borrowers; some have two."""
    today = day_number(as_of)
    second = np.flatnonzero(uniform(people.keys, 70) < SECOND_LOAN)
    who = np.sort(np.concatenate([np.arange(len(people), dtype=np.int64), second]))
    nth = np.r_[0, (who[1:] == who[:-1]).astype(np.int64)]
    numbers = people.numbers[who] * 2 + nth
    keys = keys_of_numbers(11, numbers) ^ people.keys[who]
    days = np.where(
        nth == 1, 1 + (uniform(keys, 71) * np.maximum(people.days[who], 1)).astype(np.int64),
        people.days[who],
    )  # fmt: skip
    days = np.where(people.days[who] == 0, -1 - (uniform(keys, 72) * 26).astype(np.int64), days)
    since = _due_day(today, days)
    term = np.array([6, 9, 12, 12, 18, 24, 24, 36])[(uniform(keys, 73) * 8).astype(np.int64)]
    before = 1 + (uniform(keys, 74) * (term - 1)).astype(np.int64)
    income = people.signs.income[who].astype(np.float64)
    size = np.exp(np.log(12_000) + 0.3 * income + 0.75 * _bell(keys, 75))
    principal = np.clip(np.round(size / 100), 10, 2000).astype(np.int64) * 10_000
    credit = people.signs.credit[who].astype(np.float64)
    rate = np.clip(np.round(0.18 - 0.025 * credit + 0.02 * _bell(keys, 77), 3), 0.06, 0.24)
    due, principal_part, interest_part = _schedule(since, before, term, principal, rate)
    return Loans(
        who=who, numbers=numbers, product=(uniform(keys, 79) ** 1.5 * 5).astype(np.int64),
        principal=principal, rate=rate, term=term, paid=before, since=since,
        whole=(uniform(keys, 80) < FULL_HISTORY) & (days <= 180),
        due=due, principal_part=principal_part, interest_part=interest_part,
    )  # fmt: skip


def _bell(keys: Keys, stream: int) -> NDArray[np.float64]:
    return np.asarray((uniform(keys, stream) + uniform(keys, stream + 1) - 1.0) * 2.45)


def _due_day(today: int, days: Ints) -> Ints:
    """The due day so many days back, moved where the month has no such day or it is today's."""
    since = today - days
    today_of_month = int(_day_of_month(np.array([today]))[0])
    for _ in range(6):
        day = _day_of_month(since)
        since = since - ((day > 28) | (day == today_of_month))
    return np.asarray(since)


def _day_of_month(days: Ints) -> Ints:
    dates = days.astype("datetime64[D]")
    return np.asarray((dates - dates.astype("datetime64[M]")).astype(np.int64) + 1)


def _schedule(
    since: Ints, before: Ints, term: Ints, principal: Ints, rate: NDArray[np.float64]
) -> tuple[Ints, Ints, Ints]:
    """Monthly due days, equal parts of principal (the rest in the last), interest on the rest."""
    step = np.arange(LONGEST_TERM)
    month = since.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    months = month[:, None] + step[None, :] - before[:, None]
    day = _day_of_month(since) - 1
    due = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + day[:, None]
    inside = step[None, :] < term[:, None]
    part = (principal // term)[:, None] * inside
    last = step[None, :] == (term - 1)[:, None]
    part = part + last * (principal - (principal // term) * term)[:, None]
    rest = principal[:, None] - (np.cumsum(part, axis=1) - part)
    interest = np.round(rest * rate[:, None] / 12).astype(np.int64) * inside
    return due * inside, part, interest
