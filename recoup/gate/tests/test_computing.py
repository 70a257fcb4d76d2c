"""Marks that follow from the ledger, and what a contact is for."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from recoup.gate import operations
from recoup.gate.models import Declared, Template
from recoup.journal.models import Event
from recoup.kernel.errors import Invalid
from recoup.portfolio.models import Loan
from tests.cast import place

from .asking import ask, ready, rules_of

pytestmark = pytest.mark.django_db
ON = date(2026, 11, 23)


def marks(case):
    rows = Declared.objects.filter(case=case, withdrawn_at=None)
    return sorted(rows.values_list("word", flat=True))


def test_a_loan_dearer_than_its_cap_is_marked_and_its_amount_not_demanded(
    wang_ming, book, system, at
):
    """
    36 % a year ── over the line of 24 % ──▷ over_cap ──✗ HOUSE-RATE-001
    """
    ready(book, system, at)
    Loan.objects.filter(case=wang_ming).update(
        annual_rate=Decimal("0.36"), issued_on=date(2025, 1, 6), product="consumer"
    )

    told = operations.compute_marks(book=book, on=ON, by=system, at=at)

    assert told["over_cap"] == 1 and marks(wang_ming) == ["over_cap"]
    assert "HOUSE-RATE-001" in rules_of(ask(wang_ming, "sms", at=at, by=system))


def test_nobody_takes_off_by_hand_what_the_ledger_says_nor_puts_it_on_in_its_name(
    wang_ming, book, system, at
):
    """
    36 % a year ──▷ over_cap ──✗ "I want to call"        it comes off when the loan is corrected
    """
    Loan.objects.filter(case=wang_ming).update(
        annual_rate=Decimal("0.36"), issued_on=date(2025, 1, 6), product="consumer"
    )
    operations.compute_marks(book=book, on=ON, by=system, at=at)
    row = Declared.objects.get(case=wang_ming)

    with pytest.raises(Invalid):
        operations.withdraw_declared(declared=row, reason="要打电话", by=system, at=at)
    with pytest.raises(Invalid):
        operations.declare(
            word="time_barred", of=wang_ming, source=row.source, by=system, at=at
        )  # fmt: skip
    assert marks(wang_ming) == ["over_cap"]


def test_a_loan_at_its_cap_is_not_marked(wang_ming, book, system, at):
    Loan.objects.filter(case=wang_ming).update(
        annual_rate=Decimal("0.24"), issued_on=date(2025, 1, 6), product="consumer"
    )

    operations.compute_marks(book=book, on=ON, by=system, at=at)

    assert marks(wang_ming) == []


def test_a_mark_that_no_longer_holds_comes_off_and_twice_changes_nothing(
    wang_ming, book, system, at
):
    loans = Loan.objects.filter(case=wang_ming)
    loans.update(annual_rate=Decimal("0.36"), issued_on=date(2025, 1, 6))
    for _ in range(2):
        operations.compute_marks(book=book, on=ON, by=system, at=at)
    assert Declared.objects.filter(case=wang_ming).count() == 1

    loans.update(annual_rate=Decimal("0.12"))
    operations.compute_marks(book=book, on=ON, by=system, at=at)

    assert marks(wang_ming) == []
    assert Event.objects.filter(kind="gate.marks_computed").count() == 3


@pytest.mark.parametrize(
    ("matured", "expired"), [(date(2023, 11, 22), True), (date(2023, 11, 23), False)]
)
def test_a_debt_expires_three_years_after_its_last_instalment(
    wang_ming, book, system, at, matured, expired
):
    Loan.objects.filter(case=wang_ming).update(matures_on=matured)

    operations.compute_marks(book=book, on=ON, by=system, at=at)

    assert marks(wang_ming) == (["time_barred"] if expired else [])


def test_a_case_with_one_debt_alive_is_not_marked_as_expired(wang_ming, book, system, at):
    other = place(book=book, reference="C2", phone="13900001111")
    Loan.objects.filter(case=wang_ming).update(matures_on=date(2020, 1, 1))
    Loan.objects.filter(case=other).update(case=wang_ming)

    operations.compute_marks(book=book, on=ON, by=system, at=at)

    assert marks(wang_ming) == []


def test_a_notice_demands_nothing(wang_ming, book, system, at):
    ready(book, system, at)
    Template.objects.filter(code="cn-sms-reminder").update(purpose="statutory_notice")

    answer = ask(wang_ming, "sms", at=at, by=system)

    assert (answer.facts["purpose"], answer.facts["demands_payment"]) == ("statutory_notice", False)


def test_how_often_somebody_else_was_asked_is_counted(wang_ming, book, system, at):
    ready(book, system, at)
    point = wang_ming.borrower.contact_points.get(medium="phone")
    point.party = "contact_person"
    point.save()

    answer = ask(wang_ming, "sms", at=at + timedelta(minutes=1), by=system, point=point)

    assert answer.facts["location_calls"] == 0
