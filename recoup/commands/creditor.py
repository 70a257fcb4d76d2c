"""`recoup creditor`: the lender as borrowers read its name."""

from __future__ import annotations

from typing import Any

import click

from recoup.commands import console


@click.group()
def command() -> None:
    """List lenders; change the name and the number for complaints that texts carry."""


@command.command("list")
def list_creditors() -> None:
    """Every lender."""
    console.start()
    from rich.table import Table

    from recoup.people.models import Creditor

    table = Table("code", "name in texts", "complaints", "books", box=None)
    for row in Creditor.objects.order_by("pk"):
        books = ", ".join(book.code for book in row.books.order_by("pk"))
        table.add_row(row.code, row.name, row.complaint_phone or "none yet", books)
    console.out.print(table)


@command.command()
@click.argument("code")
@click.option("--name", default="", help="As it stands in texts to borrowers.")
@click.option("--complaint-phone", default="", help="Where borrowers complain; letters need it.")
@click.option(
    "--kind", default="",
    help="What the law calls it: bank, consumer_finance, microloan, platform, debt_buyer, private.",
)  # fmt: skip
def change(code: str, name: str, complaint_phone: str, kind: str) -> None:
    """Change what texts say of the lender CODE."""
    console.start()
    from recoup.kernel import clock
    from recoup.people import operations

    row = operations.change_creditor(
        creditor=of(code), name=name, complaint_phone=complaint_phone, kind=kind,
        by=console.actor("creditor change"), at=clock.now(),
    )  # fmt: skip
    console.say(f"{row.code}: {row.name}, complaints {row.complaint_phone or 'nowhere yet'}, "
                f"kind {row.kind or 'not said: the rules of every kind bind'}.")  # fmt: skip


def of(code: str) -> Any:
    """
    The lender of a code. :raises Invalid: if there is none, naming those there are
    """
    from recoup.kernel.errors import Invalid
    from recoup.people.models import Creditor

    found = Creditor.objects.filter(code=code).first()
    if found is None:
        known = ", ".join(Creditor.objects.order_by("pk").values_list("code", flat=True))
        raise Invalid(
            f"There is no creditor {code!r}.",
            hint=f"There are {known}." if known else "`recoup book open` adds the first.",
        )
    return found
