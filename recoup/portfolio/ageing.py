"""
How many days a debt is past due, and its stage (账龄), for any day.

One definition in two forms: `age` for one loan and `age_frame` for a chunk of a book. A property
test holds them equal. The oldest instalment of which anything is still owed decides: its due day
is day 0, the day after is day 1.

Pure: takes figures, gives figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from recoup.portfolio.waterfall import RECEIVABLES, SCHEDULED, Due, outstanding

WORST = 7  # M7+: everything above 180 days
DAYS_IN_STAGE = 30


@dataclass(frozen=True, slots=True)
class Age:
    """What a loan owes on a day, what of it is overdue, and for how long."""

    owed: int
    overdue: int
    days_past_due: int
    stage: str


def stage_of(days_past_due: int) -> str:
    """
    The stage of a number of days.

    >>> [stage_of(days) for days in (0, 1, 30, 31, 180, 181, 900)]
    ['C', 'M1', 'M1', 'M2', 'M6', 'M7+', 'M7+']
    """
    if days_past_due <= 0:
        return "C"
    bucket = min(WORST, 1 + (days_past_due - 1) // DAYS_IN_STAGE)
    return f"M{bucket}" + ("+" if bucket == WORST else "")


def age(
    *, balances: Mapping[str, int], schedule: Sequence[Due], on: date,
    overdue_since: date | None = None, matures_on: date | None = None,
) -> Age:  # fmt: skip
    """
    The age of one loan on a day, from the balances of that day.

    What no instalment explains is due since `overdue_since`, or since maturity where there is no
    schedule, or with the first instalment. A penalty beside a schedule does not age by itself.
    """
    owed = sum(max(0, balances.get(account, 0)) for account in RECEIVABLES)
    parts = outstanding(balances=balances, schedule=schedule, on=on)
    first = min((due.due_on for due in schedule), default=matures_on)
    undated_since = overdue_since or first
    overdue, since = 0, []
    for part in parts:
        due_on = part.due_on or undated_since
        if due_on is None or due_on >= on:
            continue
        overdue += part.total
        lone_penalty = part.due_on is None and schedule and not overdue_since
        if not lone_penalty or set(part.owed) != {"penalty"}:
            since.append(due_on)
    days = (on - min(since)).days if since else 0
    return Age(owed, overdue, days, stage_of(days))


def stage_expression(days: str = "days_past_due") -> pl.Expr:
    """`stage_of` over a column."""
    bucket = (1 + (pl.col(days) - 1) // DAYS_IN_STAGE).clip(upper_bound=WORST)
    name = pl.concat_str(pl.lit("M"), bucket.cast(pl.String))
    return (
        pl.when(pl.col(days) <= 0).then(pl.lit("C"))
        .when(bucket == WORST).then(name + "+")
        .otherwise(name)
    )  # fmt: skip


def age_frame(*, loans: pl.DataFrame, schedule: pl.DataFrame, on: date) -> pl.DataFrame:
    """
    The age of many loans on a day.

    :param loans: loan, overdue_since, matures_on, and the balance of each receivable
    :param schedule: loan, number, due_on, principal, interest, cost
    Gives loan, owed, overdue, days_past_due, stage, in the order of `loans`.
    """
    balances = loans.with_columns(pl.col(account).clip(lower_bound=0) for account in RECEIVABLES)
    laid = _lay(balances, schedule, on)
    per_loan = laid.group_by("loan").agg(
        pl.col("due_on").min().alias("first_due"),
        pl.col("due_on")
        .filter((pl.col("left") > 0) & (pl.col("due_on") < on))
        .min()
        .alias("since"),
        pl.col("left").filter(pl.col("due_on") < on).sum().alias("due"),
        *(pl.col(f"{account}_left").sum().alias(f"{account}_laid") for account in SCHEDULED),
    )
    found = balances.join(per_loan, on="loan", how="left", maintain_order="left")
    found = found.with_columns(
        pl.col("due", *(f"{account}_laid" for account in SCHEDULED)).fill_null(0)
    )
    return _weigh(found, on)


def _lay(balances: pl.DataFrame, schedule: pl.DataFrame, on: date) -> pl.DataFrame:
    """Each instalment with what is left of it: the balances laid on the schedule from its end."""
    named = balances.select("loan", *(pl.col(a).alias(f"{a}_balance") for a in SCHEDULED))
    rows = schedule.join(named, on="loan").sort("loan", "due_on", "number", descending=True)
    rows = rows.with_columns(
        pl.when(pl.col("due_on") > on).then(0).otherwise(pl.col(account)).alias(account)
        for account in ("interest", "cost")
    )
    rows = rows.with_columns(
        (pl.col(account).cum_sum().over("loan") - pl.col(account)).alias(f"{account}_newer")
        for account in SCHEDULED
    )
    rows = rows.with_columns(
        pl.min_horizontal(
            pl.col(account),
            (pl.col(f"{account}_balance") - pl.col(f"{account}_newer")).clip(lower_bound=0),
        ).alias(f"{account}_left")
        for account in SCHEDULED
    )
    return rows.with_columns(
        pl.sum_horizontal(f"{account}_left" for account in SCHEDULED).alias("left")
    )


def _weigh(found: pl.DataFrame, on: date) -> pl.DataFrame:
    rest = pl.sum_horizontal(pl.col(a) - pl.col(f"{a}_laid") for a in SCHEDULED)
    scheduled = pl.col("first_due").is_not_null()
    undated = pl.coalesce("overdue_since", "first_due", "matures_on")
    found = found.with_columns(
        pl.sum_horizontal(RECEIVABLES).alias("owed"),
        (rest + pl.col("penalty")).alias("rest"),
        ((rest > 0) | ((pl.col("penalty") > 0)
                       & (~scheduled | pl.col("overdue_since").is_not_null()))).alias("rest_ages"),
        (undated < on).fill_null(False).alias("rest_due"),
        undated.alias("undated"),
    )  # fmt: skip
    since = pl.min_horizontal(
        "since",
        pl.when(pl.col("rest_ages") & pl.col("rest_due") & (pl.col("rest") > 0))
        .then(pl.col("undated")),
    )  # fmt: skip
    found = found.with_columns(
        (pl.col("due") + pl.when(pl.col("rest_due")).then(pl.col("rest")).otherwise(0))
        .alias("overdue"),
        (pl.lit(on) - since).dt.total_days().fill_null(0).cast(pl.Int64).alias("days_past_due"),
    )  # fmt: skip
    return found.select(
        "loan", "owed", "overdue", "days_past_due", stage_expression().alias("stage")
    )
