from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recoup.commands.tests.conftest import PASSWORD, Run
from recoup.people import operations as people
from recoup.scoring import operations as scoring
from recoup.strategy import operations as strategy
from recoup.strategy.flights.tests.conftest import text
from recoup.strategy.models import Flight
from tests.cast import place


@pytest.fixture
def house(book: Any, team: Any, creditor: Any, system: Any, at: Any, today: Any) -> None:
    """Twelve people in a scored book with a strategy in force, and 周总, who may approve."""
    for n in range(12):
        place(book=book, team=team, reference=f"C{n:04}", days_past_due=3 + 9 * n,
              phone=f"138{n:08}")  # fmt: skip
    scoring.score_book(book=book, on=today, by=system, at=at)
    version = strategy.add(book=book, source=text(), by=system, at=at)
    strategy.activate(version=version, by=system, at=at)
    people.add_user(
        username="zhou", name="周总", role="executive", creditors=[creditor], password=PASSWORD,
        by=system, at=at,
    )  # fmt: skip


def test_a_draft_is_flown_refused_approved_by_name_and_put_in_force(
    run: Run, house: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "strategy.yaml"
    file.write_text(text(task=("task_minutes: 60", "task_minutes: 12")))
    assert "recoup strategy fly default-cn@2" in run("strategy", "add", file).output
    activate = ("strategy", "activate", "default-cn@2")

    before = run(*activate)
    flown = run("strategy", "fly", "default-cn@2", "--days", 2, "--repetitions", 2)
    short = run(*activate)
    nameless = run(*activate, "--approved-by", "zhou")
    monkeypatch.setenv("RECOUP_PASSWORD", "wrong")
    stranger = run(*activate, "--approved-by", "zhou", "--reason", "a trial")
    monkeypatch.setenv("RECOUP_PASSWORD", PASSWORD)
    approved = run(*activate, "--approved-by", "zhou", "--reason", "a trial")

    assert before.exit_code == 1
    assert "was not flown over this book" in before.output
    assert "SIMULATED" in flown.output
    assert "simulator 2." in flown.output
    assert "First night: another action for" in flown.output
    assert "too short or too small" in short.output
    assert (nameless.exit_code, "needs a person and a reason" in nameless.output) == (2, True)
    assert (stranger.exit_code, "password is another" in stranger.output) == (1, True)
    assert "default-cn@2 is in force in demo." in approved.output


def test_other_budgets_are_flown_by_name_and_mistakes_are_one_line(run: Run, house: None) -> None:
    flown = run("strategy", "fly", "--budget", "task_minutes=-50%", "--days", 1,
                "--repetitions", 1)  # fmt: skip

    assert "task_minutes 60 -> 30" in flown.output
    assert "differs in nothing" in run("strategy", "fly").output
    assert run("strategy", "fly", "--budget", "fax=+1").exit_code == 2
    assert run("strategy", "fly", "--budget", "sms").exit_code == 2
    assert Flight.objects.count() == 1


def test_what_was_asked_for_at_the_desk_is_flown_by_whoever_runs_it(
    run: Run, house: None, book: Any, system: Any, at: Any
) -> None:
    from recoup.strategy import queries
    from recoup.strategy.flights import operations

    operations.ask(
        version=queries.active(book=book), by=system, at=at, budgets={"sms": "-1"}, days=1,
        repetitions=1,
    )  # fmt: skip

    assert "1 flights were flown." in run("strategy", "fly", "--waiting").output
    assert Flight.objects.get().state == "flown"
    assert "0 flights were flown." in run("strategy", "fly", "--waiting").output
