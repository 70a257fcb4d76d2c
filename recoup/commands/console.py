"""What the commands share: starting Django, finding the book, showing progress."""

from __future__ import annotations

import time as wall
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as Bars

from recoup.kernel import clock
from recoup.kernel.actors import Actor
from recoup.kernel.errors import Invalid

out = Console(highlight=False)


def start(*, migrate: bool = True) -> None:
    """
    Start Django; bring the embedded database up to date.

    :raises Invalid: if a database server is behind: migrating it is an operator's decision
    """
    import django
    from django.utils import translation

    django.setup()
    # The terminal speaks one language, whatever the screens speak.
    translation.activate("en")
    if not migrate:
        return
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not pending:
        return
    if connection.vendor == "sqlite" or not executor.loader.applied_migrations:
        call_command("migrate", verbosity=0, interactive=False)
        return
    raise Invalid(
        f"The database is {len(pending)} migrations behind.",
        hint="Make a backup, then run `recoup migrate`.",
    )


def actor(command: str) -> Actor:
    """The operator who typed the command, as the journal names them."""
    return Actor.system(f"recoup {command}")


def book_of(code: str | None) -> Any:
    """
    The book of a code, or the only one there is.

    :raises Invalid: if there is none of that code, or no code was given and there are several
    """
    from recoup.people.models import Book

    books = list(Book.objects.select_related("creditor").order_by("pk"))
    if code:
        found = [book for book in books if book.code == code]
    else:
        found = books if len(books) == 1 else []
    if found:
        return found[0]
    known = ", ".join(book.code for book in books) or "none yet"
    raise Invalid(
        f"There is no book {code!r}." if code else "Say which book with --book.",
        hint=f"Books: {known}. `recoup accept FILE --mapping NAME` opens one.",
    )


def day_of(value: datetime | None, book: Any) -> date:
    """The day that was given, else today at the book's place."""
    return value.date() if value else clock.local_day(clock.now(), book.time_zone)


def instant(on: date, book: Any, *, given: bool, wall: time = time(2)) -> datetime:
    """Now for a day that was not given; else that day at an hour of the book's place."""
    return clock.at_local(on, wall, book.time_zone) if given else clock.now()


class Timings:
    """Where time went: wall and CPU seconds by stage."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what happens inside to a stage."""
        began, cpu = wall.perf_counter(), wall.process_time()
        try:
            yield
        finally:
            self.wall[name] = self.wall.get(name, 0.0) + wall.perf_counter() - began
            self.cpu[name] = self.cpu.get(name, 0.0) + wall.process_time() - cpu


@contextmanager
def progress() -> Iterator[Any]:
    """A bar for each stage of long work; a line now and then where there is no terminal."""
    bars = Bars(
        SpinnerColumn(), TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(), console=out, transient=False,
    )  # fmt: skip
    tasks: dict[str, Any] = {}
    said: dict[str, float] = {}

    def report(stage: str, done: int, total: int | None = None) -> None:
        if not out.is_terminal:
            now = wall.monotonic()
            if (total and done >= total) or now - said.get(stage, now - 4) > 5:
                said[stage] = now
                out.print(f"{stage}: {done:,}" + (f" of {total:,}" if total else ""))
            return
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total)
        bars.update(tasks[stage], completed=done, total=total)

    if out.is_terminal:
        with bars:
            yield report
    else:
        yield report


def money(minor: int, currency: str) -> str:
    """An amount as people read it."""
    from recoup.kernel.money import Money

    return str(Money(int(minor), currency))


BOOK = click.option("--book", "code", metavar="CODE", help="The book; needed if there are several.")
ON = click.option(
    "--at", "on", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
    help="The day, as 2026-11-23; today if not given.",
)  # fmt: skip
