"""
Marks that follow from the ledger: a loan dearer than the law allows, a debt that has expired.

Computed each night and put on file like any mark, so that the moment of sending and the night read
the same. Where a country's packs have no function for it, nothing is computed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Max

from recoup.gate.events import MarksComputed
from recoup.gate.models import Declared
from recoup.gate.reading import product_of
from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.clock import aware
from recoup.kernel.errors import Invalid
from recoup.people.law import law_of
from recoup.people.models import Book
from recoup.people.scopes import unjoined
from recoup.portfolio.models import Entry, Loan
from recoup.rulebook.packs.china import caps, limitation

SOURCE = "computed from the ledger"
FEW = 500


def compute_marks(*, book: Book, on: date, by: Actor, at: datetime) -> dict[str, int]:
    """
    Put the marks `over_cap` and `time_barred` on file for the cases of a book, and take off those
    that no longer hold; gives how many cases stand marked. Twice changes nothing.
    """
    if book.jurisdiction != "CN":
        return {}
    try:
        numbers = law_of(book, at).parameters
    except Invalid:
        return {}
    wanted = {
        "over_cap": _too_dear(book, on),
        "time_barred": _expired(book, on, numbers),
    }
    standing = Declared.objects.filter(
        creditor=book.creditor, case__book=book, source=SOURCE, withdrawn_at=None
    )
    changes = 0
    with record(MarksComputed, by=by, at=at, book=book, on=on) as event:
        for word, cases in wanted.items():
            there = dict(standing.filter(word=word).values_list("case", "pk"))
            gone = [pk for case, pk in there.items() if case not in cases]
            unjoined(Declared).filter(pk__in=gone).update(withdrawn_at=aware(at))
            new = sorted(cases - there.keys())
            Declared.objects.bulk_create(
                (
                    Declared(
                        creditor=book.creditor, case_id=case, kind=Declared.Kind.MARK, word=word,
                        source=SOURCE, since=aware(at), declared_by=str(by)[:80],
                    )
                    for case in new
                ),
                batch_size=FEW,
            )  # fmt: skip
            changes += len(gone) + len(new)
        event.note(changes=changes, **{word: len(cases) for word, cases in wanted.items()})
    return {word: len(cases) for word, cases in wanted.items()}


def _too_dear(book: Book, on: date) -> set[int]:
    """The cases with a loan whose contract rate is over the cap of its product and day."""
    known = caps.numbers()
    groups = (
        Loan.objects.filter(book=book, annual_rate__isnull=False, issued_on__isnull=False)
        .order_by().values_list("product", "issued_on").annotate(dearest=Max("annual_rate"))
    )  # fmt: skip
    cases: set[int] = set()
    for product, issued_on, dearest in groups.iterator():
        try:
            most = caps.cap(product_of(product), contract_day=issued_on, on=on, known=known)
        except (Invalid, ValueError):
            continue  # no cap is known for that day
        rate = Decimal(most) / caps.WHOLE
        if dearest > rate:
            rows = Loan.objects.filter(
                book=book, product=product, issued_on=issued_on, annual_rate__gt=rate
            )
            cases.update(rows.values_list("case", flat=True))
    return cases


def _expired(book: Book, on: date, numbers: Any) -> set[int]:
    """The cases all of whose dated loans have expired: the years are over since the last event."""
    if not hasattr(numbers, "limitation_years"):
        return set()
    latest = _years_before(on, int(numbers.limitation_years))
    old = {
        pk: (case, matures_on)
        for pk, case, matures_on in Loan.objects.filter(book=book, matures_on__lt=latest)
        .values_list("pk", "case", "matures_on")
    }  # fmt: skip
    paid = _payments(old)
    expired = {
        pk for pk, (_, matures_on) in old.items()
        if limitation.is_time_barred(matures_on, paid.get(pk, ()), on=on, numbers=numbers)
    }  # fmt: skip
    cases = {old[pk][0] for pk in expired}
    alive = Loan.objects.filter(case__in=cases).exclude(pk__in=expired)
    return cases - set(alive.values_list("case", flat=True))


def _payments(loans: Iterable[int]) -> dict[int, list[tuple[date, str]]]:
    """What interrupts, as far as the ledger knows it: money that came."""
    keys, found = list(loans), dict[int, list[tuple[date, str]]]()
    for start in range(0, len(keys), FEW):
        rows = Entry.objects.filter(
            loan__in=keys[start : start + FEW], kind=Entry.Kind.PAYMENT, reversed_by=None
        )
        for loan, day in rows.values_list("loan", "value_on"):
            found.setdefault(loan, []).append((day, "partial_payment"))
    return found


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)
