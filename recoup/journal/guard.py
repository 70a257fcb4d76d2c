"""
The database's own refusal to change or delete an event, below every line of Python.

Installed by migration on SQLite and PostgreSQL.
"""

from __future__ import annotations

from typing import Any

SQLITE = [
    """CREATE TRIGGER IF NOT EXISTS journal_no_update BEFORE UPDATE ON journal_event
       BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    """CREATE TRIGGER IF NOT EXISTS journal_no_delete BEFORE DELETE ON journal_event
       BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
]
POSTGRESQL = [
    """CREATE OR REPLACE FUNCTION journal_append_only() RETURNS trigger AS $$
       BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$ LANGUAGE plpgsql""",
    """CREATE OR REPLACE TRIGGER journal_append_only BEFORE UPDATE OR DELETE ON journal_event
       FOR EACH ROW EXECUTE FUNCTION journal_append_only()""",
]
REMOVE = {
    "sqlite": [
        "DROP TRIGGER IF EXISTS journal_no_update",
        "DROP TRIGGER IF EXISTS journal_no_delete",
    ],
    "postgresql": ["DROP TRIGGER IF EXISTS journal_append_only ON journal_event"],
}
INSTALL = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


def install(connection: Any) -> None:
    """Put the guard on the events of this database."""
    _run(connection, INSTALL)


def remove(connection: Any) -> None:
    """Take it away: only for attacks in tests, and for migrating back."""
    _run(connection, REMOVE)


def _run(connection: Any, statements: dict[str, list[str]]) -> None:
    with connection.cursor() as cursor:
        for statement in statements.get(connection.vendor, []):
            cursor.execute(statement)
