"""Flights from the command line: flown here, with progress, and told as a table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from recoup.commands import console

MONEY = frozenset({"recovered", "cost", "net"})
SAID = {
    "recovered": "recovered", "cost": "cost", "net": "recovered less cost", "contacts": "contacts",
    "contacts_a_person": "contacts a person reached", "persons": "persons contacted",
    "complaints": "complaints", "opt_outs": "opt-outs", "promises": "promises",
    "left_alone": "left alone on a day", "refused_share": "refused of contacts asked",
}  # fmt: skip


def _facts(book: Any, on: date, cases: Any) -> Any:
    from recoup.gate import queries

    return queries.facts_frame(book=book, on=on, cases=cases)


def fly(
    *, book: Any, name: str | None, budgets: tuple[str, ...], days: int, seed: int,
    repetitions: int, most: int, find: Callable[[str, Any], Any],
) -> None:  # fmt: skip
    """
    Fly a strategy and print what came of it.

    :raises Invalid: if no strategy is named and none is in force, or nothing differs from it
    """
    from recoup.kernel import clock
    from recoup.kernel.errors import Invalid
    from recoup.people import scopes
    from recoup.strategy import queries
    from recoup.strategy.flights import operations

    changes = dict(_pair(each) for each in budgets)
    by = console.actor("strategy fly")
    with scopes.acting_for(book):
        version = find(name, book) if name else queries.active(book=book)
        if version is None:
            raise Invalid(f"No strategy is in force in {book.code}.", hint="Name one to fly.")
        if version.state == "active" and not changes:
            raise Invalid(
                f"{version} is in force: beside itself it differs in nothing.",
                hint="Name another version, or give --budget.",
            )
        flight = operations.ask(
            version=version, by=by, at=clock.now(), budgets=changes, days=days, seed=seed,
            repetitions=repetitions, most=most,
        )  # fmt: skip
        with console.progress() as progress:
            flight = operations.fly(
                flight=flight, facts=_facts, by=by, at=clock.now(), clock=clock.now,
                progress=progress,
            )  # fmt: skip
        tell(flight)


def fly_waiting() -> None:
    """Fly whatever waits, in all books, and say how many."""
    from recoup.kernel import clock
    from recoup.strategy.flights import operations

    with console.progress() as progress:
        flown = operations.fly_waiting(
            facts=_facts, by=console.actor("strategy fly"), clock=clock.now, progress=progress
        )
    console.say(f"{len(flown)} flights were flown.")


def _pair(text: str) -> tuple[str, str]:
    from recoup.kernel.errors import Invalid

    name, equals, change = text.partition("=")
    if not (name and equals and change):
        raise Invalid(f"{text!r} is no change of a budget.", hint="Write it as sms=+10%.")
    return name.strip(), change


def tell(flight: Any) -> None:
    """Print a flight: what differs, with intervals, and whether it answers for its strategy."""
    from rich.table import Table

    results, champion = flight.results, flight.champion
    against = str(champion) if champion else "nobody contacted"
    other = "".join(f", {name} {each['from']:,.10g} -> {each['to']:,.10g}"
                    for name, each in flight.changes.items())  # fmt: skip
    console.out.rule(f"{flight}: {flight.candidate}{other} beside {against} (SIMULATED)")
    console.say(
        f"{len(results['days'])} days from {results['days'][0]}, {results['flown']:,} of "
        f"{results['cases']:,} cases, {results['repetitions']} repetitions, seed {flight.seed}, "
        f"{flight.inputs['simulator']}."
    )
    table = Table("", "candidate", against, "difference", "95 % interval", box=None)
    for name, row in results["measures"].items():
        figures = [row[key] for key in ("candidate", "against", "difference", "low", "high")]
        said = [_figure(name, each, flight.book.currency) for each in figures]
        span = f"{said[3]} … {said[4]}" if row["low"] is not None else "one repetition"
        table.add_row(SAID[name], *said[:3], span)
    console.out.print(table)
    night = results["first_night"]
    console.say(
        f"First night: another action for {night['changed']:,} of {night['cases']:,} cases."
    )
    for rule in results["rules"][:10]:
        console.say(
            f"  refused by {rule['rule']}: {rule['candidate']:,.0f}, was {rule['against']:,.0f}"
        )
    for harm in results["harm"]:
        console.say(f"HARM foretold: {harm['what']} {harm.get('budget', '')} ({harm['more']:,.2f})")
    if results["harm"]:
        console.say("To put it in force a named person must approve it: --approved-by, --reason.")


def _figure(name: str, value: float | None, currency: str) -> str:
    if value is None:
        return ""
    if name in MONEY:
        return console.money(round(value), currency)
    return f"{value:,.3f}" if name in ("contacts_a_person", "refused_share") else f"{value:,.1f}"
