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
HARDSHIP = (Stop.Reason.HARDSHIP, Stop.Reason.DEBT_ADVISER, Stop.Reason.MORATORIUM,
            Stop.Reason.BANKRUPTCY)  # fmt: skip


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


def with_history(
    frame: pl.DataFrame, *, book: Book, cases: Collection[int] | None = None
) -> pl.DataFrame:
    """
    Facts with what was ever on file, also if it was lifted since: `objected_before` (a complaint or an
    opt-out), `flagged_before` (illness, loss, vulnerability) and `hardship_before`.
    """
    return marked(frame, history(book=book, cases=cases))


def history(*, book: Book, cases: Collection[int] | None = None) -> dict[str, pl.Series]:
    """For each mark of `with_history` the cases that have it."""
    kinds = {
        "objected_before": (Stop.Reason.COMPLAINT,), "flagged_before": VULNERABLE,
        "hardship_before": HARDSHIP,
    }  # fmt: skip
    asked = [reason for reasons in kinds.values() for reason in reasons]
    stops = Stop.objects.filter(case__book=book, reason__in=asked)
    refused = OptOut.objects.filter(borrower__book=book)
    if cases is not None:
        stops, refused = stops.filter(case__in=cases), refused.filter(borrower__case__in=cases)
    told = list(stops.values_list("case", "reason").distinct())
    them = {name: {case for case, reason in told if reason in reasons}
            for name, reasons in kinds.items()}  # fmt: skip
    them["objected_before"] |= set(refused.values_list("borrower__case", flat=True)) - {None}
    return {name: pl.Series(sorted(some), dtype=pl.Int64) for name, some in them.items()}


def marked(frame: pl.DataFrame, known: dict[str, pl.Series]) -> pl.DataFrame:
    """A frame with a column for each mark, true for the cases that have it."""
    return frame.with_columns(
        pl.col("case").is_in(some.implode()).alias(name) for name, some in known.items()
    )
