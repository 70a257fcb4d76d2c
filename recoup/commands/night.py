"""`recoup night`: age, judge, score, decide, count."""

from __future__ import annotations

from datetime import date, datetime
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
        _see_to_a_strategy(book, at)
        answers = path.night(
            book=book, on=day, at=min(at, clock.now()), by=console.actor("night"),
            progress=progress, timed=timings.stage,
        )  # fmt: skip
    report(book, day, at, answers, timings)


def _see_to_a_strategy(book: Any, at: datetime) -> None:
    """A book without a strategy gets the one that comes with Recoup, and the operator is told."""
    from recoup.strategy import operations
    from recoup.strategy.models import StrategyVersion

    if StrategyVersion.objects.filter(book=book, state="active").exists():
        return
    by = console.actor("night")
    version = operations.add(book=book, source=operations.default(book.jurisdiction), by=by, at=at)
    operations.activate(version=version, by=by, at=at)
    console.out.print(f"No strategy was in force; {version}, which comes with Recoup, now is.")


def report(
    book: Any, day: date, at: datetime, answers: dict[str, Any], timings: console.Timings
) -> None:
    """Print the plan of a night: what is done, what is left alone and why, and what time it took."""
    from rich.table import Table

    plan = answers["decide"]
    table = Table("left alone because", "cases", box=None)
    for reason, count in sorted(plan.refused.items(), key=lambda item: -item[1]):
        table.add_row(reason, f"{count:,}")
    console.out.print(f"{book} {day}: {plan.rows:,} cases, {plan.chosen:,} actions chosen.")
    if plan.refused:
        console.out.print(table)
    _say_what_is_lacking(book, at)
    parts = (f"{name} {seconds:.1f}" for name, seconds in timings.wall.items())
    console.out.print("seconds: " + ", ".join(parts))


LACKING = {
    "no_contact_point": "no contact point of the debtor's own",
    "no_lawful_source": "contact points without a lawful source",
    "no_consent": "no consent on record (needed for other hours, robots and location)",
    "no_time_zone": "time zone unknown: no hour is known to be lawful",
    "no_rules_for_country": "no rules exist for this country: every contact is refused",
}


def _say_what_is_lacking(book: Any, at: datetime) -> None:
    from rich.table import Table

    from recoup.gate import queries
    from recoup.people import scopes

    with scopes.acting_for(book):
        found = queries.lacking(book=book, at=at)
    if not found:
        return
    table = Table("overdue cases that lack a fact the gate needs", "cases", box=None)
    for fact, count in found.items():
        table.add_row(LACKING[fact], f"{count:,}")
    console.out.print(table)
