"""The hash chain, as a pure function of an event's own columns."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from recoup.kernel.text import canonical_json


def digest_of(
    *,
    position: int,
    at: datetime,
    kind: str,
    by: str,
    by_user: int | None,
    creditor: int | None,
    book: int | None,
    case: int | None,
    subject: str,
    data: str,
    previous: str,
) -> str:
    """The SHA-256 of an event and the event before it, over canonical JSON."""
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    fields = [position, moment, kind, by, by_user, creditor, book, case, subject, data, previous]
    return hashlib.sha256(canonical_json(fields).encode()).hexdigest()
