"""Where simulated payments come in: some at once, the rest in the bank's file of the day."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recoup.kernel import clock
from recoup.kernel.actors import Actor
from recoup.kernel.money import Money
from recoup.people.models import Book
from recoup.repayment import operations as repayment
from recoup.simulator import facts
from recoup.simulator.population import Paid
from recoup.synth.world_book import Known

CASHIER = Actor.system("simulated cashier")
BY_WEBHOOK = 0.35  # share of payments by day that are told at once
BY_DAY = range(8, 21)  # what comes by night stands in the bank's file
MISWRITTEN = 0.01  # share of lines in the bank's file whose reference names no loan
COLUMNS = ("external_id", "reference", "amount", "currency", "value_on", "hour")


@dataclass(frozen=True, slots=True)
class Line:
    """One payment to one loan. `hour` is local."""

    external_id: str
    reference: str
    amount: int
    hour: int


def lines_of(known: Known, paid: Paid, *, on: date, rng: np.random.Generator) -> list[Line]:
    """Each borrower's payment shared over the loans, the most overdue first."""
    hours = rng.choice(24, size=len(paid.index), p=facts.repay_hour())
    loans = known.loans
    first = np.searchsorted(loans.case, known.cases[paid.index], side="left")
    last = np.searchsorted(loans.case, known.cases[paid.index], side="right")
    lines = []
    for amount, start, end, hour in zip(
        paid.amount.tolist(), first.tolist(), last.tolist(), hours.tolist(), strict=True
    ):
        rest = amount
        for i in range(start, end):
            share = rest if i == end - 1 else min(rest, int(loans.overdue[i]))
            if share > 0:
                reference = loans.reference[i]
                lines.append(Line(f"SIM-{on:%Y%m%d}-{reference}", reference, share, hour))
                rest -= share
    return lines


def told_at_once(
    lines: Sequence[Line], *, rng: np.random.Generator
) -> tuple[list[Line], list[Line]]:
    """The payments that come by webhook, and those that come in the bank's file."""
    draw = rng.random(len(lines)).tolist()
    now = [
        line.hour in BY_DAY and chance < BY_WEBHOOK
        for line, chance in zip(lines, draw, strict=True)
    ]
    return (
        [line for line, soon in zip(lines, now, strict=True) if soon],
        [line for line, soon in zip(lines, now, strict=True) if not soon],
    )


def write(
    lines: Sequence[Line], *, path: Path, book: Book, on: date, slips: NDArray[np.bool_]
) -> None:  # fmt: skip
    """Payments as a bank's file, whole or not at all; `slips` are lines with a wrong reference."""
    partial = path.with_suffix(".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for line, slip in zip(lines, slips.tolist(), strict=True):
            reference = line.reference[:-1] + "?" if slip else line.reference
            amount = Money(line.amount, book.currency).major
            rows.writerow(
                [line.external_id, reference, amount, book.currency, on.isoformat(), line.hour]
            )
    partial.replace(path)


def miswritten(lines: Sequence[Line], *, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which lines of the bank's file name no loan."""
    return rng.random(len(lines)) < MISWRITTEN


def post(path: Path, *, book: Book, on: date) -> int:
    """Tell the payments of a file through the webhook's operation, each at its hour."""
    count = 0
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            at: datetime = clock.at_local(on, time(int(row["hour"]), 30), book.time_zone)
            repayment.receive(
                book=book, source="webhook", external_id=row["external_id"],
                reference=row["reference"], amount=Money.of(row["amount"], book.currency),
                value_on=on, by=CASHIER, at=at,
            )  # fmt: skip
            count += 1
    return count
