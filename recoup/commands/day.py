"""`recoup day`: send what is due, on current facts, through the gate."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

import click

from recoup.commands import console


@click.command()
@console.BOOK
@click.option("--watch", is_flag=True, help="Go on until the day ends, once a minute.")
def command(code: str | None, watch: bool) -> None:
    """
    Send what is due now. Safe to run every minute; a killed run leaves no message sent twice.

    With --watch the next action of an account is chosen anew within seconds of what happens to it.
    Days of a demo book are played by `recoup demo`, with borrowers that answer.
    """
    console.start()
    from recoup.commands import watching
    from recoup.kernel.errors import Invalid

    book = console.book_of(code)
    if book.is_demo:
        raise Invalid(
            "A demo book's days are simulated.", hint="Run `recoup demo`, or name a live book."
        )
    _demand_a_carrier(book)
    with watching.choosing_anew(book, name="day") if watch else nullcontext():
        _run(book, watch=watch)


def _run(book: Any, *, watch: bool) -> None:
    import time

    from recoup import path
    from recoup.kernel import clock
    from recoup.people import scopes

    first = clock.local_day(clock.now(), book.time_zone)
    while True:
        at = clock.now()
        with scopes.acting_for(book), console.progress() as progress:
            answers = path.tick(
                book=book, at=at, by=console.actor("day"), progress=progress, clock=clock.now
            )
        console.say(describe(at, answers) + _still_waiting(book, at, answers))
        if not watch or clock.local_day(at, book.time_zone) != first:
            return
        time.sleep(60)


def _still_waiting(book: Any, at: datetime, answers: dict[str, object]) -> str:
    """Where nothing was sent: how many contacts wait, and when the next one may be made."""
    from recoup.kernel import clock
    from recoup.people import scopes
    from recoup.strategy.models import Decision

    if answers.get("send"):
        return ""
    with scopes.acting_for(book):
        waiting = Decision.objects.filter(book=book, state="waiting").exclude(channel="task")
        later = waiting.filter(not_before__gt=at).order_by("not_before")
        soonest, coming = later.values_list("not_before", flat=True).first(), later.count()
        missed = waiting.filter(not_after__lte=at).count()
    said = ""
    if soonest is not None:
        there = soonest.astimezone(clock.zone(book.time_zone))
        said += f"; {coming:,} wait, the next from {there:%Y-%m-%d %H:%M} there"
    if missed:
        said += f"; the hours of {missed:,} have passed, and they lapse tonight"
    return said


def _demand_a_carrier(book: Any) -> None:
    """
    Say which channels have no carrier. :raises NotConfigured: if none has, with every setting
    """
    from recoup.contact import carriers
    from recoup.kernel.errors import NotConfigured

    unset = carriers.unset_channels(book)
    lines = [f"{channel}: set {each.setting}." for channel, each in unset.items()]
    if len(unset) == len(carriers.CHANNELS):
        raise NotConfigured(
            f"The live book {book.code} has no carrier, so nothing is sent. " + " ".join(lines),
            setting="those of at least one channel",
        )
    for line in lines:
        console.say(f"no carrier for {line}")


def describe(at: datetime, answers: dict[str, object]) -> str:
    """One line for one moment: what each step did, if it did anything."""
    parts = []
    for name, answer in answers.items():
        counts = asdict(answer) if is_dataclass(answer) and not isinstance(answer, type) else {}
        if counts:
            said = ", ".join(f"{what} {count}" for what, count in counts.items() if count)
        else:
            said = str(answer or "")
        if said:
            parts.append(f"{name} {said}")
    return f"{at:%H:%M} UTC " + (", ".join(parts) or "nothing was due")
