"""The command line: what an operator types. One module a command; each is loaded when called."""

from __future__ import annotations

import importlib
import os
import sys

import click

# Name on the command line -> module, in the order of a working life.
COMMANDS = {
    "demo": "demo",
    "accept": "accept",
    "quarantine": "quarantine",
    "train": "train",
    "night": "night",
    "day": "day",
    "pay": "pay",
    "serve": "serve",
    "book": "book",
    "user": "user",
    "key": "key",
    "strategy": "strategy",
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


@click.group(cls=Recoup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="recoup")
def recoup() -> None:
    """Recoup (归诚): post-loan and collections. Start with `recoup demo`."""


def main() -> None:
    """Run a command. What was anticipated is said in a sentence; only a bug shows a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recoup.site.settings")
    from recoup.kernel.errors import Invalid, RecoupError

    try:
        recoup(standalone_mode=False)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except click.Abort:
        click.echo("Stopped. Run the same command again to go on.", err=True)
        sys.exit(130)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(wrong.exit_code)
    except RecoupError as anticipated:
        click.secho(str(anticipated), fg="red", err=True)
        if isinstance(anticipated, Invalid):
            for problem in anticipated.problems[:50]:
                click.echo(f"  {problem}", err=True)
            if len(anticipated.problems) > 50:
                click.echo(f"  ... and {len(anticipated.problems) - 50} more", err=True)
        sys.exit(1)
