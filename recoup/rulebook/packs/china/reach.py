"""
Whether a debtor is lost (CN-PARTY-004): reachable, suspected of being lost, lost.

    REACHABLE ──a call fails──▶ SUSPECT ──three in a row, and the next day──▶ LOST
        ▲                          │                                           ▲
        └──────the debtor is reached, whatever came before──┘   three days in a row, or the number is dead

Only the mobile number that the debtor left counts. Only a lost debtor's contact persons are asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

FAILED = "failed"


class Reach(StrEnum):
    """How far a debtor can be reached."""

    REACHABLE = "reachable"
    SUSPECT = "suspect"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Standing:
    """
    Where the debtor stands on a day.

    `lost_from` is the first day on which they count as lost, if it is known by now: of a lost
    debtor today or before, of a suspected one a day to come.
    """

    state: Reach
    lost_from: date | None = None

    @property
    def is_lost(self) -> bool:
        """Whether a contact person may be asked."""
        return self.state is Reach.LOST


def standing(
    attempts: Iterable[tuple[date, str]], *, today: date, number_is_valid: bool, numbers: Any
) -> Standing:
    """
    Where a debtor stands, by the calls to the mobile number they left.

    `attempts` are the local day and the outcome of each, in the order they were made; days after
    `today` do not count. Any outcome but `failed` ends a row of failures, so that an outcome nobody
    knows never makes a debtor lost. `numbers` are the rulebook's parameters: `lost_fails`,
    `lost_after_days`, `lost_fail_days`.

    >>> from types import SimpleNamespace as N
    >>> numbers = N(lost_fails=3, lost_after_days=1, lost_fail_days=3)
    >>> calls = [(date(2026, 11, 23), "failed")] * 3
    >>> standing(calls, today=date(2026, 11, 23), number_is_valid=True, numbers=numbers).state
    <Reach.SUSPECT: 'suspect'>
    >>> standing(calls, today=date(2026, 11, 24), number_is_valid=True, numbers=numbers).state
    <Reach.LOST: 'lost'>
    """
    if not number_is_valid:
        return Standing(Reach.LOST, today)
    row = _row_of_failures((day, outcome) for day, outcome in attempts if day <= today)
    if not row:
        return Standing(Reach.REACHABLE)
    found = []
    if len(row) >= numbers.lost_fails:
        found.append(row[-1] + timedelta(days=numbers.lost_after_days))
    if (direct := _end_of_days_in_a_row(row, numbers.lost_fail_days)) is not None:
        found.append(direct)
    lost_from = min(found, default=None)
    is_lost = lost_from is not None and lost_from <= today
    return Standing(Reach.LOST if is_lost else Reach.SUSPECT, lost_from)


def _row_of_failures(attempts: Iterable[tuple[date, str]]) -> list[date]:
    """The days of the failures since the debtor was last reached."""
    row: list[date] = []
    for day, outcome in attempts:
        row = [*row, day] if outcome == FAILED else []
    return row


def _end_of_days_in_a_row(days: list[date], wanted: int) -> date | None:
    """The day on which there were first so many days in a row."""
    length, before = 0, None
    for day in sorted(set(days)):
        follows = before is not None and day - before == timedelta(days=1)
        length, before = (length + 1 if follows else 1), day
        if length >= wanted:
            return day
    return None
