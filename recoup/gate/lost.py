"""
Whether debtors are lost, by the calls to the numbers they left: read for contact persons only.

The law of it is the rulebook's (`packs.china.reach`); where a country has none, nothing is known.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, time
from typing import Any

from recoup.gate.counters import UNCONNECTED
from recoup.gate.models import Declared, Permit
from recoup.gate.onfile import standing as on_file
from recoup.kernel.clock import at_local, local_day
from recoup.kernel.errors import Invalid
from recoup.people.models import Book
from recoup.portfolio.models import ContactPoint
from recoup.rulebook import engine
from recoup.rulebook.packs.china import reach

CALLS = ("call", "robot_call")
# A number that the debtor left, or let us have.
LEFT = (ContactPoint.Source.CONTRACT, ContactPoint.Source.DEBTOR_AUTHORISED)


def lost_debtors(
    borrowers: Collection[int], *, book: Book, at: datetime
) -> dict[int, dict[str, object]]:
    """
    The facts `debtor_lost` and `debtor_lost_from` of some borrowers of a book.

    Who left no mobile number is not in it, so that the rules miss the fact and refuse. Calls that
    the lender made before we had the case name no number, and do not count.
    """
    numbers = _numbers(book, at)
    if numbers is None or not borrowers:
        return {}
    mobiles = _mobiles(borrowers, at)
    calls = _calls({pk for rows in mobiles.values() for pk, _ in rows}, book)
    today = local_day(at, book.time_zone)
    found: dict[int, dict[str, object]] = {}
    for borrower, rows in mobiles.items():
        made = sorted(call for pk, _ in rows for call in calls[pk])
        stands = reach.standing(
            [(local_day(when, book.time_zone), outcome) for when, outcome in made],
            today=today, number_is_valid=any(alive for _, alive in rows), numbers=numbers,
        )  # fmt: skip
        found[borrower] = {
            "debtor_lost": stands.is_lost, "debtor_lost_from": _midnight(stands.lost_from, book),
        }  # fmt: skip
    return found


def asked_before(points: Iterable[ContactPoint], *, but: Collection[str]) -> dict[int, int]:
    """How often people who are not the debtor were contacted at their numbers, without some permits."""
    others = [point.pk for point in points if point.party != ContactPoint.Party.DEBTOR]
    if not others:
        return {}
    rows = Permit.objects.filter(contact_point__in=others, used_at__isnull=False)
    rows = rows.exclude(state=Permit.State.RELEASED).exclude(pk__in=list(but))
    return dict(Tally(rows.values_list("contact_point", flat=True)))


def _numbers(book: Book, at: datetime) -> Any:
    """The parameters of the day, where they say when a debtor is lost."""
    try:
        numbers = engine.load(book.jurisdiction, at).parameters
    except Invalid:
        return None
    return numbers if hasattr(numbers, "lost_fails") else None


def _mobiles(borrowers: Collection[int], at: datetime) -> dict[int, list[tuple[int, bool]]]:
    """Each borrower's mobile numbers, and whether each is still alive."""
    rows = ContactPoint.objects.filter(
        borrower__in=borrowers, medium="phone", party="debtor", source__in=LEFT
    )
    landlines = on_file(at).filter(kind=Declared.Kind.MARK, word="landline")
    rows = rows.exclude(pk__in=landlines.exclude(contact_point=None).values("contact_point"))
    found: dict[int, list[tuple[int, bool]]] = defaultdict(list)
    for pk, borrower, state in rows.values_list("pk", "borrower", "state"):
        found[borrower].append((pk, state != ContactPoint.State.INVALID))
    return found


def _calls(points: set[int], book: Book) -> dict[int, list[tuple[datetime, str]]]:
    rows = Permit.objects.filter(
        book=book, contact_point__in=points, channel__in=CALLS, used_at__isnull=False
    ).exclude(settled_as="")
    found: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    for point, when, outcome in rows.values_list("contact_point", "used_at", "settled_as"):
        found[point].append((when, reach.FAILED if outcome in UNCONNECTED else outcome))
    return found


def _midnight(day: date | None, book: Book) -> datetime | None:
    return at_local(day, time(0), book.time_zone) if day else None
