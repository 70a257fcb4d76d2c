"""
What a case owed on an earlier day: the ledger and the schedule, read again as of that day.

The ages are the portfolio's own (`ageing.age_frame`), so a snapshot and the nightly ageing cannot
differ in what a day past due is. A loan is known from the first day of its ledger: the issue where
the lender gave the whole history, the day of the file where it gave balances. Such balances are
never carried back, because they hold what was paid and accrued since, which is the very thing that
is to be predicted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db.models import F, QuerySet

from recoup.people.models import Book
from recoup.portfolio import bulk
from recoup.portfolio.ageing import DAYS_IN_STAGE, WORST, age_frame
from recoup.portfolio.models import Entry, Instalment, Loan

RECEIVABLES = ("principal", "interest", "penalty", "cost")
LOANS = {
    "loan": pl.Int64, "case": pl.Int64, "issued_on": pl.Date, "overdue_since": pl.Date,
    "matures_on": pl.Date,
}  # fmt: skip
SCHEDULE = {
    "loan": pl.Int64, "number": pl.Int64, "due_on": pl.Date, "principal": pl.Int64,
    "interest": pl.Int64, "cost": pl.Int64,
}  # fmt: skip
ENTRIES = {"loan": pl.Int64, "value_on": pl.Date, **dict.fromkeys(RECEIVABLES, pl.Int64)}


@dataclass(frozen=True, slots=True)
class History:
    """The loans, schedules and ledger entries of some cases of a book."""

    loans: pl.DataFrame
    schedule: pl.DataFrame
    entries: pl.DataFrame

    def state_at(self, on: date) -> pl.DataFrame:
        """
        Each case whose loans were all known when the day `on` began: case, days_past_due, overdue,
        owed, loans, stage (0 current, 1 for M1, to 7), in order of case.
        """
        lent = self.loans.filter(pl.col("issued_on").is_null() | (pl.col("issued_on") < on))
        posted = self.entries.filter(pl.col("value_on") < on)
        balances = posted.group_by("loan").agg(pl.col(RECEIVABLES).sum())
        loans = lent.join(balances, on="loan", how="left", maintain_order="left")
        unknown = loans.filter(pl.col("principal").is_null()).select("case")
        loans = loans.join(unknown, on="case", how="anti", maintain_order="left")
        if loans.is_empty():
            return pl.DataFrame(schema=STATE)
        aged = age_frame(loans=loans, schedule=self.schedule, on=on)
        joined = aged.join(loans.select("loan", "case"), on="loan")
        per_case = joined.group_by("case").agg(
            pl.col("days_past_due").max(), pl.col("overdue").sum(), pl.col("owed").sum(),
            pl.len().cast(pl.Int64).alias("loans"),
        )  # fmt: skip
        stage = pl.when(pl.col("days_past_due") <= 0).then(0).otherwise(
            (1 + (pl.col("days_past_due") - 1) // DAYS_IN_STAGE).clip(upper_bound=WORST)
        )  # fmt: skip
        per_case = per_case.with_columns(stage.cast(pl.Int64).alias("stage"))
        return per_case.select(*STATE).cast(STATE).sort("case")


STATE = {
    "case": pl.Int64, "days_past_due": pl.Int64, "overdue": pl.Int64, "owed": pl.Int64,
    "loans": pl.Int64, "stage": pl.Int64,
}  # fmt: skip


def read(*, book: Book, every: int = 1) -> History:
    """The history of every n-th case of a book (by case id), so that a large book fits in memory."""
    loans = _sampled(Loan.objects.filter(book=book), "case_id", every)
    schedule = _sampled(Instalment.objects.filter(loan__book=book), "loan__case_id", every)
    entries = _sampled(Entry.objects.filter(loan__book=book), "loan__case_id", every)
    return History(
        bulk.frame(
            loans.values_list("pk", "case_id", "issued_on", "overdue_since", "matures_on"), LOANS
        ),
        bulk.frame(
            schedule.values_list("loan_id", "number", "due_on", "principal", "interest", "cost"),
            SCHEDULE,
        ),
        bulk.frame(entries.values_list("loan_id", "value_on", *RECEIVABLES), ENTRIES),
    )


def _sampled(rows: QuerySet, case: str, every: int) -> QuerySet:  # type: ignore[type-arg]
    if every <= 1:
        return rows
    return rows.annotate(place=F(case) % every).filter(place=0)
