"""`recoup night`: age, judge, score, decide, count."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from recoup.commands import console


@click.command()
@console.BOOK
@console.ON
def command(code: str | None, on: datetime | None) -> None:
    """
    Prepare a day: age the book, judge promises, score, decide, count.

    Run it again after a kill: finished steps are not done twice.
    """
    console.start()
    from recoup import path
    from recoup.kernel import clock
    from recoup.people import scopes

    book = console.book_of(code)
    day, timings = console.day_of(on, book), console.Timings()
    at = console.instant(day, book, given=on is not None)
    with scopes.acting_for(book), console.progress() as progress:
        answers = path.night(
            book=book, on=day, at=min(at, clock.now()), by=console.actor("night"),
            progress=progress, timed=timings.stage,
        )  # fmt: skip
    report(book, day, answers, timings)


def report(book: object, day: object, answers: dict[str, Any], timings: console.Timings) -> None:
    """Print the plan of a night: what is done, what is left alone and why, and what time it took."""
    from rich.table import Table

    plan = answers["decide"]
    table = Table("left alone because", "cases", box=None)
    for reason, count in sorted(plan.refused.items(), key=lambda item: -item[1]):
        table.add_row(reason, f"{count:,}")
    console.out.print(f"{book} {day}: {plan.rows:,} cases, {plan.chosen:,} actions chosen.")
    if plan.refused:
        console.out.print(table)
    parts = (f"{name} {seconds:.1f}" for name, seconds in timings.wall.items())
    console.out.print("seconds: " + ", ".join(parts))
