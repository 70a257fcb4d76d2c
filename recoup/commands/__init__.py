"""The command line: what an operator types. One module a command; each is loaded when called."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

# Name on the command line -> module, in the order of a working life.
COMMANDS = {
    "demo": "demo",
    "book": "book",
    "creditor": "creditor",
    "team": "team",
    "agency": "agency",
    "user": "user",
    "people": "people",
    "key": "key",
    "mapping": "mapping",
    "accept": "accept",
    "quarantine": "quarantine",
    "rules": "rules",
    "template": "template",
    "sender": "sender",
    "paper": "paper",
    "strategy": "strategy",
    "train": "train",
    "night": "night",
    "day": "day",
    "pay": "pay",
    "understand": "understand",
    "serve": "serve",
    "journal": "journal",
    "vault": "vault",
    "backup": "backup",
    "restore": "restore",
    "migrate": "migrate",
    "doctor": "doctor",
}


class Recoup(click.Group):
    """Loads a command only when it is asked for: `--help` must not import half of the house."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of a name."""
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(
            f"recoup.commands.{COMMANDS[name]}"
        ).command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command. What was anticipated is said in a sentence; only a bug shows a traceback."""
        from recoup.commands import console

        with console.plainly():
            return super().invoke(ctx)


@click.group(cls=Recoup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="recoup")
def recoup() -> None:
    """Recoup (归诚): post-loan and collections. Start with `recoup demo`, or docs/live.md."""


def main() -> None:
    """Run a command from the terminal."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recoup.site.settings")
    try:
        sys.exit(recoup(standalone_mode=False) or 0)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except click.Abort:
        click.echo("Stopped. Run the same command again to go on.", err=True)
        sys.exit(130)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(wrong.exit_code)
