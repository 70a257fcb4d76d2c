"""`recoup book`: open and list books."""

from __future__ import annotations

import click

from recoup.commands import console


@click.group()
def command() -> None:
    """Open and list books."""


@command.command("list")
def list_books() -> None:
    """Every book, whose it is, and its mode."""
    console.start()
    from rich.table import Table

    from recoup.people.models import Book

    table = Table("code", "name", "creditor", "mode", "jurisdiction", "currency", box=None)
    for book in Book.objects.select_related("creditor").order_by("pk"):
        table.add_row(
            book.code, book.name, book.creditor.name, book.mode, book.jurisdiction, book.currency
        )
    console.out.print(table)


@command.command("open")
@click.option("--code", required=True)
@click.option("--name", required=True)
@click.option("--creditor", required=True, help="The creditor's code; added if it is new.")
@click.option("--creditor-name", default="")
@click.option("--jurisdiction", default="CN", show_default=True)
@click.option("--currency", default="CNY", show_default=True)
@click.option("--time-zone", default="Asia/Shanghai", show_default=True)
def open_book(
    code: str, name: str, creditor: str, creditor_name: str, jurisdiction: str, currency: str,
    time_zone: str,
) -> None:  # fmt: skip
    """Open a live book. Demo books are opened by `recoup demo`."""
    console.start()
    from recoup.kernel import clock
    from recoup.people import operations
    from recoup.people.models import Book, Creditor

    at, by = clock.now(), console.actor("book open")
    clock.zone(time_zone)
    owner = Creditor.objects.filter(code=creditor).first() or operations.add_creditor(
        code=creditor, name=creditor_name or creditor, by=by, at=at
    )
    book = operations.open_book(
        creditor=owner, code=code, name=name, mode=Book.Mode.LIVE, jurisdiction=jurisdiction,
        currency=currency, time_zone=time_zone, opened_on=at.date(), by=by, at=at,
    )  # fmt: skip
    console.out.print(f"Opened {book} for {owner}.")
