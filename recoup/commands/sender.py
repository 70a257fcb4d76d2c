"""`recoup sender`: the numbers, ports and addresses a lender sends from."""

from __future__ import annotations

from datetime import datetime

import click

from recoup.commands import console, creditor

CHANNELS = ("sms", "email", "letter", "call")
CREDITOR = click.option("--creditor", "code", required=True, help="The creditor's code.")
CHANNEL = click.argument("channel", type=click.Choice(CHANNELS))


@click.group()
def command() -> None:
    """Keep the register of senders: without a valid one no text message is sent."""


@command.command("list")
def list_senders() -> None:
    """Every sender, whose it is, and how long it is valid."""
    console.start()
    from django_scopes import scopes_disabled
    from rich.table import Table

    from recoup.gate import queries
    from recoup.people.models import Creditor

    table = Table("creditor", "channel", "address", "signature", "valid until", box=None)
    with scopes_disabled():
        for row in queries.senders(creditors=Creditor.objects.values_list("pk", flat=True)):
            until = str(row.valid_until) if row.valid_until else "no end"
            table.add_row(row.creditor.code, row.channel, row.address, row.signature, until)
    console.out.print(table if table.row_count else "No senders yet: recoup sender add.")


@command.command()
@CHANNEL
@click.argument("address")
@CREDITOR
@click.option("--signature", default="", help="The signature a text message is sent under.")
@click.option("--valid-until", type=click.DateTime(["%Y-%m-%d"]), help="Its last day.")
def add(
    channel: str, address: str, code: str, signature: str, valid_until: datetime | None
) -> None:
    """Enter a sender of a creditor's own, or change its signature and last day."""
    console.start()
    from recoup.gate import operations
    from recoup.kernel import clock
    from recoup.people import scopes

    owner = creditor.of(code)
    with scopes.acting_for(owner):
        row = operations.register_sender(
            creditor=owner, channel=channel, address=address, signature=signature,
            valid_until=valid_until.date() if valid_until else None,
            by=console.actor("sender add"), at=clock.now(),
        )  # fmt: skip
    until = f"until {row.valid_until}" if row.valid_until else "without an end"
    console.say(f"{owner.name} sends {channel} from {address}, valid {until}.")


@command.command()
@CHANNEL
@click.argument("address")
@CREDITOR
def end(channel: str, address: str, code: str) -> None:
    """Use a sender no more, from today on. It stays in the register."""
    console.start()
    from recoup.gate import operations
    from recoup.gate.models import SenderIdentity
    from recoup.kernel import clock
    from recoup.kernel.errors import Invalid
    from recoup.people import scopes

    owner, at = creditor.of(code), clock.now()
    with scopes.acting_for(owner):
        row = SenderIdentity.objects.filter(
            creditor=owner, channel=channel, address=address
        ).first()
        if row is None:
            raise Invalid(
                f"{code} has no {channel} sender {address}.",
                hint="`recoup sender list` shows them.",
            )
        row = operations.end_sender(
            sender=row, on=clock.local_day(at, clock.CHINA), by=console.actor("sender end"), at=at
        )
    console.say(f"{address} was valid until {row.valid_until}.")
