"""
Which debt the money that stands has paid, on any day: the order of appropriation, worked out anew.

A posting can change what earlier postings should have paid: a payment bounces, money arrives that
is valued before other money, a claim is added while something is overpaid. What should then stand
is the ledger in which the entries that stand on a day were posted in order of value, and nothing
else: an entry and its reversal drop out together from the day of the reversal.

Pure: takes entries as figures, gives figures. Amounts are minor units; `overpaid` is a credit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol

from recoup.portfolio.waterfall import RECEIVABLES, Due, allocate

MOVED = "reappropriation:"
# What a lender gives up first: the youngest claims, principal last.
GIVEN_UP = ("penalty", "interest", "cost", "principal")
PLACES = (*RECEIVABLES, "overpaid")


class Posted(Protocol):
    """An entry of the ledger, as `portfolio.models.Entry` has it."""

    pk: int
    kind: str
    cause: str
    value_on: date
    reverses_id: int | None
    principal: int
    interest: int
    penalty: int
    cost: int
    cash: int
    overpaid: int


def standing(entries: Iterable[Posted], on: date) -> list[Posted]:
    """
    What counts on a day, in order of value: no entry that is reversed by then, no reversal, and
    nothing that only moved money between accounts. Instalments fall due before a day's payments.
    """
    valued = [entry for entry in entries if entry.value_on <= on]
    undone = {entry.reverses_id for entry in valued if entry.reverses_id is not None}
    kept = [
        entry
        for entry in valued
        if entry.reverses_id is None and entry.pk not in undone and not is_move(entry)
    ]
    return sorted(kept, key=lambda entry: (entry.value_on, _rank(entry), entry.pk))


def is_move(entry: Posted) -> bool:
    """Whether an entry only moves money that was received between accounts."""
    return entry.cause.startswith(MOVED)


def _rank(entry: Posted) -> int:
    if entry.kind == "opening":
        return 0
    return 1 if entry.kind == "accrual" and entry.cause.startswith("instalment:") else 2


def wanted(
    *, entries: Iterable[Posted], schedule: Sequence[Due], on: date, allocation: str = ""
) -> dict[str, int]:
    """
    The balances of the receivables and `overpaid` that should stand at the end of a day.

    No receivable is negative, and nothing is overpaid while anything is owed.
    """
    owed, credit = dict.fromkeys(RECEIVABLES, 0), 0
    for entry in standing(entries, on):
        if entry.kind == "payment":
            credit += entry.cash
        elif entry.kind in ("waiver", "write_off"):
            credit += _give_up(entry, owed)
        else:
            credit -= entry.overpaid
            for account in RECEIVABLES:
                owed[account] += getattr(entry, account)
                if owed[account] < 0:
                    credit, owed[account] = credit - owed[account], 0
        if credit > 0 and any(owed.values()):
            shares = allocate(
                amount=credit, available=owed, schedule=schedule, on=entry.value_on,
                allocation=allocation,
            )  # fmt: skip
            credit = shares.pop("overpaid")
            for account, share in shares.items():
                owed[account] -= share
    return {**owed, "overpaid": -credit}


def _give_up(entry: Posted, owed: dict[str, int]) -> int:
    """Take off what was given up, where it was given up if it is owed; gives what was too much."""
    rest = 0
    for account in RECEIVABLES:
        given = -getattr(entry, account)
        taken = min(given, owed[account])
        owed[account] -= taken
        rest += given - taken
    for account in GIVEN_UP:
        taken = min(rest, owed[account])
        owed[account] -= taken
        rest -= taken
    return rest
