"""`recoup pay`: take a bank's file of payments in."""

from __future__ import annotations

from pathlib import Path

import click

from recoup.commands import console


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@console.BOOK
def command(file: Path, code: str | None) -> None:
    """Post the payments of a bank FILE. What cannot be matched waits in suspense."""
    console.start()
    from recoup.intake.readers import kinds
    from recoup.kernel import clock
    from recoup.people import scopes
    from recoup.repayment import operations
    from recoup.repayment.models import Payment

    book, at = console.book_of(code), clock.now()
    if file.is_file():
        with file.open("rb") as opened:
            kinds.demand_csv(file.name, opened.read(kinds.START))
    with scopes.acting_for(book):
        bank_file = operations.import_bank_file(
            book=book, path=file, by=console.actor("pay"), at=at
        )
        waiting = Payment.objects.filter(bank_file=bank_file, state="suspense").count()
    if bank_file.imported_at != at:
        console.say(
            f"This file was taken in on {bank_file.imported_at:%Y-%m-%d %H:%M} UTC as "
            f"{bank_file.name}; nothing was new and nothing was posted."
        )
    repeated = console.money(bank_file.repeated, book.currency)
    console.say(
        f"{bank_file.lines:,} payments, {console.money(bank_file.total, book.currency)}"
        + (f", of them {repeated} told by an earlier file" if bank_file.repeated else "")
        + f"; {waiting:,} in suspense."
    )
