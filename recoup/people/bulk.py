"""
Many rows at once, past the ORM: inserts and updates that cost microseconds a row.

The same on SQLite (executemany) and PostgreSQL (arrays unnested on the server). Rows are plain
tuples in the order of `columns`; the rows written are those the ORM would write.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.db import connection, models

Rows = Sequence[Sequence[Any]]


@contextmanager
def uncollected() -> Iterator[None]:
    """
    Pause Python's search for cycles while very many rows are built.

    Rows hold no cycles and are freed without it; walking over them again and again was a third of
    the time of opening a placement.
    """
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


def reserve(model: type[models.Model], count: int) -> list[int]:
    """
    Primary keys for rows to come, in ascending order, so that rows under them can name their
    parents before either is written. Keys that are not used are lost, nothing else.

    Taken from the table's own sequence, in the caller's transaction: no other writer gets them.
    """
    table, key = model._meta.db_table, model._meta.pk
    if not count or key is None:
        return []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [connection.ops.quote_name(table), key.column, count],
            )
            return sorted(number for (number,) in cursor.fetchall())
        # The update takes the lock of the only writer, so what is read after it is still so.
        cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s", [count, table])
        if not cursor.rowcount:  # nothing was ever inserted
            cursor.execute(
                "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, count]
            )
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = int(cursor.fetchone()[0])
    return list(range(last - count + 1, last + 1))


def insert(
    model: type[models.Model], columns: Sequence[str], rows: Rows, *, or_skip: bool = False
) -> int:
    """
    Insert rows; with `or_skip` those that a unique constraint forbids are left out.

    A field that is not among the columns gets its default; a primary key is made by the database,
    unless `id` is among the columns (see `reserve`).
    """
    if not rows:
        return 0
    named = [model._meta.get_field(name) for name in columns]
    unnamed: list[Any] = [
        field
        for field in model._meta.concrete_fields
        if field not in named and not field.primary_key
    ]
    fields = [*named, *unnamed]
    values = _adapted(named, rows)
    values += [(_writer(field)(field.get_default()),) * len(rows) for field in unnamed]
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    tail = " ON CONFLICT DO NOTHING" if or_skip else ""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sql = f"INSERT INTO {table} ({names}) SELECT * FROM {_unnest(fields)}{tail}"  # noqa: S608
            cursor.execute(sql, [list(column) for column in values])
        else:
            marks = ", ".join(["%s"] * len(fields))
            sql = f"INSERT INTO {table} ({names}) VALUES ({marks}){tail}"  # noqa: S608
            cursor.executemany(sql, list(zip(*values, strict=True)))
        return int(cursor.rowcount)


def update(model: type[models.Model], columns: Sequence[str], rows: Rows) -> int:
    """Update rows by their primary key, which stands first in each row."""
    if not rows:
        return 0
    fields: list[Any] = [model._meta.pk, *(model._meta.get_field(name) for name in columns)]
    quoted = [connection.ops.quote_name(str(field.column)) for field in fields]
    table = connection.ops.quote_name(model._meta.db_table)
    values = _adapted(fields, rows)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            changes = ", ".join(f"{name} = changed.{name}" for name in quoted[1:])
            cursor.execute(
                f"UPDATE {table} SET {changes} FROM {_unnest(fields)}"  # noqa: S608
                f" AS changed({', '.join(quoted)}) WHERE {table}.{quoted[0]} = changed.{quoted[0]}",
                [list(column) for column in values],
            )
            return int(cursor.rowcount)
        changes = ", ".join(f"{name} = %s" for name in quoted[1:])
        cursor.executemany(
            f"UPDATE {table} SET {changes} WHERE {quoted[0]} = %s",  # noqa: S608
            list(zip(*values[1:], values[0], strict=True)),
        )
        return len(rows)


def count_anew(*tables: type[models.Model]) -> None:
    """
    Tell the database that many rows came into these tables.

    PostgreSQL plans by statistics that it gathers by itself some minutes later; until then a table
    that was empty is taken to be, and a join of two such tables goes through all rows of one for
    each of the other. SQLite plans without.
    """
    if connection.vendor == "postgresql":
        names = ", ".join(connection.ops.quote_name(one._meta.db_table) for one in tables)
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {names}")


def _unnest(fields: Sequence[Any]) -> str:
    return f"unnest({', '.join(f'%s::{_pg_type(field)}[]' for field in fields)})"


def _pg_type(field: Any) -> str:
    kind = str(field.rel_db_type(connection) if field.is_relation else field.db_type(connection))
    return kind.split("(")[0]


def _adapted(fields: Sequence[Any], rows: Rows) -> list[tuple[Any, ...]]:
    """The columns of the rows, as the driver takes them; only those that need it are touched."""
    columns = list(zip(*rows, strict=True))
    for place, field in enumerate(fields):
        if isinstance(field, models.DateField | models.DecimalField | models.JSONField):
            columns[place] = tuple(map(_writer(field), columns[place]))
    return columns


def _writer(field: Any) -> Callable[[Any], Any]:
    """How Django writes a value of a field; the same day or amount is worked out once."""

    def write(value: Any) -> Any:
        return field.get_db_prep_save(value, connection)

    return write if isinstance(field, models.JSONField) else cache(write)
