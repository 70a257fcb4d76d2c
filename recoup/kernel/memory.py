"""
Memory as long columns want it, pages kept and none put together on demand; and as a server wants it,
no request waiting while all that the process holds is searched for what is no longer used.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SET_HUGE_PAGES_OFF, ARE_HUGE_PAGES_OFF = 41, 42  # of prctl(2), PR_*_THP_DISABLE
YOUNG = 5_000  # objects more than before when the newest are searched; Python's own is 700


@contextmanager
def for_columns() -> Iterator[None]:
    """
    Let this process take memory in the cheapest way for columns of millions of rows.

    Arrow's own allocator gives pages back after each table and takes them anew, which costs more
    than reading the table: the system's is asked. NumPy asks Linux for huge pages, and where
    memory is full of files' pages the kernel puts them together while we wait, milliseconds for
    each: three quarters of the CPU of a plan for ten million. What was before is put back.
    """
    import pyarrow as pa

    pool, off = pa.default_memory_pool(), _prctl(ARE_HUGE_PAGES_OFF, 0)
    pa.set_memory_pool(pa.system_memory_pool())
    _prctl(SET_HUGE_PAGES_OFF, 1)
    try:
        yield
    finally:
        pa.set_memory_pool(pool)
        _prctl(SET_HUGE_PAGES_OFF, off)


def for_serving() -> None:
    """
    Let this process answer without long pauses: what it has loaded is not searched again.

    Python stops to search everything for rings of objects that nobody uses. A server with all of
    the site in memory holds a quarter of a million objects, which takes a fifth of a second each time,
    and every request of that while is late.
    """
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
    gc.collect()
    gc.freeze()


def stays() -> None:
    """
    Say that what is in memory now came to stay: it is freed when it is let go, but not searched
    again. Nothing happens in a process that does not serve.
    """
    if gc.get_freeze_count():
        gc.collect(1)
        gc.freeze()


def _prctl(what: int, value: int) -> int:
    """Ask or tell Linux; 0 on other systems."""
    if sys.platform != "linux":
        return 0
    return max(0, int(ctypes.CDLL(None).prctl(what, value, 0, 0, 0)))
