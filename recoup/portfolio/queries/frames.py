"""What the night reads: one table each, as columns, without personal data."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time
from typing import Any

import polars as pl
from django.db.models import Q, QuerySet

from recoup.people.models import Book
from recoup.portfolio import bulk
from recoup.portfolio.divided import Divided
from recoup.portfolio.models import Case, ContactPoint, Entry, Loan, PastContact, PastPayment

CASE = {
    "case": pl.Int64, "borrower": pl.Int64, "person": pl.Int64, "state": pl.String,
    "stage": pl.String, "days_past_due": pl.Int64, "owed": pl.Int64, "overdue": pl.Int64,
    "placed_on": pl.Date, "region": pl.String, "time_zones": pl.String, "team": pl.Int64,
    "agency": pl.Int64,
}  # fmt: skip
LOAN = {
    "case": pl.Int64, "product": pl.String, "days": pl.Int64, "due": pl.Int64, "loan": pl.Int64,
}  # fmt: skip
POINT = {
    "case": pl.Int64, "contact_point": pl.Int64, "medium": pl.String, "party": pl.String,
    "source": pl.String, "state": pl.String, "preferred": pl.Boolean,
}  # fmt: skip
PAID = {"case": pl.Int64, "paid_on": pl.Date, "amount": pl.Int64}
CONTACT = {
    "case": pl.Int64, "at": pl.Datetime("us", "UTC"), "channel": pl.String, "outcome": pl.String,
}  # fmt: skip


def case_frame(*, book: Book, on: date, cases: Collection[int] | None = None) -> pl.DataFrame:
    """
    Every case placed by a day, or some: who, where, how old, how much, main product, loan count.

    The figures are those of the last ageing. `product` is the product of the loan that is oldest
    in days past due, the largest of those.
    """
    return with_loans(
        bulk.frame(_cases(book, on, cases), CASE), bulk.frame(_loans(book, cases), LOAN)
    )


def lay_cases(*, book: Book, on: date, into: Divided) -> None:
    """Lay down what `case_frame` is made of, by part; `cases_of` puts a part together."""
    into.lay("cases", bulk.frames(_cases(book, on, None), CASE))
    into.lay("loans", bulk.frames(_loans(book, None), LOAN))


def cases_of(laid: Divided, part: int) -> pl.DataFrame:
    """The rows of `case_frame` that are of a part."""
    return with_loans(laid.frame("cases", part, CASE), laid.frame("loans", part, LOAN))


def _cases(book: Book, on: date, cases: Collection[int] | None) -> QuerySet[Any]:
    rows = Case.objects.filter(book=book, placed_on__lte=on).order_by("pk")
    if cases is not None:
        rows = rows.filter(pk__in=cases)
    return rows.values_list(
        "pk", "borrower_id", "borrower__person_id", "state", "stage", "days_past_due", "owed",
        "overdue", "placed_on", "borrower__region", "borrower__time_zones", "team_id", "agency_id",
    )  # fmt: skip


def _loans(book: Book, cases: Collection[int] | None) -> QuerySet[Any]:
    lent = Loan.objects.filter(book=book)
    if cases is not None:
        lent = lent.filter(case__in=cases)
    return lent.values_list("case_id", "product", "days_past_due", "owed", "pk")


def with_loans(found: pl.DataFrame, loans: pl.DataFrame) -> pl.DataFrame:
    """Cases with the product of their main loan, and how many loans they have."""
    first = (
        loans.sort("days", "due", "loan", descending=[True, True, False])
        .group_by("case", maintain_order=True)
        .agg(pl.col("product").first(), pl.len().cast(pl.Int64).alias("loans"))
    )
    joined = found.join(first, on="case", how="left", maintain_order="left")
    return joined.with_columns(pl.col("loans").fill_null(0)).select(
        *list(CASE)[:11], "product", "team", "agency", "loans"
    )


def contact_point_frame(
    *, book: Book, on: date, cases: Collection[int] | None = None
) -> pl.DataFrame:
    """Every way to reach the borrowers of a book, or of some cases, not expired by a day."""
    return bulk.frame(_points(book, on, cases), POINT)


def lay_points(*, book: Book, on: date, into: Divided) -> None:
    """Lay down the rows of `contact_point_frame` by part."""
    into.lay("points", bulk.frames(_points(book, on, None), POINT))


def _points(book: Book, on: date, cases: Collection[int] | None) -> QuerySet[Any]:
    live = Q(expires_on__isnull=True) | Q(expires_on__gt=on)
    rows = ContactPoint.objects.filter(live, borrower__book=book).order_by("pk")
    if cases is not None:
        rows = rows.filter(borrower__case__in=cases)
    return rows.values_list(
        "borrower__case__pk", "pk", "medium", "party", "source", "state", "preferred"
    )


def payment_frame(*, book: Book, before: date) -> pl.DataFrame:
    """Every payment valued before a day, by case: posted and not reversed, and the lender's past."""
    return pl.concat([bulk.frame(rows, PAID) for rows in _paid(book, before)]).sort(
        "case", "paid_on"
    )


def _paid(book: Book, before: date) -> tuple[QuerySet[Any], QuerySet[Any]]:
    posted = Entry.objects.filter(
        loan__book=book, kind=Entry.Kind.PAYMENT, value_on__lt=before, reversed_by__isnull=True
    )
    past = PastPayment.objects.filter(loan__book=book, paid_on__lt=before)
    return (
        posted.values_list("loan__case_id", "value_on", "cash"),
        past.values_list("loan__case_id", "paid_on", "amount"),
    )


def past_contact_frame(*, book: Book, before: date) -> pl.DataFrame:
    """Every contact the lender made before a day (UTC) and before the case came here, by case."""
    return bulk.frame(_past_contacts(book, before), CONTACT).sort("case", "at")


def _past_contacts(book: Book, before: date) -> QuerySet[Any]:
    midnight = datetime.combine(before, time(0), UTC)
    rows = PastContact.objects.filter(case__book=book, at__lt=midnight)
    return rows.values_list("case_id", "at", "channel", "outcome")


def lay_history(*, book: Book, before: date, into: Divided) -> None:
    """Lay down the rows of `payment_frame` and `past_contact_frame` by part."""
    for rows in _paid(book, before):
        into.lay("payments", bulk.frames(rows, PAID))
    into.lay("past_contacts", bulk.frames(_past_contacts(book, before), CONTACT))
