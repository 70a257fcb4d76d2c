"""`recoup night`: age, judge, score, decide, count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from recoup.commands import console

MORNING = 8 * 60  # minutes since midnight: by then a night should have been


@click.command()
@console.BOOK
@console.ON
@click.option(
    "--engine",
    type=click.Choice(["kernel", "columnar", "spark"]),
    default="kernel",
    show_default=True,
    help="What works out features and scores; all give the same. The engine columnar scores and decides "
    "part by part, for a book larger than memory.",
)
@click.option(
    "--spark-master",
    default="local[*]",
    show_default=True,
    help="Where Spark runs; its workers must see the data folder.",
)
@click.option(
    "--keep-files",
    is_flag=True,
    help="Keep the working files of the engine columnar, in the data folder under columns.",
)
def command(
    code: str | None, on: datetime | None, engine: str, spark_master: str, keep_files: bool
) -> None:
    """
    Prepare a day: age the book, judge promises, score, decide, count.

    Run it again after a kill: finished steps are not done twice. A live book has no nights of days
    to come, and none of days before its last one, which would age it backwards.
    """
    console.start()
    from recoup import path
    from recoup.kernel import clock
    from recoup.people import scopes

    book = console.book_of(code)
    day, timings = console.day_of(on, book), console.Timings()
    _demand_forward(book, day)
    at = console.instant(day, book, given=on is not None)
    with (
        _scoring(engine, spark_master) as scored_by,
        _columns(engine, book, day, keep_files) as columns,
        scopes.acting_for(book),
        console.progress() as progress,
    ):
        _see_to_a_strategy(book, at)
        answers = path.night(
            book=book, on=day, at=min(at, clock.now()), by=console.actor("night"),
            progress=progress, timed=timings.stage, engine=scored_by, columns=columns,
        )  # fmt: skip
    report(book, day, at, answers, timings)


@contextmanager
def _scoring(engine: str, master: str) -> Iterator[Any]:
    """
    What works out features and scores. :raises Failed: saying what to install, if Spark cannot start
    """
    from recoup.scoring import operations

    if engine != "spark":
        yield operations.by_kernel
        return
    from recoup.scoring import spark

    with spark.running(master=master) as session:
        yield spark.engine(session)


@contextmanager
def _columns(engine: str, book: Any, day: date, keep: bool) -> Iterator[Any]:
    """
    Where a night by parts works, if this is one. :raises Failed: if another one is at work
    """
    from django.conf import settings

    from recoup.portfolio import divided

    if engine != "columnar":
        yield None
        return
    root = Path(settings.DATA_DIR) / "columns" / str(book.pk)
    with divided.working(root, name=day.isoformat(), keep=keep) as columns:
        yield columns


def _demand_forward(book: Any, day: date) -> None:
    """
    Go on only if a day is not before the last night of a live book.

    :raises Invalid: naming the last night
    """
    from recoup.kernel.errors import Invalid
    from recoup.people import scopes
    from recoup.strategy import queries

    with scopes.acting_for(book):
        last = queries.plans(viewer=scopes.system_viewer(book), book=book).first()
    if last is not None and day < last.on and not book.is_demo:
        raise Invalid(
            f"The last night of {book.code} was for {last.on}; {day} is before it.",
            hint=f"Give {last.on} or a later day: a book is never aged backwards.",
        )


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

    from recoup.kernel import clock
    from recoup.strategy import queries

    plan = answers["decide"]
    console.say(f"{book} {day}: {plan.rows:,} cases, {plan.chosen:,} actions chosen.")
    table = Table("left alone because", "cases", box=None)
    for reason, count in sorted(plan.refused.items(), key=lambda item: -item[1]):
        table.add_row(queries.why_not(reason), f"{count:,}")
    if plan.refused:
        console.out.print(table)
    if plan.refused.get("no_common_hour") and clock.local_minute(at, book.time_zone) >= MORNING:
        console.say(
            f"The plan was made at {at.astimezone(clock.zone(book.time_zone)):%H:%M} there, when "
            "hours of contact had passed: run the night before the morning."
        )
    _say_which_rules(book, plan, at)
    _say_what_is_lacking(book, day, at)
    parts = (f"{name} {seconds:.1f}" for name, seconds in timings.wall.items())
    console.say("seconds: " + ", ".join(parts))


def _say_which_rules(book: Any, plan: Any, at: datetime) -> None:
    """Each rule that stood in the way, in words, and for how many cases."""
    from rich.table import Table

    from recoup.kernel.errors import Invalid
    from recoup.people.law import law_of

    if not plan.rules:
        return
    try:
        words = {rule.id: rule.en for rule in law_of(book, at).rules}
    except Invalid:
        words = {}
    table = Table("refused by rule", "which says", "cases", box=None)
    for rule, count in sorted(plan.rules.items(), key=lambda item: -item[1]):
        table.add_row(rule, words.get(rule, ""), f"{count:,}")
    console.out.print(table)


LACKING = {
    "no_contact_point": "no contact point of the debtor's own",
    "no_lawful_source": "contact points without a lawful source",
    "no_consent": "no consent on record (needed for other hours, robots and location)",
    "no_time_zone": "time zone unknown: no hour is known to be lawful",
    "no_rules_for_country": "no rules exist for this country: every contact is refused",
}


def _say_what_is_lacking(book: Any, day: date, at: datetime) -> None:
    """What the book lacks for sending, with the command that helps; then what its cases lack."""
    from rich.table import Table

    from recoup.gate import queries
    from recoup.people import scopes

    with scopes.acting_for(book):
        missing, found = queries.gaps(book=book, on=day), queries.lacking(book=book, at=at)
    if missing:
        gaps = Table("the book lacks", "on", "what helps", box=None)
        for gap in missing:
            gaps.add_row(gap.what, gap.channel, gap.advice)
        console.out.print(gaps)
    if found:
        table = Table("overdue cases that lack a fact the gate needs", "cases", box=None)
        for fact, count in found.items():
            table.add_row(LACKING[fact], f"{count:,}")
        console.out.print(table)
