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
PAGE = 500


class _Listener:
    """One open page: the events that wait for it, and whether some did not fit."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Event] = asyncio.Queue(maxsize=BACKLOG)
        self.lost = False

    def tell(self, event: Event) -> None:
        """Hand an event over. From the first that does not fit on, the journal is read again."""
        if self.lost or self.queue.full():
            self.lost = True
        else:
            self.queue.put_nowait(event)


_listeners: set[_Listener] = set()
_tail: asyncio.Task[None] | None = None


async def listen(*, after: int, creditors: frozenset[int]) -> AsyncIterator[Event]:
    """
    Events of these creditors after a position, every one and in order: what was missed first, page
    by page until nothing is left, then as they come.
    """
    listener, last = _Listener(), after
    _listeners.add(listener)
    try:
        # Where the tail begins is read before what was missed is: nothing falls in between.
        _start_tail(await sync_to_async(_position)())
        async for event in _missed(last, creditors):
            last = event.position
            yield event
        while True:
            event = await listener.queue.get()
            if event.position > last and event.creditor in creditors:
                last = event.position
                yield event
            if listener.lost and listener.queue.empty():
                listener.lost = False
                async for event in _missed(last, creditors):
                    last = event.position
                    yield event
    finally:
        _listeners.discard(listener)


async def _missed(after: int, creditors: frozenset[int] | None) -> AsyncIterator[Event]:
    while page := await _read(after, creditors):
        for event in page:
            after = event.position
            yield event
        if len(page) < PAGE:
            return


def _start_tail(position: int) -> None:
    # No await between check and assignment: it would start many.
    global _tail
    loop = asyncio.get_running_loop()
    if _tail is None or _tail.done() or _tail.get_loop() is not loop:
        _tail = loop.create_task(_follow(position))


async def _follow(last: int) -> None:
    while _listeners:
        async for event in _missed(last, None):
            last = event.position
            for listener in list(_listeners):
                listener.tell(event)
        await asyncio.sleep(POLL)


def _position() -> int:
    try:
        return queries.position()
    finally:
        connections.close_all()


async def _read(after: int, creditors: frozenset[int] | None) -> list[Event]:
    def read() -> list[Event]:
        try:
            return queries.tail(after=after, creditors=creditors, limit=PAGE)
        finally:
            connections.close_all()

    return await sync_to_async(read)()
