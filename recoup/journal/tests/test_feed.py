"""
A page that was away, and one that is slow, hear everything once and in order:

     journal  1 ... 500 | 501 ... 1000 | 1001 ... 1200 | 1201 ──▶ page
              └──────────── missed, page by page ────┘   live
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections, transaction

from recoup.journal import feed, operations, queries
from recoup.journal.kinds import Kind
from recoup.kernel.actors import Actor

pytestmark = pytest.mark.django_db(transaction=True)
Happened = Kind("test.happened", "Something happened")
BY = Actor.system("test")
OURS, THEIRS = 1, 2


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "POLL", 0.02)


def write(at: Any, count: int, creditor: int = OURS) -> None:
    with transaction.atomic():
        for _ in range(count):
            with operations.record(Happened, by=BY, at=at, creditor=creditor):
                pass


def write_apart(at: Any, count: int) -> None:
    try:
        write(at, count)
    finally:
        connections.close_all()


async def take(events: Any, count: int) -> list[int]:
    return [(await asyncio.wait_for(anext(events), 20)).position for _ in range(count)]


def test_a_page_that_missed_twelve_hundred_events_hears_them_all_and_goes_on_live(at: Any) -> None:
    write(at, 5)
    start = queries.position()
    write(at, 600)
    write(at, 7, creditor=THEIRS)
    write(at, 600)

    async def play() -> tuple[list[int], list[int]]:
        events = feed.listen(after=start, creditors=frozenset({OURS}))
        missed = await take(events, 1200)
        await sync_to_async(write_apart)(at, 3)
        live = await take(events, 3)
        await events.aclose()
        return missed, live

    missed, live = asyncio.run(play())

    assert missed == [*range(start + 1, start + 601), *range(start + 608, start + 1208)]
    assert live == [start + 1208, start + 1209, start + 1210]


def test_a_page_too_slow_for_what_comes_live_loses_nothing(
    at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "BACKLOG", 10)
    write(at, 1)
    start = queries.position()

    async def play() -> list[int]:
        events = feed.listen(after=start, creditors=frozenset({OURS}))
        first = asyncio.ensure_future(take(events, 1))
        await asyncio.sleep(0.2)
        await sync_to_async(write_apart)(at, 1200)
        await first
        await asyncio.sleep(0.5)  # the tail comes by while nobody reads
        rest = await take(events, 1199)
        await events.aclose()
        return [*first.result(), *rest]

    heard = asyncio.run(play())

    assert heard == list(range(start + 1, start + 1201))
