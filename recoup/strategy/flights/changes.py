"""
The first night, case by case: who would get another action than under the champion.

No chance of borrowers is in it, and no sample: both plans are made for the whole book.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from recoup.strategy.flights.flying import CANDIDATE, CHAMPION, Flown

EXAMPLES = 12


def first_night(flown: Flown) -> pl.DataFrame:
    """
    Each case whose action changes, by case: `before` and `after` (empty for no action), `why` each
    has none, segment and what the action is worth on both sides.

    Without a champion every action is new.
    """
    after = _side(flown, CANDIDATE, "after")
    if CHAMPION in flown.first:
        before = _side(flown, CHAMPION, "before")
    else:
        before = after.select(
            "case", before=pl.lit(""), why_before=pl.lit("no_strategy"), segment_before=pl.lit(""),
            value_before=pl.lit(0, dtype=pl.Int64),
        )  # fmt: skip
    both = before.join(after, on="case", how="inner", validate="1:1").sort("case")
    return both.filter(pl.col("before") != pl.col("after"))


def _side(flown: Flown, side: str, name: str) -> pl.DataFrame:
    return flown.first[side].rows.select(
        "case", pl.col("treatment").alias(name), pl.col("why").alias(f"why_{name}"),
        pl.col("segment").alias(f"segment_{name}"), pl.col("value").alias(f"value_{name}"),
    )  # fmt: skip


def summary(changed: pl.DataFrame, flown: Flown) -> dict[str, Any]:
    """The matrix from action to action, and some cases to look at: those worth most first."""
    pairs = changed.group_by("before", "after").len().sort("before", "after")
    actions = {
        side: int((night.rows["treatment"] != "").sum()) for side, night in flown.first.items()
    }
    # Some of each change, or a single large one would hide all the others.
    turn = pl.int_range(pl.len()).over("before", "after")
    worth = pl.max_horizontal("value_before", "value_after")
    some = changed.sort(worth, "case", descending=[True, False]).with_columns(turn=turn)
    return {
        "cases": flown.start.total, "changed": changed.height, "actions": actions,
        "matrix": [
            {"before": before, "after": after, "cases": count}
            for before, after, count in pairs.iter_rows()
        ],
        "examples": some.sort("turn", maintain_order=True).head(EXAMPLES).drop("turn").to_dicts(),
    }  # fmt: skip
