"""
Many rows at once, past the ORM: read as tuples and frames, written as `people.bulk` does.
"""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow as pa
from django.db import connection
from django.db.models import QuerySet

from recoup.people.bulk import insert, reserve, uncollected, update
from recoup.portfolio import arrow

__all__ = ["frame", "insert", "reserve", "uncollected", "update"]

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
    read: dict[str, Any] = {name: _read_as(kind) for name, kind in schema.items()}
    parts: dict[str, list[pl.Series]] = {name: [] for name in schema}
    with connection.chunked_cursor() as cursor:
        cursor.execute(*_unconverted(rows, len(schema)))
        while found := cursor.fetchmany(AT_ONCE[connection.vendor]):
            for (name, kind), column in zip(read.items(), zip(*found, strict=True), strict=True):
                parts[name].append(pl.Series(name, column, dtype=kind, strict=False))
    if not next(iter(parts.values())):
        return pl.DataFrame(schema=schema)
    return pl.DataFrame([
        _typed(pl.concat(parts[name], rechunk=True), kind) for name, kind in schema.items()
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
