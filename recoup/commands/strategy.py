"""`recoup strategy`: add, read and activate strategies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recoup.commands import console


@click.group()
def command() -> None:
    """Add, list, show and activate strategies."""


@command.command("list")
@console.BOOK
def list_versions(code: str | None) -> None:
    """Every version, and which is in force."""
    console.start()
    from rich.table import Table

    from recoup.people import scopes
    from recoup.strategy import queries

    book = console.book_of(code)
    table = Table("strategy", "state", "added", "by", "activated", "by", box=None)
    with scopes.acting_for(book):
        for row in queries.versions(viewer=scopes.system_viewer(book), book=book):
            since = f"{row.activated_at:%Y-%m-%d}" if row.activated_at else ""
            table.add_row(
                f"{row.name}@{row.version}", _state(row), f"{row.added_at:%Y-%m-%d}", row.added_by,
                since, row.activated_by,
            )  # fmt: skip
    console.out.print(table if table.row_count else "No strategy yet: recoup strategy add FILE.")


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@console.BOOK
@click.option("--activate", is_flag=True, help="Put it in force at once.")
def add(file: Path, code: str | None, activate: bool) -> None:
    """Add the strategy in FILE (YAML); all its mistakes are shown at once."""
    console.start()
    from recoup.kernel import clock
    from recoup.people import scopes
    from recoup.strategy import operations

    source = console.text_of(file)
    book, at, by = console.book_of(code), clock.now(), console.actor("strategy add")
    with scopes.acting_for(book):
        version = operations.add(book=book, source=source, by=by, at=at)
        if activate:
            operations.activate(version=version, by=by, at=at)
            version.refresh_from_db()
    name = f"{version.name}@{version.version}"
    known = "" if version.added_at == at else ": this very text was added before"
    console.say(f"{name} is {_state(version)}{known}.")
    if version.state != "active":
        console.say(f"Put it in force with: recoup strategy activate {name}")


@command.command()
@click.argument("name", metavar="[NAME[@VERSION]]", required=False)
@console.BOOK
def show(name: str | None, code: str | None) -> None:
    """Print a strategy: the one in force, or the one that comes with Recoup, if none is named."""
    console.start()
    from recoup.people import scopes
    from recoup.strategy import operations, queries

    book = console.book_of(code)
    with scopes.acting_for(book):
        version = _of(name, book) if name else queries.active(book=book)
    click.echo((version.source if version else operations.default(book.jurisdiction)).rstrip())


@command.command()
@click.argument("name", metavar="NAME[@VERSION]")
@console.BOOK
def activate(name: str, code: str | None) -> None:
    """Put a version in force, from the next night on; the one before retires."""
    console.start()
    from recoup.kernel import clock
    from recoup.people import scopes
    from recoup.strategy import operations

    book = console.book_of(code)
    with scopes.acting_for(book):
        version = _of(name, book)
        was = version.state
        version = operations.activate(
            version=version, by=console.actor("strategy activate"), at=clock.now()
        )
    already = "already " if was == "active" else ""
    console.say(f"{version.name}@{version.version} is {already}in force in {book.code}.")


def _state(version: Any) -> str:
    return "in force" if version.state == "active" else f"{version.state}"


def _of(name: str, book: Any) -> Any:
    """The version of a name, the newest if no number is given."""
    from recoup.kernel.errors import Invalid
    from recoup.people import scopes
    from recoup.strategy import queries

    wanted, _, number = name.partition("@")
    rows = list(queries.versions(viewer=scopes.system_viewer(book), book=book))
    named = [row for row in rows if row.name == wanted and number in ("", str(row.version))]
    if not named:
        known = ", ".join(f"{row.name}@{row.version}" for row in rows) or "none yet"
        raise Invalid(f"{book.code} has no strategy {name}.", hint=f"It has {known}.")
    return max(named, key=lambda row: int(row.version))
