"""`recoup agency`: outside agencies, and which lenders list them."""

from __future__ import annotations

import click

from recoup.commands import console, creditor


@click.group()
def command() -> None:
    """List agencies, put them on a lender's list and take them off. Off the list, off the telephone."""


@command.command("list")
def list_agencies() -> None:
    """Every agency, and the lenders that list it."""
    console.start()
    from rich.table import Table

    from recoup.people.models import Agency

    table = Table("agency", "name", "listed by", box=None)
    for row in Agency.objects.order_by("pk"):
        table.add_row(row.code, row.name, ", ".join(c.code for c in row.creditors.order_by("pk")))
    console.out.print(table if table.row_count else "No agencies yet: recoup agency add.")


@command.command()
@click.argument("code")
@click.option("--name", required=True)
@click.option("--creditor", "owner", required=True, help="The creditor's code.")
def add(code: str, name: str, owner: str) -> None:
    """Put the agency CODE on a creditor's list."""
    console.start()
    from recoup.kernel import clock
    from recoup.people import operations

    row = operations.add_agency(
        code=code, name=name, creditor=creditor.of(owner), by=console.actor("agency add"),
        at=clock.now(),
    )  # fmt: skip
    console.say(f"{row.name} may act for {owner}. Give it a key: recoup key add --agency {code}")


@command.command()
@click.argument("code")
@click.option("--creditor", "owner", required=True, help="The creditor's code.")
def remove(code: str, owner: str) -> None:
    """Take the agency CODE off a creditor's list."""
    console.start()
    from recoup.kernel import clock
    from recoup.people import operations

    operations.unlist_agency(
        agency=of(code), creditor=creditor.of(owner), by=console.actor("agency remove"),
        at=clock.now(),
    )  # fmt: skip
    console.say(f"{code} may contact nobody for {owner} any more.")


def of(code: str):  # type: ignore[no-untyped-def]  # models are loaded only once a command runs
    """The agency of a code. :raises Invalid: if there is none"""
    from recoup.kernel.errors import Invalid
    from recoup.people.models import Agency

    found = Agency.objects.filter(code=code).first()
    if found is None:
        raise Invalid(f"There is no agency {code!r}.", hint="`recoup agency list` shows them.")
    return found
