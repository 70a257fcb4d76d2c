"""`recoup strategy`: add, compare and activate strategies."""

from __future__ import annotations

from pathlib import Path

import click

from recoup.commands import console


@click.group()
def command() -> None:
    """Add, list and activate strategies."""


@command.command("list")
@console.BOOK
def list_versions(code: str | None) -> None:
    """Every version, and which is in force."""
    console.start()
    from rich.table import Table

    from recoup.people import scopes
    from recoup.strategy import queries

    book = console.book_of(code)
    table = Table("strategy", "state", "added", "by", box=None)
    with scopes.acting_for(book):
        for version in queries.versions(viewer=scopes.system_viewer(book), book=book):
            table.add_row(
                str(version), version.state, f"{version.added_at:%Y-%m-%d}", version.added_by
            )
    console.out.print(table)


@command.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@console.BOOK
@click.option("--activate", is_flag=True, help="Put it in force at once.")
def add(file: Path, code: str | None, activate: bool) -> None:
    """Add the strategy in FILE (YAML); all its mistakes are shown at once."""
    console.start()
    from recoup.kernel import clock
    from recoup.people import scopes
    from recoup.strategy import operations

    book, at, by = console.book_of(code), clock.now(), console.actor("strategy add")
    with scopes.acting_for(book):
        version = operations.add(book=book, source=file.read_text(encoding="utf-8"), by=by, at=at)
        if activate:
            operations.activate(version=version, by=by, at=at)
    console.out.print(f"{version} {'is in force' if activate else 'was added as a draft'}.")
