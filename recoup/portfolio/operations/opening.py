"""Opening a placement: its rows become borrowers, contact points, cases, loans and a ledger."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from recoup.intake import operations as intake
from recoup.intake import queries as intake_queries
from recoup.intake.models import Placement
from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.errors import Invalid
from recoup.kernel.progress import Progress, quiet
from recoup.portfolio import bulk
from recoup.portfolio.events import PlacementOpened, RowsOpened
from recoup.portfolio.models import Borrower, Case, ContactPoint, Entry, Loan
from recoup.portfolio.operations.accounts import open_accounts
from recoup.portfolio.operations.late import open_late
from recoup.portfolio.operations.reaching import open_contact_points, open_past_contacts
from recoup.portfolio.sideways import Sideways, staged_rows

BATCH = 5000  # smaller batches write the same pages of the indexes more often
# The order of the cursor `Placement.rows_opened`: all rows of one table, then of the next.
TABLES = ("accounts", "contact_points", "contacts")


def open_placement(
    *, placement: Placement, by: Actor, at: datetime, progress: Progress = quiet
) -> dict[str, int]:
    """
    Open an accepted placement; gives what the whole of it holds now.

    Works in batches, each of them one transaction together with the cursor
    `Placement.rows_opened`: after a kill the rows of a batch are there with the cursor, or
    neither. Running again goes on where the cursor stands, and does nothing when all is opened.

    :raises Invalid: if the placement was not accepted
    """
    placement.refresh_from_db()
    if placement.state == Placement.State.OPENED:
        return _totals(placement)
    if placement.state != Placement.State.ACCEPTED:
        raise Invalid(
            f"Placement {placement.pk} is {placement.state}, so it cannot be opened.",
            hint="Accept its file first; read what was wrong with it under intake.",
        )
    sizes = _sizes(placement)
    total = sum(sizes.values())
    sideways = Sideways(placement=placement, folder=_folder(placement))
    for table, skip in _positions(sizes, placement.rows_opened):
        for rows in intake_queries.staged(placement=placement, table=table, size=BATCH, skip=skip):
            _open_batch(placement, table, rows, sideways, by=by, at=at)
            progress("open", placement.rows_opened, total)
    if total:
        bulk.count_anew(Case, Loan, Borrower, ContactPoint, Entry)
    with record(PlacementOpened, by=by, at=at, book=placement.book) as event:
        event.about(placement)
        late = open_late(placement=placement, at=at)
        intake.mark_opened(placement=placement, rows=total, done=True, by=by, at=at)
        totals = _totals(placement) | late
        event.note(placement=placement.pk, **totals)
    shutil.rmtree(_folder(placement), ignore_errors=True)
    return totals


def _open_batch(
    placement: Placement, table: str, rows: list[dict[str, Any]], sideways: Sideways, *,
    by: Actor, at: datetime,
) -> None:  # fmt: skip
    opened = placement.rows_opened + len(rows)
    with (
        bulk.uncollected(),
        record(RowsOpened, by=by, at=at, book=placement.book, table=table) as event,
    ):
        held = Placement.objects.select_for_update(of=("self",), no_key=True).get(pk=placement.pk)
        if held.rows_opened != placement.rows_opened:
            raise Invalid(
                f"Placement {placement.pk} is being opened by somebody else.",
                hint="Wait until that has finished.",
            )
        counts = _OPEN[table](placement=placement, rows=rows, sideways=sideways, at=at)
        intake.mark_opened(placement=placement, rows=opened, done=False, by=by, at=at)
        event.about(placement)
        event.note(rows=len(rows), **counts)
    placement.rows_opened = opened


_OPEN = {
    "accounts": open_accounts,
    "contact_points": open_contact_points,
    "contacts": open_past_contacts,
}


def _positions(sizes: dict[str, int], cursor: int) -> Iterator[tuple[str, int]]:
    """The tables that are not finished, each with how many of its rows are opened."""
    for table in TABLES:
        done = min(cursor, sizes[table])
        cursor -= done
        if done < sizes[table]:
            yield table, done


def _sizes(placement: Placement) -> dict[str, int]:
    return {table: staged_rows(placement, table) for table in TABLES}


def _folder(placement: Placement) -> Path:
    return settings.DATA_DIR / "opening" / str(placement.pk)


def _totals(placement: Placement) -> dict[str, int]:
    loans = Loan.objects.filter(placement=placement)
    return {
        "loans": loans.count(),
        "cases": Case.objects.filter(loans__placement=placement).distinct().count(),
    }
