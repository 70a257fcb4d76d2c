"""
A query's rows as Arrow columns, handed over by PostgreSQL's own driver (ADBC) without a Python object
for each value.

The driver opens a connection of its own, which reads only and sees only what is committed. Inside
a transaction the rows may be ours alone, so nothing is handed over here and the caller reads them
through Django's connection. The text of a query and its parameters are Django's; psycopg quotes the
parameters, because the driver copies columns only without them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from typing import Any

import polars as pl
import pyarrow as pa
from django.db import connection
from django.db.models import QuerySet


def columns(rows: QuerySet[Any], names: list[str]) -> pl.DataFrame | None:
    """
    The rows of a `values_list` query with the columns renamed, in the database's own types; `None`
    where they must be read through Django's connection.
    """
    handed = batches(rows, names)
    return None if handed is None else pl.concat(handed, rechunk=True)


def batches(rows: QuerySet[Any], names: list[str]) -> Iterator[pl.DataFrame] | None:
    """
    The same, some rows at a time as the driver hands them over, at least one frame; `None` as in
    `columns`.
    """
    if not _apart():
        return None
    try:
        from adbc_driver_postgresql import dbapi
    except ModuleNotFoundError:
        return None
    handed = _handed(dbapi, *rows.query.sql_with_params(), names)
    try:
        first = next(handed)
    except (OSError, pa.ArrowException, dbapi.Error):
        # A server that lets nobody else in: slower, never wrong. Django's connection names what is.
        return None
    return chain((first,), handed)


def _apart() -> bool:
    """
    Whether another connection sees what this one does, and may be opened.

    Not on SQLite: its driver brings an SQLite of its own, and locks belong to the process. When it
    closes the file, Python's connection loses its locks; another process then takes itself for the
    last one, removes the log under us, and what we write next is lost (sqlite.org/howtocorrupt.html,
    2.2.1). A reader in a process of its own costs more to start than it saves (ADR 0204).
    """
    return connection.vendor == "postgresql" and not connection.in_atomic_block


def _handed(
    dbapi: Any, sql: str, params: tuple[Any, ...], names: list[str]
) -> Iterator[pl.DataFrame]:
    from psycopg import ClientCursor
    from psycopg.conninfo import make_conninfo

    connection.ensure_connection()
    wanted = connection.get_connection_params()
    ours = {
        key: value for key, value in wanted.items()
        if key not in ("cursor_factory", "context", "prepare_threshold", "client_encoding")
    }  # fmt: skip
    text = ClientCursor(connection.connection).mogrify(sql, params) if params else sql
    address = make_conninfo("", **ours)
    with closing(dbapi.connect(address)) as other, closing(other.cursor()) as cursor:
        cursor.execute(text)
        reader = cursor.fetch_record_batch()
        yield _frame(pa.Table.from_batches([], reader.schema), names)
        for batch in reader:
            yield _frame(pa.Table.from_batches([batch]), names)


def _frame(table: pa.Table, names: list[str]) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(_plain(table).rename_columns(names)))


def _plain(table: pa.Table) -> pa.Table:
    """Types that only the driver knows, as what they are kept in: a sum is a number as a text."""
    for place, field in enumerate(table.schema):
        if isinstance(field.type, pa.BaseExtensionType):
            kept = pa.chunked_array(
                [chunk.storage for chunk in table.column(place).chunks], field.type.storage_type
            )
            table = table.set_column(place, field.name, kept)
    return table
