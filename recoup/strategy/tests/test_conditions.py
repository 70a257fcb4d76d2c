"""Conditions for one case say what the columns say."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.kernel.errors import Invalid
from recoup.strategy.conditions import compile_one
from recoup.strategy.expressions import NAMES, compile_condition
from recoup.strategy.reading import read, shipped

KINDS = {"text": pl.String, "number": pl.Float64, "truth": pl.Boolean}
VALUES = {
    "text": st.none() | st.sampled_from(["M1", "M2", "open", "广东", ""]),
    "number": st.none() | st.integers(-3, 200).map(float) | st.floats(-1, 1, width=32),
    "truth": st.none() | st.booleans(),
}
ROW = st.fixed_dictionaries({name: VALUES[kind] for name, kind in NAMES.items()})
TEXTS = [
    "1 <= days_past_due <= 30 and stage in [\"M1\", \"M2\"] and not starter",
    "not (overdue <= 0)", "stage not in [\"M1\"]", "stage != \"M1\" or region == \"广东\"",
    "has_team and owed >= 100 or not has_agency", "owed + overdue * 2 > -loans - 3",
    "repay_30 >= 0.8 and days_past_due <= 7", "starter == true", "has_team != false",
    "not stage in [\"M1\", \"M2\"]", "-days_past_due < 5 - loans", "true", "false or starter",
]  # fmt: skip


@given(row=ROW, text=st.sampled_from(TEXTS))
@settings(max_examples=400, deadline=None)
def test_one_case_is_told_what_the_columns_say(row, text):
    condition = compile_condition(text)
    frame = pl.DataFrame({n: pl.Series([v], dtype=KINDS[NAMES[n]]) for n, v in row.items()})

    assert compile_one(condition)(row) is bool(frame.select(condition.expression).item())


def test_every_condition_that_is_shipped_can_be_said_for_one_case():
    for name in ("default-any", "default-cn", "default-gb", "default-us"):
        strategy = read(shipped(name))
        found = [exit_.when for exit_ in strategy.exits]
        found += [segment.when for arm in strategy.arms for segment in strategy.segments_of(arm)]
        found += [each.only_if for each in strategy.treatments.values() if each.only_if]
        assert all(compile_one(condition)({}) in (True, False) for condition in found)


def test_a_value_left_out_is_not_known():
    assert compile_one(compile_condition("owed > 3"))({}) is False
    assert compile_one(compile_condition("not owed > 3"))({}) is True


def test_a_division_is_left_to_the_columns():
    with pytest.raises(Invalid):
        compile_one(compile_condition("overdue / owed > 0.5"))
