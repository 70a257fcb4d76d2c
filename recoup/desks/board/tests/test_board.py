from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from recoup.people import operations
from recoup.reporting.models import Figure

SignedIn = Callable[[Any], Client]
DAYS = {"from": "2026-11-20", "to": "2026-11-23"}


@pytest.fixture
def chief(creditor: Any, system: Any, at: Any) -> Any:
    """钱总 answers for the figures."""
    return operations.add_user(
        username="qian", name="钱总", role="executive", creditors=[creditor], by=system, at=at
    )


@pytest.fixture
def figures(book: Any, today: Any) -> None:
    """One day on which 1,234.50 came in through text messages."""
    for dimension, slice_ in (("all", "all"), ("channel", "sms")):
        for metric, value in (("recovered", 123_450), ("cost", 5_00), ("contacts", 10)):
            Figure.objects.create(
                book=book, on=today, metric=metric, dimension=dimension, slice=slice_, value=value
            )


def test_the_board_shows_the_figures_and_says_that_they_are_simulated(
    figures: None, chief: Any, signed_in: SignedIn
) -> None:
    page = signed_in(chief).get("/board/", DAYS).content.decode()

    assert "1,234.50" in page
    assert "演示" in page
    assert "style=" not in page


def test_a_figure_is_taken_apart_by_channel(figures: None, chief: Any, signed_in: SignedIn) -> None:
    page = signed_in(chief).get("/board/by/channel/", DAYS).content.decode()

    assert "短信" in page
    assert "¥1,234.50" in page


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_export_is_labelled_and_named_as_simulated(
    form: str, figures: None, chief: Any, signed_in: SignedIn
) -> None:
    answer = signed_in(chief).get(f"/board/export/days.{form}", DAYS)

    assert "recoup-demo-" in answer.headers["Content-Disposition"]
    if form == "csv":
        lines = answer.content.decode("utf-8-sig").splitlines()
        assert lines[0].startswith("演示")
        assert any("1234.5" in line for line in lines)


def test_a_day_that_is_none_is_said_so(figures: None, chief: Any, signed_in: SignedIn) -> None:
    answer = signed_in(chief).get("/board/", {"from": "yesterday"})

    assert answer.status_code == 422


def test_an_outsider_has_no_board_of_ours(
    figures: None, outsider: Any, signed_in: SignedIn
) -> None:
    client = signed_in(outsider)

    assert client.get("/board/").status_code == 404
    assert client.get("/board/export/days.csv", {"book": "demo"}).status_code == 404
