from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from recoup.scoring import operations as scoring
from recoup.strategy import operations as strategy
from recoup.strategy.flights import operations
from recoup.strategy.models import Flight, StrategyVersion
from recoup.strategy.reading import shipped
from recoup.strategy.tests.conftest import facts_of
from tests.cast import place

# A budget that binds for forty people, so that dropping or adding to it shows.
TIGHT = "  sms: 6\n  email: 4\n  letter: 4\n  task_minutes: 60\n  spend: 6000\n"
LOOSE = "  sms: 200000\n  email: 200000\n  letter: 20000\n  task_minutes: 12000\n  spend: 3000000\n"


def text(**changed: str) -> str:
    """The shipped strategy with tight budgets, and pieces of it replaced."""
    source = shipped().replace(LOOSE, TIGHT)
    for before, after in changed.values() if changed else ():
        source = source.replace(before, after)
    return source


@pytest.fixture
def crowd(book: Any, team: Any) -> Any:
    """Forty people, from a few days late to half a year."""
    return [
        place(book=book, team=team, reference=f"C{n:04}", days_past_due=1 + 4 * n,
              phone=f"138{zlib.crc32(str(n).encode()) % 10**8:08d}")
        for n in range(40)
    ]  # fmt: skip


@pytest.fixture
def champion(book: Any, crowd: Any, system: Any, at: Any, today: Any) -> StrategyVersion:
    """The shipped strategy with tight budgets, in force in a scored book."""
    scoring.score_book(book=book, on=today, by=system, at=at)
    version = strategy.add(book=book, source=text(), by=system, at=at)
    return strategy.activate(version=version, by=system, at=at)


@pytest.fixture
def draft(book: Any, champion: Any, system: Any, at: Any) -> Callable[[str], StrategyVersion]:
    """Adds a text as a draft that 孙分析 wrote."""
    from recoup.kernel.actors import Actor, ActorKind

    author = Actor(ActorKind.USER, "sun")
    return lambda source: strategy.add(book=book, source=source, by=author, at=at)


def facts(book: Any, on: Any, cases: Any = None) -> Any:
    """Everything the law asks for is in order, on every day."""
    return facts_of(book)


class Clock:
    """Time that passes by a second whenever it is asked."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@pytest.fixture
def flown(system: Any, at: Any) -> Callable[..., Flight]:
    """Flies a version over two days, twice, unless something else is said."""

    def fly(version: StrategyVersion, **asked: Any) -> Flight:
        wanted = {"days": 2, "repetitions": 2, **asked}
        of = wanted.pop("facts", facts)
        flight = operations.ask(version=version, by=system, at=at, **wanted)
        return operations.fly(flight=flight, facts=of, by=system, at=at, clock=Clock(at))

    return fly
