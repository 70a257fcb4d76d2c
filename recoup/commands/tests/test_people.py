"""What people can, from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from recoup.commands.tests.conftest import Run
from recoup.people.models import Absence, Conflict, Seat, Skill

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_a_collector_can_is_set_listed_and_taken_away_again(run: Run, li_na: Any) -> None:
    run("people", "qualify", "lina", "--skill", "late:senior", "--language", "yue", "--licence",
        "US-MA:A17:2099-01-31")  # fmt: skip
    run("people", "seat", "lina", "--capacity", "120", "--tier", "senior", "--hours", "09:00-18:00")

    listed = run("people", "list", "--creditor", "guicheng").output
    run("people", "qualify", "lina", "--none", "skills")

    assert all(word in listed for word in ("late:senior", "yue", "US-MA", "120", "senior"))
    assert not Skill.objects.exists()
    assert Seat.objects.get().ends.hour == 18


def test_who_is_away_is_listed_and_comes_back(run: Run, li_na: Any) -> None:
    run(
        "people", "away", "lina", "--from", "2026-01-01", "--to", "2027-12-31", "--kind", "training"
    )
    run("people", "away", "lina", "--from", "2027-12-30", "--to", "2028-01-31")
    said = run("people", "back", "lina").output

    assert Absence.objects.count() == 2
    assert "absences of lina" in said


def test_a_conflict_is_typed_in_the_dark_and_not_kept(
    li_na: Any, creditor: Any, django_db_blocker: Any
) -> None:
    from recoup.commands import recoup

    told = CliRunner().invoke(
        recoup, ["people", "conflict", "lina", "--creditor", "guicheng", "--tie", "family"],
        input="王明\n",
    )  # fmt: skip

    assert told.exit_code == 0, told.output
    assert "王明" not in told.output
    assert Conflict._base_manager.get().index


@pytest.mark.parametrize(
    "words",
    [
        ("qualify", "nobody", "--skill", "late"), ("qualify", "lina"),
        ("qualify", "lina", "--skill", "LATE!"), ("qualify", "none", "--team", "--skill", "late"),
        ("qualify", "lina", "--licence", "US:1:yesterday"), ("seat", "lina", "--hours", "always"),
        ("seat", "lina", "--capacity", "-4"), ("away", "lina", "--from", "2026-01-02", "--to", "2026-01-01"),
        ("away", "lina", "--from", "2026-01-02", "--kind", "flu"), ("list", "--creditor", "nobody"),
        ("import", "/nowhere.csv", "--creditor", "guicheng"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_one_line(run: Run, li_na: Any, words: tuple[str, ...]) -> None:
    told = run("people", *words)

    assert told.exit_code == 2
    assert "Traceback" not in told.output


def test_bad_lines_of_a_list_are_told_by_number_and_good_ones_taken(
    run: Run, li_na: Any, tmp_path: Path
) -> None:
    path = tmp_path / "team.csv"
    path.write_text("username,capacity\nlina,80\nnobody,1\n", encoding="utf-8")

    told = run("people", "import", path, "--creditor", "guicheng")

    assert told.exit_code == 2
    assert "line 3" in told.output
    assert Seat.objects.get().capacity == 80
