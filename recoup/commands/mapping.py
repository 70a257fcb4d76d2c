"""`recoup mapping`: how a lender's columns are read."""

from __future__ import annotations

import click

from recoup.commands import console


@click.group()
def command() -> None:
    """List the mappings of lenders' files, and show what one reads."""


@command.command("list")
def list_mappings() -> None:
    """Every mapping, what it is for, and whether it has read the real file."""
    console.start(migrate=False)
    from rich.table import Table

    from recoup.intake import queries

    table = Table("mapping", "reads", "currency", "tested", box=None)
    for card in queries.mappings():
        table.add_row(card.name, card.title, card.currency, "yes" if card.tested else "not yet")
    console.out.print(table)


@command.command()
@click.argument("name")
def show(name: str) -> None:
    """Print what the mapping NAME reads each of our columns from, table by table."""
    console.start(migrate=False)
    from rich.table import Table

    from recoup.intake import queries

    card = queries.mapping(name)
    console.say(f"{card.name} {card.version}: {card.title}")
    console.say(f"amounts in {card.unit} units; books in {card.currency}, {card.jurisdiction}")
    console.say(f"source: {card.source}")
    for title, columns in queries.mapping_columns(name).items():
        table = Table(title, "read from", box=None)
        for column, source in columns:
            table.add_row(column, source)
        console.out.print(table)
