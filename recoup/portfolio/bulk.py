"""
Many rows at once, past the ORM: inserts and updates that cost microseconds a row.

The same on SQLite (executemany) and PostgreSQL (arrays unnested on the server). Rows are plain
tuples in the order of `columns`; every column of the table that has no database default is named.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

import polars as pl
from django.db import connection, models
from django.db.models import QuerySet

FETCH = 20_000


def insert(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]],
    *, or_skip: bool = False,
) -> int:  # fmt: skip
    """Insert rows; with `or_skip` those that a unique constraint forbids are left out."""
    if not rows:
        return 0
    fields = [model._meta.get_field(name) for name in columns]
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    tail = " ON CONFLICT DO NOTHING" if or_skip else ""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            types = [_pg_type(field) for field in fields]
            arrays = ", ".join(f"%s::{kind}[]" for kind in types)
            sql = f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays}){tail}"  # noqa: S608
            cursor.execute(sql, [list(column) for column in zip(*rows, strict=True)])
            return int(cursor.rowcount)
        marks = ", ".join(["%s"] * len(fields))
        sql = f"INSERT INTO {table} ({names}) VALUES ({marks}){tail}"  # noqa: S608
        cursor.executemany(sql, _adapted(fields, rows))
        return int(cursor.rowcount)


def update(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
    """Update rows by their primary key, which stands first in each row."""
    if not rows:
        return 0
    fields = [model._meta.pk, *(model._meta.get_field(name) for name in columns)]
    quoted = [connection.ops.quote_name(str(field.column)) for field in fields if field]
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            arrays = ", ".join(f"%s::{_pg_type(field)}[]" for field in fields)
            values = ", ".join(f"{name} = changed.{name}" for name in quoted[1:])
            cursor.execute(
                f"UPDATE {table} SET {values} FROM unnest({arrays}) AS changed({', '.join(quoted)})"  # noqa: S608
                f" WHERE {table}.{quoted[0]} = changed.{quoted[0]}",
                [list(column) for column in zip(*rows, strict=True)],
            )
            return int(cursor.rowcount)
        values = ", ".join(f"{name} = %s" for name in quoted[1:])
        cursor.executemany(
            f"UPDATE {table} SET {values} WHERE {quoted[0]} = %s",  # noqa: S608
            [(*row[1:], row[0]) for row in _adapted(fields, rows)],
        )
        return len(rows)


def _pg_type(field: Any) -> str:
    kind = str(field.rel_db_type(connection) if field.is_relation else field.db_type(connection))
    return kind.split("(")[0] if not kind.startswith("numeric") else "numeric"


def _adapted(fields: Sequence[Any], rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """The rows as the SQLite driver takes them; only columns that need it are touched."""
    columns = list(zip(*rows, strict=True))
    for place, field in enumerate(fields):
        if isinstance(field, models.DateField | models.DecimalField | models.JSONField):
            seen = cache(_plain) if isinstance(field, models.DateField) else _plain
            columns[place] = tuple(map(seen, columns[place]))
    return list(zip(*columns, strict=True))


def _plain(value: Any) -> Any:
    """Days and instants as Django writes them, decimals and structures as text."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value if value is None or isinstance(value, str) else str(value)


def batches(rows: QuerySet[Any], size: int = FETCH) -> Iterator[list[tuple[Any, ...]]]:
    """The plain rows of a `values_list` query, in batches, without building models."""
    sql, params = rows.query.sql_with_params()
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        while found := cursor.fetchmany(size):
            yield found


def frame(rows: QuerySet[Any], schema: dict[str, Any]) -> pl.DataFrame:
    """
    The rows of a `values_list` query as a frame, a batch in memory at a time.

    SQLite keeps days and instants as text; they are read here, column by column.
    """
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
    text = temporal and any(isinstance(value, str) for value in values)
    if not text:
        return pl.Series(name, values, dtype=kind, strict=False)
    raw = pl.Series(name, values, dtype=pl.String)
    if kind == pl.Date:
        return raw.str.to_date("%Y-%m-%d")
    return raw.str.to_datetime(time_unit="us", time_zone="UTC", strict=True)
