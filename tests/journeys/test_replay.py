"""A demo of days before a standard, and what other dates and numbers would have blocked in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recoup.commands.tests.conftest import Run

WHAT_IF = Path(__file__).resolve().parents[2] / "docs" / "what-if"
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def counts(said: str) -> dict[str, int]:
    """The counts by rule that a replay printed."""
    return {rule: int(n) for n, rule in re.findall(r"^ +(\d+)  ([A-Z]+-[A-Z0-9-]+)", said, re.M)}


def replayed(run: Run, file: str) -> tuple[str, dict[str, int]]:
    result = run("rules", "replay", "--since", "2025-02-24", "--until", "2025-03-04", "--pack",
                 WHAT_IF / file)  # fmt: skip
    assert result.exit_code == 0, result.output
    return result.output, counts(result.output)


def test_a_standard_a_month_earlier_and_a_smaller_cap_block_calls_that_were_made(run: Run) -> None:
    played = run("demo", "--accounts", 250, "--days", 9, "--from", "2025-02-24", "--no-serve")
    assert played.exit_code == 0, played.output

    earlier, by_date = replayed(run, "standard-a-month-earlier.yaml")
    fewer, by_number = replayed(run, "two-calls-a-day.yaml")

    assert by_date["CN-FREQ-001"] > 0 and by_number["CN-FREQ-001"] > 0
    assert "0 of those refused would not" in fewer
    judged = re.search(r"^([\d,]+) recorded contacts", earlier)
    assert judged and int(judged[1].replace(",", "")) > sum(by_number.values())


def test_days_to_come_are_not_played(run: Run) -> None:
    said = run("demo", "--accounts", 20, "--days", 3, "--from", "2099-01-01", "--no-serve")

    assert said.exit_code == 2 and "Days to come" in said.output
