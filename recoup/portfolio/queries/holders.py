"""Who holds which cases: what the hand-out of cases reads, as columns."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from django.db.models import Count

from recoup.people.models import Book
from recoup.portfolio import bulk, states
from recoup.portfolio.models import Case, Loan

HOLDER = {
    "case": pl.Int64, "person": pl.Int64, "language": pl.String, "region": pl.String,
    "collector": pl.Int64, "team": pl.Int64, "overdue": pl.Int64,
}  # fmt: skip


def holders_frame(*, book: Book, cases: Sequence[int] | None = None) -> pl.DataFrame:
    """
    Every worked case of a book that no agency has: whose it is, and who holds it. In order of case.
    """
    rows = Case.objects.filter(book=book, state__in=states.WORKED, agency=None)
    if cases is not None:
        rows = rows.filter(pk__in=cases)
    return bulk.frame(
        rows.order_by("pk").values_list(
            "pk", "borrower__person_id", "borrower__language", "borrower__region", "collector_id",
            "team_id", "overdue",
        ), HOLDER
    )  # fmt: skip


def loads_elsewhere(*, book: Book) -> dict[int, int]:
    """How many worked cases each collector holds in the creditor's other books."""
    rows = Case.objects.filter(
        book__creditor=book.creditor_id, state__in=states.WORKED, collector__isnull=False
    ).exclude(book=book)
    return dict(rows.order_by().values_list("collector").annotate(Count("pk")))


def employers(*, book: Book) -> list[tuple[int, str]]:
    """The employers that the lender told with its loans, by the person who works there."""
    rows = Loan.objects.filter(book=book, facts__known__employer__isnull=False)
    found = rows.order_by().values_list("borrower__person_id", "facts__known__employer")
    return [(person, name) for person, name in found.iterator() if isinstance(name, str) and name]
