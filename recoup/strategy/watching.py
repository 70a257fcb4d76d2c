"""Whether a night's log is what its own chances say; each night is checked once."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import numpy as np
import polars as pl
from django.conf import settings
from django.db import IntegrityError

from recoup.decision.drift import Shares, shares
from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.people.models import Book
from recoup.strategy.events import LogWrong
from recoup.strategy.models import LogCheck, Plan
from recoup.strategy.reading import read

NEEDED = ("arm", "treatment", "explored", "admissible", "idle")


def check_log(*, book: Book, on: date, by: Actor, at: datetime) -> LogCheck | None:
    """
    Check the plan of a day: were as many drawn at random, and as many left alone, as their chances
    say? A log that is wrong is an event; `None` without a plan that can be checked.
    """
    plan = Plan.objects.filter(book=book, on=on).select_related("strategy").first()
    if plan is None:
        return None
    if done := LogCheck.objects.filter(plan=plan).first():
        return done
    found = checked(plan)
    if found is None:
        return None
    row = LogCheck(
        plan=plan, at=at, drawn={arm: list(one) for arm, one in found.drawn.items()},
        idle={arm: list(one) for arm, one in found.idle.items()}, chance=found.chance, is_wrong=found.is_wrong,
    )  # fmt: skip
    try:
        if not found.is_wrong:
            row.save()
            return row
        with record(LogWrong, by=by, at=at, book=book, on=on, what=_said(found)) as event:
            row.save()
            return event.about(row)
    except IntegrityError:  # two nights at once: the other one was first
        return LogCheck.objects.get(plan=plan)


def checked(plan: Plan) -> Shares | None:
    """What a plan's file shows of its chances; `None` where it keeps too little or had no choice."""
    whole = pl.scan_parquet(Path(settings.DATA_DIR) / plan.file)
    if set(NEEDED) - set(whole.collect_schema().names()):
        return None
    rows = whole.filter(pl.col("admissible") > 0).select(NEEDED).collect()
    if rows.is_empty():
        return None
    strategy = read(plan.strategy.source)
    return shares(
        arms=rows["arm"].to_numpy().astype(str), explored=rows["explored"].to_numpy(),
        explore=np.full(rows.height, strategy.explore), chances=rows["idle"].to_numpy(),
        idle=(rows["treatment"] == "").to_numpy(),
    )  # fmt: skip


def _said(found: Shares) -> str:
    """What was seen and expected by arm, in figures."""
    parts = [
        f"{arm} {seen}/{expected:.1f}"
        for cells in (found.drawn, found.idle)
        for arm, (seen, expected, _of) in cells.items()
    ]
    return ", ".join(parts)
