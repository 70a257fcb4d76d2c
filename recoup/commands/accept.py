"""`recoup accept`: take a lender's file in and open its cases."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from recoup.commands import console


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--mapping", required=True, help="How the file's columns are read.")
@console.BOOK
@console.ON
@click.option("--creditor", default="default", show_default=True, help="Whose book, if it is new.")
def command(file: Path, mapping: str, code: str | None, on: datetime | None, creditor: str) -> None:
    """
    Take FILE in: a CSV, XLSX or Parquet file, a folder or a zip of them.

    The same file again changes nothing; a killed run is finished by running it again. A book that
    does not exist yet is opened as a live book, named after the mapping, once the file was found
    readable.
    """
    console.start()
    from recoup import path
    from recoup.intake import operations, queries
    from recoup.kernel import clock
    from recoup.kernel.errors import Invalid
    from recoup.people import scopes

    if not file.exists():
        raise Invalid(f"There is no file {file}.", hint="Check the path.")
    at, by = clock.now(), console.actor("accept")
    book = _book(code or mapping.replace("_", "-"), file, mapping, creditor, on, at)
    as_of = console.day_of(on, book)
    with scopes.acting_for(book), console.progress() as progress:
        placement = operations.accept(
            book=book, path=file, mapping=mapping, as_of=as_of, by=by, at=at, progress=progress
        )
        already = placement.state == "opened"
        path.take_in(placement=placement, by=by, at=at, progress=progress)
        placement.refresh_from_db()
        summary = queries.summary(placement)
    if already:
        console.out.print("This file was taken in before; nothing changed.")
    console.out.print(summary)
    waiting = summary.open_rows
    if waiting:
        console.say(
            f"{waiting:,} refused rows wait in quarantine: "
            f"recoup quarantine list --placement {placement.pk}"
        )


def _book(
    code: str, file: Path, mapping: str, creditor: str, on: datetime | None, at: datetime
) -> Any:
    from django.db import transaction

    from recoup.commands.book import warn_without_rules
    from recoup.intake import operations as intake
    from recoup.intake import queries
    from recoup.kernel import clock
    from recoup.kernel.errors import Invalid
    from recoup.people import operations
    from recoup.people.models import Book, Creditor

    found = Book.objects.select_related("creditor").filter(code=code).first()
    if found:
        return found
    by, known = console.actor("accept"), queries.mapping(mapping)
    today = clock.local_day(at, known.time_zone)
    if on is not None and on.date() > today:
        raise Invalid(f"{on.date()} is still to come; today is {today}.", hint="Correct --at.")
    # A live book is for good: it is not opened for a file that cannot be read.
    intake.try_out(path=file, mapping=mapping)
    with transaction.atomic():
        owner = Creditor.objects.filter(code=creditor).first() or operations.add_creditor(
            code=creditor, name=creditor, by=by, at=at
        )
        book = operations.open_book(
            creditor=owner, code=code, name=code, mode=Book.Mode.LIVE, by=by, at=at,
            opened_on=on.date() if on else today, jurisdiction=known.jurisdiction,
            currency=known.currency, time_zone=known.time_zone,
        )  # fmt: skip
    console.say(f"Opened the live book {code} ({book.currency}, {book.jurisdiction}).")
    if owner.name == owner.code:
        console.say(
            f"Texts would call its lender {owner.name!r}: "
            f"recoup creditor change {owner.code} --name NAME --complaint-phone NUMBER"
        )
    warn_without_rules(book, at)
    return book
