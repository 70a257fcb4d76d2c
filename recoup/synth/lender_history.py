"""
What happened before the lender's file was made: contacts, promises, payments on time, late, part.

Contacts are answered by the simulator with the hidden traits the world will use later; promises
kept become payments. The effect of past contacts on later full repayment is left out: the file
holds those who have not repaid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.simulator import answers, facts, hazard
from recoup.simulator.answers import Outcome
from recoup.simulator.parameters import Parameters
from recoup.synth.lender_loans import LONGEST_TERM, Borrowers, Loans

Ints = NDArray[np.int64]
MOST_CONTACTS = 60
MOST_LATE = 85  # days; who paid later than that is in arrears today
LEAST_LATE = 8  # days after which a lender places an account, so it is in the file
CHANNEL_SHARES = (("call", 0.55), ("sms", 0.35), ("email", 0.10))


@dataclass(frozen=True, slots=True)
class Contacts:
    """Past contacts: borrower index, day, second of the day, channel, outcome, opted out."""

    who: Ints
    day: Ints
    second: Ints
    channel: Ints
    outcome: Ints
    opts_out: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Payments:
    """Past payments: loan index, day, amount in fen; sorted by loan and day."""

    loan: Ints
    day: Ints
    amount: Ints


def contacts(
    *, people: Borrowers, loans: Loans, today: int, history_days: int,
    rng: np.random.Generator, parameters: Parameters,
) -> Contacts:  # fmt: skip
    """The lender's own contacts with these borrowers while they were in arrears."""
    since = np.full(len(people), today, dtype=np.int64)
    np.minimum.at(since, loans.who, loans.since)
    start = np.maximum(since + 1, today - history_days)
    length = np.maximum(today - start, 0)
    # Those who have paid up were contacted too, while they were late.
    paid_up = people.days == 0
    start = np.where(paid_up, today - 85, start)
    length = np.where(paid_up, 50, length)
    intensity = np.where(
        paid_up, 5.0,
        0.25 * np.minimum(length, 30) + 0.15 * np.clip(length - 30, 0, 60)
        + 0.06 * np.maximum(length - 90, 0),
    )  # fmt: skip
    count = np.minimum(rng.poisson(intensity), MOST_CONTACTS)
    who = np.repeat(np.arange(len(people), dtype=np.int64), count)
    day = start[who] + (rng.random(len(who)) ** 0.9 * length[who]).astype(np.int64)
    day = np.minimum(day, today - 1)
    order = np.lexsort((day, who))
    day = day[order]
    second = 9 * 3600 + (rng.random(len(who)) * 11 * 3600).astype(np.int64)
    first = np.cumsum(count) - count
    nth = (np.arange(len(who)) - first[who]).astype(np.int16)
    edges = np.cumsum([share for _, share in CHANNEL_SHARES])
    channel = np.minimum(np.searchsorted(edges, rng.random(len(who)), side="right"), 2)
    return _answered(
        people, who, day, second, channel, nth, day - since[who], rng, parameters
    )  # fmt: skip


def _answered(
    people: Borrowers, who: Ints, day: Ints, second: Ints, channel: Ints,
    nth: NDArray[np.int16], late: Ints, rng: np.random.Generator, parameters: Parameters,
) -> Contacts:  # fmt: skip
    outcome = np.zeros(len(who), dtype=np.int64)
    opts_out = np.zeros(len(who), dtype=bool)
    for code, (name, _) in enumerate(CHANNEL_SHARES):
        rows = np.flatnonzero(channel == code)
        traits = people.traits.take(who[rows])
        given = answers.answer(
            channel=name,  # type: ignore[arg-type]
            tone="reminder", traits=traits, slot=answers.slot_of(second[rows] // 3600),
            dead=late[rows] >= traits.lost_after, nth=nth[rows],
            irritation=np.minimum(0.12 * nth[rows], 1.2).astype(np.float32),
            draws=rng.random((answers.DRAWS, len(rows))), parameters=parameters,
        )  # fmt: skip
        outcome[rows], opts_out[rows] = given.outcome, given.opts_out
    return Contacts(who, day, second, channel, outcome, opts_out)


def payments(
    *, people: Borrowers, loans: Loans, talked: Contacts, today: int,
    rng: np.random.Generator, parameters: Parameters,
) -> Payments:  # fmt: skip
    """Every payment on these loans, so that what is owed follows from the schedule and these."""
    loan, day, amount, cleared = _instalments_paid(people, loans, today, rng, parameters)
    part_loan, part_day = _part_days(people, loans, talked, cleared, today, rng, parameters)
    part_loan, part_day, part_amount = _part_amounts(loans, part_loan, part_day, rng, parameters)
    loan = np.concatenate([loan, part_loan])
    day = np.concatenate([day, part_day])
    amount = np.concatenate([amount, part_amount])
    order = np.lexsort((day, loan))
    return Payments(loan[order], day[order], amount[order])


def _instalments_paid(
    people: Borrowers, loans: Loans, today: int, rng: np.random.Generator, parameters: Parameters
) -> tuple[Ints, Ints, Ints, Ints]:
    """Instalments before the arrears: on their day, or late as the hazard of paying has it."""
    drive = people.traits.drive[loans.who]
    step = np.arange(LONGEST_TERM)
    paid = step[None, :] < loans.paid[:, None]
    near = loans.paid[:, None] - step[None, :]
    middle = parameters["ontime.middle"]
    odds = np.log(middle / (1 - middle)) + 0.8 * drive[:, None] - 0.9 * (near <= 3)
    late = paid & (rng.random(paid.shape) >= 1 / (1 + np.exp(-odds)))
    # The paid up are in the file because they were late for a while some months ago.
    cured = (people.days[loans.who] == 0)[:, None] & (near == np.minimum(loans.paid, 3)[:, None])
    late |= cured
    rows, columns = np.nonzero(late)
    elapsed = np.clip(today - 1 - loans.due[rows, columns], 1, MOST_LATE)
    least = np.where(cured[rows, columns], np.minimum(LEAST_LATE, elapsed - 1), 0)
    days = np.zeros(paid.shape, dtype=np.int64)
    days[rows, columns] = hazard.delay(
        drive[rows], rng.random(len(rows)), parameters, most=elapsed, least=least
    )
    when = np.maximum.accumulate(np.where(paid, loans.due + days, 0), axis=1)
    # Whoever is in arrears had cleared what was due before.
    limit = np.minimum(np.where(loans.since <= today, loans.since + 20, today), today - 1)
    when = np.minimum(when, limit[:, None])
    rows, columns = np.nonzero(paid)
    amount = loans.principal_part[rows, columns] + loans.interest_part[rows, columns]
    cleared = when[np.arange(len(loans)), loans.paid - 1]
    return rows, when[rows, columns], amount, cleared


def _part_days(
    people: Borrowers, loans: Loans, talked: Contacts, cleared: Ints, today: int,
    rng: np.random.Generator, parameters: Parameters,
) -> tuple[Ints, Ints]:  # fmt: skip
    """When part payments were made in the present arrears: unasked, and for promises kept."""
    running = hazard.baseline(parameters).partial_sum
    start = np.maximum(loans.since, cleared)
    low = running[np.clip(start - loans.since, 0, hazard.LONGEST)]
    high = running[np.clip(today - 1 - loans.since, 0, hazard.LONGEST)]
    room = np.where(loans.since < today - 2, np.maximum(high - low, 0.0), 0.0)
    partial = people.traits.partial[loans.who].astype(np.float64)
    count = np.minimum(rng.poisson(room * np.exp(partial)), 5)
    loan = np.repeat(np.arange(len(loans), dtype=np.int64), count)
    target = low[loan] + rng.random(len(loan)) * room[loan]
    day = loans.since[loan] + np.searchsorted(running, target, side="right")
    told = np.flatnonzero(talked.outcome == Outcome.PROMISE)
    kept = told[rng.random(len(told)) < 0.8 * people.traits.keeps[talked.who[told]]]
    first = np.searchsorted(loans.who, talked.who[kept])
    promised = talked.day[kept] + 1 + rng.poisson(parameters["promise.days"] - 1, len(kept))
    loan = np.concatenate([loan, first])
    day = np.concatenate([day, promised])
    inside = (day > start[loan]) & (day < today)
    loan, day = loan[inside], day[inside]
    order = np.lexsort((day, loan))
    return loan[order], day[order]


def _part_amounts(
    loans: Loans, loan: Ints, day: Ints, rng: np.random.Generator, parameters: Parameters
) -> tuple[Ints, Ints, Ints]:
    """Amounts of part payments; some of the arrears is always left."""
    one = loans.principal_part[:, 0] + loans.interest_part[:, 0]
    low, high = parameters["partial.least"], parameters["partial.most"]
    share = low + rng.random(len(loan)) * (high - low)
    share = np.where(rng.random(len(loan)) < parameters["partial.instalment_share"], 1.0, share)
    wish = np.maximum((share * one[loan]).astype(np.int64) // 1000 * 1000, 1000)
    step = np.arange(LONGEST_TERM)
    unpaid = step[None, :] >= loans.paid[loan, None]
    fallen = unpaid & (loans.due[loan] <= day[:, None]) & (loans.due[loan] > 0)
    arrears = ((loans.principal_part[loan] + loans.interest_part[loan]) * fallen).sum(axis=1)
    rank = np.arange(len(loan)) - np.searchsorted(loan, loan)
    gone = np.zeros(len(loans), dtype=np.int64)
    amount = np.zeros(len(loan), dtype=np.int64)
    for nth in range(int(rank.max(initial=-1)) + 1):
        rows = np.flatnonzero(rank == nth)
        room = arrears[rows] * 9 // 10 - gone[loan[rows]]
        amount[rows] = np.where(room > 1000, np.minimum(wish[rows], room), 0)
        gone[loan[rows]] += amount[rows]
    real = amount > 0
    return loan[real], day[real], amount[real]


def repay_hours(count: int, rng: np.random.Generator) -> Ints:
    """Local hours of repayments, by the measured curve."""
    return np.asarray(rng.choice(24, size=count, p=facts.repay_hour()), dtype=np.int64)
