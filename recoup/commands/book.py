"""`recoup book`: open and list books."""

from __future__ import annotations

from datetime import datetime
from typing import Any

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
@click.option("--creditor-name", default="", help="A new creditor's name, as borrowers read it.")
@click.option("--complaint-phone", default="", help="A new creditor's number for complaints.")
@click.option("--jurisdiction", default="CN", show_default=True, help="Two letters of a country.")
@click.option("--currency", default="CNY", show_default=True)
@click.option("--time-zone", default="Asia/Shanghai", show_default=True)
def open_book(
    code: str, name: str, creditor: str, creditor_name: str, complaint_phone: str,
    jurisdiction: str, currency: str, time_zone: str,
) -> None:  # fmt: skip
    """
    Open a live book. Demo books are opened by `recoup demo`.

    A country without a rulebook is allowed: its book is aged, scored and planned, and every contact
    is refused until there are rules. China (CN) has rules.
    """
    console.start()
    from django.db import transaction

    from recoup.kernel import clock
    from recoup.people import operations
    from recoup.people.models import Book, Creditor

    at, by = clock.now(), console.actor("book open")
    # Both or neither: a book that cannot be opened leaves no creditor behind.
    with transaction.atomic():
        owner = Creditor.objects.filter(code=creditor).first() or operations.add_creditor(
            code=creditor, name=creditor_name or creditor, complaint_phone=complaint_phone,
            by=by, at=at,
        )  # fmt: skip
        book = operations.open_book(
            creditor=owner, code=code, name=name, mode=Book.Mode.LIVE, jurisdiction=jurisdiction,
            currency=currency, time_zone=time_zone, opened_on=clock.local_day(at, time_zone),
            by=by, at=at,
        )  # fmt: skip
    console.say(f"Opened {book.code}, {book} for {owner}.")
    warn_without_rules(book, at)


def warn_without_rules(book: Any, at: datetime) -> None:
    """Say so if no law of the book's country is known here."""
    from recoup.kernel.errors import Invalid
    from recoup.rulebook import engine

    try:
        engine.load(book.jurisdiction, at)
    except Invalid:
        console.out.print(
            f"[yellow]There is no rulebook for {book.jurisdiction}: nothing may be sent in this "
            "book until there is one.[/] It can be aged, scored and planned."
        )
