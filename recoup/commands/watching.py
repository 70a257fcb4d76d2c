"""
Choosing anew beside the day's work: a thread that looks every second for what happened.

Sending a handful may take longer than an account may wait; this does not wait for it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

logger = logging.getLogger(__name__)
EVERY = 1.0  # seconds: what is next for an account follows within five


@contextmanager
def choosing_anew(book: Any, *, name: str, every: float = EVERY) -> Iterator[threading.Thread]:
    """While the block runs, choose the next action of each case to which something happens."""
    stop = threading.Event()
    thread = threading.Thread(
        target=_run, args=(book, name, stop, every), name="choosing anew", daemon=True
    )
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(timeout=30)


def _run(book: Any, name: str, stop: threading.Event, every: float) -> None:
    from django.db import connections

    from recoup import path
    from recoup.commands import console
    from recoup.kernel import clock
    from recoup.people import scopes

    by = console.actor(name)
    while not stop.wait(every):
        at = clock.now()
        try:
            with scopes.acting_for(book):
                moment = path.Moment(
                    book=book, on=clock.local_day(at, book.time_zone), at=at, by=by,
                    clock=clock.now,
                )  # fmt: skip
                path.choose_anew(moment)
        except Exception:
            # A database that is busy, or away for a moment: the rows wait, and so do we.
            logger.exception("Could not choose anew; trying again")
        finally:
            connections.close_all()
