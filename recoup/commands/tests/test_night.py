"""`recoup night` by each engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recoup.commands.tests.conftest import Run
from recoup.scoring.models import ScoreRun
from recoup.scoring.queries import scores_frame
from recoup.scoring.tests import local_spark
from recoup.strategy.columnar import following
from recoup.strategy.columnar.following import OVER_DATABASE
from recoup.strategy.models import Plan
from tests.cast import place


@pytest.mark.slow
@pytest.mark.xdist_group("spark")
def test_a_night_by_spark_scores_and_plans_as_any_night(
    run: Run, live_book: Any, book: Any, team: Any, today: Any
) -> None:
    pytest.importorskip("pyspark")
    local_spark.session()
    for each in (live_book, book):
        place(book=each, team=team, reference="C1", phone="13800000001", days_past_due=40)

    spread = run("night", "--book", "live", "--at", today, "--engine", "spark")
    alone = run("night", "--book", book.code, "--at", today)

    assert (spread.exit_code, alone.exit_code) == (0, 0), spread.output + alone.output
    assert "1 cases" in spread.output
    mine, theirs = (scores_frame(book=each, on=today).drop("case") for each in (live_book, book))
    assert mine.height == 1 and mine.equals(theirs)
    drift, other = (ScoreRun.objects.get(book=each, on=today).drift for each in (live_book, book))
    assert drift == other


@pytest.mark.django_db
def test_a_night_by_parts_says_what_any_night_says_and_leaves_no_files(
    run: Run, live_book: Any, book: Any, team: Any, today: Any, data_dir: Path
) -> None:
    for each in (live_book, book):
        for number in range(3):
            place(book=each, team=team, reference=f"C{number}", phone=f"1380000000{number}",
                  days_past_due=20 * number + 1)  # fmt: skip

    parted = run("night", "--book", "live", "--at", today, "--engine", "columnar")
    alone = run("night", "--book", book.code, "--at", today)
    again = run("night", "--book", "live", "--at", today, "--engine", "columnar", "--keep-files")

    assert (parted.exit_code, alone.exit_code) == (0, 0), parted.output + alone.output
    assert "3 cases" in parted.output and "parts: 1 of 1" in parted.output
    mine, theirs = (Plan.objects.get(book=each, on=today) for each in (live_book, book))
    assert (mine.refused, mine.rules) == (theirs.refused, theirs.rules)
    assert mine.budgets == theirs.budgets
    assert again.exit_code == 0 and Plan.objects.count() == 2
    folders = [path.name for path in (data_dir / "columns" / str(live_book.pk)).glob("*/")]
    assert folders == [str(today)]


@pytest.mark.django_db
def test_a_book_without_anybody_has_a_night_by_parts_too(run: Run, book: Any, today: Any) -> None:
    result = run("night", "--book", book.code, "--at", today, "--engine", "columnar")

    assert result.exit_code == 0, result.output
    plan = Plan.objects.get()
    assert (plan.rows, plan.chosen, plan.refused) == (0, 0, {})


@pytest.mark.django_db
def test_a_strategy_that_parts_cannot_follow_is_refused_and_nothing_is_written(
    run: Run, book: Any, team: Any, today: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(book=book, team=team, reference="C1", phone="13800000001", days_past_due=40)
    monkeypatch.setattr(following, "OVER_DATABASE", OVER_DATABASE - {"arms"})

    result = run("night", "--book", book.code, "--at", today, "--engine", "columnar")

    assert result.exit_code == 2
    assert "cannot be followed over columns" in result.output and "arms" in result.output
    assert "--engine kernel" in " ".join(result.output.split())
    assert not ScoreRun.objects.exists() and not Plan.objects.exists()


@pytest.mark.django_db
def test_without_java_no_night_begins(
    run: Run, live_book: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyspark")
    monkeypatch.setattr("shutil.which", lambda *given, **named: None)

    result = run("night", "--book", "live", "--engine", "spark")

    assert result.exit_code == 1 and "needs Java" in result.output
    assert "JAVA_HOME" in result.output
    assert not ScoreRun.objects.exists()
