"""`recoup demo`: a lender that never existed, its nights and days, and then the desks."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import click

from recoup.commands import console

# When the outside world is looked at, and what is due is sent, on a demo day.
HOURS = [time(hour) for hour in (8, 10, 12, 14, 16, 18, 20)]
# When, after each of these, a round of calls begins.
CALLS = [timedelta(minutes=minutes) for minutes in (15, 60)]


@click.command()
@click.option(
    "--accounts",
    type=click.IntRange(min=1),
    default=5000,
    show_default=True,
    help="How many loans.",
)
@click.option(
    "--days",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="How many days are played.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=7,
    show_default=True,
    help="Chance, for the same demo again.",
)
@click.option(
    "--from",
    "first",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The first day that is played; so many days before today if left out.",
)
@click.option("--serve/--no-serve", default=True, show_default=True)
@click.option("--port", type=click.IntRange(1, 65_535), default=8000, show_default=True)
def command(
    accounts: int, days: int, seed: int, first: datetime | None, serve: bool, port: int
) -> None:
    """
    Play a lender that never existed through nights and days, then serve the desks.

    Everything outside is simulated and labelled so: borrowers, carriers, the bank. A demo that was
    killed goes on where it stopped.
    """
    console.start()
    from recoup.kernel import clock
    from recoup.people import scopes
    from recoup.synth import demo
    from recoup.synth.carriers.apart import Apart

    today = clock.local_day(clock.now(), "Asia/Shanghai")
    state = demo.remembered()
    if first and first.date() + timedelta(days=days) > today:
        raise click.BadParameter("Days to come are not played.", param_hint="--from")
    if state is None:
        begins = first.date() if first else today - timedelta(days=days)
        state = demo.begin(accounts=accounts, days=days, seed=seed, first=begins)
    elif (state.accounts, state.days, state.seed) != (accounts, days, seed) or (
        first and state.first_day != first.date()
    ):
        console.out.print(
            f"A demo of {state.accounts:,} accounts and {state.days} days from {state.first_day} is "
            "here already; it goes on. For another one set RECOUP_HOME to an empty folder."
        )
    timings = console.Timings()
    opened = clock.at_local(state.first_day, time(1), "Asia/Shanghai")
    book = demo.book(by=console.actor("demo"), at=opened, opened_on=state.first_day)
    with scopes.acting_for(book):
        played = Apart(home=_home())
        try:
            _prepare(book, state, timings)
            _play(book, state, played, timings)
        finally:
            played.stop()
        _tell(book, state, timings)
    if serve:
        from recoup.commands.serve import run

        run(host="127.0.0.1", port=port)


def _home() -> Path:
    from django.conf import settings

    return Path(settings.DATA_DIR)


def _prepare(book: Any, state: Any, timings: console.Timings) -> None:
    """Write the lender's files, take them in, train the scores, put the strategy in force."""
    from recoup import path
    from recoup.intake import operations as intake
    from recoup.intake import queries as intake_queries
    from recoup.kernel import clock
    from recoup.scoring import operations as scoring
    from recoup.strategy import operations as strategy
    from recoup.synth import demo, lender

    if "prepared" in state.done:
        return
    by, first = console.actor("demo"), state.first_day
    at = clock.at_local(first, time(1), book.time_zone)
    demo.furnish(book=book, by=by, at=at, password=state.password)
    folder = _home() / "demo-lender"
    console.out.rule("A lender's overdue book comes in")
    with console.progress() as progress:
        with timings.stage("write the book"):
            if not (folder / "done").exists():
                lender.write(folder=folder, accounts=state.accounts, seed=state.seed, as_of=first)
                (folder / "done").touch()
        with timings.stage("accept"):
            placement = intake.accept(
                book=book, path=folder, mapping="recoup", as_of=first, by=by, at=at,
                progress=progress,
            )  # fmt: skip
        with timings.stage("open"):
            path.take_in(placement=placement, by=by, at=at, progress=progress)
            placed = demo.place_out(book=book, by=by, at=at)
        placement.refresh_from_db()
        console.out.print(intake_queries.summary(placement))
        console.out.print(f"{placed:,} late cases are placed with an agency.")
        with timings.stage("train"):
            models = scoring.train(
                book=book, as_of=first, by=by, at=at, seed=state.seed, progress=progress
            )
    for model in models:
        console.out.print(f"  {model}: {model.state} {model.why_not}")
    version = strategy.add(book=book, source=demo.strategy_of(state.accounts), by=by, at=at)
    strategy.activate(version=version, by=by, at=at)
    state.done.append("prepared")
    state.save()


def _play(book: Any, state: Any, played: Any, timings: console.Timings) -> None:
    """Nights and days until today, then tonight's plan for today's work."""
    from recoup.synth.world import World

    world = World(book=book, seed=state.seed, carriers=played)
    console.out.rule("Nights and days (simulated borrowers, carriers and bank)")
    for number in range(state.days):
        on = state.first_day + timedelta(days=number)
        if on.isoformat() in state.done:
            continue
        line = _play_day(book, on, world, timings)
        console.out.print(f"day {number + 1:>2}/{state.days} {on} {line}")
        state.done.append(on.isoformat())
        state.save()
    last = state.first_day + timedelta(days=state.days)
    if last.isoformat() not in state.done:
        _night(book, last, timings)
        state.done.append(last.isoformat())
        state.save()


def _night(book: Any, on: date, timings: console.Timings) -> Any:
    from recoup import path
    from recoup.kernel import clock

    at = clock.at_local(on, time(2), book.time_zone)
    return path.night(book=book, on=on, at=at, by=console.actor("night"), timed=timings.stage)


def _play_day(book: Any, on: date, world: Any, timings: console.Timings) -> str:
    """One night and one day; gives a line that says what happened."""
    from recoup import path
    from recoup.kernel import clock

    plan = _night(book, on, timings)["decide"]
    sent = 0
    with timings.stage("world"):
        world.morning(on=on)
    for hour in HOURS:
        at = clock.at_local(on, hour, book.time_zone)
        answers = path.tick(book=book, at=at, by=console.actor("day"), timed=timings.stage)
        sent += answers["send"]
        with timings.stage("calls"):
            for later in CALLS:
                rung = world.ring(at=at + later)
        with timings.stage("world"):
            world.answer(at=at + timedelta(minutes=90))
    return (
        _evening(book, on, world, timings) + f", {plan.chosen:,} chosen, {sent:,} sent, "
        f"{rung.calls:,} calls"
    )


def _evening(book: Any, on: date, world: Any, timings: console.Timings) -> str:
    from recoup.kernel import clock
    from recoup.repayment import operations as repayment

    at: datetime = clock.at_local(on, time(21), book.time_zone)
    with timings.stage("world"):
        statement = world.evening(on=on)
    total = 0
    if statement is not None:
        with timings.stage("bank file"):
            total = repayment.import_bank_file(
                book=book, path=statement, by=console.actor("day"), at=at
            ).total
    return f"{console.money(total, book.currency)} by bank file"


def _tell(book: Any, state: Any, timings: console.Timings) -> None:
    """What happened, what the budgets were worth, where time went, and how to sign in."""
    from rich.table import Table

    from recoup.journal import queries as journal
    from recoup.people import scopes
    from recoup.reporting import queries as reporting
    from recoup.strategy import queries as strategy
    from recoup.synth.demo import ROLES

    viewer = scopes.system_viewer(book)
    first, last = state.first_day, state.first_day + timedelta(days=state.days - 1)
    console.out.rule("What happened (DEMO: simulated)")
    for name, value in reporting.summary(viewer=viewer, book=book, since=first, until=last).items():
        console.out.print(f"  {name:<34} {value}")
    plan = strategy.plan(viewer=viewer, book=book, on=last)
    prices = Table("budget", "used", "of", "one more is worth", box=None)
    for name, budget in plan.budgets.items():
        prices.add_row(
            name, f"{budget['used']:,}", f"{budget['most']:,}",
            console.money(round(plan.prices.get(name, 0)), book.currency),
        )  # fmt: skip
    console.out.print(prices)
    console.out.rule("Where time went")
    spent = Table("stage", "seconds", "of them computing", box=None)
    for name, seconds in sorted(timings.wall.items(), key=lambda item: -item[1]):
        spent.add_row(name, f"{seconds:.1f}", f"{timings.cpu[name]:.1f}")
    whole, computing = sum(timings.wall.values()), sum(timings.cpu.values())
    spent.add_row("sum", f"{whole:.1f}", f"{computing:.1f}")
    console.out.print(spent)
    console.out.print(f"The journal holds {journal.position():,} events.")
    console.out.rule("Sign in at http://127.0.0.1:8000")
    for username, shown, _ in ROLES:
        console.out.print(f"  {username:<12} {state.password}   {shown}")
