"""A night over columns follows the whole strategy: stopped arms, closed groups; or says it cannot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from recoup.kernel.errors import Invalid
from recoup.strategy.columnar import parts
from recoup.strategy.columnar.night import night
from recoup.strategy.columnar.spark import make_parts
from recoup.strategy.schema import Learning, Routing
from tests.columnar.jobs import COUNT, job

ROUTING = Routing(salt="route-1", share=0.5, groups=("message", "human"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("columns")


def rows_of(asked: Any) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in night(asked).files])


def routed(home: Path, **changed: Any) -> Any:
    asked = job(home)
    return replace(asked, strategy=replace(asked.strategy, routing=ROUTING), digest="r", **changed)


def test_cases_of_a_stopped_arm_go_the_champions_way_and_stay_drawn(home: Path) -> None:
    before = rows_of(job(home)).sort("case")

    after = rows_of(job(home, stopped=("patient",))).sort("case")

    drawn = after["arm"] == "patient"
    assert (after["arm"] == before["arm"]).all() and drawn.sum() > 100
    assert (before["follows"] == before["arm"]).all()
    assert set(after.filter(drawn)["follows"]) == {"champion"}
    assert (after.filter(drawn)["why"] != before.filter(drawn)["why"]).any()


def test_a_closed_group_is_kept_from_all_but_those_drawn_into_it(home: Path) -> None:
    asked = routed(home, closed={})
    worked = {one.code for one in asked.strategy.segments if one.steps}

    before, after = (
        offered(each) for each in (asked, routed(home, closed=dict.fromkeys(worked, ("message",))))
    )

    free, drawn = pl.col("route") == "", pl.col("route") == "message"
    both = pl.col("message") & pl.col("human")
    assert before.filter(free, both).height > 20
    assert after.filter(free, both).height == 0
    assert after.filter(free, pl.col("message")).height > 0  # those who have nothing else keep it
    assert after.filter(drawn).equals(before.filter(drawn))
    assert before.filter(drawn, both).height == 0 < before.filter(drawn, "message").height


def offered(asked: Any) -> pl.DataFrame:
    """Of each case that is due its route, and whether a message and a person are open to it."""
    group = np.array([one.group for one in asked.strategy.treatments.values()])
    found = []
    for bucket in range(COUNT):
        part = parts.part_of(asked, bucket)
        open_ = np.isfinite(part.worth)
        found.append(pl.DataFrame({
            "case": part.table["case"].to_numpy()[part.due],
            "route": part.table["route"].cast(pa.string()).to_numpy()[part.due],
            "message": open_[:, group == "message"].any(axis=1),
            "human": open_[:, group == "human"].any(axis=1),
        }))  # fmt: skip
    return pl.concat(found)


def test_what_nobody_looked_up_or_columns_cannot_do_stops_the_night_before_it_begins(
    home: Path, tmp_path: Path
) -> None:
    asked = routed(home, folder=tmp_path / "none", stopped=None)
    asked = replace(asked, strategy=replace(asked.strategy, learning=Learning(arm="patient")))

    for begin in (night, lambda one: make_parts(one, session=None)):
        with pytest.raises(Invalid, match="cannot be followed over columns") as refused:
            begin(asked)
        told = {one.where: str(one) for one in refused.value.problems}
        assert set(told) == {"learning", "routing", "arms"}
        assert "`recoup night`" in told["learning"] and "`closed`" in told["routing"]
    assert not (tmp_path / "none").exists()


def test_stopped_arms_and_closed_groups_make_other_parts(home: Path) -> None:
    asked = routed(home, closed={})

    names = {parts.key_of(one, 0) for one in (
        asked, replace(asked, stopped=("patient",)), replace(asked, closed={"m1": ["human"]}),
        replace(asked, closed={"m1": ["message"]}),
    )}  # fmt: skip

    assert len(names) == 4
