"""The night's ageing of a book: set-based, in chunks of cases, writing only what changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import polars as pl
import pyarrow.parquet as pq
from django.conf import settings
from django.db import transaction
from django.db.models import Min, QuerySet, Sum

from recoup.journal.operations import attach, record
from recoup.kernel.actors import Actor
from recoup.kernel.ids import new_id
from recoup.kernel.progress import Progress, quiet
from recoup.people.models import Book
from recoup.people.scopes import unjoined
from recoup.portfolio import ageing, bulk, states
from recoup.portfolio.events import BookAged
from recoup.portfolio.models import Case, Entry, Instalment, Loan
from recoup.portfolio.models.ledger import RECEIVABLES

ENTRY = [
    "loan", "kind", "cause", "value_on", "posted_at", "reverses", "principal", "interest",
    "penalty", "cost", "cash", "opening", "income", "waived", "overpaid", "written_off",
]  # fmt: skip
CHUNK = 20_000  # cases; about 300 MB of rows in flight with monthly schedules
FIGURES = ["owed", "overdue", "days_past_due", "stage"]
LOANS = {
    "loan": pl.Int64, "case": pl.Int64, "overdue_since": pl.Date, "matures_on": pl.Date,
    "owed_before": pl.Int64, "overdue_before": pl.Int64, "days_before": pl.Int64,
    "stage_before": pl.String, "aged_on": pl.Date,
}  # fmt: skip
SCHEDULE = {
    "loan": pl.Int64, "number": pl.Int64, "due_on": pl.Date, "principal": pl.Int64,
    "interest": pl.Int64, "cost": pl.Int64,
}  # fmt: skip
CASES = {
    "case": pl.Int64, "owed_before": pl.Int64, "overdue_before": pl.Int64,
    "days_before": pl.Int64, "stage_before": pl.String,
}  # fmt: skip


def age_book(*, book: Book, on: date, by: Actor, at: datetime, progress: Progress = quiet) -> int:
    """
    Bring every live case of a book to a day: post the interest that fell due, recompute what is
    owed and overdue, days past due and stage; gives how many loans changed.

    Each chunk of cases is a transaction of its own and running again changes nothing, so a night
    that is broken off is simply run again. One event carries the changes as a Parquet file.
    """
    path = settings.DATA_DIR / "ageing" / f"{book.pk}-{on}-{new_id(at)}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    total = Case.objects.filter(book=book, state__in=states.LIVE).count()
    done = loans = cases = accrued = 0
    writer: pq.ParquetWriter | None = None
    try:
        for first, last, count in _chunks(book):
            with transaction.atomic():
                changes, case_changes, new = _age_chunk(book, first, last, on, at)
            loans, cases, accrued = loans + len(changes), cases + case_changes, accrued + new
            table = changes.to_arrow()
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table)
            done += count
            progress("age", done, total)
    finally:
        if writer is not None:
            writer.close()
    with record(BookAged, by=by, at=at, book=book, on=on, loans=loans, cases=cases) as event:
        event.note(accrued=accrued, looked_at=done)
        if loans:
            event.note(changes=attach(path, rows=loans))
        else:
            path.unlink(missing_ok=True)
    return loans


def age_cases(*, book: Book, cases: list[int], on: date, at: datetime) -> None:
    """Bring some cases to a day, in the caller's transaction and event."""
    if cases:
        _age_loans(unjoined(Case).filter(book=book, pk__in=cases), on, at)


def _chunks(book: Book) -> Iterator[tuple[int, int, int]]:
    last = 0
    rows = Case.objects.filter(book=book, state__in=states.LIVE).order_by("pk")
    while batch := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[:CHUNK]):
        yield batch[0], batch[-1], len(batch)
        last = batch[-1]


def _age_chunk(
    book: Book, first: int, last: int, on: date, at: datetime
) -> tuple[pl.DataFrame, int, int]:
    cases = unjoined(Case).filter(book=book, pk__range=(first, last), state__in=states.LIVE)
    # A payment locks its case, so it waits here and never writes figures that are older.
    list(cases.select_for_update(no_key=True).values_list("pk", flat=True))
    return _age_loans(cases, on, at)


def _age_loans(cases: QuerySet[Case], on: date, at: datetime) -> tuple[pl.DataFrame, int, int]:
    # Only by the keys of the cases: told the book too, SQLite goes through all of its loans.
    loans = unjoined(Loan).filter(case__in=cases.values("pk"))
    frame = bulk.frame(
        loans.values_list("pk", "case_id", "overdue_since", "matures_on", "owed", "overdue",
                          "days_past_due", "stage", "aged_on"), LOANS
    )  # fmt: skip
    schedule = bulk.frame(
        unjoined(Instalment).filter(loan__in=loans.values("pk")).values_list(
            "loan_id", "number", "due_on", "principal", "interest", "cost"), SCHEDULE
    )  # fmt: skip
    accrued = _accrue(loans, frame, schedule, on, at)
    sums = _balances(loans, on)
    balances = frame.join(sums, on="loan", how="left", maintain_order="left").with_columns(
        pl.col(RECEIVABLES).fill_null(0)
    )
    aged = frame.join(
        ageing.age_frame(loans=balances, schedule=schedule, on=on), on="loan", maintain_order="left"
    )
    changed = aged.filter(_differs())
    keep = ["loan", "case", *FIGURES]
    bulk.update(Loan, [*FIGURES, "aged_on"], changed.select("loan", *FIGURES, pl.lit(on)).rows())
    loans.exclude(aged_on=on).update(aged_on=on)
    return changed.select(keep), _sum_up(aged, cases, on), accrued


def _differs() -> pl.Expr:
    return (
        (pl.col("owed") != pl.col("owed_before"))
        | (pl.col("overdue") != pl.col("overdue_before"))
        | (pl.col("days_past_due") != pl.col("days_before"))
        | (pl.col("stage") != pl.col("stage_before"))
    )


def _balances(loans: QuerySet[Loan], on: date) -> pl.DataFrame:
    rows = unjoined(Entry).filter(loan__in=loans.values("pk"), value_on__lte=on)
    grouped = rows.values("loan_id").annotate(
        **{f"sum_{account}": Sum(account) for account in RECEIVABLES}
    )
    return bulk.frame(
        grouped.values_list("loan_id", *(f"sum_{account}" for account in RECEIVABLES)),
        {"loan": pl.Int64} | dict.fromkeys(RECEIVABLES, pl.Int64),
    )


def _accrue(
    loans: QuerySet[Loan], frame: pl.DataFrame, schedule: pl.DataFrame, on: date, at: datetime
) -> int:
    """Post the interest and cost of instalments that fell due since the loan was last aged."""
    due = (
        schedule.filter((pl.col("due_on") <= on) & (pl.col("interest") + pl.col("cost") > 0))
        .join(frame.filter(pl.col("owed_before") > 0).select("loan", "aged_on"), on="loan")
        .filter(pl.col("aged_on").is_null() | (pl.col("due_on") > pl.col("aged_on")))
    )
    if due.is_empty():
        return 0
    begun = unjoined(Entry).filter(loan__in=loans.values("pk")).values("loan_id")
    begins = dict(begun.annotate(begins=Min("value_on")).values_list("loan_id", "begins"))
    rows = [
        (loan, Entry.Kind.ACCRUAL.value, f"instalment:{number}", due_on, at, None,
         0, interest, 0, cost, 0, 0, -(interest + cost), 0, 0, 0)
        for loan, number, due_on, interest, cost in due.select(
            "loan", "number", "due_on", "interest", "cost").iter_rows()
        if loan in begins and due_on > begins[loan]
    ]  # fmt: skip
    return bulk.insert(Entry, ENTRY, rows, or_skip=True)


def _sum_up(aged: pl.DataFrame, cases: QuerySet[Case], on: date) -> int:
    before = bulk.frame(cases.values_list("pk", "owed", "overdue", "days_past_due", "stage"), CASES)
    sums = aged.group_by("case").agg(
        pl.col("owed").sum(), pl.col("overdue").sum(), pl.col("days_past_due").max()
    ).with_columns(ageing.stage_expression().alias("stage"))  # fmt: skip
    changed = before.join(sums, on="case").filter(_differs())
    bulk.update(Case, [*FIGURES, "aged_on"], changed.select("case", *FIGURES, pl.lit(on)).rows())
    cases.exclude(aged_on=on).update(aged_on=on)
    return len(changed)
