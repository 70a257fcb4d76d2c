"""
The live feed: one tail of the journal for a process, fanned out to whoever listens.

Resumable by position (`Last-Event-ID`). A listener gives its database connection back before it
streams: holding one for each open page starves the pool.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.db import connections

from recoup.journal import queries
from recoup.journal.models import Event

POLL = 0.5
BACKLOG = 1000

_listeners: set[asyncio.Queue[Event]] = set()
_tail: asyncio.Task[None] | None = None


async def listen(*, after: int, creditors: frozenset[int]) -> AsyncIterator[Event]:
    """Events of these creditors after a position, as they come."""
    queue: asyncio.Queue[Event] = asyncio.Queue(maxsize=BACKLOG)
    _listeners.add(queue)
    try:
        _start_tail()
        missed = await _read(after, creditors)
        last = after
        for event in missed:
            last = event.position
            yield event
        while True:
            event = await queue.get()
            if event.position > last and event.creditor in creditors:
                last = event.position
                yield event
    finally:
        _listeners.discard(queue)


def _start_tail() -> None:
    # Make the task first and await inside it: an await between check and assignment starts many.
    global _tail
    loop = asyncio.get_running_loop()
    if _tail is None or _tail.done() or _tail.get_loop() is not loop:
        _tail = loop.create_task(_follow())


async def _follow() -> None:
    last = await sync_to_async(queries.position)()
    while _listeners:
        for event in await _read(last, None):
            last = event.position
            for queue in list(_listeners):
                if queue.full():
                    queue.get_nowait()
                queue.put_nowait(event)
        await asyncio.sleep(POLL)


async def _read(after: int, creditors: frozenset[int] | None) -> list[Event]:
    def read() -> list[Event]:
        try:
            return queries.tail(after=after, creditors=creditors)
        finally:
            connections.close_all()

    return await sync_to_async(read)()
