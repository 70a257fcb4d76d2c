"""Nights that were planned, as rows to learn from: what was open, what was chosen, what was paid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from django.conf import settings
from django.db.models import Q, Sum

from recoup.decision.policylog import Log
from recoup.decision.uplift.trial import Trial
from recoup.people.models import Book
from recoup.portfolio import bulk
from recoup.portfolio.models import Case, Entry
from recoup.strategy.models import Plan
from recoup.strategy.reading import read
from recoup.strategy.schema import HOLDOUT, Treatment

WINDOW = timedelta(days=30)
MOST_ROWS = 400_000
NOTHING = "nothing"
# What a model of effects looks at, all known before the choice and written into the plan.
COLUMNS = ("days_past_due", "overdue", "owed", "repay_30", "lost_contact", "contacts_30")
DOSE = "contacts_30"
NEEDED = ("case", "arm", "treatment", "propensity", "admissible", "open", *COLUMNS)


def imprint(treatment: Treatment) -> str:
    """
    What makes a treatment what it is: a text or length that changes makes another one of it.
    """
    offer = ",".join(f"{name}={value}" for name, value in sorted(treatment.offer.items()))
    return f"{treatment.channel}|{treatment.template}|{treatment.minutes}|{offer}"


def plans_before(*, book: Book, as_of: date) -> list[Plan]:
    """The plans of which every outcome was known when the day `as_of` began."""
    rows = Plan.objects.filter(book=book, on__lte=as_of - WINDOW)
    return list(rows.select_related("strategy").order_by("on"))


def rows_of(*, plans: Iterable[Plan], now: Mapping[str, Treatment]) -> pl.DataFrame:
    """
    The rows of plans with something overdue, with `on`: of all cases where they are few, else of
    every n-th. A treatment that meant something else then is called `code~old`.

    Plans of before what was `open` was written down are left out.
    """
    usable = []
    for plan in plans:
        frame = pl.scan_parquet(Path(settings.DATA_DIR) / plan.file)
        if set(NEEDED) <= set(frame.collect_schema().names()):
            usable.append((plan, frame))
    every = -(-sum(plan.rows for plan, _ in usable) // MOST_ROWS) or 1
    parts = []
    for plan, frame in usable:
        treatments = read(plan.strategy.source).treatments
        part = frame.filter((pl.col("overdue") > 0) & (pl.col("case") % every == 0))
        found = part.select(NEEDED).with_columns(on=pl.lit(plan.on)).collect()
        parts.append(_named(found, treatments, now))
    return pl.concat(parts) if parts else pl.DataFrame(schema=dict.fromkeys(NEEDED, pl.Int64))


def _named(
    rows: pl.DataFrame, then: Mapping[str, Treatment], now: Mapping[str, Treatment]
) -> pl.DataFrame:
    """Treatments by name, and what was open as a list of names."""
    names = [
        code if code in now and imprint(now[code]) == imprint(treatment) else f"{code}~old"
        for code, treatment in then.items()
    ]
    renamed = dict(zip(then, names, strict=True))
    bits = rows["open"].to_numpy().astype(np.int64)
    flags = (bits[:, None] >> np.arange(len(names))) & 1
    opened = [[names[at] for at in np.flatnonzero(row)] for row in flags]
    return rows.with_columns(
        pl.col("treatment").replace(renamed).replace({"": NOTHING}),
        pl.Series("open", opened, dtype=pl.List(pl.String)),
        pl.col("days_past_due", "overdue", "owed", "contacts_30", "repay_30", "lost_contact",
               "propensity").cast(pl.Float64),
    )  # fmt: skip


def payments(*, book: Book, since: date) -> pl.DataFrame:
    """What came in for each case and day, reversals taken off: case, on, cash."""
    rows = Entry.objects.filter(
        Q(kind="payment") | Q(kind="reversal", reverses__kind="payment"),
        loan__book=book, value_on__gte=since,
    ).order_by().values("loan__case", "value_on").annotate(total=Sum("cash"))  # fmt: skip
    return bulk.frame(
        rows.values_list("loan__case", "value_on", "total"),
        {"case": pl.Int64, "on": pl.Date, "cash": pl.Int64},
    )


def people(*, book: Book) -> pl.DataFrame:
    """Who owes each case: case, person."""
    rows = Case.objects.filter(book=book).values_list("pk", "borrower_id")
    return bulk.frame(rows, {"case": pl.Int64, "person": pl.Int64})


def with_payments(rows: pl.DataFrame, paid: pl.DataFrame) -> pl.DataFrame:
    """
    The rows with `paid`, the share of what was overdue that came in within 30 days of the night, at
    most all, and `paid_before`, the same of the 30 days before it.
    """
    sums = paid.group_by("case", "on").agg(pl.col("cash").sum()).sort("on")
    total = sums.with_columns(so_far=pl.col("cash").cum_sum().over("case"))
    total = total.select("case", "on", "so_far").sort("on")
    found = rows.with_row_index("row")
    for name, days in (("start", -1), ("end", 29), ("before", -31)):
        asked = found.select(
            "row", "case", (pl.col("on") + timedelta(days=days)).alias("on")
        ).sort("on")  # fmt: skip
        known = asked.join_asof(total, on="on", by="case", check_sortedness=False)
        known = known.select("row", pl.col("so_far").fill_null(0).alias(name))
        found = found.join(known, on="row", how="left", maintain_order="left")
    owed = pl.col("overdue")
    return found.with_columns(
        paid=((pl.col("end") - pl.col("start")) / owed).clip(0, 1),
        paid_before=((pl.col("start") - pl.col("before")) / owed).clip(0, 1),
    ).drop("row", "start", "end", "before")


def known_of(frame: pl.DataFrame, *, repay_30: float) -> np.ndarray:
    """The columns a model looks at, (n, 6); an unknown score is the strategy's assumption."""
    found: np.ndarray = frame.select(
        pl.col("days_past_due").cast(pl.Float64).fill_null(0),
        pl.col("overdue", "owed").cast(pl.Float64).fill_null(0).clip(0).log1p(),
        pl.col("repay_30").cast(pl.Float64).fill_nan(None).fill_null(repay_30),
        pl.col("lost_contact").cast(pl.Float64).fill_nan(None).fill_null(0),
        pl.col("contacts_30").cast(pl.Float64).fill_null(0),
    ).to_numpy()
    return found


def trial_of(rows: pl.DataFrame, *, outcome: np.ndarray, repay_30: float) -> Trial:
    """
    The trial of rows with a choice, holdout left out.

    :raises BadLog: with every problem of the log
    """
    names = (NOTHING, *sorted(set(rows["treatment"].to_list()) - {NOTHING}))
    place = {name: at for at, name in enumerate(names)}
    opened = np.zeros((rows.height, len(names)), bool)
    opened[:, 0] = True
    flat = rows.select("open").with_row_index("row").explode("open").drop_nulls()
    flat = flat.filter(pl.col("open").is_in(list(names)))
    opened[flat["row"].to_numpy(), [place[one] for one in flat["open"].to_list()]] = True
    log = Log.of(
        actions=np.array([place[one] for one in rows["treatment"].to_list()], dtype=np.int64),
        outcomes=outcome, propensities=rows["propensity"].to_numpy(),
        people=rows["person"].to_numpy(), names=names, known=known_of(rows, repay_30=repay_30),
    )  # fmt: skip
    return Trial.of(log, columns=COLUMNS, open=opened)


def with_choice(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows in which something could be chosen."""
    return rows.filter((pl.col("admissible") > 0) & (pl.col("arm") != HOLDOUT))
