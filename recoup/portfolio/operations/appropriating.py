"""Moving what was paid to where it belongs, after something was posted out of order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from recoup.portfolio import appropriation, ledger
from recoup.portfolio.appropriation import MOVED, PLACES
from recoup.portfolio.models import Entry, Loan
from recoup.portfolio.waterfall import Due


def appropriate(
    *, loan: Loan, known: Sequence[Entry], schedule: Sequence[Due], at: datetime,
    entries: list[Entry] | None = None,
) -> list[dict[str, object]]:  # fmt: skip
    """
    Post what brings each day's balances to those of the money that stood that day, in order of
    value; in the caller's transaction and event. Gives what was moved, for the event.

    `known` is the ledger before the caller posted. Days before its first posting are as they were;
    a posting in order of value changes nothing and costs nothing. `entries` is the ledger now, in
    order of value; what is moved is put behind it. It is read if it is not given.
    """
    entries = ledger.entries_of(loan) if entries is None else entries
    before = {entry.pk for entry in known}
    new = [entry for entry in entries if entry.pk not in before]
    if not new or _in_order(known, new):
        return []
    first, number = new[0].value_on, sum(appropriation.is_move(entry) for entry in entries)
    moved: list[dict[str, object]] = []
    for day in sorted({entry.value_on for entry in entries if entry.value_on >= first}):
        should = appropriation.wanted(
            entries=entries, schedule=schedule, on=day, allocation=loan.allocation
        )
        stands = ledger.balances(entries, day)
        shares = {place: should[place] - stands[place] for place in PLACES}
        if not any(shares.values()):
            continue
        number += 1
        entry = Entry.objects.create(
            loan=loan, kind=Entry.Kind.CORRECTION, cause=f"{MOVED}{number}", value_on=day,
            posted_at=at, **shares,
        )  # fmt: skip
        entries.append(entry)
        moved.append({"on": day, **{place: share for place, share in shares.items() if share}})
    return moved


def _in_order(known: Sequence[Entry], new: Sequence[Entry]) -> bool:
    if any(entry.kind == Entry.Kind.REVERSAL for entry in new):
        return False
    if [entry.pk for entry in new] != sorted(entry.pk for entry in new):
        return False
    if not known:
        return True
    return known[-1].value_on < new[0].value_on and not ledger.balances(known)["overpaid"]
