"""
The declared features in Polars, written to be read: the answer that the engines are held to.

It shares nothing with the kernel and the relational expression but the list of features.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import polars as pl

from recoup.scoring.declared import FEATURES, OUTCOMES, STATES, WORDS, Feature
from recoup.scoring.features import CASE_COLUMNS, Sources

UNKNOWN = "unknown"


def features_at(
    *, sources: Sources, on: date, instant: datetime, names: tuple[str, ...] | None = None
) -> pl.DataFrame:
    """
    One row per case of `sources.cases`, in its order: case, then each feature as a number.

    `instant` is when the day `on` begins. A null is missing (never paid: no days since).
    """
    before = _before(sources, on, instant)
    found = sources.cases.select(CASE_COLUMNS)
    for source, frame in before.items():
        wanted = [one for one in FEATURES if one.source == source and not one.parts]
        grouped = frame.group_by("case").agg(_expression(one).alias(one.name) for one in wanted)
        counted = [one.name for one in wanted if one.aggregate in ("count", "sum", "months")]
        found = found.join(grouped, on="case", how="left", maintain_order="left")
        found = found.with_columns(pl.col(counted).fill_null(0))
    found = _open_promise(found, before)
    found = found.with_columns(_ratio(one).alias(one.name) for one in FEATURES if one.parts)
    wanted_names = names or tuple(one.name for one in FEATURES)
    return found.select("case", pl.col(wanted_names).cast(pl.Float32))


def _before(sources: Sources, on: date, instant: datetime) -> dict[str, pl.DataFrame]:
    """Each source with only what was known before the cut-off, and its age in days."""
    day = pl.lit(instant).cast(pl.Datetime("us", "UTC"))

    def aged(frame: pl.DataFrame) -> pl.DataFrame:
        known = pl.col("known_at") if "known_at" in frame.columns else pl.col("at")
        kept = frame.filter((pl.col("at") < day) & (known < day))
        if "channel" in frame.columns:  # a later outcome of the same attempt replaces the first
            kept = kept.with_columns(_listed("channel"), _listed("outcome"))
            kept = kept.sort("known_at", _rank("outcome", OUTCOMES), maintain_order=True)
            kept = kept.unique(["case", "at", "channel"], keep="last", maintain_order=True)
        # Whole days back from the cut-off: anything of the day before is 1 day old.
        back = (day - pl.col("at")).dt.total_microseconds()
        return kept.with_columns(((back - 1) // 86_400_000_000 + 1).alias("age"))

    payments = sources.payments.filter(pl.col("paid_on") < on)
    return {
        "payments": payments.with_columns(
            (pl.lit(on) - pl.col("paid_on")).dt.total_days().alias("age")
        ),
        "contacts": aged(sources.contacts),
        "promises": aged(sources.promises.drop_nulls("due_on")).with_columns(
            (pl.col("due_on") - pl.lit(on)).dt.total_days().alias("days_to_due")
        ),
        "judgments": aged(sources.judgments),
    }


def _listed(column: str) -> pl.Expr:
    """A word that is not listed is as good as any other."""
    listed = pl.col(column).is_in(list(WORDS[column]))
    return pl.when(listed).then(pl.col(column)).otherwise(pl.lit(UNKNOWN)).alias(column)


def _rank(column: str, words: tuple[str, ...]) -> pl.Expr:
    order = {word: place for place, word in enumerate(words)}
    return pl.col(column).replace_strict(order, default=-1, return_dtype=pl.Int64)


def _expression(one: Feature) -> pl.Expr:
    """A feature's aggregate over the rows of one case."""
    kept = pl.lit(True) if one.window is None else pl.col("age") <= one.window
    if one.only:
        column = "state" if one.source == "judgments" else "outcome"
        kept = kept & pl.col(column).is_in(list(one.only))
    if one.channels:
        kept = kept & pl.col("channel").is_in(list(one.channels))
    match one.aggregate:
        case "count":
            return kept.sum() if one.window or one.only or one.channels else pl.len()
        case "sum":
            return pl.col("amount").filter(kept).sum()
        case "months":
            return ((pl.col("age") - 1) // 30).filter(kept).n_unique()
        case "days_since":
            return pl.col("age").filter(kept).min()
        case "open":
            return pl.col("days_to_due").sort_by("at", "days_to_due").last()
    raise ValueError(f"The feature {one.name} has no such aggregate: {one.aggregate}.")


def _ratio(one: Feature) -> pl.Expr:
    top, bottom = one.parts
    whole = pl.sum_horizontal((pl.col(name) for name in bottom.split("+")), ignore_nulls=False)
    return pl.when(whole > 0).then(pl.col(top) / whole)


def _open_promise(found: pl.DataFrame, before: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """
    A promise that was judged since, or whose day has passed, is no longer open; one that a bounced
    payment opened again is.
    """
    made = before["promises"].group_by("case").agg(pl.col("at").max().alias("made_at"))
    judged = (
        before["judgments"].sort("at", _rank("state", STATES)).group_by("case")
        .agg(pl.col("at").last().alias("judged_at"), pl.col("state").last())
        .filter(pl.col("state").ne_missing("open")).drop("state")
    )  # fmt: skip
    latest = made.join(judged, on="case", how="left")
    still = latest.filter(pl.col("judged_at").is_null() | (pl.col("judged_at") < pl.col("made_at")))
    is_open = pl.col("case").is_in(still["case"].implode()) & (pl.col("promise_due_in") >= 0)
    return found.with_columns(pl.when(is_open).then(pl.col("promise_due_in")))
