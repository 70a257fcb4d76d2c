"""Whose cases want care: people in distress, and who objected to being contacted."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import polars as pl
from django.db.models import Q

from recoup.gate.models import OptOut, Stop
from recoup.kernel.clock import local_day
from recoup.people.models import Book

# The stops by which the rules of China and the United Kingdom know a vulnerable person.
VULNERABLE = (Stop.Reason.VULNERABLE, Stop.Reason.MENTAL_HEALTH, Stop.Reason.BEREAVEMENT)


def vulnerable_cases(*, book: Book, at: datetime) -> frozenset[int]:
    """The cases of a book that are marked vulnerable at an instant. Ids only; for jobs."""
    rows = Stop.objects.filter(case__book=book, reason__in=VULNERABLE, lifted_at=None)
    standing = rows.filter(Q(until=None) | Q(until__gt=at))
    return frozenset(standing.values_list("case_id", flat=True))


def objections_frame(*, book: Book) -> pl.DataFrame:
    """Every complaint and opt-out of a book, also one lifted since: the case, and the day."""
    complained = Stop.objects.filter(case__book=book, reason=Stop.Reason.COMPLAINT)
    refused = OptOut.objects.filter(borrower__book=book)
    found = [
        (case, local_day(since, book.time_zone))
        for rows in (
            complained.order_by("pk").values_list("case", "since"),
            refused.order_by("pk").values_list("borrower__case", "at"),
        )
        for case, since in rows
        if case is not None
    ]
    return pl.DataFrame(found, schema={"case": pl.Int64, "on": pl.Date}, orient="row")


def objected_before(
    frame: pl.DataFrame, *, book: Book, cases: Collection[int] | None = None
) -> pl.DataFrame:
    """Facts with `objected_before`: whether the case's borrower ever complained or opted out."""
    complained = Stop.objects.filter(case__book=book, reason=Stop.Reason.COMPLAINT)
    refused = OptOut.objects.filter(borrower__book=book)
    if cases is not None:
        complained = complained.filter(case__in=cases)
        refused = refused.filter(borrower__case__in=cases)
    them = {*complained.values_list("case", flat=True),
            *refused.values_list("borrower__case", flat=True)}  # fmt: skip
    known = pl.Series(sorted(them - {None}), dtype=pl.Int64)
    return frame.with_columns(objected_before=pl.col("case").is_in(known.implode()))
