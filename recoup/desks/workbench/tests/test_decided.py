"""What a case page says of the night: what was decided, or why the case was left alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from recoup.scoring import operations as scoring
from recoup.strategy import operations
from recoup.strategy.models import Decision
from recoup.strategy.reading import shipped
from recoup.strategy.tests.conftest import facts_of
from tests.cast import place

SignedIn = Callable[[Any], Client]


@pytest.fixture
def night(book: Any, team: Any, system: Any, at: Any, today: Any) -> Any:
    """A night with room for six messages, so that of twenty people most are left alone."""
    text = shipped()
    for name, most in (("sms", 200000), ("email", 200000), ("task_minutes", 12000)):
        text = text.replace(f"{name}: {most}", f"{name}: {6 if name == 'email' else 0}")
    version = operations.add(book=book, source=text, by=system, at=at)
    operations.activate(version=version, by=system, at=at)
    for n in range(20):
        place(book=book, team=team, reference=f"C{n:04}", days_past_due=35 + n, phone=f"138{n:08}")
    scoring.score_book(book=book, on=today, by=system, at=at)
    return operations.decide(book=book, on=today, facts=facts_of(book), by=system, at=at)


def page_of(client: Client, case: int) -> str:
    text = client.get(f"/workbench/cases/{case}/").content.decode()
    found = text[text.index('id="decisions"') :]
    return found[: found.index("</section>")]


def test_a_case_left_alone_says_why_on_its_page(
    night: Any, book: Any, li_na: Any, signed_in: SignedIn, at: Any, time_machine: Any
) -> None:
    time_machine.move_to(at)
    acted = Decision.objects.values_list("case", flat=True)
    case = book.cases.exclude(pk__in=acted).order_by("-pk").first()

    said = page_of(signed_in(li_na), case.pk)

    assert "不打扰" in said
    assert "可得" in said or "永久对照组" in said
    assert "{" not in said


def test_what_was_decided_says_what_is_left_after_prices(
    night: Any, li_na: Any, signed_in: SignedIn, at: Any, time_machine: Any
) -> None:
    time_machine.move_to(at)
    client = signed_in(li_na)

    said = [page_of(client, decision.case_id) for decision in Decision.objects.all()]

    assert any("邮件 09:00–18:00" in text and "扣除各项预算价格后余" in text for text in said)
    assert all("催收员工时的预算连一次都不够" in text for text in said)
    assert not any("不打扰" in text for text in said)
