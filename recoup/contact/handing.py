"""
Who is handing contacts of a book over, so that what a dead process left is told from what a living
one still does.

Whoever hands over holds the book's lock together with others; who wants to know that nobody does
takes it alone. The lock dies with its process: a file lock beside an embedded database, a session's
advisory lock on PostgreSQL (not through a pooler that shares sessions).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

from recoup.people.models import Book

SPACE = 0x0A77  # the first half of the advisory lock's key: contact handed over


@contextmanager
def handing(book: Book) -> Iterator[None]:
    """Hold the book's lock while contacts are handed over."""
    if connection.vendor == "postgresql":
        _ask("SELECT pg_advisory_lock_shared(%s, %s)", book)
        try:
            yield
        finally:
            _ask("SELECT pg_advisory_unlock_shared(%s, %s)", book)
        return
    with _file(book) as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        yield


@contextmanager
def nobody_hands(book: Book) -> Iterator[bool]:
    """Whether nobody hands contacts of the book over; while inside, nobody can begin to."""
    if connection.vendor == "postgresql":
        alone = _ask("SELECT pg_try_advisory_lock(%s, %s)", book)
        try:
            yield alone
        finally:
            if alone:
                _ask("SELECT pg_advisory_unlock(%s, %s)", book)
        return
    with _file(book) as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _ask(sql: str, book: Book) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, [SPACE, book.pk])
        return bool(cursor.fetchone()[0])


@contextmanager
def _file(book: Book) -> Iterator[int]:
    folder = settings.DATA_DIR / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    held = os.open(folder / f"handing-{book.pk}", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield held
    finally:
        os.close(held)  # which lets the lock go
