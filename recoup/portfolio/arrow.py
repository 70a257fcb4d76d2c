"""
A query's rows as Arrow columns, handed over by the database's own driver (ADBC) without a Python
object for each value.

The driver opens a connection of its own, which reads only and sees only what is committed. Inside
a transaction the rows may be ours alone, so nothing is handed over here and the caller reads them
through Django's connection. The text of a query and its parameters are Django's; parameters are
bound, or on PostgreSQL quoted by psycopg, because its driver copies columns only without them.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
from django.db import connection
from django.db.models import QuerySet

# SQLite's driver takes the type of a column from the first batch, so the batch is a long one; a
# column that turns out to be of another type later is read row by row.
BATCH_ROWS = "1000000"


def columns(rows: QuerySet[Any], names: list[str]) -> pl.DataFrame | None:
    """
    The rows of a `values_list` query with the columns renamed, in the database's own types; `None`
    where they must be read through Django's connection.
    """
    if not _apart():
        return None
    from adbc_driver_manager import dbapi

    sql, params = rows.query.sql_with_params()
    try:
        table = _sqlite(sql, params) if connection.vendor == "sqlite" else _postgres(sql, params)
    except (OSError, pa.ArrowException, dbapi.Error):
        # A column of two types, a file that somebody else has locked, a server that lets nobody
        # else in: slower, never wrong. Django's connection waits for a lock, and names what is wrong.
        return None
    if table is None:
        return None
    return pl.DataFrame(pl.from_arrow(table.rename_columns(names)))


def _apart() -> bool:
    """
    Whether another connection sees what this one does, and may be opened.

    Not on SQLite: the driver brings an SQLite of its own, and locks belong to the process. When it
    closes the file, Python's connection loses its locks; another process then takes itself for the
    last one, removes the log under us, and what we write next is lost (sqlite.org/howtocorrupt.html,
    2.2.1). Threads crash on it.
    """
    return connection.vendor == "postgresql" and not connection.in_atomic_block


def _sqlite(sql: str, params: tuple[Any, ...]) -> pa.Table:
    from adbc_driver_sqlite import dbapi

    # As Django's own cursor does it: marks instead of formats, doubled signs single again.
    marks = ("?",) * len(params)
    text = sql % marks if params else sql.replace("%%", "%")
    address = Path(str(connection.settings_dict["NAME"])).resolve().as_uri() + "?mode=ro"
    with closing(dbapi.connect(address)) as other, closing(other.cursor()) as cursor:
        cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": BATCH_ROWS})
        cursor.execute(text, tuple(params) or None)
        return cursor.fetch_arrow_table()


def _postgres(sql: str, params: tuple[Any, ...]) -> pa.Table | None:
    try:
        from adbc_driver_postgresql import dbapi
    except ModuleNotFoundError:
        return None
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
