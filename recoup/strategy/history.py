"""What earlier decisions say of each case, read in the database and handed on as columns."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

import polars as pl
from django.db.models import Count, Max, Q

from recoup.people.models import Book
from recoup.portfolio import bulk
from recoup.strategy.models import Decision

S = Decision.State
CARRIED_OUT = (S.SENT, S.DONE)
COUNTED = (S.WAITING, S.SENT, S.DONE)


def past_frame(*, book: Book, cases: Collection[int] | None = None) -> pl.DataFrame:
    """The last step carried out in each segment, and its day: case, segment, last_step, last_on."""
    rows = Decision.objects.filter(book=book, state__in=CARRIED_OUT)
    if cases is not None:
        rows = rows.filter(case__in=cases)
    found = rows.values("case", "segment").annotate(last_step=Max("step"), last_on=Max("on"))
    return bulk.frame(
        found.values_list("case", "segment", "last_step", "last_on"),
        {"case": pl.Int64, "segment": pl.String, "last_step": pl.Int64, "last_on": pl.Date},
    )


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
    whole = dict.fromkeys(
        ("case", "contacts_7", "contacts_30", "contacts_limit", "pending"), pl.Int64
    )
    frame = bulk.frame(
        found.values_list("case", "c7", "c30", "limit", "pending", "last"),
        {**whole, "last": pl.Date},
    )
    ago = (pl.lit(on) - pl.col("last")).dt.total_days()
    return frame.with_columns(contacted_ago=ago).drop("last")
