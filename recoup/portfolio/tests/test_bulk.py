"""Rows written many at once are the rows that the ORM would have written."""

from __future__ import annotations

import gc
from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction

from recoup.people.models import Person, Sealed
from recoup.portfolio import bulk
from recoup.portfolio.models import Borrower, Case, ContactPoint, Entry, Loan

pytestmark = pytest.mark.django_db

DAY = date(2026, 10, 14)


def written(rows):
    """What stands in the database, but for the primary key."""
    found = rows.order_by("pk").values()
    return [
        {key: bytes(v) if isinstance(v, memoryview) else v for key, v in row.items() if key != "id"}
        for row in found
    ]


def kinds_of_rows(case, at):
    """For each model some rows, that between them have every type of column."""
    borrower, loan = case.borrower, case.loans.first()
    phone = Sealed.objects.filter(kind="phone").first()
    return {
        Sealed: [
            {"person": borrower.person, "creditor": case.book.creditor, "kind": "address",
             "masked": "浙江省****", "ciphertext": bytes(range(256))},
        ],
        ContactPoint: [
            {"borrower": borrower, "medium": "phone", "party": "debtor", "sealed": phone,
             "masked": "138****1234", "source": "contract", "preferred": True, "expires_on": DAY},
            {"borrower": borrower, "medium": "phone", "party": "debtor", "sealed": phone,
             "masked": "'; -- %s", "source": "contract", "preferred": False, "expires_on": None},
        ],
        Loan: [
            {"book": case.book, "borrower": borrower, "case": case, "placement": loan.placement,
             "reference": f"B-{number}", "product": "consumer", "currency": "CNY",
             "principal": 2**40, "annual_rate": rate, "issued_on": DAY, "facts": facts}
            for number, (rate, facts) in enumerate(
                [(Decimal("0.156"), {"known": {"职业": "教师", "n": [1, None]}}), (None, {})]
            )
        ],
        Entry: [
            {"loan": loan, "kind": "accrual", "cause": "bulk", "value_on": DAY, "posted_at": at,
             "interest": 700, "income": -700},
        ],
    }  # fmt: skip


@pytest.mark.parametrize("model", [Sealed, ContactPoint, Loan, Entry])
def test_a_row_written_in_bulk_is_the_row_the_orm_writes(model, wang_ming, at):
    rows = kinds_of_rows(wang_ming, at)[model]
    last = model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    mine = model.objects.filter(pk__gt=last)
    with transaction.atomic():
        model.objects.bulk_create([model(**row) for row in rows])
        by_orm = written(mine)
        transaction.set_rollback(True)

    bulk.insert(
        model, list(rows[0]), [tuple(getattr(v, "pk", v) for v in row.values()) for row in rows]
    )

    assert len(by_orm) == len(rows)
    assert written(mine) == by_orm


def test_what_is_updated_in_bulk_is_what_the_orm_writes(wang_ming):
    loan = wang_ming.loans.first()
    facts = {"known": {"城市": "杭州"}}

    bulk.update(Loan, ["annual_rate", "facts", "aged_on"], [(loan.pk, Decimal("0.1"), facts, DAY)])

    loan.refresh_from_db()
    assert (loan.annual_rate, loan.facts, loan.aged_on) == (Decimal("0.1"), facts, DAY)


def test_reserved_keys_are_taken_by_nobody_else(wang_ming, book, at):
    first, second = bulk.reserve(Person, 3), bulk.reserve(Person, 2)
    other = Person.objects.create(creditor=book.creditor, token="T" * 26, kek="k")

    assert len({*first, *second, other.pk}) == 6
    assert first + second == sorted(first + second)
    assert min(first) > Borrower.objects.get(pk=wang_ming.borrower_id).person_id
    assert bulk.reserve(Person, 0) == []


def test_rows_under_reserved_keys_hang_on_their_parents(wang_ming, book):
    persons = bulk.reserve(Person, 2)
    bulk.insert(
        Person, ["id", "creditor", "token", "kek", "wrapped"],
        [(pk, book.creditor_id, f"{pk:026}", "k", None) for pk in persons],
    )  # fmt: skip
    borrowers = bulk.reserve(Borrower, 2)
    bulk.insert(
        Borrower, ["id", "book", "person", "reference", "birth_year"],
        [(pk, book.pk, person, f"R-{pk}", 1990) for pk, person in zip(borrowers, persons, strict=True)],
    )  # fmt: skip
    bulk.insert(Case, ["book", "borrower", "placed_on"], [(book.pk, pk, DAY) for pk in borrowers])

    made = Case.objects.filter(borrower__in=borrowers).order_by("pk")
    assert [case.borrower.person_id for case in made] == persons
    assert {(case.state, case.stage, case.owed, case.aged_on) for case in made} == {
        ("placed", "C", 0, None)
    }
    assert Person.objects.create(creditor=book.creditor, token="U" * 26, kek="k").pk > persons[-1]


def test_cycles_are_looked_for_again_after_a_batch_that_failed():
    with pytest.raises(ValueError, match="broken"), bulk.uncollected():
        assert not gc.isenabled()
        raise ValueError("broken")

    assert gc.isenabled()
