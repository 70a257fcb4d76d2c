"""
Learning how likely a contact ends in a complaint or an opt-out, from what was done in this book.

A contact is a decision that was carried out. An objection belongs to the last contact of its case in
the fourteen days up to it; contacts whose fourteen days are not over are left out. What was known of a
contact is counted as the night counts it.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from django.db import transaction
from django.db.models.fields.json import KT

from recoup.decision.complaints import Learnt, Pressure, learn
from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.errors import NotTrainable
from recoup.people.models import Book
from recoup.portfolio import bulk
from recoup.strategy.events import ComplaintsMeasured, ComplaintsNotMeasured
from recoup.strategy.history import CARRIED_OUT
from recoup.strategy.models import Decision, RiskModel

State = RiskModel.State
WINDOW = timedelta(days=14)
ERA = 100_000  # days between cases on one line of time


def train(
    *, book: Book, as_of: date, objections: pl.DataFrame, by: Actor, at: datetime
) -> RiskModel:
    """
    Fit to the contacts of a book whose fourteen days were over before the day `as_of`. `objections`
    has the `case` and the day (`on`) of every complaint and opt-out. The same log gives the row that
    is there; one that carries nothing is a row with `why_not`, and what was in use stays.
    """
    rows = contacts_of(book=book, before=as_of - WINDOW, objections=objections)
    digest = hashlib.sha256(
        np.ascontiguousarray(rows.hash_rows(seed=0).to_numpy()).tobytes()
    ).hexdigest()
    mine = RiskModel.objects.filter(book=book, kind=RiskModel.Kind.COMPLAINT)
    if there := mine.filter(data_digest=digest).order_by("-version").first():
        return there
    version = (mine.order_by("-version").values_list("version", flat=True).first() or 0) + 1
    kept: dict[str, Any] = {
        "book": book, "kind": RiskModel.Kind.COMPLAINT, "version": version, "trained_at": at,
        "data_digest": digest,
    }  # fmt: skip
    try:
        learnt = _learn(rows)
    except NotTrainable as why:
        with record(ComplaintsNotMeasured, by=by, at=at, book=book, why_not=str(why)) as event:
            return event.about(
                RiskModel.objects.create(**kept, state=State.NOT_TRAINABLE, why_not=str(why))
            )
    facts = {"version": version, "contacts": learnt.contacts, "objections": learnt.objections}
    with (
        transaction.atomic(),
        record(ComplaintsMeasured, by=by, at=at, book=book, **facts) as event,
    ):
        mine.filter(state=State.CHAMPION).update(state=State.RETIRED)
        event.note(data=digest, constant=learnt.risk.is_constant)
        return event.about(RiskModel.objects.create(
            **kept, state=State.CHAMPION, card=card(learnt),
            trained_from=rows["on"].min(), trained_to=rows["on"].max(),
        ))  # fmt: skip


def card(learnt: Learnt) -> dict[str, Any]:
    """The model itself, and what a reader is told of it."""
    return {
        "model": learnt.risk.as_dict(), "constant": learnt.risk.is_constant,
        "judged": learnt.judged.as_dict(), "contacts": learnt.contacts,
        "objections": learnt.objections,
        "kinds": {name: learnt.risk.of_kind(name) for name in learnt.risk.kinds},
    }  # fmt: skip


def _learn(rows: pl.DataFrame) -> Learnt:
    known = Pressure(
        *(rows[name].to_numpy().astype(np.float64) for name in ("month", "week", "ago")),
        rows["former"].to_numpy(), rows["days_past_due"].to_numpy(),
    )  # fmt: skip
    return learn(
        rows["channel"].to_numpy().astype(str), known, rows["objected"].to_numpy(),
        day=rows["on"].cast(pl.Int32).to_numpy().astype(np.int64),
        people=rows["person"].to_numpy(),
    )  # fmt: skip


def contacts_of(*, book: Book, before: date, objections: pl.DataFrame) -> pl.DataFrame:
    """
    Every contact before a day: case, person, channel, on, days_past_due, and contacts of the `month`
    and `week` before, days since the last (`ago`), a `former` objection, whether it was `objected`.
    """
    done = Decision.objects.filter(book=book, state__in=CARRIED_OUT, on__lt=before)
    rows = bulk.frame(
        done.order_by().values_list(
            "pk", "case", "case__borrower__person", "channel", "on", KT("reason__days_past_due")
        ),
        {"pk": pl.Int64, "case": pl.Int64, "person": pl.Int64, "channel": pl.String, "on": pl.Date,
         "days_past_due": pl.String},
    )  # fmt: skip
    rows = rows.sort("case", "on", "pk").with_columns(
        pl.col("days_past_due").cast(pl.Float64, strict=False).fill_null(0.0)
    )
    rows = rows.with_columns(*_before(rows))
    told = objections.select("case", "on").unique().sort("case", "on")
    first = told.group_by("case").agg(first=pl.col("on").min())
    rows = rows.join(first, on="case", how="left", maintain_order="left").with_columns(
        former=(pl.col("first") < pl.col("on")).fill_null(value=False)
    )
    last = rows.select("case", "on", "pk").sort("on")
    blamed = told.sort("on").join_asof(
        last, on="on", by="case", strategy="backward", tolerance=WINDOW, check_sortedness=False
    )
    objected = pl.col("pk").is_in(blamed["pk"].drop_nulls().implode())
    return rows.with_columns(objected=objected).drop("pk", "first")


def _before(rows: pl.DataFrame) -> list[pl.Series]:
    """How often the case was contacted in the days before each contact, and when last."""
    case = rows["case"].rank("dense").cast(pl.Int64).to_numpy()
    day = rows["on"].cast(pl.Int32).to_numpy().astype(np.int64)
    line = case * ERA + day  # a case far from the next: days of one are no days of another
    start = np.searchsorted(line, line, side="left")

    def since(days: int) -> Any:
        return start - np.searchsorted(line, line - days + 1, side="left")

    earlier = np.maximum(start - 1, 0)
    known = (start > 0) & (case[earlier] == case)
    ago = np.where(known, (line - line[earlier]).astype(np.float64), np.inf)
    return [
        pl.Series("month", since(30)), pl.Series("week", since(7)),
        pl.Series("ago", ago, dtype=pl.Float64),
    ]  # fmt: skip
