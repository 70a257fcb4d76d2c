"""`recoup migrate`: bring the database up to date."""

import click

from recoup.commands import console


@click.command()
def command() -> None:
    """Bring the database up to date. Make a backup first."""
    console.start(migrate=False)
    from django.core.management import call_command

    call_command("migrate", interactive=False)
