"""`recoup journal`: is the record whole, and what does it say."""

from __future__ import annotations

import sys

import click

from recoup.commands import console


@click.group()
def command() -> None:
    """Check the journal, or read it."""


@command.command()
def verify() -> None:
    """Recompute every hash. Exit code 1 if a byte was changed, lost or added."""
    console.start()
    from recoup.journal import queries

    total = queries.position()
    with console.progress() as progress:
        verdict = queries.verify(progress=lambda done: progress("verify", done, total))
    for fault in verdict.faults:
        console.out.print(f"[red]{fault}[/red]")
    if not verdict.is_whole:
        console.out.print(
            "The journal is NOT whole. Restore it from a backup and find out who wrote."
        )
        sys.exit(1)
    console.out.print(
        f"The journal is whole: {verdict.events:,} events, {verdict.files:,} attached files."
    )


@command.command()
@click.option(
    "--after", default=None, type=click.IntRange(0, 2**62), help="Start after this position."
)
@click.option("--limit", type=click.IntRange(1, 2**31), default=20, show_default=True)
def tail(after: int | None, limit: int) -> None:
    """Print events, oldest first; the newest ones if no position is given."""
    console.start()
    from recoup.journal import queries

    start = max(queries.position() - limit, 0) if after is None else after
    for event in queries.tail(after=start, limit=limit):
        console.say(f"{event.position:>8} {event.at:%Y-%m-%d %H:%M:%S} {event.kind} {event.by}")
        console.say(f"         {event.data}")
