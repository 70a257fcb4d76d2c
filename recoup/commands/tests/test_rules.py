"""`recoup rules` as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recoup.journal import queries as journal
from recoup.journal.models import Event

from .conftest import PASSWORD, Run

TIGHTER = "pack: ours\nlayer: tenant\nparameters: {most_effective_calls: 2}\n"


def test_compliance_lays_tighter_rules_by_name_and_takes_them_away(
    run: Run, book: Any, wu: str, tmp_path: Path
) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(TIGHTER, encoding="utf-8")
    who = ("--book", book.code, "--as", wu, "--password", PASSWORD)

    laid = run("rules", "lay", file, *who)
    told = journal.data_of(Event.objects.get(kind="people.rules_laid"))
    lifted = run("rules", "lift", *who)

    assert (laid.exit_code, lifted.exit_code) == (0, 0), laid.output
    assert told["text"] == TIGHTER
    assert "wu" in str(vars(Event.objects.get(kind="people.rules_laid")))


def test_whoever_may_set_no_rule_aside_lays_none(
    run: Run, book: Any, li_na: Any, tmp_path: Path
) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(TIGHTER, encoding="utf-8")

    said = run(
        "rules", "lay", file, "--book", book.code, "--as", "lina", "--password", "correct horse"
    )

    assert said.exit_code == 1 and "may not do this" in said.output
    assert not Event.objects.filter(kind="people.rules_laid").exists()


def test_a_rule_is_explained_with_its_source_and_what_is_not_known(run: Run) -> None:
    said = run("rules", "explain", "CN-FREQ-001").output

    assert (
        "GB/T 45251-2025" in said and "not verified" in said and "most_effective_calls = 3" in said
    )
