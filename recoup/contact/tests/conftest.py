"""Carriers on the loopback, and permits that the gate has really issued."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from recoup.gate import operations as gate
from recoup.gate.models import Permit
from recoup.gate.tests import asking
from recoup.synth import carriers as street
from tests.cast import place

Permits = Callable[..., Permit]


@pytest.fixture
def carriers(data_dir: Path) -> Iterator[street.Carriers]:
    """All simulated carriers, listening."""
    with street.start(home=data_dir) as running:
        yield running


@pytest.fixture
def permit_for(book: Any, system: Any, at: datetime) -> Permits:
    """Asks the gate for leave to contact a case."""
    asking.ready(book, system, at)

    now = at

    def ask(case: Any, channel: str = "sms", at: datetime = now) -> Permit:
        decision = asking.decision_for(case, channel, at=at)
        answer = gate.request(decision=decision, at=at, by=system)
        assert isinstance(answer, Permit), answer.rules
        return answer

    return ask


@pytest.fixture
def crowd(book: Any, team: Any) -> Callable[[int], list[Any]]:
    """So many borrowers with numbers of their own."""

    def make(count: int) -> list[Any]:
        return [
            place(book=book, team=team, reference=f"C1{n:03d}", name=f"王{n}",
                  phone=f"1381234{n:04d}")
            for n in range(count)
        ]  # fmt: skip

    return make
