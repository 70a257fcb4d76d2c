"""
A query's rows as Arrow columns, handed over by PostgreSQL's own driver (ADBC) without a Python object
for each value.

The driver opens a connection of its own, which reads only and sees only what is committed. Inside
a transaction the rows may be ours alone, so nothing is handed over here and the caller reads them
through Django's connection. The text of a query and its parameters are Django's; psycopg quotes the
parameters, because the driver copies columns only without them.
"""

from __future__ import annotations

from contextlib import closing
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
    if not _apart():
        return None
    try:
        from adbc_driver_postgresql import dbapi
    except ModuleNotFoundError:
        return None
    try:
        table = _fetched(dbapi, *rows.query.sql_with_params())
    except (OSError, pa.ArrowException, dbapi.Error):
        # A server that lets nobody else in: slower, never wrong. Django's connection names what is.
        return None
    return pl.DataFrame(pl.from_arrow(table.rename_columns(names)))


def _apart() -> bool:
    """
    Whether another connection sees what this one does, and may be opened.

    Not on SQLite: its driver brings an SQLite of its own, and locks belong to the process. When it
    closes the file, Python's connection loses its locks; another process then takes itself for the
    last one, removes the log under us, and what we write next is lost (sqlite.org/howtocorrupt.html,
    2.2.1). A reader in a process of its own costs more to start than it saves (ADR 0204).
    """
    return connection.vendor == "postgresql" and not connection.in_atomic_block


def _fetched(dbapi: Any, sql: str, params: tuple[Any, ...]) -> pa.Table:
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
        return cursor.fetch_arrow_table()
