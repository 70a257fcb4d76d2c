from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from recoup.people import operations as people
from recoup.strategy import operations
from tests.cast import place


@pytest.fixture
def hire(creditor: Any, team: Any, system: Any, at: Any) -> Callable[..., Any]:
    """Hire somebody who collects in 陈组长's team, and say what they can."""

    def hired(username: str, *, of: Any = None, **can: Any) -> Any:
        user = people.add_user(
            username=username, name=username, role="collector", creditors=[creditor],
            team=of or team, by=system, at=at,
        )  # fmt: skip
        seat = {key: can.pop(key) for key in ("tier", "capacity") if key in can}
        if seat:
            people.seat(user=user, by=system, at=at, **seat)
        if can:
            people.qualify(of=user, by=system, at=at, **can)
        return user

    return hired


@pytest.fixture
def crowd(book: Any, team: Any) -> list[Any]:
    """Twelve people in no hands yet, from a few days late to four months."""
    return [
        place(book=book, reference=f"C{n:04}", days_past_due=5 + 10 * n, phone=f"138{n:08}")
        for n in range(12)
    ]  # fmt: skip


@pytest.fixture
def night(book: Any, system: Any, at: Any, today: Any) -> Callable[..., Any]:
    """Give the cases out for a day."""

    def given(**more: Any) -> Any:
        return operations.assign_cases(
            book=book, by=system, at=at, **{"on": today, **more}
        )  # fmt: skip

    return given
