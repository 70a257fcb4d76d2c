"""What is asked of flights and approvals: by the studio, within what a viewer may see."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings
from django.db.models import QuerySet

from recoup.kernel.actors import Viewer
from recoup.people import scopes
from recoup.people.models import Book
from recoup.people.scopes import unjoined
from recoup.portfolio.models import Case
from recoup.strategy.flights.clearing import WHY, Clearance, clearance
from recoup.strategy.flights.operations import SILENCE
from recoup.strategy.models import Flight, StrategyApproval, StrategyVersion

__all__ = [
    "WHY", "Clearance", "approvals", "changed", "cleared", "examples", "flight", "flights",
    "is_any_in_the_air", "may_decide",
]  # fmt: skip


def flights(*, viewer: Viewer, book: Book) -> QuerySet[Flight]:
    """The flights of a book, newest first, without their texts."""
    scopes.demand(viewer, scopes.SEE_STUDIO)
    rows = scopes.visible(Flight.objects.filter(book=book), viewer)
    return rows.defer("source", "inputs").select_related("candidate", "champion").order_by("-pk")


def flight(*, viewer: Viewer, pk: int) -> Flight | None:
    """One flight, if the viewer may see it."""
    scopes.demand(viewer, scopes.SEE_STUDIO)
    rows = scopes.visible(Flight.objects.filter(pk=pk), viewer)
    return rows.select_related("book__creditor", "candidate", "champion").first()


def examples(*, viewer: Viewer, flight: Flight) -> list[dict[str, Any]]:
    """
    Some cases that would get another action, as the flight kept them, with `name` half hidden.

    Whoever may not see cases gets none.
    """
    rows: list[dict[str, Any]] = flight.results.get("first_night", {}).get("examples", [])
    if scopes.SEE_CASES not in viewer.may:
        return []
    seen = scopes.visible(Case.objects.filter(pk__in=[row["case"] for row in rows]), viewer)
    names = dict(seen.values_list("pk", "borrower__name_masked"))
    return [row | {"name": names[row["case"]]} for row in rows if row["case"] in names]


def changed(*, viewer: Viewer, flight: Flight) -> pl.DataFrame:
    """
    Each case whose first night changes, as `changes.first_night` gives them.

    :raises Refused: if the viewer may not see cases
    """
    scopes.demand(viewer, scopes.SEE_CASES)
    rows = pl.read_parquet(Path(settings.DATA_DIR) / flight.file)
    mine = scopes.visible(Case.objects.filter(book=flight.book), viewer)
    return rows.filter(pl.col("case").is_in(list(mine.values_list("pk", flat=True))))


def cleared(*, viewer: Viewer, version: StrategyVersion, at: datetime) -> Clearance:
    """What lets a version be put in force, or stands in the way."""
    scopes.demand(viewer, scopes.SEE_STUDIO)
    return clearance(version=version, at=at)


def approvals(*, viewer: Viewer, book: Book) -> QuerySet[StrategyApproval]:
    """What was asked and decided for the versions of a book, newest first."""
    scopes.demand(viewer, scopes.SEE_STUDIO)
    rows = StrategyApproval.objects.filter(version__book=book)
    rows = scopes.visible(rows, viewer, case="version__")
    return rows.select_related("version", "flight").order_by("-pk")


def may_decide(*, viewer: Viewer, approval: StrategyApproval) -> bool:
    """Whether a viewer is another person than who wrote or asked, with the permission."""
    mine = str(viewer.actor()) in (approval.asked_by, approval.version.added_by)
    return scopes.APPROVE_STRATEGY in viewer.may and not mine


def is_any_in_the_air(*, at: datetime) -> bool:
    """Whether some living process flies, for whomever: it will take the next flight itself."""
    flying = unjoined(Flight).filter(state=Flight.State.FLYING, seen_at__gt=at - SILENCE)
    return bool(flying.exists())
