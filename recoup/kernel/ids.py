"""
Sortable identifiers and stable hashes.

An identifier is 26 characters of Crockford's base 32: 48 bits of milliseconds, then 80 bits
of chance, so that identifiers sort by time (the ULID layout).
"""

from __future__ import annotations

import hashlib
import random
import secrets
from datetime import datetime

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id(at: datetime, rng: random.Random | None = None) -> str:
    """
    An identifier made at `at`. Without `rng` the chance comes from the operating system.

    >>> from datetime import UTC
    >>> early = new_id(datetime(2026, 1, 1, tzinfo=UTC), random.Random(1))
    >>> late = new_id(datetime(2026, 1, 2, tzinfo=UTC), random.Random(1))
    >>> early < late, len(early)
    (True, 26)
    """
    chance = rng.getrandbits(80) if rng else secrets.randbits(80)
    value = (int(at.timestamp() * 1000) & (2**48 - 1)) << 80 | chance
    return "".join(ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def fraction(*parts: str | int) -> float:
    """
    A stable number in [0, 1) from any parts, the same on every machine, engine and year.

    Used for sticky assignment to arms. Python's own `hash` differs between processes, and
    databases' hashes differ between engines.

    >>> fraction("holdout", 42) == fraction("holdout", 42)
    True
    """
    text = "\x1f".join(str(part) for part in parts)
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
