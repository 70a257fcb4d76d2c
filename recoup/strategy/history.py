"""What earlier decisions say of each case, read in the database and handed on as columns."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from django.db.models import Count, Max, Q, QuerySet

from recoup.people.models import Book
from recoup.portfolio import bulk
from recoup.portfolio.divided import Divided
from recoup.strategy.models import Decision

S = Decision.State
CARRIED_OUT = (S.SENT, S.DONE)
COUNTED = (S.WAITING, S.SENT, S.DONE)
PAST = {"case": pl.Int64, "segment": pl.String, "last_step": pl.Int64, "last_on": pl.Date}
COUNTS = {
    "case": pl.Int64, "contacts_7": pl.Int64, "contacts_30": pl.Int64, "contacts_limit": pl.Int64,
    "pending": pl.Int64, "last": pl.Date,
}  # fmt: skip
RECENT = {name: kind for name, kind in COUNTS.items() if name != "last"} | {
    "contacted_ago": pl.Int64
}


def past_frame(*, book: Book, cases: Collection[int] | None = None) -> pl.DataFrame:
    """The last step carried out in each segment, and its day: case, segment, last_step, last_on."""
    return bulk.frame(_past(book, cases), PAST)


def _past(book: Book, cases: Collection[int] | None) -> QuerySet[Any]:
    rows = Decision.objects.filter(book=book, state__in=CARRIED_OUT)
    if cases is not None:
        rows = rows.filter(case__in=cases)
    found = rows.values("case", "segment").annotate(last_step=Max("step"), last_on=Max("on"))
    return found.values_list("case", "segment", "last_step", "last_on")


def lay(*, book: Book, on: date, at: datetime, days: int, into: Divided) -> None:
    """Lay down the rows of `past_frame` and `contacts_frame` by part, for a night."""
    into.lay("past", bulk.frames(_past(book, None), PAST))
    recent = bulk.frames(_recent(book, on, at, days, None, ()), COUNTS)
    into.lay("recent", (_with_ago(piece, on) for piece in recent))


def carried_out_frame(*, book: Book) -> pl.DataFrame:
    """Every step carried out: case, segment, step, on."""
    rows = Decision.objects.filter(book=book, state__in=CARRIED_OUT).order_by()
    return bulk.frame(
        rows.values_list("case", "segment", "step", "on"),
        {"case": pl.Int64, "segment": pl.String, "step": pl.Int64, "on": pl.Date},
    )


def past_before(done: pl.DataFrame, *, on: date) -> pl.DataFrame:
    """The `past_frame` of an earlier night, from all steps carried out."""
    return (
        done.filter(pl.col("on") < on).group_by("case", "segment")
        .agg(last_step=pl.col("step").max(), last_on=pl.col("on").max())
    )  # fmt: skip


def contacts_frame(
    *, book: Book, on: date, at: datetime, days: int, cases: Collection[int] | None = None,
    again: Collection[int] = (),
) -> pl.DataFrame:  # fmt: skip
    """
    How often each case was contacted lately, and what still waits: case, contacts_7, contacts_30,
    contacts_limit (in the strategy's own number of days), contacted_ago (days since the last), pending.

    For a night these are the days before. For some `cases` during a day, that day counts too. What
    waits of the cases that are chosen for `again` counts nowhere: it is to be superseded.
    """
    return _with_ago(bulk.frame(_recent(book, on, at, days, cases, again), COUNTS), on)


def _with_ago(counts: pl.DataFrame, on: date) -> pl.DataFrame:
    ago = (pl.lit(on) - pl.col("last")).dt.total_days()
    return counts.with_columns(contacted_ago=ago).drop("last")


def _recent(
    book: Book, on: date, at: datetime, days: int, cases: Collection[int] | None,
    again: Collection[int],
) -> QuerySet[Any]:  # fmt: skip
    last = on - timedelta(days=1) if cases is None else on
    counted = Q(state__in=COUNTED)
    waiting = Q(state=S.WAITING, not_after__gt=at)
    if again:
        counted &= Q(state__in=CARRIED_OUT) | ~Q(case__in=again)
        waiting &= ~Q(case__in=again)

    def since(back: int) -> Q:
        return counted & Q(on__gt=on - timedelta(days=back), on__lte=last)

    rows = Decision.objects.filter(book=book, on__gt=on - timedelta(days=45), on__lte=last)
    if cases is not None:
        rows = rows.filter(case__in=cases)
    found = rows.values("case").annotate(
        c7=Count("pk", filter=since(7)), c30=Count("pk", filter=since(30)),
        limit=Count("pk", filter=since(days)), pending=Count("pk", filter=waiting),
        last=Max("on", filter=counted),
    )  # fmt: skip
    return found.values_list("case", "c7", "c30", "limit", "pending", "last")
