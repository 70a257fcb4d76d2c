"""`recoup people`: what collectors can and carry, and when they are away."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import click

from recoup.commands import console, creditor


@click.group()
def command() -> None:
    """What collectors can, what they carry, when they are away. Cases are given out by it."""


@command.command("list")
@click.option("--creditor", "code", required=True, help="The creditor's code.")
def list_people(code: str) -> None:
    """Every collector of a creditor's teams as they are today."""
    console.start()
    from rich.table import Table

    from recoup.kernel import clock
    from recoup.people import queries

    owner = creditor.of(code)
    on = clock.local_day(clock.now(), clock.CHINA)
    table = Table("account", "name", "tier", "cases", "skills", "languages", "licences", "back on",
                  box=None)  # fmt: skip
    for one in queries.staff(creditor=owner.pk, on=on):
        skills = ", ".join(f"{code}:{tier}" for code, tier in sorted(one.skills.items()))
        table.add_row(
            one.username, one.name, one.tier,
            "equal share" if one.capacity is None else f"{one.capacity:,}", skills,
            ", ".join(sorted(one.languages)), ", ".join(sorted(one.places)),
            str(one.back_on or ""),
        )  # fmt: skip
    console.out.print(table if table.row_count else "Nobody collects for this creditor yet.")


@command.command()
@click.argument("whose")
@click.option("--team", is_flag=True, help="WHOSE is a team's code: what everybody in it can.")
@click.option("--skill", "skills", multiple=True, help="late or late:senior; may be repeated.")
@click.option("--language", "languages", multiple=True, help="zh, yue, en; may be repeated.")
@click.option("--licence", "licences", multiple=True,
              help="PLACE:NUMBER or PLACE:NUMBER:LAST-DAY, as US-MA:A17:2027-01-31.")  # fmt: skip
@click.option("--none", "nothing", type=click.Choice(["skills", "languages", "licences"]),
              multiple=True, help="Keep none of these any more.")  # fmt: skip
def qualify(
    whose: str, team: bool, skills: tuple[str, ...], languages: tuple[str, ...],
    licences: tuple[str, ...], nothing: tuple[str, ...],
) -> None:  # fmt: skip
    """
    Set what the account or team WHOSE can. What is given takes the place of what was kept.

    A skill, a language or a licence is asked for once anybody is kept as having it; until then
    everybody can take every case.
    """
    console.start()
    from recoup.kernel import clock
    from recoup.kernel.errors import Invalid
    from recoup.people import importing, operations
    from recoup.people.models import Team

    of: Any = Team.objects.filter(code=whose).first() if team else _user(whose)
    if of is None:
        raise Invalid(f"There is no team {whose}.", hint="`recoup team list` shows them.")
    problems: list[str] = []
    held = [importing.licence(part, problems) for part in licences]
    if problems:
        raise Invalid(problems[0])
    given: dict[str, Any] = {name: {} if name == "skills" else [] for name in nothing}
    if skills:
        given["skills"] = dict(importing.skill(part) for part in skills)
    if languages:
        given["languages"] = list(languages)
    if licences:
        given["licences"] = held
    if not given:
        raise Invalid("Say what they can.", hint="--skill, --language, --licence, --none.")
    operations.qualify(of=of, by=console.actor("people qualify"), at=clock.now(), **given)
    console.say(f"What {whose} can is set.")


@command.command()
@click.argument("username")
@click.option("--tier", help="junior or senior.")
@click.option("--capacity", type=int, help="How many cases at most.")
@click.option("--equal-share", is_flag=True, help="No limit of their own.")
@click.option("--weekdays", help="Digits; Monday is 1: 12345.")
@click.option("--hours", help="09:00-18:00.")
def seat(
    username: str, tier: str | None, capacity: int | None, equal_share: bool, weekdays: str | None,
    hours: str | None,
) -> None:  # fmt: skip
    """Set how the account USERNAME works. What is left out stays."""
    console.start()
    from recoup.kernel import clock
    from recoup.kernel.errors import Invalid
    from recoup.people import operations

    row = operations.seat(
        user=_user(username), tier=tier, capacity=capacity, equal_share=equal_share,
        weekdays=weekdays, hours=_hours(hours, Invalid), by=console.actor("people seat"),
        at=clock.now(),
    )  # fmt: skip
    most = "an equal share of cases" if row.capacity is None else f"{row.capacity:,} cases at most"
    console.say(f"{username} works as {row.tier} with {most}.")


@command.command()
@click.argument("username")
@click.option("--from", "since", type=console.DAY, required=True, help="The first day.")
@click.option("--to", "last", type=console.DAY, help="The last day; the same day if left out.")
@click.option("--kind", default="leave", show_default=True,
              help="leave, unplanned, training or other; nothing about health.")  # fmt: skip
def away(username: str, since: datetime, last: datetime | None, kind: str) -> None:
    """Record that USERNAME is away. Cases move at the leader's desk, or at night if it is long."""
    console.start()
    from recoup.kernel import clock
    from recoup.people import operations

    until = (last or since).date() + timedelta(days=1)
    operations.mark_away(
        user=_user(username), since=since.date(), until=until, kind=kind,
        by=console.actor("people away"), at=clock.now(),
    )  # fmt: skip
    console.say(f"{username} is away from {since:%Y-%m-%d} to {until - timedelta(days=1)}.")


@command.command()
@click.argument("username")
def back(username: str) -> None:
    """Take back every absence of USERNAME that is not over."""
    console.start()
    from recoup.kernel import clock
    from recoup.people import operations
    from recoup.people.models import Absence

    at = clock.now()
    on = clock.local_day(at, clock.CHINA)
    rows = Absence.objects.select_related("user__team").filter(
        user=_user(username), withdrawn_at=None, until__gt=on
    )
    ended = [operations.end_absence(absence=row, by=console.actor("people back"), at=at)
             for row in rows]  # fmt: skip
    console.say(f"{sum(ended)} absences of {username} are taken back.")


@command.command()
@click.argument("username")
@click.option("--creditor", "code", required=True, help="The creditor's code.")
@click.option("--tie", default="other", show_default=True,
              help="family, household, friend, employer or other.")  # fmt: skip
@click.option("--kind", default="name", show_default=True,
              help="What is typed: name, phone, email, identity or employer.")  # fmt: skip
def conflict(username: str, code: str, tie: str, kind: str) -> None:
    """
    Record whose cases USERNAME may never have. What is typed is asked for, not echoed, and not kept.
    """
    console.start()
    from recoup.kernel import clock
    from recoup.people import operations, scopes

    owner, user = creditor.of(code), _user(username)
    value = click.prompt(f"The {kind}", hide_input=True)
    with scopes.acting_for(owner):
        operations.declare_conflict(
            user=user, creditor=owner, tie=tie, kind=kind, value=value,
            by=console.actor("people conflict"), at=clock.now(),
        )  # fmt: skip
    console.say(f"A conflict of {username} is kept; what was typed is not.")


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--creditor", "code", required=True, help="The creditor's code.")
def import_file(file: Path, code: str) -> None:
    """
    Take what people can from FILE (CSV). Bad lines are refused, each with its number.

    The first line names columns of: username, tier, capacity, weekdays, hours, skills, languages,
    licences. Several in a cell are parted by semicolons: late:senior;card.
    """
    console.start()
    from recoup.kernel import clock
    from recoup.kernel.errors import Invalid
    from recoup.people import operations

    found = operations.import_staff(
        creditor=creditor.of(code), text=console.text_of(file),
        by=console.actor("people import"), at=clock.now(),
    )  # fmt: skip
    console.say(f"{found.taken} lines were taken, {found.refused} refused.")
    if found.problems:
        raise Invalid("Correct these lines and import them again.", problems=found.problems)


def _hours(text: str | None, wrong: type[Exception]) -> tuple[time, time] | None:
    if text is None:
        return None
    starts, _dash, ends = text.partition("-")
    try:
        return time.fromisoformat(starts.strip()), time.fromisoformat(ends.strip())
    except ValueError:
        raise wrong(f"{text!r} are no hours. Write them as 09:00-18:00.") from None


def _user(username: str) -> Any:
    from recoup.kernel.errors import Invalid
    from recoup.people.models import User

    user = User.objects.select_related("team").filter(username=username).first()
    if user is None:
        raise Invalid(f"There is no account {username}.", hint="`recoup user list` shows them.")
    return user
