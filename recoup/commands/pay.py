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
    from recoup.kernel import clock
    from recoup.people import scopes
    from recoup.repayment import operations
    from recoup.repayment.models import Payment

    book = console.book_of(code)
    with scopes.acting_for(book):
        bank_file = operations.import_bank_file(
            book=book, path=file, by=console.actor("pay"), at=clock.now()
        )
        waiting = Payment.objects.filter(bank_file=bank_file, state="suspense").count()
    console.out.print(
        f"{bank_file.lines:,} payments, {console.money(bank_file.total, book.currency)}; "
        f"{waiting:,} in suspense."
    )
