"""`recoup rules`: the law as it is written down; its cases, and what other rules would have said."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from recoup.commands import console

PACKS = click.argument("packs", nargs=-1)


@click.group()
def command() -> None:
    """Read, test and check the rules; judge recorded contacts by others."""


@command.command("list")
@click.option("--jurisdiction", default="CN", show_default=True)
@click.option("--at", type=console.DAY, help="The day asked about; today if left out.")
@click.option("--drafts", is_flag=True, help="With packs that are drafts.")
def list_rules(jurisdiction: str, at: datetime | None, drafts: bool) -> None:
    """Every rule in force, with its force, source and the day it holds from."""
    from rich.table import Table

    from recoup.rulebook import engine

    book = engine.load(jurisdiction, _instant(at), drafts=drafts)
    table = Table("rule", "pack", "effect", "force", "conf.", "from", "source", box=None)
    for rule in book.rules:
        since = rule.since.isoformat() if rule.since else "unknown"
        table.add_row(rule.id, rule.pack, rule.effect, rule.force, rule.confidence, since,
                      book.instruments[rule.instrument].title)  # fmt: skip
    console.out.print(table)
    console.say(
        f"{len(book.rules)} rules of {len(book.layers)} packs; rulebook {book.digest[:16]}."
    )
    checked = sum(one.is_verified for one in book.instruments.values())
    console.say(f"{checked} of {len(book.instruments)} instruments were checked by a named person.")


@command.command()
@click.argument("name")
@click.option("--jurisdiction", default=None, help="Guessed from the rule's id if left out.")
@click.option("--at", type=console.DAY)
def explain(name: str, jurisdiction: str | None, at: datetime | None) -> None:
    """
    What the rule NAME says, on whose authority, with its numbers; or why a refusal was one.

    NAME is a rule's id (CN-FREQ-001) or the number of a refusal.
    """
    if name.isdecimal():
        _explain_refusal(int(name))
        return
    from recoup.kernel.errors import Invalid
    from recoup.rulebook import casebook, engine, layers

    where = jurisdiction or _country_of(name)
    book = engine.load(where, _instant(at), drafts=True)
    rule = next((rule for rule in book.rules if rule.id == name), None)
    if rule is None:
        raise Invalid(f"{name} is no rule in force in {where}.", hint="See `recoup rules list`.")
    source = book.instruments[rule.instrument]
    console.say(f"{rule.id}  ({rule.pack}, {layers.layer(rule.pack).layer})")
    console.say(f"  {rule.zh}\n  {rule.en}")
    console.say(f"  source     {source.title} {rule.clause}".rstrip())
    console.say(
        f"             {source.issuer or 'issuer not given'}; read: {source.read}; "
        f"{'checked by ' + str(source.checked_by) if source.is_verified else 'not verified'}"
    )
    console.say(f"  effect     {rule.effect}; force {rule.force}; confidence {rule.confidence}")
    console.say(f"  from       {rule.since or 'date not known: holds from the date of the pack'}")
    console.say(f"  set aside  {rule.override or 'by nobody'}")
    console.say(f"  needs      {', '.join(rule.needs) or 'nothing'}")
    for parameter in sorted(casebook.reads(rule) & set(vars(book.parameters))):
        console.say(f"  number     {parameter} = {getattr(book.parameters, parameter)}")


def _country_of(name: str) -> str:
    """The country of a rule, by the pack that has it."""
    from recoup.kernel.errors import Invalid
    from recoup.rulebook import casebook, layers

    for pack in layers.names():
        if any(rule.id == name for rule in layers.layer(pack).rules().rules):
            return casebook.country_of(pack).jurisdiction or "CN"
    raise Invalid(f"There is no rule {name}.", hint="See `recoup rules list`.")


def _explain_refusal(number: int) -> None:
    console.start()
    from django_scopes import scopes_disabled

    from recoup.gate.models import Refusal
    from recoup.kernel.errors import Invalid

    with scopes_disabled():
        row = Refusal.objects.select_related("book").filter(pk=number).first()
        if row is None:
            raise Invalid(f"There is no refusal {number}.")
        console.say(
            f"{row.at:%Y-%m-%d %H:%M} UTC  {row.channel}  case {row.case_id}: {row.outcome}"
            + (f" until {row.until:%Y-%m-%d %H:%M} UTC" if row.until else "")
        )
        for rule in row.rules:
            missing = f" (not known: {', '.join(rule['missing'])})" if rule.get("missing") else ""
            console.say(f"  {rule['id']}{missing}\n    {rule['zh']}\n    {rule['en']}")


@command.command()
@PACKS
def test(packs: tuple[str, ...]) -> None:
    """Run the cases of PACKS, or of all: the rules must say of each what it says."""
    from recoup.rulebook import casebook, layers

    wrong = total = 0
    for pack in packs or layers.names():
        cases = list(casebook.cases(pack)) if pack != "base" else []
        failed = [(case, said) for case in cases if (said := case.wrong())]
        wrong, total = wrong + len(failed), total + len(cases)
        console.say(f"{pack:28} {len(cases):4} cases, {len(failed)} wrong")
        for case, said in failed:
            console.say(f"  {case.where}: {case.name}\n    {said}")
    console.say(f"{total} cases, {wrong} wrong.")
    if wrong:
        raise click.exceptions.Exit(1)


@command.command()
@PACKS
def coverage(packs: tuple[str, ...]) -> None:
    """Each rule must fire and rest in some case, and each number have its boundary as one."""
    from recoup.rulebook import casebook, layers

    gaps = 0
    for pack in packs or layers.names():
        found = casebook.coverage(pack)
        gaps += len(found.gaps)
        console.say(
            f"{pack:28} {len(found.rules):4} rules, {len(found.parameters):3} numbers, "
            f"{len(found.gaps)} gaps"
        )
        for gap in found.gaps:
            console.say(f"  {gap}")
    if gaps:
        raise click.exceptions.Exit(1)
    console.say("Every rule fires and rests in some case; every number has its boundary as a case.")


@command.command()
@console.BOOK
@click.option("--since", required=True, type=console.DAY, help="The first day.")
@click.option("--until", required=True, type=console.DAY, help="The last day.")
@click.option("--pack", "file", type=click.Path(path_type=Path), help="Rules to lay over, as YAML.")
@click.option("--as-of", type=console.DAY, help="Judge all by the rules of this day.")
def replay(
    code: str | None, since: datetime, until: datetime, file: Path | None, as_of: datetime | None
) -> None:
    """
    Judge the recorded contacts of a book again, and say what would have been blocked, by rule.

    PACK moves instruments, changes numbers, switches rules on or off; without it the rules are those
    of each contact's own day. Counts are as recorded: a stricter cap shows its full effect.
    """
    console.start()
    from recoup.gate import queries
    from recoup.kernel.errors import Invalid
    from recoup.people import scopes
    from recoup.rulebook import overlay

    book = console.book_of(code)
    if until < since:
        raise Invalid("--until is before --since.")
    first, last = (_midnight(day, book.time_zone) for day in (since, until + timedelta(days=1)))
    laid = overlay.read(file) if file else None
    with scopes.acting_for(book):
        found = queries.replayed(
            book=book, since=first, until=last, overlay=laid,
            as_of=_midnight(as_of, book.time_zone) if as_of else None,
        )  # fmt: skip
    what = f" by {laid.name}" if laid else ""
    console.say(
        f"{found.judged:,} recorded contacts of {book.code} judged again{what}: "
        f"{found.permitted:,} were permitted, {found.judged - found.permitted:,} refused."
    )
    if found.no_rulebook:
        console.say(f"{found.no_rulebook:,} are of days for which no rulebook is written down.")
    console.say(
        f"{found.blocked:,} of those permitted would be blocked; "
        f"{found.freed:,} of those refused would not."
    )
    for rule, count in found.by_rule.most_common():
        console.say(f"  {count:7,}  {rule:18} e.g. {', '.join(found.samples[rule][:2])}")


def _midnight(day: datetime, zone: str) -> datetime:
    from datetime import time

    from recoup.kernel.clock import at_local

    return at_local(day.date(), time(0), zone)


def _instant(day: datetime | None) -> datetime:
    from datetime import UTC

    from recoup.kernel import clock

    return day.replace(hour=12, tzinfo=UTC) if day else clock.now()


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@console.BOOK
@console.WHO
@console.PASSWORD
def lay(file: Path, code: str | None, username: str, password: str) -> None:
    """
    Lay FILE (YAML) over the law for the creditor of a book: tighter numbers, house rules on or off.

    It binds every book of that creditor from now on. What would loosen the law does not load. Only
    somebody who may set rules aside may lay them.
    """
    console.start()
    from recoup.kernel import clock
    from recoup.people import law

    book = console.book_of(code)
    viewer = _officer(book, username, password)
    found = law.lay(
        creditor=book.creditor, source=console.text_of(file), jurisdiction=book.jurisdiction,
        by=viewer.actor(), at=clock.now(),
    )  # fmt: skip
    console.say(f"{found.name} binds every book of {book.creditor.name} from now on.")


@command.command()
@console.BOOK
@console.WHO
@console.PASSWORD
def lift(code: str | None, username: str, password: str) -> None:
    """Take away what the creditor of a book laid over the law."""
    console.start()
    from recoup.kernel import clock
    from recoup.people import law

    book = console.book_of(code)
    viewer = _officer(book, username, password)
    there = law.lift(creditor=book.creditor, by=viewer.actor(), at=clock.now())
    console.say(
        "Taken away: the law alone binds." if there else "There was nothing laid over the law."
    )


def _officer(book: Any, username: str, password: str) -> Any:
    """The person who answers for the law of a book's creditor. :raises Refused: for anybody else"""
    from recoup.kernel.errors import Refused
    from recoup.people import scopes

    viewer = console.signed_in(username, password)
    scopes.demand(viewer, scopes.APPROVE_RULE)
    if book.creditor_id not in viewer.creditors:
        raise Refused("This book belongs to another creditor.", rules=("people.tenant",))
    return viewer


@command.command()
@click.option("--jurisdiction", "countries", multiple=True, help="A country; all if left out.")
@click.option("--at", type=console.DAY, help="The rules of a day; of today if left out.")
@click.option("--every", is_flag=True, help="The rules of every day from which something changes.")
def check(countries: tuple[str, ...], at: datetime | None, every: bool) -> None:
    """
    Look for contradictions: contacts that no rules leave, exceptions that defeat a law, unknowns
    that let pass, caps that no rule asks. A solver (the extra `check`) asks about all contacts.
    """
    from recoup.rulebook import consistency, engine, layers

    known = sorted({
        code for name in layers.names() if (code := layers.layer(name).jurisdiction) is not None
    })  # fmt: skip
    wrong = 0
    for country in countries or known:
        day = engine.day_of(country, _instant(at), drafts=True)
        found = consistency.check(country, on=None if every else day, every=every, drafts=True)
        bad = [one for one in found if one.is_wrong]
        wrong += len(bad)
        console.say(f"{country}: {len(bad)} contradictions, {len(found) - len(bad)} remarks")
        for one in found:
            console.say(f"  {'WRONG ' if one.is_wrong else ''}{one.text}")
    if wrong:
        raise click.exceptions.Exit(1)
