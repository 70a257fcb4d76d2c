"""王明 and others like him, placed in a book without the trouble of a file."""

from __future__ import annotations

import zlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

from recoup.intake.models import Placement
from recoup.people import operations as people
from recoup.portfolio.models import (
    Borrower,
    Case,
    ContactPoint,
    Entry,
    Instalment,
    Loan,
)

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
AS_OF = date(2026, 11, 23)
MONTHLY = 100_000  # 1,000.00


def placement_of(book: Any) -> Placement:
    """The placement that hand-made cases stand under."""
    row, _ = Placement.objects.get_or_create(
        book=book, digest="0" * 64, mapping="by-hand",
        defaults={
            "source": "by hand", "mapping_version": "1", "as_of": AS_OF, "received_at": AT,
            "state": Placement.State.OPENED,
        },
    )  # fmt: skip
    return row


def place(
    *, book: Any, team: Any = None, reference: str = "C0001", name: str = "王明",
    phone: str = "", days_past_due: int = 40, state: str = "open",
    time_zones: str = "Asia/Shanghai", as_of: date = AS_OF,
) -> Case:  # fmt: skip
    """
    Someone who owes 12,000.00 in twelve instalments of 1,000.00, the oldest overdue by so many days.

    Each reference is a natural person of their own, with a phone and an identity number.
    """
    serial = 0 if reference == "C0001" else zlib.crc32(reference.encode()) % 10_000
    phone = phone or f"1381234{(1234 + serial) % 10_000:04d}"
    sealed = people.seal(
        creditor=book.creditor,
        fields=[
            ("name", name), ("phone", phone), ("email", f"{reference.lower()}@example.com"),
            ("address", "浙江省杭州市西湖区文三路90号"), ("identity", f"11010119900307{(1234 + serial) % 10_000:04d}"),
        ],
        at=AT,
    )  # fmt: skip
    borrower = Borrower.objects.create(
        book=book, person=sealed.person, reference=reference, region="浙江",
        name_masked=sealed.sealed[0].masked, time_zones=time_zones, birth_year=1990,
    )  # fmt: skip
    for medium, field in zip(("phone", "email", "address"), sealed.sealed[1:4], strict=True):
        ContactPoint.objects.create(
            borrower=borrower, medium=medium, party="debtor", sealed=field, masked=field.masked,
            source="contract", lawful_basis="contract", state="verified",
        )  # fmt: skip
    case = Case.objects.create(
        book=book, borrower=borrower, state=state, placed_on=as_of, team=team,
        owed=12 * MONTHLY, overdue=2 * MONTHLY, days_past_due=days_past_due,
        stage=f"M{1 + (days_past_due - 1) // 30}" if days_past_due else "C", aged_on=as_of,
    )  # fmt: skip
    first_due = as_of - timedelta(days=days_past_due)
    loan = Loan.objects.create(
        book=book, borrower=borrower, case=case, placement=placement_of(book),
        reference=f"L-{reference}", product="consumer", currency="CNY", principal=12 * MONTHLY,
        issued_on=first_due - timedelta(days=30), overdue_since=first_due,
        owed=12 * MONTHLY, overdue=2 * MONTHLY, days_past_due=days_past_due, stage=case.stage,
        aged_on=as_of,
    )  # fmt: skip
    Instalment.objects.bulk_create(
        Instalment(
            loan=loan, number=n, due_on=first_due + timedelta(days=30 * (n - 1)),
            principal=MONTHLY,
        )
        for n in range(1, 13)
    )  # fmt: skip
    Entry.objects.create(
        loan=loan, kind="opening", cause="opening", value_on=first_due - timedelta(days=30),
        posted_at=AT, principal=12 * MONTHLY, opening=-12 * MONTHLY,
    )  # fmt: skip
    return case


def approved(version: Any, *, at: datetime = AT) -> Any:
    """Leave for a strategy that nobody flew, given by 周总 if it is needed; gives the version."""
    from recoup.kernel.actors import Actor
    from recoup.people import scopes
    from recoup.strategy.flights import clearing
    from recoup.strategy.flights import operations as flights

    if clearing.clearance(version=version, at=at).is_clear:
        return version
    flights.approve(
        version=version, by=Actor.system("test"), at=at, reason="for a test",
        viewer=scopes.system_viewer(version.book, name="zhou"),
    )  # fmt: skip
    return version
