"""`recoup vault`: keys of the personal data."""

from __future__ import annotations

import secrets

import click

from recoup.commands import console


@click.group()
def command() -> None:
    """Make and rotate the key of the vault."""


@command.command("new-key")
def new_key() -> None:
    """Print a fresh key for RECOUP_VAULT_KEY. Keep it where a backup of the data is not."""
    console.out.print(secrets.token_hex(32))


@command.command()
def rotate() -> None:
    """
    Wrap every data key under RECOUP_VAULT_KEY. Resumable.

    Put the new key in RECOUP_VAULT_KEY and the old one in RECOUP_VAULT_OLD_KEYS, run this, then
    drop the old one.
    """
    console.start()
    from django_scopes import scopes_disabled

    from recoup.kernel import clock
    from recoup.people import operations

    with scopes_disabled(), console.progress() as progress:
        count = operations.rotate(
            by=console.actor("vault rotate"), at=clock.now(),
            progress=lambda done: progress("rotate", done),
        )  # fmt: skip
    console.out.print(f"{count:,} persons are now under the current key.")
