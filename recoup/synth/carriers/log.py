"""What the local carriers received: one table, in a file beside the demo's database."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS received (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    channel TEXT NOT NULL, key TEXT NOT NULL, address TEXT NOT NULL, subject TEXT NOT NULL,
    text TEXT NOT NULL, at TEXT NOT NULL, provider_id TEXT NOT NULL, status TEXT NOT NULL,
    UNIQUE (channel, provider_id)
);
CREATE INDEX IF NOT EXISTS received_key ON received (channel, key);
CREATE INDEX IF NOT EXISTS received_address ON received (channel, address);
"""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One thing a local carrier received. `number` counts up and is what `received` resumes at."""

    number: int
    channel: str
    key: str
    address: str
    text: str
    at: datetime
    provider_id: str
    status: str = "accepted"
    subject: str = ""


class Log:
    """The table, shared by the servers' threads."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(SCHEMA)

    def add(
        self, *, channel: str, key: str, address: str, text: str, provider_id: str,
        subject: str = "", at: datetime | None = None,
    ) -> None:  # fmt: skip
        """Write down one thing received, now or at the instant that it names itself."""
        with self._lock:
            self._db.execute(
                "INSERT INTO received (channel, key, address, subject, text, at, provider_id,"
                " status) VALUES (?, ?, ?, ?, ?, ?, ?, 'accepted')",
                (
                    channel,
                    key,
                    address,
                    subject,
                    text,
                    (at or self._clock()).isoformat(),
                    provider_id,
                ),
            )

    def since(self, number: int = 0, *, limit: int = -1) -> list[Delivered]:
        """What came after a number, in order."""
        return self._read("number > ? ORDER BY number LIMIT ?", number, limit)

    def by_key(self, channel: str, key: str) -> Delivered | None:
        """The first thing that came under a key."""
        rows = self._read("channel = ? AND key = ? ORDER BY number LIMIT 1", channel, key)
        return rows[0] if rows else None

    def by_id(self, channel: str, provider_id: str) -> Delivered | None:
        """The thing with a carrier's id."""
        rows = self._read("channel = ? AND provider_id = ?", channel, provider_id)
        return rows[0] if rows else None

    def to(self, channel: str, address: str) -> list[Delivered]:
        """All that went to an address."""
        return self._read("channel = ? AND address = ? ORDER BY number", channel, address)

    def settle(self, provider_id: str, status: str) -> None:
        """Remember what became of it, for whoever asks."""
        with self._lock:
            self._db.execute(
                "UPDATE received SET status = ? WHERE provider_id = ?", (status, provider_id)
            )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _read(self, where: str, *values: object) -> list[Delivered]:
        with self._lock:
            rows = self._db.execute(
                "SELECT number, channel, key, address, text, at, provider_id, status, subject "  # noqa: S608
                f"FROM received WHERE {where}",
                values,
            ).fetchall()
        return [
            Delivered(n, c, k, a, t, datetime.fromisoformat(at), p, s, j)
            for n, c, k, a, t, at, p, s, j in rows
        ]
