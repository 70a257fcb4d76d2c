"""Local minutes, dates and weekdays of many contacts, each judged at an instant of its own."""

from __future__ import annotations

import polars as pl

# The column of a frame that holds each row's own instant, in seconds since 1970.
JUDGED_AT = "judged_at"
SPANS = ("local_minute_least", "local_minute_most", "local_date_least", "local_date_most",
         "local_days")  # fmt: skip


def spans_each(zones: pl.Series, at: pl.Series) -> pl.DataFrame:
    """
    The columns `SPANS` for each row: over all candidate zones of the row, at its own instant.

    `zones` are comma-separated names, `at` seconds since 1970. Missing where no zone is known, or one
    of them is no zone at all.
    """
    rows = pl.DataFrame({"zones": zones, "at": at}).with_row_index("row")
    parts = [rows.select("row", *(pl.lit(None, pl.Int64).alias(n) for n in SPANS)).clear()]
    for (text,), some in rows.group_by("zones"):
        names = [part.strip() for part in str(text or "").split(",") if part.strip()]
        try:
            parts.append(_of_zones(some, names))
        except pl.exceptions.ComputeError:
            continue  # a zone that does not exist: nothing is known of these
    found = pl.concat(parts)
    return rows.select("row").join(found, on="row", how="left", maintain_order="left").drop("row")


def _of_zones(some: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    if not names:
        raise pl.exceptions.ComputeError("no zone")
    instant = pl.from_epoch("at", time_unit="s").dt.replace_time_zone("UTC")
    local = [instant.dt.convert_time_zone(name) for name in names]
    minutes = [one.dt.hour().cast(pl.Int64) * 60 + one.dt.minute() for one in local]
    dates = [one.dt.date().cast(pl.Int32).cast(pl.Int64) for one in local]
    # Two zones can stand on two days; the weekdays of both are in the set.
    first, last = pl.min_horizontal(dates), pl.max_horizontal(dates)
    return some.select(
        "row",
        pl.min_horizontal(minutes).alias("local_minute_least"),
        pl.max_horizontal(minutes).alias("local_minute_most"),
        first.alias("local_date_least"),
        last.alias("local_date_most"),
        (_bit(first) | _bit(last)).alias("local_days"),
    )


def _bit(day: pl.Expr) -> pl.Expr:
    # Day 0 was a Thursday, the fourth of the week's bits.
    weekday = (day + 3) % 7
    return weekday.replace_strict({n: 1 << n for n in range(7)}, return_dtype=pl.Int64)
