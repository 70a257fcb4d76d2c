"""Recorded attempts of a book, to be judged again by other rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import polars as pl
from django.db import connection
from django.db.models import CharField, QuerySet, TextField
from django.db.models.functions import Cast

from recoup.gate.models import Permit, Refusal
from recoup.people.models import Book
from recoup.rulebook.overlay import Overlay
from recoup.rulebook.records import Replay, replay

LOT = 50_000


def recorded(*, book: Book, since: datetime, until: datetime) -> Iterator[pl.DataFrame]:
    """
    The attempts of a book that the gate answered from `since` to before `until`, in lots.

    Permits that were used or are in use count as permitted; those given back were no contact, and
    are left out. A record without facts (from before facts were kept) is left out too.
    """
    permits = (
        Permit.objects.filter(book=book, issued_at__gte=since, issued_at__lt=until)
        .exclude(state__in=("released", "expired")).exclude(facts={})
        .order_by().annotate(told=Cast("facts", TextField()))
        .values_list("pk", "issued_at", "told")
    )  # fmt: skip
    refusals = (
        Refusal.objects.filter(book=book, at__gte=since, at__lt=until).exclude(facts={})
        .order_by().annotate(told=Cast("facts", TextField()), name=Cast("pk", CharField()))
        .values_list("name", "at", "told")
    )  # fmt: skip
    for rows, permitted in ((permits, True), (refusals, False)):
        yield from _lots(rows, permitted)


def _lots(rows: QuerySet[Any, Any], permitted: bool) -> Iterator[pl.DataFrame]:
    sql, params = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        while some := cursor.fetchmany(LOT):
            lot = pl.DataFrame(
                some, schema={"id": pl.String, "at": pl.Object, "facts": pl.String}, orient="row"
            )
            yield lot.with_columns(
                at=pl.Series([_epoch(row[1]) for row in some], dtype=pl.Int64),
                permitted=pl.lit(permitted),
            )


def _epoch(value: Any) -> int:
    """Seconds since 1970 of an instant as the database gave it, in UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    # SQLite keeps instants in UTC without saying so.
    return int((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())


def replayed(
    *, book: Book, since: datetime, until: datetime, overlay: Overlay | None = None,
    as_of: datetime | None = None,
) -> Replay:  # fmt: skip
    """What other rules, or those of another date, would have said of a book's recorded attempts."""
    return replay(
        recorded(book=book, since=since, until=until), jurisdiction=book.jurisdiction,
        overlay=overlay, as_of=as_of,
    )  # fmt: skip
