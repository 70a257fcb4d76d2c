"""`recoup paper`: what the rules ask a lender or an agency to have on file, and what is there."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import click

from recoup.commands import agency, console, creditor

CREDITOR = click.option("--creditor", "code", required=True, help="The creditor's code.")
AGENCY = click.option("--agency", "of", help="The agency's code, if it is an agency's paper.")


@click.group()
def command() -> None:
    """Keep on file what the rules ask for: without it a contact is refused. See `recoup doctor`."""


@command.command("list")
@CREDITOR
def list_papers(code: str) -> None:
    """What is on file of a creditor and its agencies, where it comes from, and how long it holds."""
    console.start()
    from rich.table import Table

    from recoup.gate import queries
    from recoup.kernel import clock
    from recoup.people import scopes

    owner = creditor.of(code)
    table = Table("of", "paper", "source", "from", "until", "entered by", box=None)
    with scopes.acting_for(owner):
        for row in queries.papers(creditor=owner, at=clock.now()):
            whose = row.agency.code if row.agency else row.book.code if row.book else code
            last = row.until and clock.local_day(row.until - timedelta(seconds=1), clock.CHINA)
            until = str(last or "no end")
            since = str(clock.local_day(row.since, clock.CHINA))
            table.add_row(whose, row.word, row.source, since, until, row.declared_by)
    console.out.print(table if table.row_count else "Nothing is on file yet: recoup paper add.")


@command.command()
@click.argument("word")
@CREDITOR
@AGENCY
@click.option("--source", required=True, help="Where it is: the file, the letter, the person.")
@click.option("--since", type=console.DAY, help="The day it holds from; now if left out.")
@click.option("--until", type=console.DAY, help="The last day it holds.")
def add(
    word: str, code: str, of: str | None, source: str, since: datetime | None,
    until: datetime | None,
) -> None:  # fmt: skip
    """Put the paper WORD (retention_policy, impact_assessment ...) on file. Twice is once."""
    console.start()
    from recoup.gate import operations
    from recoup.kernel import clock
    from recoup.kernel.errors import Invalid
    from recoup.people import scopes
    from recoup.rulebook.vocabulary import PAPERS

    if word not in PAPERS:
        raise Invalid(f"{word!r} is no paper.", hint=f"Use one of {', '.join(PAPERS)}.")
    owner = creditor.of(code)

    def midnight(day: datetime, later: int = 0) -> datetime:
        return clock.at_local(day.date() + timedelta(days=later), time(0), clock.CHINA)

    with scopes.acting_for(owner):
        operations.declare(
            word=word, of=agency.of(of) if of else owner, creditor=owner, source=source,
            since=midnight(since) if since else None, until=midnight(until, 1) if until else None,
            by=console.actor("paper add"), at=clock.now(),
        )  # fmt: skip
    console.say(
        f"{word} of {of or code} is on file"
        + (f" from {since:%Y-%m-%d}" if since else "")
        + (f" until {until:%Y-%m-%d}." if until else ".")
    )


@command.command()
@click.argument("word")
@CREDITOR
@AGENCY
@click.option("--reason", required=True, help="Why it does not hold any more.")
def remove(word: str, code: str, of: str | None, reason: str) -> None:
    """Take the paper WORD off file, from now on."""
    console.start()
    from recoup.gate import operations, queries
    from recoup.kernel import clock
    from recoup.kernel.errors import Invalid
    from recoup.people import scopes

    owner, at = creditor.of(code), clock.now()
    with scopes.acting_for(owner):
        rows = [
            row for row in queries.papers(creditor=owner, at=at)
            if row.word == word and row.book is None
            and (row.agency.code if row.agency else None) == of
        ]  # fmt: skip
        if not rows:
            raise Invalid(f"{word} of {of or code} is not on file.",
                          hint="`recoup paper list` shows what is.")  # fmt: skip
        for row in rows:
            operations.withdraw_declared(
                declared=row, reason=reason, by=console.actor("paper remove"), at=at
            )
    console.say(f"{word} of {of or code} is off file.")
