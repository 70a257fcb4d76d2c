"""What was paid on a case in a window: the one count that promises and plans are judged by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from recoup.portfolio.models import Entry

CHUNK = 2000


@dataclass(frozen=True)
class Paid:
    """A payment that stands in the ledger."""

    value_on: date
    posted_at: datetime
    amount: int


def paid_by_case(cases: Iterable[int]) -> dict[int, list[Paid]]:
    """The payments of each case that are not reversed, of whatever loan."""
    ids, found = sorted(set(cases)), {}
    for start in range(0, len(ids), CHUNK):
        rows = Entry.objects.filter(
            loan__case__in=ids[start : start + CHUNK],
            kind=Entry.Kind.PAYMENT,
            reversed_by__isnull=True,
        )
        for case, *paid in rows.values_list("loan__case_id", "value_on", "posted_at", "cash"):
            found.setdefault(case, []).append(Paid(*paid))
    return found


def paid_between(payments: Iterable[Paid], *, since: datetime, first: date, last: date) -> int:
    """
    The sum of what was posted after an instant and valued within the days, both included.

    A payment posted before the promise was made does not keep it, even on the same day.
    """
    return sum(
        paid.amount
        for paid in payments
        if paid.posted_at >= since and first <= paid.value_on <= last
    )
