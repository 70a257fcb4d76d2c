"""
What happened since, read past the ORM on a connection of its own: which cases an event touches.

An answer from memory is only given at the position that memory was read at. Events that name a case
touch it; those of the day's batches list theirs; of any other, everything of its book is forgotten.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

# Kinds that change nothing an answer is made of.
HARMLESS = (
    "reporting.", "intake.", "people.signed_in", "people.unmasked", "people.password_set",
    "portfolio.note_written", "portfolio.statements_checked", "strategy.arms_judged",
    "strategy.judged", "strategy.flown", "strategy.flight_", "strategy.approval_",
)  # fmt: skip
# Kinds of batches to the lists in their data: the key, and the place of the id in a row of it.
CASES = {
    "contact.outcomes": (("rows", 0),), "contact.handed_over": (("attempts", 1),),
    "contact.calls_begun": (("attempts", 1),), "contact.calls_ended": (("calls", 1),),
}  # fmt: skip
PERMITS = {
    "gate.asked": (("permitted", None),), "gate.used": (("permits", None), ("refused", 0)),
    "gate.released": (("permits", None),), "gate.expired": (("permits", None),),
    "gate.many_settled": (("settled", 0),),
    "contact.reserved": (("permits", None), ("refused", None)),
}  # fmt: skip
REFUSALS = {"gate.asked": (("refused", None),)}
MOST = 2_000  # events read at once; after a longer absence everything is forgotten


@dataclass(frozen=True, slots=True)
class Touched:
    """What an event touches: some cases, a book, or everything; and what it was."""

    kind: str
    cases: frozenset[int] = frozenset()
    book: int | None = None
    everything: bool = False


class Tail:
    """The end of the journal, asked on a connection that nobody else uses."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: Any = None

    def position(self) -> int:
        """The position of the last event."""
        rows = self._rows("SELECT position FROM journal_head WHERE id = 1", ())
        return int(rows[0][0]) if rows else 0

    def since(self, position: int) -> list[Touched]:
        """What the events after a position touch."""
        rows = self._rows(
            'SELECT kind, book, "case", data FROM journal_event WHERE position > %s '
            "ORDER BY position LIMIT %s", (position, MOST),
        )  # fmt: skip
        if len(rows) == MOST:
            return [Touched("", everything=True)]
        return [self._touched(*row) for row in rows if not str(row[0]).startswith(HARMLESS)]

    def _touched(self, kind: str, book: int | None, case: int | None, data: str) -> Touched:
        if case is not None:
            return Touched(kind, frozenset({case}), book)
        if kind in CASES or kind in PERMITS:
            said = json.loads(data)
            cases = {int(one) for one in _listed(said, CASES.get(kind, ()))}
            cases |= self._cases_of("gate_permit", _listed(said, PERMITS.get(kind, ())))
            cases |= self._cases_of("gate_refusal", _listed(said, REFUSALS.get(kind, ())))
            return Touched(kind, frozenset(cases), book)
        return Touched(kind, book=book, everything=book is None)

    def _cases_of(self, table: str, ids: Iterator[Any]) -> set[int]:
        wanted, found = list(ids), set[int]()
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            marks = ", ".join(["%s"] * len(some))
            # The table is one of two names above, the ids are parameters.
            asked = f"SELECT case_id FROM {table} WHERE id IN ({marks})"  # noqa: S608
            found |= {int(row[0]) for row in self._rows(asked, tuple(some))}
        return found

    def _rows(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        with self._lock:
            if self._connection is None:
                self._connection = connect()
            try:
                cursor = self._connection.cursor()
                cursor.execute(_marked(sql), parameters)
                return list(cursor.fetchall())
            except Exception:
                # Whatever happened to the connection, the next question opens another.
                self.close()
                raise

    def close(self) -> None:
        """Give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _listed(said: Any, lists: Sequence[tuple[str, int | None]]) -> Iterator[Any]:
    for key, place in lists:
        for row in said.get(key) or ():
            yield row if place is None else row[place]


def is_sqlite() -> bool:
    """Whether the database is a file of this machine."""
    return str(settings.DATABASES["default"]["ENGINE"]).endswith("sqlite3")


def _marked(sql: str) -> str:
    return sql.replace("%s", "?") if is_sqlite() else sql


def connect() -> Any:
    """A connection to the database, each question a transaction of its own."""
    from django.db import connection

    database = connection.settings_dict
    if is_sqlite():
        import sqlite3

        return sqlite3.connect(
            f"file:{database['NAME']}?mode=ro", uri=True, isolation_level=None,
            check_same_thread=False, timeout=1,
        )  # fmt: skip
    import psycopg

    return psycopg.connect(
        dbname=database["NAME"], user=database["USER"] or None,
        password=database["PASSWORD"] or None, host=database["HOST"] or None,
        port=database["PORT"] or None, autocommit=True, connect_timeout=2,
        options=str(database.get("OPTIONS", {}).get("options", "")),
    )  # fmt: skip
