"""`recoup restore`: a backup comes back, and is checked."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from recoup.commands import console


@click.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def command(source: Path) -> None:
    """Put a backup into an empty RECOUP_HOME and database, then check the journal."""
    console.start(migrate=False)
    from recoup.commands import archive

    manifest = archive.restore(source=source)
    console.start()
    from recoup.journal import queries

    verdict = queries.verify()
    for fault in verdict.faults:
        console.out.print(f"[red]{fault}[/red]")
    console.out.print(
        f"Restored the state of {manifest['at'][:19]}: {verdict.events:,} events, "
        f"{verdict.files:,} files, journal {'whole' if verdict.is_whole else 'NOT whole'}."
    )
    sys.exit(0 if verdict.is_whole else 1)
