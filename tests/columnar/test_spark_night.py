"""The same night by Spark and by one machine: the same parts, the same decisions."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from recoup.scoring.tests import local_spark
from recoup.strategy.columnar import parts
from recoup.strategy.columnar.night import night
from recoup.strategy.columnar.spark import make_parts
from tests.columnar.jobs import COUNT, job


@pytest.mark.slow
@pytest.mark.xdist_group("spark")
def test_spark_makes_the_parts_and_decisions_of_one_machine(tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    alone = job(tmp_path)
    expected = night(alone)
    spread = job(tmp_path, folder=tmp_path / "by-spark")

    made = make_parts(spread, local_spark.session())
    found = night(spread)

    assert made == COUNT
    for bucket in range(COUNT):
        mine, theirs = (parts.part_of(one, bucket).table for one in (spread, alone))
        assert mine.equals(theirs)
    assert found.certificate == expected.certificate
    assert [pl.read_parquet(path) for path in found.files] != []
    for mine, theirs in zip(found.files, expected.files, strict=True):
        assert pl.read_parquet(mine).equals(pl.read_parquet(theirs))
    assert make_parts(spread, local_spark.session()) == 0
