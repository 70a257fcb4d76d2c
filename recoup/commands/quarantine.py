"""`recoup quarantine`: refused rows, corrected and played again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recoup.commands import console

PLACEMENT = click.option("--placement", "pk", type=int, required=True, help="Its number.")


@click.group()
def command() -> None:
    """List refused rows, write them out for correction, take the corrections in."""


@command.command("list")
@console.BOOK
@click.option("--placement", "pk", type=int, default=None, help="Only of this placement.")
@click.option("--limit", default=50, show_default=True)
def list_rows(code: str | None, pk: int | None, limit: int) -> None:
    """Say which rows were refused, and why."""
    console.start()
    from rich.table import Table

    from recoup.intake import queries
    from recoup.people import scopes

    book = console.book_of(code) if pk is None else _placement(pk).book
    viewer = scopes.system_viewer(book)
    table = Table("placement", "table", "row", "problem", box=None)
    with scopes.acting_for(book):
        for placement in queries.placements(viewer=viewer, book=book):
            if pk is not None and placement.pk != pk:
                continue
            for row in queries.quarantined(viewer=viewer, placement=placement)[:limit]:
                for problem in row.problems:
                    text = f"{problem['where']}: {problem['what']} {problem.get('hint', '')}"
                    table.add_row(str(placement.pk), row.table, str(row.row_number), text)
    console.out.print(table if table.row_count else "No refused rows.")


@command.command()
@PLACEMENT
@click.argument("file", type=click.Path(path_type=Path))
def export(pk: int, file: Path) -> None:
    """Write the refused rows of a placement to FILE (CSV), to be corrected there."""
    console.start()
    from recoup.intake import operations
    from recoup.people import scopes

    placement = _placement(pk)
    with scopes.acting_for(placement.book):
        viewer = scopes.system_viewer(placement.book, name="recoup quarantine")
        count = operations.export_quarantine(viewer=viewer, placement=placement, path=file)
    console.out.print(f"{count:,} rows in {file}. It holds personal data: delete it when done.")


@command.command()
@PLACEMENT
@click.argument("file", type=click.Path(path_type=Path, exists=True))
def replay(pk: int, file: Path) -> None:
    """Take the corrected rows in FILE in, and open their cases."""
    console.start()
    from recoup import path
    from recoup.intake import operations, queries
    from recoup.kernel import clock
    from recoup.people import scopes

    placement, at, by = _placement(pk), clock.now(), console.actor("quarantine replay")
    with scopes.acting_for(placement.book), console.progress() as progress:
        fresh = operations.replay(placement=placement, path=file, by=by, at=at)
        path.take_in(placement=fresh, by=by, at=at, progress=progress)
        fresh.refresh_from_db()
        console.out.print(queries.summary(fresh))


def _placement(pk: int) -> Any:
    from django_scopes import scopes_disabled

    from recoup.intake.models import Placement
    from recoup.kernel.errors import Invalid

    with scopes_disabled():
        found = Placement.objects.select_related("book__creditor").filter(pk=pk).first()
    if found is None:
        raise Invalid(f"There is no placement {pk}.")
    return found
