"""`recoup key`: keys of machines that use the API."""

from __future__ import annotations

import click

from recoup.commands import console, creditor


@click.group()
def command() -> None:
    """Add, list and revoke keys of the API; print where carriers push."""


@command.command()
@click.argument("name")
@click.option("--creditor", "code", required=True, help="The creditor's code.")
@click.option("--may", multiple=True, required=True, help="A scope; may be repeated.")
@click.option("--agency", default=None, help="The code of the agency whose cases it may see.")
def add(name: str, code: str, may: tuple[str, ...], agency: str | None) -> None:
    """Add a key. Its secret is shown this once."""
    console.start()
    from recoup.api import keys
    from recoup.commands import agency as agencies
    from recoup.kernel import clock

    row, secret = keys.add_key(
        creditor=creditor.of(code),
        name=name,
        may=may,
        agency=agencies.of(agency) if agency else None,
        by=console.actor("key add"),
        at=clock.now(),
    )
    console.say(f"key    {row.pk}\nsecret {secret}\nKeep the secret: it is not shown again.")


@command.command("list")
def list_keys() -> None:
    """Every key that is not revoked."""
    console.start()
    from django_scopes import scopes_disabled

    from recoup.api.models import ApiKey

    with scopes_disabled():
        for row in ApiKey.objects.filter(revoked_at=None).select_related("creditor"):
            console.say(f"{row.pk}  {row.creditor.code}  {row.name}  {', '.join(row.may)}")


@command.command()
@click.argument("key")
def revoke(key: str) -> None:
    """End a key, at once and for good."""
    console.start()
    from django_scopes import scopes_disabled

    from recoup.api import keys
    from recoup.api.models import ApiKey
    from recoup.kernel import clock
    from recoup.kernel.errors import Invalid

    with scopes_disabled():
        row = ApiKey.objects.filter(pk=key).first()
        if row is None:
            raise Invalid(f"There is no key {key}.")
        keys.revoke_key(key=row, by=console.actor("key revoke"), at=clock.now())
    console.out.print("Revoked.")


@command.command()
@console.BOOK
def callbacks(code: str | None) -> None:
    """Print the addresses a carrier pushes receipts and replies of a book to."""
    console.start()
    from recoup.api import callbacks

    address = callbacks.address_of(console.book_of(code))
    console.say(f"{address}/receipts\n{address}/replies")
