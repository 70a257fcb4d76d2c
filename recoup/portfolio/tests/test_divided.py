"""A book laid down by part gives every row back once, in its part, and results in order of case."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.portfolio.divided import Divided, in_order

SCHEMA = {"case": pl.Int64, "word": pl.String, "on": pl.Date, "flag": pl.Boolean}


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 40), count=st.integers(0, 120))
def test_every_row_comes_back_in_the_part_of_its_person(seed: int, size: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    cases = np.sort(rng.choice(500, count, replace=False))
    persons = rng.integers(0, max(1, count // 2), count)
    pieces = [
        pl.DataFrame({
            "case": rng.integers(0, 500, many), "word": rng.choice(["", "一", "bb"], many),
            "on": [None] * many, "flag": rng.random(many) < 0.5,
        }, schema=SCHEMA) for many in (150, 0, 7)
    ]  # fmt: skip
    with TemporaryDirectory() as folder:
        divided = Divided.by_person(Path(folder) / "x", cases=cases, persons=persons, size=size)
        divided.lay("rows", pieces)
        found = [divided.frame("rows", part, SCHEMA) for part in range(divided.count)]
        mine = [divided.mine(part) for part in range(divided.count)]

    rows = pl.concat(pieces)
    for part, frame in enumerate(found):
        assert frame.equals(rows.filter(pl.col("case").is_in(mine[part].tolist())))
    of = dict(zip(cases.tolist(), persons.tolist(), strict=True))
    there = [{of[case] for case in some.tolist()} for some in mine]
    assert sum(map(len, there)) == len(set(of.values()))  # nobody is in two parts
    assert sorted(case for some in mine for case in some.tolist()) == cases.tolist()
    ordered = list(in_order((pl.DataFrame({"case": some}) for some in mine), divided))
    assert pl.concat(ordered)["case"].to_list() == cases.tolist()


def test_a_table_that_nobody_laid_down_is_empty(tmp_path: Path) -> None:
    divided = Divided.by_case(tmp_path / "x", cases=np.arange(5), size=2)

    assert divided.count == 3 and not divided.has("rows")
    assert divided.frame("rows", 1, SCHEMA).schema == pl.Schema(SCHEMA)


def test_what_an_earlier_night_left_is_not_read(tmp_path: Path) -> None:
    rows = pl.DataFrame({"case": [1, 2]})
    before = Divided.by_case(tmp_path / "x", cases=np.array([1, 2]), size=1)
    before.lay("rows", [rows])

    again = Divided.by_case(tmp_path / "x", cases=np.array([1, 2]), size=1)

    assert not again.has("rows")
