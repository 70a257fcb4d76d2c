from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from recoup.rulebook.vocabulary import ELEMENTS, PAPERS, bits
from recoup.strategy import operations
from recoup.strategy.reading import shipped

# Everything the law asks for is in order: whatever a test wants to forbid, it says so.
LAWFUL = {
    "party": "debtor", "party_bound": True, "product": "other", "placement_open": True,
    "balance": 1_200_000, "stops": 0, "opt_outs": 0, "debtor_lost": False,
    "identity_confirmed": True, "agency_listed": True, "contact_source": "contract",
    "has_lawful_basis": True, "point_valid": True, "time_zones": "Asia/Shanghai",
    "birth_year": 1990, "effective_calls_today": 0, "unconnected_today": 0,
    "attempts_agreed": False, "contacts_in_window": 0, "clock_went_back": False,
    "sender_registered": True, "sender_own": True, "recording_ready": True,
    "template_state": "approved", "demands_payment": False, "discloses_debt": False,
    "sealed_to_debtor": True, "found": 0, "says": bits("says", ELEMENTS), "marks": 0,
    "papers": bits("papers", PAPERS), "consents": 0, "purpose": "reminder",
    "lender": "consumer_finance", "collector": "creditor", "regions": 0,
}  # fmt: skip
MEDIUM = {"sms": "phone", "email": "email", "letter": "address"}


def facts_of(book: Any, **changed: Any) -> pl.DataFrame:
    """Rulebook facts for every case of the book and channel, in order but for what is changed."""
    from recoup.portfolio.models import ContactPoint

    rows = []
    for channel, medium in MEDIUM.items():
        points = ContactPoint.objects.filter(borrower__book=book, medium=medium)
        for case, point in points.values_list("borrower__case__pk", "pk"):
            rows.append({"case": case, "channel": channel, "contact_point": point, **LAWFUL,
                         **changed})  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


@pytest.fixture
def strategy(book: Any, system: Any, at: Any) -> Any:
    """The shipped default, in force, with nobody held out by chance."""
    version = operations.add(book=book, source=shipped(), by=system, at=at)
    return operations.activate(version=version, by=system, at=at)


def many(book: Any, team: Any, count: int, as_of: Any) -> list[Any]:
    """
    So many cases with a loan and a number and an address each: for what is planned and measured. No
    seal is behind them, so nobody can be reached.
    """
    from recoup.people.models import Person, Sealed
    from recoup.portfolio.models import Borrower, Case, ContactPoint, Loan
    from tests.cast import placement_of

    placement, numbers = placement_of(book), range(count)
    persons = Person.objects.bulk_create(
        Person(creditor=book.creditor, token=f"many-{n}", kek="none") for n in numbers
    )
    borrowers = Borrower.objects.bulk_create(
        Borrower(book=book, person=person, reference=f"M{n}", name_masked="王*",
                 time_zones="Asia/Shanghai")
        for n, person in enumerate(persons)
    )  # fmt: skip
    seal = Sealed.objects.create(
        person=persons[0], creditor=book.creditor, kind="phone", masked="138****", ciphertext=b"-"
    )
    ContactPoint.objects.bulk_create(
        ContactPoint(borrower=one, medium=medium, party="debtor", sealed=seal, masked="*",
                     source="contract", lawful_basis="contract", state="verified")
        for one in borrowers for medium in ("phone", "email")
    )  # fmt: skip
    late = {"owed": 1_200_000, "days_past_due": 40, "stage": "M2", "aged_on": as_of}
    cases = Case.objects.bulk_create(
        Case(
            book=book,
            borrower=one,
            state="open",
            placed_on=as_of,
            team=team,
            overdue=150_000 + 700 * n,
            **late,
        )
        for n, one in enumerate(borrowers)
    )
    Loan.objects.bulk_create(
        Loan(book=book, borrower=case.borrower, case=case, placement=placement, product="consumer",
             reference=f"L{case.pk}", currency="CNY", principal=1_200_000, issued_on=as_of,
             overdue_since=as_of, overdue=case.overdue, **late)
        for case in cases
    )  # fmt: skip
    return cases
