"""Whether the figures agree with the ledger, to the cent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db.models import Sum

from recoup.kernel.errors import Failed
from recoup.people.models import Book
from recoup.portfolio import bulk
from recoup.portfolio.models import Entry
from recoup.portfolio.models.ledger import RECEIVABLES
from recoup.reporting import counting, snapshots
from recoup.reporting.models import Figure, Snapshot


@dataclass(frozen=True)
class Difference:
    """A figure that is not what the ledger says, in minor units."""

    on: date
    what: str
    figure: int
    ledger: int

    def __str__(self) -> str:
        return f"{self.on} {self.what}: figure {self.figure}, ledger {self.ledger}"


def tie_out(*, book: Book, on: date) -> list[Difference]:
    """
    Compare the figures up to a day with the ledger; empty if every cent agrees.

    Recovery of every day; the slices of each day with its total; what each case owed, as the day's
    snapshot has it, with the entries posted by then.
    """
    return [*_recovered(book, on), *_sliced(book, on), *_owed(book, on)]


def demand_tie_out(*, book: Book, on: date) -> None:
    """Go on only if the figures agree. :raises Failed: with the first differences"""
    found = tie_out(book=book, on=on)
    if found:
        raise Failed(
            f"{len(found)} figures differ from the ledger: "
            + "; ".join(str(one) for one in found[:5]),
            permanent=True,
        )


def _recovered(book: Book, on: date) -> list[Difference]:
    posted = counting.ledger_payments(book=book, value_on__lte=on).order_by()
    ledger = dict(posted.values_list("value_on").annotate(cash=Sum("cash")))
    rows = Figure.objects.filter(book=book, metric="recovered", dimension="all", on__lte=on)
    counted = dict(rows.values_list("on", "value"))
    return [
        Difference(day, "recovered", counted.get(day, 0), ledger.get(day, 0))
        for day in sorted(ledger.keys() | counted.keys())
        if counted.get(day, 0) != ledger.get(day, 0)
    ]


def _sliced(book: Book, on: date) -> list[Difference]:
    rows = Figure.objects.filter(book=book, metric="recovered", on__lte=on).order_by()
    sums: dict[tuple[date, str], int] = {}
    for day, dimension, total in rows.values_list("on", "dimension").annotate(total=Sum("value")):
        sums[(day, dimension)] = total
    found = []
    for day in sorted({day for day, _ in sums}):
        whole = sums.get((day, "all"), 0)
        for dimension in (*counting.SLICES, "channel"):
            part = sums.get((day, dimension), 0)
            if part != whole:
                found.append(Difference(day, f"recovered by {dimension}", part, whole))
    return found


def _owed(book: Book, on: date) -> list[Difference]:
    snapshot = Snapshot.objects.filter(book=book, on=on).first()
    if snapshot is None:
        return []
    entries = Entry.objects.filter(
        loan__book=book, value_on__lte=snapshot.aged_on, posted_at__lte=snapshot.at
    ).order_by()
    sums = entries.values("loan__case").annotate(**{f"s_{a}": Sum(a) for a in RECEIVABLES})
    names = [f"s_{account}" for account in RECEIVABLES]
    ledger = bulk.frame(
        sums.values_list("loan__case", *names), dict.fromkeys(("case", *names), pl.Int64)
    )
    ledger = ledger.select("case", ledger=pl.sum_horizontal(names))
    standing = snapshots.read(snapshot=snapshot).filter(pl.col("state").is_in(snapshots.WORKED))
    joined = standing.join(ledger, on="case", how="left").with_columns(
        pl.col("ledger").fill_null(0)
    )
    wrong = joined.filter(pl.col("owed") != pl.col("ledger")).sort("case")
    return [
        Difference(on, f"owed in case {case}", owed, ledger)
        for case, owed, ledger in wrong.select("case", "owed", "ledger").iter_rows()
    ]
