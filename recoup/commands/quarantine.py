"""`recoup quarantine`: refused rows, corrected and played again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recoup.commands import console

NUMBER = click.IntRange(1, 2**31)
PLACEMENT = click.option("--placement", "pk", type=NUMBER, required=True, help="Its number.")


@click.group()
def command() -> None:
    """List refused rows, write them out for correction, take the corrections in."""


@command.command("list")
@console.BOOK
@click.option("--placement", "pk", type=NUMBER, default=None, help="Only of this placement.")
@click.option("--limit", type=NUMBER, default=50, show_default=True, help="Rows of each placement.")
@click.option("--all", "everything", is_flag=True, help="Replayed and discarded rows too.")
def list_rows(code: str | None, pk: int | None, limit: int, everything: bool) -> None:
    """Say which rows wait for correction, and what is wrong with them."""
    console.start()
    from rich.table import Table

    from recoup.intake import queries
    from recoup.people import scopes

    book = console.book_of(code) if pk is None else _placement(pk).book
    viewer = scopes.system_viewer(book)
    table = Table("placement", "table", "row", "state", "problem", box=None)
    more = 0
    with scopes.acting_for(book):
        for placement in queries.placements(viewer=viewer, book=book):
            if pk is not None and placement.pk != pk:
                continue
            rows = queries.quarantined(viewer=viewer, placement=placement)
            rows = rows if everything else rows.filter(state="open")
            more += max(rows.count() - limit, 0)
            for row in rows[:limit]:
                for problem in queries.described(row):
                    table.add_row(
                        str(placement.pk), row.table, str(row.row_number), row.state, str(problem)
                    )
    console.out.print(table if table.row_count else "No row waits for correction.")
    if more:
        console.say(f"... and {more:,} more rows; --limit shows them.")
    if table.row_count:
        console.say("To correct them: recoup quarantine export --placement N FILE")


@command.command()
@PLACEMENT
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--reason", required=True, help="Why; it is kept in the journal.")
@console.WHO
@console.PASSWORD
def export(pk: int, file: Path, reason: str, username: str, password: str) -> None:
    """
    Write the waiting rows of a placement to FILE (CSV), to be corrected there.

    They are personal data in clear: a named person who may correct rows says why.
    """
    console.start()
    from recoup.intake import operations
    from recoup.kernel import clock
    from recoup.kernel.errors import Invalid
    from recoup.people import scopes

    viewer, placement = console.signed_in(username, password), _placement(pk)
    if file.exists():
        raise Invalid(f"{file} exists.", hint="Give another name.")
    with scopes.acting_for(placement.book):
        count = operations.export_quarantine(
            viewer=viewer, placement=placement, path=file, reason=reason, at=clock.now()
        )
    if not count:
        console.say(f"No row of placement {pk} waits for correction; no file was written.")
        return
    console.say(f"{count:,} rows are in {file}. It holds personal data: delete it when done.")
    console.say(f"Correct it, then: recoup quarantine replay --placement {pk} {file}")


@command.command()
@PLACEMENT
@click.argument("file", type=click.Path(path_type=Path))
def replay(pk: int, file: Path) -> None:
    """Take the corrected rows in FILE in, and open their cases."""
    console.start()
    from recoup import path
    from recoup.intake import operations, queries
    from recoup.kernel import clock
    from recoup.people import scopes

    placement, at, by = _placement(pk), clock.now(), console.actor("quarantine replay")
    with scopes.acting_for(placement.book), console.progress() as progress:
        before = queries.summary(placement).open_rows
        fresh = operations.replay(placement=placement, path=file, by=by, at=at)
        path.take_in(placement=fresh, by=by, at=at, progress=progress)
        fresh.refresh_from_db()
        console.say(str(queries.summary(fresh)))
        left = queries.summary(placement).open_rows
        still = queries.summary(fresh).open_rows
    if left == before:
        console.say("This file was replayed before; nothing changed.")
    else:
        console.say(
            f"{before - left:,} rows left the quarantine of placement {pk}: "
            f"{fresh.rows_accepted:,} taken in, {fresh.rows_refused:,} still wrong."
        )
    for number, waiting in ((pk, left), (fresh.pk, still)):
        if waiting:
            console.say(
                f"{waiting:,} rows wait in placement {number}: "
                f"recoup quarantine list --placement {number}"
            )


def _placement(pk: int) -> Any:
    from django_scopes import scopes_disabled

    from recoup.intake.models import Placement
    from recoup.kernel.errors import Invalid

    with scopes_disabled():
        found = Placement.objects.select_related("book__creditor").filter(pk=pk).first()
    if found is None:
        raise Invalid(f"There is no placement {pk}.", hint="`recoup quarantine list` shows them.")
    return found
