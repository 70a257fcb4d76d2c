"""`recoup team`: collectors who work together."""

from __future__ import annotations

import click

from recoup.commands import console, creditor


@click.group()
def command() -> None:
    """List and add teams. Each night shares cases out to them; collectors see their team's."""


@command.command("list")
def list_teams() -> None:
    """Every team, whose it is, and how many people work in it."""
    console.start()
    from rich.table import Table

    from recoup.people.models import Team

    table = Table("team", "name", "creditor", "people", box=None)
    for row in Team.objects.select_related("creditor").order_by("pk"):
        table.add_row(row.code, row.name, row.creditor.code, str(row.user_set.count()))
    console.out.print(table if table.row_count else "No teams yet: recoup team add.")


@command.command()
@click.argument("code")
@click.option("--name", required=True)
@click.option("--creditor", "owner", required=True, help="The creditor's code.")
def add(code: str, name: str, owner: str) -> None:
    """Add the team CODE of a creditor."""
    console.start()
    from recoup.kernel import clock
    from recoup.people import operations

    row = operations.add_team(
        creditor=creditor.of(owner), code=code, name=name, by=console.actor("team add"),
        at=clock.now(),
    )  # fmt: skip
    console.say(f"Added the team {row.code} of {row.creditor.name}.")
