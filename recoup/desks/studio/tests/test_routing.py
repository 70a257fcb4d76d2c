from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from recoup.strategy import operations
from recoup.strategy.models import RouteEntry, RouteLook, StrategyVersion
from recoup.strategy.reading import shipped
from tests.cast import place

SignedIn = Callable[[Any], Client]
TEXT = shipped() + "routing: {salt: r1, share: 0.2, groups: [message, human]}\n"


@pytest.fixture
def version(book: Any, system: Any, at: Any) -> Any:
    """A strategy that draws people into groups, in force."""
    row = operations.add(book=book, source=TEXT, by=system, at=at)
    StrategyVersion.objects.filter(pk=row.pk).update(state="active", activated_at=at)
    return row


def compared(**more: Any) -> dict[str, Any]:
    """A comparison as a look keeps it."""
    return {"segment": "m1", "group": "human", "against": "message", "value": 0.05, "low": 0.02,
            "high": 0.08, "people": 400, "horizon": 360, "interim": False, "clear": True} | more  # fmt: skip


def test_what_each_group_brings_in_a_year_is_shown_in_points_and_money(
    book: Any, version: Any, at: Any, today: Any, analyst: Any, signed_in: SignedIn
) -> None:
    case = place(book=book)
    RouteEntry.objects.create(book=book, salt="r1", case=case, group="message", segment="m1",
                              on=today - timedelta(days=400), owed=1_000_000, days_past_due=9)  # fmt: skip
    RouteLook.objects.create(
        book=book, salt="r1", on=today, at=at, cases={"message": [1, 1], "human": [0, 0]},
        closed={"m1": ["message"]},
        compared=[compared(), compared(interim=True, horizon=90, clear=False, value=-0.01)],
    )  # fmt: skip

    page = signed_in(analyst).get("/studio/routing/").content.decode()

    assert "+5.00 pp" in page
    assert "−¥500.00" in page  # the message cost five points of what those drawn into it owed
    assert "已关闭" in page
    assert "不用于分流" in page
    assert 'data-chart="c-year"' in page


def test_before_anybody_entered_and_without_the_block_the_page_says_so(
    book: Any, version: Any, analyst: Any, signed_in: SignedIn
) -> None:
    client = signed_in(analyst)

    assert "尚无案件进入" in client.get("/studio/routing/").content.decode()
    StrategyVersion.objects.update(source=shipped())
    assert "没有分组抽取" in client.get("/studio/routing/").content.decode()
