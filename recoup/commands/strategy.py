"""`recoup strategy`: add, read, fly and activate strategies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recoup.commands import console


@click.group()
def command() -> None:
    """Add, list, show, fly and activate strategies."""


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
@click.option(
    "--activate",
    is_flag=True,
    help="Put it in force at once: the first of a book, if it is one that comes with Recoup.",
)
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
        console.say(f"Fly it over the book: recoup strategy fly {name} --book {book.code}")
        console.say(f"Put it in force:      recoup strategy activate {name} --book {book.code}")


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
@click.option(
    "--approved-by",
    "approver",
    metavar="USER",
    help="Who answers for it without a flight, or against one: not its author.",
)
@click.option("--reason", metavar="TEXT", help="Why, for the journal.")
@click.option(
    "--password", envvar="RECOUP_PASSWORD", help="The approver's own; asked for if not given."
)
def activate(
    name: str, code: str | None, approver: str | None, reason: str | None, password: str | None
) -> None:  # fmt: skip
    """
    Put a version in force, from the next night on; the one before retires.

    It must have been flown over the book in the last seven days (`recoup strategy fly`) and no harm
    foretold, or a named person approves it with their password and a reason.
    """
    console.start()
    from recoup.kernel import clock
    from recoup.people import scopes
    from recoup.strategy import operations

    book = console.book_of(code)
    with scopes.acting_for(book):
        version = _of(name, book)
        was = version.state
        if approver or reason:
            _approve(version, approver or "", reason or "", password)
        version = operations.activate(
            version=version, by=console.actor("strategy activate"), at=clock.now()
        )
    already = "already " if was == "active" else ""
    console.say(f"{version.name}@{version.version} is {already}in force in {book.code}.")


def _approve(version: Any, approver: str, reason: str, password: str | None) -> None:
    """Have a named person approve a version; nothing is asked where nothing stands in the way."""
    from recoup.kernel import clock
    from recoup.kernel.errors import Invalid
    from recoup.strategy.flights import clearing
    from recoup.strategy.flights import operations as flights

    if not (approver and reason.strip()):
        raise Invalid(
            "An approval needs a person and a reason.", hint="Give --approved-by and --reason."
        )
    at = clock.now()
    if clearing.clearance(version=version, at=at).is_clear:
        console.say("Nothing stood in the way; the approval is not needed.")
        return
    viewer = console.signed_in(
        approver, password or click.prompt(f"Password of {approver}", hide_input=True)
    )
    flights.approve(
        version=version, by=console.actor("strategy activate"), viewer=viewer, reason=reason, at=at
    )


@command.command()
@click.argument("name", metavar="[NAME[@VERSION]]", required=False)
@console.BOOK
@click.option("--days", default=14, show_default=True, help="Days to play.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same figures.")
@click.option("--repetitions", default=10, show_default=True, help="How often they are played.")
@click.option(
    "--most",
    default=10_000,
    show_default=True,
    help="Cases to fly; of a larger book a sample by strata.",
)
@click.option(
    "--budget",
    "budgets",
    multiple=True,
    metavar="NAME=CHANGE",
    help="Fly with another budget, as sms=+10% or task_minutes=4000; may be repeated.",
)
@click.option(
    "--waiting", is_flag=True, help="Fly whatever was asked for at the desk, in all books."
)
def fly(
    name: str | None, code: str | None, days: int, seed: int, repetitions: int, most: int,
    budgets: tuple[str, ...], waiting: bool,
) -> None:  # fmt: skip
    """
    Fly a strategy over the book as it stands, beside the one in force. SIMULATED; changes nothing.

    Without a name the strategy in force is flown, with another --budget.
    """
    console.start()
    from recoup.commands import flights

    if waiting:
        flights.fly_waiting()
        return
    flights.fly(
        book=console.book_of(code), name=name, budgets=budgets, days=days, seed=seed,
        repetitions=repetitions, most=most, find=_of,
    )  # fmt: skip


@command.command()
@click.argument("name", metavar="NAME[@VERSION]")
@console.BOOK
@click.option("--arm", default="champion", show_default=True, help="Whose nights are the log.")
@click.option("--days", type=click.IntRange(1, 720), default=180, show_default=True)
def judge(name: str, code: str | None, arm: str, days: int) -> None:
    """What a version would have brought, from the log of the one that ran; or why nobody knows."""
    console.start()
    from recoup.kernel import clock
    from recoup.people import scopes
    from recoup.strategy import operations

    book, at = console.book_of(code), clock.now()
    with scopes.acting_for(book), console.progress() as progress:
        found = operations.judge(
            version=_of(name, book), by=console.actor("strategy judge"), at=at, arm=arm, days=days,
            until=clock.local_day(at, book.time_zone), progress=progress,
        )  # fmt: skip
    _say_judgement(found)


def _say_judgement(found: Any) -> None:
    """The answers side by side, what carries them, and why there is none where there is none."""
    from rich.table import Table

    from recoup.strategy import queries

    result = found.result
    console.say(
        f"{found.version} by the log of {found.log}, arm {found.arm}, {result['nights']} nights"
        f" {found.since} to {found.until}: {result['rows']:,} decisions of"
        f" {result['people']:,} people."
    )
    for why in result["reasons"]:
        console.say(f"No answer: {why['msgid'].format(**why['values'])}")
    table = Table("estimator", "a decision", "90 %", "more than the log", "90 %", box=None)
    for name, one in queries.each(result):
        if "normal" in one:
            value, low, high = (each / 100 for each in one["normal"])
            gain, least, most = (each / 100 for each in one["gain"])
            table.add_row(name, f"{value:,.2f}", f"{low:,.2f} to {high:,.2f}", f"{gain:+,.2f}",
                          f"{least:+,.2f} to {most:+,.2f}")  # fmt: skip
        elif not result["reasons"]:
            said = " ".join(why["msgid"].format(**why["values"]) for why in one["refused"])
            table.add_row(name, "no answer", said)
    if table.row_count:
        console.out.print(table)
    if result["support"]:
        console.say(
            f"Effective people {result['support']['effective']:,.0f}, largest weight"
            f" {result['support']['largest']:.1%}, mean weight {result['support']['mean']:.3f};"
            f" {result['outside']['share']:.1%} of the decisions were out of the log's reach;"
            f" its last night planned again agrees on {result['agreed']:.1%}."
        )


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
