"""
The tables that features are made from, in whole numbers.

Days are day numbers and instants microseconds since 1970 (UTC), words are codes of `declared`,
money is minor units: no engine's calendar, time zone, rounding or text order enters a feature, so
that the kernel, DuckDB, PostgreSQL and Spark can be held equal. A missing day or instant leaves its
row out; a missing amount counts as nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from recoup.scoring.declared import WORDS, codes

EPOCH = date(1970, 1, 1)

TABLES: dict[str, dict[str, Any]] = {
    "cases": {
        "case": pl.Int64, "days_past_due": pl.Int64, "overdue": pl.Int64, "owed": pl.Int64,
        "loans": pl.Int64,
    },
    "payments": {"case": pl.Int64, "paid_on": pl.Int32, "amount": pl.Int64},
    "contacts": {
        "case": pl.Int64, "at": pl.Int64, "known_at": pl.Int64, "channel": pl.Int8,
        "outcome": pl.Int8,
    },
    "promises": {"case": pl.Int64, "at": pl.Int64, "due_on": pl.Int32},
    "judgments": {"case": pl.Int64, "at": pl.Int64, "state": pl.Int8},
}  # fmt: skip
EVENTS = tuple(name for name in TABLES if name != "cases")
MOMENTS = ("paid_on", "at", "known_at", "due_on")  # without one of its moments a row does not count
MISSING = -(2**63)  # stands for no number in arrays of whole numbers


def day_number(on: date) -> int:
    """
    Days since 1970.

    >>> day_number(date(1970, 1, 2))
    1
    """
    return (on - EPOCH).days


def microsecond(at: datetime) -> int:
    """
    Microseconds since 1970, exactly.

    >>> microsecond(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC))
    1000005
    """
    past = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds


def coded(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """
    A frame of `sources` as its table: words to codes, days and instants to whole numbers. Rows
    without a moment are left out.
    """
    columns = []
    for column, kind in TABLES[name].items():
        expression = pl.col(column)
        if column in codes(name):
            numbers = {word: place + 1 for place, word in enumerate(WORDS[column])}
            expression = expression.cast(pl.String).replace_strict(
                numbers, default=0, return_dtype=pl.Int8
            ).fill_null(0)  # fmt: skip
        elif frame.schema[column] == pl.Date:
            expression = expression.to_physical()
        elif isinstance(frame.schema[column], pl.Datetime):
            expression = expression.dt.epoch("us")
        columns.append(expression.cast(kind))
    found = frame.select(columns).drop_nulls([one for one in MOMENTS if one in TABLES[name]])
    return found.with_columns(pl.col("amount").fill_null(0)) if name == "payments" else found


def all_coded(frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Every table of `TABLES`."""
    return {name: coded(name, frames[name]) for name in TABLES}
