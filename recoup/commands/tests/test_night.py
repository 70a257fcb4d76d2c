"""`recoup night` by either engine."""

from __future__ import annotations

from typing import Any

import pytest

from recoup.commands.tests.conftest import Run
from recoup.scoring.models import ScoreRun
from recoup.scoring.queries import scores_frame
from recoup.scoring.tests import local_spark
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
def test_without_java_no_night_begins(
    run: Run, live_book: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyspark")
    monkeypatch.setattr("shutil.which", lambda *given, **named: None)

    result = run("night", "--book", "live", "--engine", "spark")

    assert result.exit_code == 1 and "needs Java" in result.output
    assert "JAVA_HOME" in result.output
    assert not ScoreRun.objects.exists()
