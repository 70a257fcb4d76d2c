"""A night scored on Spark is the night of one process; and what is said where there is no Spark."""

from __future__ import annotations

import builtins
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from recoup.commands.night import command
from recoup.decision import boosting, scorecard
from recoup.kernel.errors import Failed
from recoup.scoring import known, night, operations, queries, spark
from recoup.scoring.declared import NAMES
from recoup.scoring.engines import by_kernel
from recoup.scoring.models import ScoreModel, ScoreRun
from recoup.scoring.starter import WEIGHTS, Starter
from recoup.scoring.store import Loaded
from recoup.scoring.tests import histories, local_spark
from recoup.scoring.tests.histories import ON, START

LEVELS: dict[str, Any] = {
    "grade": {"kind": "words", "rates": {"A": 0.7, "B": 0.2}, "rest": 0.4},
    "income of the household": {"kind": "number"},
}


def test_without_pyspark_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    there = builtins.__import__

    def without(name: str, *given: Any, **named: Any) -> Any:
        if name.startswith("pyspark"):
            raise ModuleNotFoundError("No module named 'pyspark'", name="pyspark")
        return there(name, *given, **named)

    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(Failed, match=r"needs pyspark.*recoup\[spark\]"):
        spark.session(master="local[1]")


def test_without_java_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark")
    monkeypatch.setattr(shutil, "which", lambda *given, **named: None)

    with pytest.raises(Failed, match="needs Java"):
        spark.session(master="local[1]")


def test_the_command_knows_its_engines() -> None:
    answer = CliRunner().invoke(command, ["--engine", "abacus"])

    assert answer.exit_code == 2
    assert "'kernel', 'columnar', 'spark'" in answer.output


def facts_of(cases: np.ndarray) -> Sequence[Mapping[str, Any]]:
    """Facts of loans that follow from the case's number, some of them absent."""
    return [
        {"grade": "ABC"[case % 3], "income of the household": case % 7} if case % 5 else {}
        for case in cases.tolist()
    ]


def models(matrix: np.ndarray, facts: Sequence[Mapping[str, Any]]) -> dict[str, Loaded]:
    """A starter score, a card, and trees that also look at facts of the loan."""
    rng = np.random.default_rng(2)
    outcome = (rng.random(len(matrix)) < 0.4).astype(np.int8)
    wide = np.column_stack([matrix[:, :6], known.matrix(facts, LEVELS)])
    trees = boosting.train(
        matrix=wide, outcome=outcome, held_matrix=wide, held_outcome=outcome,
        columns=(*NAMES[:6], *known.names(LEVELS)), seed=0, trees=20,
    )  # fmt: skip
    card = scorecard.train(matrix=matrix, outcome=outcome, columns=NAMES, seed=0)
    return {
        "repay_30": Loaded(ScoreModel(), trees, LEVELS),
        "own outcome": Loaded(ScoreModel(), card),
        "roll": Loaded(ScoreModel(), Starter("roll", NAMES)),
    }


@pytest.mark.slow
@pytest.mark.xdist_group("spark")
def test_every_kind_of_model_answers_the_same_on_spark(tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    book = histories.random(31, 300)
    book = book.of(book.cases.sample(fraction=1, shuffle=True, seed=4))
    cases = book.cases["case"].to_numpy()
    asked = {"sources": book, "known": facts_of, "on": ON, "instant": START}
    features = by_kernel(models={}, folder=tmp_path, **asked).features
    some = models(features, facts_of(cases))

    here = by_kernel(models=some, folder=tmp_path, **asked)
    there = spark.engine(local_spark.session())(models=some, folder=tmp_path / "tables", **asked)

    np.testing.assert_array_equal(there.features, here.features)
    for target, model in some.items():
        for rows in (slice(0, len(cases)), slice(17, 120)):
            facts = facts_of(cases[rows]) if model.levels else []
            matrix = night.matrix_of(model, features[rows], facts)
            mine, theirs = (one.answer(target, model, rows, matrix) for one in (here, there))
            np.testing.assert_array_equal(theirs.chance, mine.chance)
            np.testing.assert_array_equal(theirs.moved, mine.moved)
        assert len(set(mine.chance.tolist())) > 1
    assert not (tmp_path / "tables").exists()


@pytest.mark.slow
@pytest.mark.xdist_group("spark")
def test_what_a_worker_says_comes_back_as_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    book = histories.random(31, 30)
    lacking = Loaded(ScoreModel(), Starter("roll", ("feature_of_tomorrow",)))

    with pytest.raises(Failed, match=r"^Spark gave up: .*cannot be scored.*$") as told:
        spark.engine(local_spark.session())(
            sources=book, models={"roll": lacking}, known=facts_of, on=ON, instant=START,
            folder=tmp_path / "tables",
        )  # fmt: skip

    assert "--engine kernel" in told.value.hint
    assert not (tmp_path / "tables").exists()


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.xdist_group("spark")
def test_a_book_is_scored_the_same_on_spark(
    wang_ming: Any, book: Any, system: Any, at: Any, today: Any
) -> None:
    pytest.importorskip("pyspark")
    local_spark.session()
    seen: list[tuple[pl.DataFrame, Any]] = []

    with spark.running(master="local[2]") as session:
        for engine in (spark.engine(session), by_kernel):
            run = operations.score_book(book=book, on=today, by=system, at=at, engine=engine)
            seen.append((queries.scores_frame(book=book, on=today), run.drift))
            ScoreRun.objects.filter(pk=run.pk).delete()

    assert seen[0][0].height == 1
    assert set(WEIGHTS) <= set(seen[0][0].columns)
    assert seen[0][0].equals(seen[1][0])
    assert seen[0][1] == seen[1][1]
