"""
Many rows at once, past the ORM: read as tuples and frames, written as `people.bulk` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
import pyarrow as pa
from django.db import connection
from django.db.models import QuerySet

from recoup.people.bulk import count_anew, insert, reserve, uncollected, update
from recoup.portfolio import arrow

__all__ = ["count_anew", "frame", "frames", "insert", "reserve", "uncollected", "update"]

PIECE = 100_000  # rows that `frames` hands on together
# Rows at a time: a core's cache holds so many of SQLite's until they are columns; each handful of
# PostgreSQL's is a journey to the server.
AT_ONCE = {"sqlite": 500, "postgresql": 20_000}


def frame(rows: QuerySet[Any], schema: dict[str, Any]) -> pl.DataFrame:
    """
    The rows of a `values_list` query as a frame: by Arrow where the database hands it over, else
    from the driver's tuples, column by column, a few rows at a time.
    """
    handed = arrow.columns(rows, list(schema))
    if handed is not None:
        return pl.DataFrame([_typed(handed[name], kind) for name, kind in schema.items()])
    return _of_parts(list(_fetched(rows, schema)), schema)


def frames(
    rows: QuerySet[Any], schema: dict[str, Any], *, piece: int = PIECE
) -> Iterator[pl.DataFrame]:
    """
    The same rows as `frame`, some at a time, of a book that is larger than memory.
    """
    handed = arrow.batches(rows, list(schema))
    if handed is not None:
        for part in handed:
            yield pl.DataFrame([_typed(part[name], kind) for name, kind in schema.items()])
        return
    parts: list[list[pl.Series]] = []
    held = 0
    for part in _fetched(rows, schema):
        parts.append(part)
        held += len(part[0])
        if held >= piece:
            yield _of_parts(parts, schema)
            parts, held = [], 0
    if parts:
        yield _of_parts(parts, schema)


def _fetched(rows: QuerySet[Any], schema: dict[str, Any]) -> Iterator[list[pl.Series]]:
    """A query's columns from the driver's tuples, a few rows at a time, days and instants as they came."""
    read: dict[str, Any] = {name: _read_as(kind) for name, kind in schema.items()}
    with connection.chunked_cursor() as cursor:
        cursor.execute(*_unconverted(rows, len(schema)))
        while found := cursor.fetchmany(AT_ONCE[connection.vendor]):
            columns = zip(read.items(), zip(*found, strict=True), strict=True)
            yield [
                pl.Series(name, column, dtype=kind, strict=False)
                for (name, kind), column in columns
            ]


def _of_parts(parts: list[list[pl.Series]], schema: dict[str, Any]) -> pl.DataFrame:
    if not parts:
        return pl.DataFrame(schema=schema)
    return pl.DataFrame([
        _typed(pl.concat(columns, rechunk=True), schema[columns[0].name])
        for columns in zip(*parts, strict=True)
    ])  # fmt: skip


def _unconverted(rows: QuerySet[Any], columns: int) -> tuple[str, Any]:
    """
    The text and parameters of a query whose values come as the database keeps them.

    On SQLite Django makes an object of every day, instant and truth value, by the type that its column
    was declared with; what is calculated was declared with none, and `+` changes no value.
    """
    sql, params = rows.query.sql_with_params()
    if connection.vendor != "sqlite":
        return sql, params
    names = [f"c{place}" for place in range(columns)]
    plain = ", ".join(f"+{name}" for name in names)
    return f"WITH kept({', '.join(names)}) AS ({sql}) SELECT {plain} FROM kept", params  # noqa: S608


def _read_as(kind: Any) -> Any:
    """The type of what the driver gives: SQLite keeps days and instants as text."""
    return pl.String if connection.vendor == "sqlite" and _is_temporal(kind) else kind


def _is_temporal(kind: Any) -> bool:
    return kind == pl.Date or isinstance(kind, pl.Datetime)


def _typed(column: pl.Series, kind: Any) -> pl.Series:
    """A column in the type that is wanted; days and instants may come as text."""
    if column.dtype == kind:
        return column
    if column.dtype == pl.String and kind == pl.Date:
        return column.str.to_date("%Y-%m-%d")
    if column.dtype == pl.String and isinstance(kind, pl.Datetime):
        return _instants(column)
    return column.cast(kind)


def _instants(column: pl.Series) -> pl.Series:
    """Texts as instants: Arrow reads them seven times as fast, but none that names a zone."""
    try:
        read = column.to_arrow().cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return column.str.to_datetime(time_unit="us", time_zone="UTC", strict=True)
    found = pl.Series(column.name, read)
    return found.dt.replace_time_zone("UTC")
