"""
The signature of `api.keys` for requests that come by the hundred a second.

Keys are kept until something happens to any; a nonce is spent in a small file of this machine's own,
so that no answer waits for another writer of the database. The path is part of what is signed, so a
nonce spent here is worth nothing at another address. Where the database is a server, machines may be
several: there nonces are spent in it, as everywhere else.
"""

from __future__ import annotations

import hmac
import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django_scopes import scopes_disabled

from recoup.api import keys
from recoup.api.models import ApiKey
from recoup.api.nextbest.tailing import is_sqlite
from recoup.kernel.errors import Refused
from recoup.people.operations import TextSealer

SCOPE = "decisions"
KEEP = 2 * keys.WINDOW.total_seconds()


@dataclass(frozen=True, slots=True)
class Key:
    """A key and its secret, as of a position of the journal."""

    row: ApiKey
    secret: str
    position: int


class Spent:
    """Nonces that were spent at this address."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._file: sqlite3.Connection | None = None
        self._count = 0

    def spend(self, key: str, nonce: str, at: datetime) -> None:
        """
        Spend a nonce of a key. :raises Refused: if it was spent before
        :raises keys.TooMany: if the key asks too often
        """
        now, most = at.timestamp(), settings.API_PER_MINUTE
        with self._lock:
            file = self._open()
            if most > 0:
                latest = file.execute(
                    "SELECT at FROM nonce WHERE key = ? AND at > ? ORDER BY at DESC LIMIT 1 OFFSET ?",
                    (key, now - 60, most - 1),
                ).fetchone()
                if latest is not None:
                    raise keys.TooMany(most, max(1, int(latest[0] + 60 - now) + 1))
            try:
                file.execute("INSERT INTO nonce VALUES (?, ?, ?)", (key, nonce, now))
            except sqlite3.IntegrityError:
                raise Refused(
                    "This request was made before.", rules=("api.replay",),
                    hint="Draw a new nonce and sign again.",
                ) from None  # fmt: skip
            self._count += 1
            if self._count % 5_000 == 0:
                file.execute("DELETE FROM nonce WHERE at < ?", (now - KEEP,))

    def _open(self) -> sqlite3.Connection:
        path = Path(settings.DATA_DIR) / "nextbest" / "nonces.sqlite3"
        if self._file is None or self._path != path:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2)
            file.execute("PRAGMA journal_mode = WAL")
            # What a crash of the machine loses is at most five minutes of nonces.
            file.execute("PRAGMA synchronous = OFF")
            file.execute(
                "CREATE TABLE IF NOT EXISTS nonce "
                "(key TEXT, nonce TEXT, at REAL, PRIMARY KEY (key, nonce)) WITHOUT ROWID"
            )
            file.execute("CREATE INDEX IF NOT EXISTS nonce_at ON nonce (key, at)")
            self._path, self._file = path, file
        return self._file


class Signatures:
    """Checks who signed, from memory where nothing happened to the keys."""

    def __init__(self) -> None:
        self.spent = Spent()
        self._keys: dict[str, Key] = {}

    def known(self, key_id: str) -> Key | None:
        """A key in memory."""
        return self._keys.get(key_id)

    def forget(self) -> None:
        """Something happened to a key."""
        self._keys.clear()

    def load(self, key_id: str, position: int) -> Key | None:
        """Read a key; nothing if there is none, or it was revoked."""
        with scopes_disabled():
            row = ApiKey.objects.select_related("creditor").filter(pk=key_id, revoked_at=None)
            found = row.first()
            if found is None:
                return None
            secret = TextSealer().unseal(bytes(found.secret), label=f"api-key:{key_id}")
        self._keys[key_id] = Key(found, secret, position)
        return self._keys[key_id]

    def check(
        self, key: Key | None, headers: Mapping[str, str], *, path: str, body: bytes, at: datetime
    ) -> ApiKey:
        """
        The key that signed this request, whose nonce is spent now.

        :raises Refused: for an unknown key, a wrong signature, a stale time, a replay, another scope
        :raises keys.TooMany: for a key that asked as often as it may
        """
        time, nonce = headers.get("x-recoup-time", ""), headers.get("x-recoup-nonce", "")
        right = keys.signature(
            secret=key.secret if key else "none", method="POST", path=path, time=time, nonce=nonce,
            body=body,
        )  # fmt: skip
        said = headers.get("x-recoup-signature", "")
        if not hmac.compare_digest(right.encode(), said.encode()) or key is None:
            raise Refused(
                "The signature is not right.", rules=("api.signature",),
                hint="Sign method, path with query, time, nonce and the body's SHA-256.",
            )  # fmt: skip
        keys.check_time(time, at)
        keys.check_nonce(nonce)
        if is_sqlite():
            self.spent.spend(key.row.pk, nonce, at)
        else:
            keys.spend(key.row, nonce, at)
        if SCOPE not in key.row.may:
            raise Refused("This key may not ask what is next.", rules=("people.permission",))
        return key.row
