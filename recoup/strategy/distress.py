"""
Who may be in distress: left alone, or left to somebody trained for it; never contacted more.

Points are those of `decision.vulnerability`, a scorecard that was not fitted. A case at risk is closed
to every treatment but the work of its own collector, if that one has the skill "vulnerable"; the next
hand-out of cases gives it to such a collector (`assigning`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from django.conf import settings
from numpy.typing import NDArray

from recoup.decision import vulnerability
from recoup.decision.vulnerability import AT_RISK, Signs
from recoup.people import queries as people
from recoup.people.models import Book
from recoup.portfolio.models import Case
from recoup.strategy.assigning.policy import VULNERABLE
from recoup.strategy.effects.complaints import number
from recoup.strategy.models import Plan
from recoup.strategy.schema import Strategy
from recoup.strategy.sequence import at_risk

Flags = NDArray[np.bool_]
__all__ = ["at_risk", "kept", "marked", "of_last_night", "trained", "with_points"]

WHY = "distress"
HUMAN = "human"
FEATURES = ("promises_broken_180", "payments_180", "days_since_payment")
ON_FILE = ("flagged_before", "hardship_before")


def trained(book: Book, cases: Collection[int] | None = None) -> pl.Series:
    """The cases whose own collector is trained for people in distress."""
    able = people.skilled(creditor=book.creditor_id, code=VULNERABLE)
    rows = (
        Case.objects.filter(book=book, collector__in=sorted(able)) if able else Case.objects.none()
    )
    if cases is not None:
        rows = rows.filter(pk__in=cases)
    return pl.Series(list(rows.values_list("pk", flat=True)), dtype=pl.Int64)


def marked(frame: pl.DataFrame, signs: pl.DataFrame | None, theirs: pl.Series) -> pl.DataFrame:
    """The cases with the features that are signs, where any were kept, and `trained`."""
    if signs is not None:
        frame = frame.join(signs, on="case", how="left", maintain_order="left")
    return frame.with_columns(trained=pl.col("case").is_in(theirs.implode()))


def with_points(cases: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """The cases with their points (`distress`); what nobody looked at is no sign."""
    on_file = []
    for name in ON_FILE:
        marks = np.zeros(cases.height, dtype=bool)
        if name in facts.columns:
            some = facts.filter(pl.col(name))["case"].unique()
            marks = cases["case"].is_in(some.implode()).to_numpy()
        on_file.append(marks)
    broken, payments, quiet = (number(cases, name, np.nan) for name in FEATURES)
    points = vulnerability.points(Signs(*on_file, broken, payments, quiet))
    return cases.with_columns(distress=pl.Series(points, dtype=pl.Int64))


def kept(strategy: Strategy, cases: pl.DataFrame) -> Flags:
    """What stays open, (cases, treatments): for who may be in distress a trained collector's work."""
    human = np.array([one.group == HUMAN for one in strategy.treatments.values()])
    risk = at_risk(cases)
    trained = cases["trained"].to_numpy() if "trained" in cases.columns else np.zeros_like(risk)
    return np.asarray(~risk[:, None] | (trained[:, None] & human))


def of_last_night(*, book: Book, before: date) -> frozenset[int]:
    """The cases that the last night before a day found at risk."""
    plan = Plan.objects.filter(book=book, on__lt=before).order_by("-on").first()
    if plan is None:
        return frozenset()
    rows = pl.scan_parquet(Path(settings.DATA_DIR) / plan.file)
    if "distress" not in rows.collect_schema().names():
        return frozenset()
    found = rows.filter(pl.col("distress") >= AT_RISK).select("case").collect()
    return frozenset(found["case"].to_list())
