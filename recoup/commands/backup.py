"""`recoup backup`: everything in one file."""

from __future__ import annotations

from pathlib import Path

import click

from recoup.commands import console


@click.command()
@click.argument("to", required=False, type=click.Path(path_type=Path, dir_okay=False))
def command(to: Path | None) -> None:
    """
    Write a backup file: the database as of now and every file the journal points at.

    Keys are not in it; keep RECOUP_HOME/keys (or your secret store) apart.
    """
    console.start()
    from django.conf import settings

    from recoup.commands import archive
    from recoup.kernel import clock
    from recoup.kernel.errors import Invalid

    at = clock.now()
    target = to or settings.DATA_DIR / "backups" / f"recoup-{at:%Y%m%d-%H%M%S}.tar.gz"
    if target.exists():
        raise Invalid(f"{target} exists.", hint="Give another name.")
    target.parent.mkdir(parents=True, exist_ok=True)
    manifest = archive.write(to=target, at=at)
    size = target.stat().st_size / 1e6
    console.out.print(f"{target}: {size:,.1f} MB, journal up to event {manifest['position']:,}.")
    console.out.print("The keys are not in it: keep a copy of the keys folder somewhere else.")
