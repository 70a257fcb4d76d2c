from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from recoup.journal import feed
from recoup.journal import queries as journal
from recoup.kernel.money import Money
from recoup.repayment import operations as repayment

pytestmark = pytest.mark.django_db(transaction=True)


async def _listener(user: Any, after: int = 0) -> Any:
    client = AsyncClient()
    await client.aforce_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return await client.get("/live/", headers={"Last-Event-ID": str(after)})


async def _first_event(stream: Any, seconds: float = 10) -> dict[str, Any]:
    async def read() -> dict[str, Any]:
        async for chunk in stream.streaming_content:
            for line in chunk.decode().splitlines():
                if line.startswith("data: {") and "kind" in line:
                    return dict(json.loads(line.removeprefix("data: ")))
        return {}

    return await asyncio.wait_for(read(), seconds)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "POLL", 0.05)


def _promise(case: Any, actor: Any, at: Any, today: Any) -> None:
    repayment.promise(
        case=case, amount=Money(10_000), due_on=today + timedelta(days=3), by=actor, at=at,
        channel="call",
    )  # fmt: skip


def test_fifty_open_pages_hear_of_a_promise(
    wang_ming: Any, li_na: Any, system: Any, at: Any, today: Any, quick: None
) -> None:
    position = journal.position()

    async def play() -> list[dict[str, Any]]:
        streams = [await _listener(li_na, position) for _ in range(50)]
        heard = [asyncio.ensure_future(_first_event(stream)) for stream in streams]
        await asyncio.sleep(0.2)
        await sync_to_async(_promise)(wang_ming, system, at, today)
        return list(await asyncio.gather(*heard))

    events = asyncio.run(play())

    assert len(events) == 50
    assert {event["case"] for event in events} == {wang_ming.pk}


def test_a_page_that_was_away_hears_what_it_missed(
    wang_ming: Any, li_na: Any, system: Any, at: Any, today: Any, quick: None
) -> None:
    position = journal.position()
    _promise(wang_ming, system, at, today)

    async def play() -> dict[str, Any]:
        return await _first_event(await _listener(li_na, position))

    event = asyncio.run(play())

    assert event["case"] == wang_ming.pk
    assert "13812341234" not in json.dumps(event)


def test_the_event_of_a_case_does_not_reach_an_outsider(
    wang_ming: Any, outsider: Any, system: Any, at: Any, today: Any, quick: None
) -> None:
    _promise(wang_ming, system, at, today)

    async def play() -> None:
        await _first_event(await _listener(outsider), seconds=0.6)

    with pytest.raises(TimeoutError):
        asyncio.run(play())
