"""A night over a book in columns: the same answers, kept parts, and nothing over a budget."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from bench import columnar_book
from recoup.kernel.errors import Failed, Invalid
from recoup.scoring.starter import Starter
from recoup.strategy.columnar import parts
from recoup.strategy.columnar.night import night
from recoup.strategy.prospects import Frames, look
from tests.columnar.jobs import ACCOUNTS, BUDGETS, COUNT, job


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("columns")


@pytest.fixture(scope="module")
def planned(home: Path) -> Any:
    return night(job(home))


@pytest.fixture(scope="module")
def rows(planned: Any) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in planned.files])


def test_every_case_has_a_row_and_a_reason(planned: Any, rows: pl.DataFrame) -> None:
    acted = rows["treatment"] != ""

    assert rows["case"].sort().to_list() == list(range(1, ACCOUNTS + 1))
    assert (acted == (rows["why"] == "")).all()
    assert acted.sum() == planned.chosen > 100
    assert planned.left == dict(sorted(rows.filter(~acted).group_by("why").len().iter_rows()))
    assert (
        rows.filter(acted)
        .select(pl.col("propensity").is_between(0, 1, closed="right").all())
        .item()
    )
    assert rows.filter(pl.col("why") == "budget")["wanted_value"].min() > 0


def test_no_budget_is_exceeded(planned: Any, rows: pl.DataFrame) -> None:
    counted = dict(rows.filter(pl.col("treatment") != "").group_by("channel").len().iter_rows())

    for channel in ("sms", "email", "letter"):
        assert planned.used[channel] == counted.get(channel, 0) <= BUDGETS[channel]
    assert all(planned.used[name] <= BUDGETS[name] + 1e-6 for name in BUDGETS)


def in_one(asked: Any) -> Frames:
    """The frames of all buckets under the cases' own numbers, texts as texts."""
    found: dict[str, list[pl.DataFrame]] = {"cases": [], "points": [], "past": [], "facts": []}
    for bucket in range(COUNT):
        numbers = asked.buckets.table("cases", bucket, ["case"])["case"].to_numpy()
        scores = parts.scores_of(asked.models, asked.buckets.features(bucket))
        frames = parts.frames_of(asked, bucket, scores)
        for name, some in found.items():
            frame = getattr(frames, name)
            own = pl.Series("case", numbers[frame["case"].to_numpy()])
            some.append(frame.with_columns(own, pl.col(pl.Categorical).cast(pl.String)))
    whole = {name: pl.concat(some).sample(fraction=1, shuffle=True, seed=1) for name, some in found.items()}  # fmt: skip
    shared = {name: pl.lit(value) for name, value in asked.alike.items()}
    return Frames(**whole | {"facts": whole["facts"].with_columns(**shared)})


def test_parts_say_of_each_case_what_a_night_over_the_whole_book_says(home: Path) -> None:
    asked = job(home)
    seen = look(
        book=asked.book, strategy=asked.strategy, frames=in_one(asked), on=asked.buckets.on,
        at=asked.at,
    )  # fmt: skip
    expected = pl.DataFrame({
        "case": seen.cases["case"], "arm": seen.standing.arm.series(),
        "segment": seen.standing.segment.series(), "step_code": seen.standing.step_code.series(),
    })  # fmt: skip
    worth = dict(zip(seen.cases["case"].to_numpy()[seen.due].tolist(), seen.worth, strict=True))

    made = [parts.part_of(asked, n) for n in range(COUNT)]

    told = pl.concat([pl.DataFrame(pl.from_arrow(part.table)) for part in made])
    told = told.select("case", pl.col("arm", "segment", "step_code").cast(pl.String)).sort("case")
    assert told.equals(expected)
    for part in made:
        cases = part.table["case"].to_numpy()[part.due]
        np.testing.assert_array_equal(
            part.worth, np.array([worth.pop(case) for case in cases.tolist()], np.float32)
        )
    assert not worth


def test_a_second_run_makes_nothing_anew_and_decides_the_same(home: Path, planned: Any) -> None:
    before = {path: path.stat().st_mtime_ns for path in (home / "night").rglob("*.parquet")}

    again = night(job(home))

    assert again.files == planned.files
    assert {path: path.stat().st_mtime_ns for path in (home / "night").rglob("*.parquet")} == before


KILLED = """
import os, sys, time
from pathlib import Path
import django; django.setup()
from recoup.strategy.columnar import night, parts
from tests.columnar.jobs import job
make = parts._make
def slow(*given):
    time.sleep(0.5)
    make(*given)
parts._make = slow
night.night(job(Path(sys.argv[1])))
"""


@pytest.mark.slow
def test_a_night_that_was_killed_goes_on_with_the_parts_it_has(
    tmp_path: Path, rows: pl.DataFrame
) -> None:
    settings = os.environ | {"DJANGO_SETTINGS_MODULE": "recoup.site.settings",
                             "RECOUP_HOME": str(tmp_path / "data")}  # fmt: skip
    running = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], env=settings)
    folder, deadline = tmp_path / "night" / "parts", time.monotonic() + 120
    while len(list(folder.glob("*.parquet"))) < 2 and time.monotonic() < deadline:
        assert running.poll() is None
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("*.parquet")}

    after = night(job(tmp_path))

    assert 2 <= len(kept) < COUNT
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert pl.concat([pl.read_parquet(path) for path in after.files]).equals(rows)


def test_other_models_or_another_strategy_make_other_parts(home: Path) -> None:
    asked = job(home)

    names = {parts.key_of(one, 0) for one in (
        asked, replace(asked, models_name="v2"), replace(asked, digest="other"),
        replace(asked, alike=asked.alike | {"marks": 1}),
    )}  # fmt: skip

    assert len(names) == 4


def test_a_missing_bucket_stops_the_night_and_says_which(tmp_path: Path) -> None:
    asked = job(tmp_path)
    asked.buckets.path("facts", 3).unlink()

    with pytest.raises(Failed, match="facts of bucket 3 cannot be read"):
        night(asked)

    assert len(list((tmp_path / "night" / "parts").glob("*.parquet"))) == 3


def test_a_model_that_asks_for_other_features_is_refused_by_name(home: Path) -> None:
    asked = job(home)
    newer = asked.models | {"repay_30": Starter("repay_30", (*asked.models["repay_30"].columns, "x9"))}  # fmt: skip

    with pytest.raises(Invalid) as refused:
        parts.scores_of(newer, asked.buckets.features(0))

    assert [str(one) for one in refused.value.problems] == ["x9: This feature is missing."]


def test_buckets_without_anybody_are_no_trouble(tmp_path: Path) -> None:
    buckets = columnar_book.write(tmp_path / "few", 2, 3, count=6)

    planned = night(job(tmp_path, buckets=buckets))

    assert (planned.cases, len(planned.files)) == (2, 6)
