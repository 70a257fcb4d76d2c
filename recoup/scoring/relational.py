"""
The declared features as one Ibis expression, the same on DuckDB, PostgreSQL and Spark.

    features(tables, on=day, instant=start)    # one row for each case of tables["cases"]

`tables` are Ibis tables with the columns of `tables.TABLES`. Only what the engines agree on is used:
whole numbers, conditional sums, largest and smallest values, groups and left joins; every divisor
is checked against nothing first. Ratios are double precision, sums of whole numbers may be wider
than 64 bits: `to_matrix` brings an answer to the kernel's single precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recoup.scoring.declared import DAY, FEATURES, MONTH, NAMES, Feature, code
from recoup.scoring.tables import TABLES, day_number, microsecond

Table = Any  # an ibis.Table
Value = Any  # an ibis.Value
WORDS_IN = 16  # codes of outcomes and states are below this


def features(tables: Mapping[str, Table], *, on: date, instant: datetime) -> Table:
    """One row for each case: case, then every declared feature; null is missing."""
    import ibis

    today, cut = day_number(on), microsecond(instant)
    known = {
        "payments": _payments(tables["payments"], today),
        "contacts": _attempts(tables["contacts"], cut),
        "promises": _aged(tables["promises"].filter(tables["promises"].due_on.notnull()), cut),
        "judgments": _aged(tables["judgments"], cut),
    }
    found = tables["cases"].select(*TABLES["cases"])
    for source, rows in known.items():
        found = _joined(found, _counted(rows, source))
    found = _joined(found, _latest_promise(known["promises"]))
    found = _joined(found, _latest_judgment(known["judgments"]))
    columns = {one.name: _final(found, one, today) for one in FEATURES if not one.parts}
    found = found.select("case", **columns)
    ratios = {one.name: _ratio(found, one, ibis) for one in FEATURES if one.parts}
    return found.mutate(**ratios).select("case", *NAMES)


def _joined(left: Table, right: Table) -> Table:
    """Everything of the left, with what the right knows of its cases."""
    right = right.rename(same_case="case")
    return left.left_join(right, left.case == right.same_case).drop("same_case")


def _payments(rows: Table, today: int) -> Table:
    return rows.filter(rows.paid_on < today).mutate(age=today - rows.paid_on.cast("int64"))


def _aged(rows: Table, cut: int) -> Table:
    """Rows before the cut-off with their age: 1 on the day before it."""
    rows = rows.filter(rows["at"] < cut)
    return rows.mutate(age=1 + (cut - 1 - rows["at"]) // DAY)


def _attempts(rows: Table, cut: int) -> Table:
    """Each attempt once, by what was told of it last; of the same instant by the larger code."""
    rows = rows.filter(rows["at"] < cut, rows.known_at < cut)
    told = rows.known_at * WORDS_IN + rows.outcome.cast("int64")
    rows = rows.group_by("case", "at", "channel").agg(told=told.max())
    return _aged(rows, cut).mutate(outcome=rows.told % WORDS_IN)


def _kept(rows: Table, one: Feature) -> Value | None:
    """Which rows a feature is made of; `None` for all."""
    conditions = []
    if one.window is not None:
        conditions.append(rows.age <= one.window)
    for column, words in (("outcome", one.only), ("channel", one.channels)):
        name = "state" if one.source == "judgments" and column == "outcome" else column
        if words:
            conditions.append(rows[name].isin([code(name, word) for word in words]))
    return reduce(lambda a, b: a & b, conditions) if conditions else None


def _counted(rows: Table, source: str) -> Table:
    wanted = {}
    for one in FEATURES:
        if one.source == source and one.aggregate in ("count", "sum", "days_since"):
            wanted[one.name] = _aggregate(rows, one)
        elif one.source == source and one.aggregate == "months":
            wanted |= _months(rows, one)
    return rows.group_by("case").agg(**wanted)


def _aggregate(rows: Table, one: Feature) -> Value:
    kept = _kept(rows, one)
    match one.aggregate:
        case "count":
            return rows.count() if kept is None else kept.ifelse(1, 0).sum()
        case "sum":
            return rows.amount.sum() if kept is None else kept.ifelse(rows.amount, 0).sum()
        case _:
            return rows.age.min() if kept is None else rows.age.min(where=kept)


def _months(rows: Table, one: Feature) -> dict[str, Value]:
    """A column for each month: 1 if it has a row."""
    kept, found = _kept(rows, one), {}
    for month in range(-(-(one.window or MONTH) // MONTH)):
        there = (rows.age > month * MONTH) & (rows.age <= (month + 1) * MONTH)
        there = there if kept is None else there & kept
        found[f"{one.name}_{month}"] = there.ifelse(1, 0).max()
    return found


def _latest_promise(rows: Table) -> Table:
    """The newest promise of each case, of several at one instant the one due latest."""
    each = rows.group_by("case", "at").agg(due_on=rows.due_on.max())
    return each.group_by("case").agg(
        made_at=each["at"].max(), due_on=each.due_on.argmax(each["at"])
    )


def _latest_judgment(rows: Table) -> Table:
    told = rows["at"] * WORDS_IN + rows.state.cast("int64")
    return rows.group_by("case").agg(judged=told.max())


def _final(found: Table, one: Feature, today: int) -> Value:
    """A feature from the joined columns, with what no rows mean."""
    match one.aggregate:
        case "value" | "days_since":
            return found[one.name]
        case "open":
            state = found.judged % WORDS_IN  # never divided: engines divide as floats
            closed = (state != code("state", "open")) & (
                found.judged - state >= found.made_at * WORDS_IN
            )
            days = found.due_on.cast("int64") - today
            return (~closed.fill_null(False) & (days >= 0)).ifelse(days, None)
        case "months":
            months = [name for name in found.columns if name.startswith(f"{one.name}_")]
            return sum(found[name].fill_null(0) for name in months)
        case _:
            return found[one.name].fill_null(0)


def _ratio(found: Table, one: Feature, ibis: Any) -> Value:
    top, bottom = one.parts
    whole = reduce(lambda a, b: a + b, (found[name] for name in bottom.split("+")))
    divisor = (whole > 0).ifelse(whole, ibis.null("int64"))
    return found[top].cast("float64") / divisor.cast("float64")


def to_matrix(answer: pa.Table) -> NDArray[np.float32]:
    """The answer of an engine as the kernel gives it: (cases, features), NaN is missing."""
    columns = []
    for name in NAMES:
        column = answer[name].combine_chunks()
        if not pa.types.is_floating(column.type):
            column = column.cast(pa.int64())
            missing = column.is_null().to_numpy(zero_copy_only=False)
            numbers = column.fill_null(0).to_numpy().astype(np.float32)
            columns.append(np.where(missing, np.float32(np.nan), numbers))
        else:
            columns.append(column.to_numpy(zero_copy_only=False).astype(np.float32))
    return np.asfortranarray(np.column_stack(columns))
