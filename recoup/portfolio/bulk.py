"""
Many rows at once, past the ORM: read as tuples and frames, written as `people.bulk` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import polars as pl
from django.db import connection
from django.db.models import QuerySet

from recoup.people.bulk import insert, reserve, uncollected, update
from recoup.portfolio import arrow

__all__ = ["batches", "frame", "insert", "reserve", "uncollected", "update"]

FETCH = 20_000


def batches(rows: QuerySet[Any], size: int = FETCH) -> Iterator[list[tuple[Any, ...]]]:
    """The plain rows of a `values_list` query, in batches, without building models."""
    sql, params = rows.query.sql_with_params()
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        while found := cursor.fetchmany(size):
            yield found


def frame(rows: QuerySet[Any], schema: dict[str, Any]) -> pl.DataFrame:
    """
    The rows of a `values_list` query as a frame: by Arrow where the database hands it over, else a
    batch of rows in memory at a time.

    SQLite keeps days and instants as text; they are read here, column by column.
    """
    handed = arrow.columns(rows, list(schema))
    if handed is not None:
        return pl.DataFrame([_typed(handed[name], kind) for name, kind in schema.items()])
    parts = [_frame(batch, schema) for batch in batches(rows)]
    return pl.concat(parts, rechunk=False) if parts else pl.DataFrame(schema=schema)


def _frame(batch: Iterable[Sequence[Any]], schema: dict[str, Any]) -> pl.DataFrame:
    columns = zip(*batch, strict=True)
    return pl.DataFrame(
        [
            _series(name, list(column), kind)
            for (name, kind), column in zip(schema.items(), columns, strict=True)
        ]
    )


def _series(name: str, values: list[Any], kind: Any) -> pl.Series:
    temporal = kind == pl.Date or isinstance(kind, pl.Datetime)
    if temporal and any(isinstance(value, str) for value in values):
        return _typed(pl.Series(name, values, dtype=pl.String), kind)
    return pl.Series(name, values, dtype=kind, strict=False)


def _typed(column: pl.Series, kind: Any) -> pl.Series:
    """A column in the type that is wanted; days and instants may come as text."""
    if column.dtype == kind:
        return column
    if column.dtype == pl.String and kind == pl.Date:
        return column.str.to_date("%Y-%m-%d")
    if column.dtype == pl.String and isinstance(kind, pl.Datetime):
        return column.str.to_datetime(time_unit="us", time_zone="UTC", strict=True)
    return column.cast(kind)
