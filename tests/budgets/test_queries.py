"""How many queries each page may ask. A page that asks more has learned to ask for each row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recoup.people import operations
from recoup.people.models import User
from tests.cast import place

BUDGETS = json.loads((Path(__file__).parent / "queries.json").read_text())


@pytest.fixture
def house(book: Any, team: Any, creditor: Any, system: Any, at: Any) -> None:
    """Twelve cases and someone of each role."""
    for number in range(12):
        place(book=book, team=team, reference=f"B{number:04}", phone=f"1381234{number:04}")
    for role in User.Role.values:
        operations.add_user(
            username=role, name=role, role=role, creditors=[creditor], by=system, at=at,
            team=team if role in ("collector", "team_leader") else None,
        )  # fmt: skip


@pytest.mark.parametrize("page", sorted(BUDGETS))
def test_a_page_keeps_to_its_budget_of_queries(page: str, house: None, wang_ming: Any) -> None:
    role, _, address = page.partition(" ")
    client = Client()
    client.force_login(
        User.objects.get(username=role), backend="django.contrib.auth.backends.ModelBackend"
    )
    address = address.format(case=wang_ming.pk)
    client.get(address)

    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address)

    assert answer.status_code == 200
    assert len(asked) <= BUDGETS[page], f"{page} asks {len(asked)} queries"
