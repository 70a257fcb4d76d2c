"""
Whether a version may be put in force: who or what answers for it.

A version is clear if it is in force already; if the book never had one and it is one that comes
with Recoup, budgets aside; if it was flown over this book, long enough, lately, against the champion
that still is, and no harm was foretold; or if another person than its author approved it by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import yaml
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from recoup.journal import queries as journal
from recoup.journal.models import Event
from recoup.kernel.errors import Refused
from recoup.people.models import Book
from recoup.strategy.models import Flight, StrategyApproval, StrategyVersion
from recoup.strategy.reading import SHIPPED

FRESH = timedelta(days=7)
# How much may happen to a book between a flight and the strategy's coming into force.
MOST_EVENTS, EVENTS_A_CASE = 10_000, 3
# The least that a flight must be to answer for a strategy.
LEAST_DAYS, LEAST_REPETITIONS, LEAST_CASES = 7, 5, 1_000

WHY = {
    "not_flown": gettext_noop("it was not flown over this book"),
    "too_small": gettext_noop("its flight was too short or too small to tell"),
    "too_old": gettext_noop("its flight is more than seven days old"),
    "other_champion": gettext_noop("it was flown against a champion that is not in force any more"),
    "book_moved": gettext_noop("much has happened in the book since it was flown"),
    "harm": gettext_noop("its flight foretells harm"),
}


@dataclass(frozen=True)
class Clearance:
    """
    What lets a version be put in force, or stands in the way: a code, and the flight or approval.

    `code` is one of `WHY` where something stands in the way, else `in_force`, `shipped`, `flown`
    or `approved`.
    """

    code: str
    flight: Flight | None = None
    approval: StrategyApproval | None = None

    @property
    def is_clear(self) -> bool:
        """Whether it may be put in force."""
        return self.code not in WHY

    @property
    def by(self) -> str:
        """Who or what answers for it, as the journal keeps it."""
        if self.code == "approved" and self.approval is not None:
            return f"approval:{self.approval.pk}:{self.approval.decided_by}"
        return f"flight:{self.flight.pk}" if self.code == "flown" and self.flight else self.code


def clearance(*, version: StrategyVersion, at: datetime) -> Clearance:
    """What there is for a version at an instant."""
    if version.state == StrategyVersion.State.ACTIVE:
        return Clearance("in_force")
    if _is_first(version.book) and is_shipped(version.source):
        return Clearance("shipped")
    flights = Flight.objects.filter(
        book=version.book_id, digest=version.digest, state=Flight.State.FLOWN
    )
    flight = flights.order_by("-ended_at", "-pk").first()
    code = _judged(version.book, flight, at)
    if code in WHY:
        given = StrategyApproval.objects.filter(
            version=version, state=StrategyApproval.State.GIVEN, until__gt=at
        )
        for approval in given.order_by("-pk"):
            # Leave that knew of no harm is no leave for it.
            if code != "harm" or approval.flight_id == (flight.pk if flight else None):
                return Clearance("approved", flight, approval)
    return Clearance(code, flight)


def demand(*, version: StrategyVersion, at: datetime) -> Clearance:
    """
    What lets a version be put in force.

    :raises Refused: if nothing does; the rule says what stands in the way
    """
    found = clearance(version=version, at=at)
    if not found.is_clear:
        raise Refused(
            _("{version} cannot be put in force: {why}.").format(
                version=version, why=_(WHY[found.code])
            ),
            rules=(f"strategy.{found.code}",),
            hint=_(
                "Fly it (recoup strategy fly), or have somebody else than its author approve it."
            ),
        )
    return found


def _is_first(book: Book) -> bool:
    return not StrategyVersion.objects.filter(book=book, activated_at__isnull=False).exists()


def is_shipped(source: str) -> bool:
    """Whether a text says what one that comes with Recoup says, budgets and comments aside."""
    mine = _without_budgets(source)
    return any(
        mine == _without_budgets(path.read_text(encoding="utf-8"))
        for path in SHIPPED.glob("*.yaml")
    )


def _without_budgets(source: str) -> dict[str, Any]:
    read = yaml.safe_load(source)
    return {name: value for name, value in read.items() if name != "budgets"}


def _judged(book: Book, flight: Flight | None, at: datetime) -> str:
    """What a flight says of its strategy at an instant."""
    if flight is None or flight.ended_at is None:
        return "not_flown"
    results = flight.results
    if (
        flight.days < LEAST_DAYS
        or flight.repetitions < LEAST_REPETITIONS
        or results["flown"] < min(results["cases"], LEAST_CASES)
    ):
        return "too_small"
    if at - flight.ended_at > FRESH:
        return "too_old"
    champion = StrategyVersion.objects.filter(book=book, state="active").first()
    if flight.champion_id != (champion.pk if champion else None):
        return "other_champion"
    if _happened_since(book, flight) > MOST_EVENTS + EVENTS_A_CASE * results["cases"]:
        return "book_moved"
    return "harm" if results["harm"] else "flown"


def _happened_since(book: Book, flight: Flight) -> int:
    """Events of the book since it was read; of all books where that alone is few enough."""
    every = journal.position() - flight.position
    if every <= MOST_EVENTS:
        return every
    rows = Event.objects.filter(creditor=book.creditor_id, position__gt=flight.position)
    return rows.filter(book=book.pk).count()
