"""Papers on file from the command line, and what the doctor says without them."""

from __future__ import annotations

import pytest

from recoup.commands.tests.conftest import Run
from recoup.gate.models import Declared

pytestmark = pytest.mark.django_db(transaction=True)


def opened(run: Run) -> None:
    assert run("book", "open", "--code", "first", "--name", "一号", "--creditor", "lender",
               "--creditor-name", "某某消费金融").exit_code == 0  # fmt: skip


def test_the_doctor_names_missing_papers_and_the_rules_until_they_are_there(run: Run) -> None:
    opened(run)
    before = run("doctor").output
    run("paper", "add", "retention_policy", "--creditor", "lender", "--source", "file 3")
    run("paper", "add", "impact_assessment", "--creditor", "lender", "--source", "file 4",
        "--until", "2099-12-31")  # fmt: skip

    after = run("doctor").output
    listed = run("paper", "list", "--creditor", "lender").output

    assert "recoup paper add retention_policy --creditor lender" in before
    assert "CN-DATA-007" in before and "on file" not in after
    assert "file 3" in listed and "2099-12-31" in listed


def test_a_paper_is_taken_off_with_a_reason_and_an_agencys_is_apart(run: Run) -> None:
    opened(run)
    run("agency", "add", "hengyuan", "--name", "恒远", "--creditor", "lender")
    run("paper", "add", "agency_evaluation", "--creditor", "lender", "--agency", "hengyuan",
        "--source", "file 5")  # fmt: skip

    wrong = run("paper", "remove", "agency_evaluation", "--creditor", "lender", "--reason", "old")
    right = run("paper", "remove", "agency_evaluation", "--creditor", "lender", "--agency",
                "hengyuan", "--reason", "old")  # fmt: skip

    assert (wrong.exit_code, right.exit_code) == (2, 0)
    assert Declared._base_manager.get().withdrawn_at is not None


def test_a_word_that_is_no_paper_is_one_line(run: Run) -> None:
    opened(run)

    said = run("paper", "add", "nonsense", "--creditor", "lender", "--source", "x")

    assert said.exit_code == 2 and "is no paper" in said.output


def test_a_paper_to_come_is_listed_taken_off_and_no_paper_of_today(run: Run) -> None:
    opened(run)
    add = ("paper", "add", "licence", "--creditor", "lender", "--source")
    run(*add, "to come", "--since", "2099-01-01")
    run(*add, "today")

    listed = run("paper", "list", "--creditor", "lender").output
    removed = run("paper", "remove", "licence", "--creditor", "lender", "--reason", "typed wrong")

    assert "to come" in listed and "2099-01-01" in listed and "today" in listed
    assert removed.exit_code == 0
    left = run("paper", "list", "--creditor", "lender").output
    assert "licence" not in left


def test_a_paper_that_is_over_before_it_counts_is_one_line(run: Run) -> None:
    opened(run)
    add = ("paper", "add", "licence", "--creditor", "lender", "--source", "file 6")

    for days in (
        ("--until", "2020-01-01"), ("--since", "2099-02-01", "--until", "2099-01-01"),
        ("--until", "9999-12-31"), ("--since", "0001-01-01"),
    ):  # fmt: skip
        told = run(*add, *days)
        assert told.exit_code == 2 and "Traceback" not in told.output
    assert "licence" not in run("paper", "list", "--creditor", "lender").output
