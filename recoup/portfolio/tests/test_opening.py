"""Opening placements: files become borrowers, cases, loans and a ledger, once."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection

from recoup.intake import operations as intake
from recoup.intake.tests.files import account, csv_file
from recoup.journal import queries as journal
from recoup.kernel.errors import Invalid
from recoup.people import scopes
from recoup.portfolio import operations, queries
from recoup.portfolio.models import (
    Borrower,
    Case,
    ContactPoint,
    Entry,
    Instalment,
    Loan,
    PastContact,
    PastPayment,
    Statement,
)
from recoup.portfolio.operations import accounts, opening

AS_OF = date(2026, 11, 23)


@pytest.fixture
def take(book, system, at, tmp_path):
    """Accept and open a folder of tables."""
    count = iter(range(100))

    def _take(accounts=(), as_of=AS_OF, **tables):
        folder = tmp_path / f"in{next(count)}"
        for name, rows in ({"accounts": accounts} | tables).items():
            if rows:
                csv_file(folder / f"{name}.csv", rows)
        placement = intake.accept(
            book=book, path=folder, mapping="recoup", as_of=as_of, by=system, at=at
        )
        operations.open_placement(placement=placement, by=system, at=at)
        return placement

    return _take


def whole(number=1, **changes):
    """An account with its whole history: no balances."""
    return account(number, balance_principal="", overdue_since="", **changes)


def instalments(ref="L-1", *, first=1, count=12):
    return [
        {"account_ref": ref, "number": n, "due_on": f"2026-{n:02}-05", "principal": 100_000,
         "interest": 10_000, "cost": 0}
        for n in range(first, first + count)
    ]  # fmt: skip


def paid(ref="L-1", *, on="2026-02-05", amount=110_000, number="P1"):
    return {"account_ref": ref, "paid_on": on, "amount": amount, "external_id": number}


def test_balances_given_open_the_ledger_and_older_payments_are_only_remembered(take):
    take(
        [account(balance_interest=5_000, balance_penalty=700, statement_balance=905_750)],
        payments=[paid()],
    )

    entry = Entry.objects.get()
    loan = Loan.objects.get()
    assert (entry.kind, entry.value_on, entry.principal, entry.interest, entry.penalty) == (
        "opening", AS_OF, 900_050, 5_000, 700,
    )  # fmt: skip
    assert (loan.owed, loan.days_past_due, loan.stage) == (905_750, 40, "M2")
    assert PastPayment.objects.get().amount == 110_000
    assert Statement.objects.get().balance == 905_750


def test_a_whole_history_builds_the_ledger_from_the_first_day(take):
    take(
        [whole()], instalments=instalments(), payments=[paid(), paid(on="2026-03-05", number="P2")]
    )

    kinds = list(Entry.objects.order_by("value_on", "pk").values_list("kind", flat=True))
    loan = Loan.objects.get()
    assert kinds[:5] == ["opening", "accrual", "accrual", "payment", "accrual"]
    assert loan.owed == 1_200_000 + 11 * 10_000 - 2 * 110_000
    assert loan.days_past_due == (AS_OF - date(2026, 3, 5)).days
    assert not PastPayment.objects.exists()


def test_a_person_with_several_loans_is_one_borrower_and_one_case(take):
    take([account(1), account(2, borrower_ref="C-1", principal=500, balance_principal=300)])

    case = Case.objects.get()
    assert Borrower.objects.count() == 1
    assert case.loans.count() == 2
    assert case.owed == 900_350


def test_the_case_is_placed_and_nobody_is_contacted_until_it_is_admitted(take, system, at):
    placement = take([account(1), account(2, balance_principal=0)])
    before = set(Case.objects.values_list("state", flat=True))

    admitted = operations.admit(placement=placement, by=system, at=at)

    assert before == {"placed"}
    assert admitted == 1
    assert sorted(Case.objects.values_list("state", flat=True)) == ["open", "settled"]


def test_a_name_and_a_number_are_sealed_and_shown_half_hidden(take):
    take([account(email="wang@example.com")])

    assert Borrower.objects.get().name_masked == "王*"
    assert sorted(ContactPoint.objects.values_list("masked", flat=True)) == [
        "138****1234", "w****@****.com",
    ]  # fmt: skip


def test_contact_points_and_past_contacts_hang_on_the_borrower(take):
    take(
        [account()],
        contact_points=[
            {"borrower_ref": "C-1", "medium": "phone", "party": "debtor",
             "value": "138 1234 1234", "verified": "yes", "preferred": "yes"},
            {"borrower_ref": "C-1", "medium": "phone", "party": "guarantor",
             "value": "13900001111", "source": "contract"},
        ],
        contacts=[
            {"borrower_ref": "C-1", "at": "2026-11-01T10:00:00+08:00", "channel": "call",
             "outcome": "no_answer"},
        ],
    )  # fmt: skip

    own = ContactPoint.objects.get(masked="138****1234")
    assert (own.state, own.preferred, own.party) == ("verified", True, "debtor")
    assert ContactPoint.objects.get(party="guarantor").masked == "139****1111"
    assert PastContact.objects.get().outcome == "no_answer"


def test_a_loan_that_is_placed_again_is_refreshed_and_never_doubled(take, system, at):
    take([account(statement_balance=900_050)])

    again = take(
        [account(statement_balance=800_000, balance_principal=800_000, phone="13999998888"),
         account(2, borrower_ref="C-1")],
        as_of=date(2026, 11, 30), payments=[paid(on="2026-11-25")],
    )  # fmt: skip

    assert Loan.objects.count() == 2
    assert Case.objects.count() == 1
    assert Entry.objects.filter(loan__reference="L-1").count() == 1
    assert ContactPoint.objects.filter(medium="phone").count() == 2
    (difference,) = operations.check_statements(placement=again.__class__.objects.first(),
                                                by=system, at=at)  # fmt: skip
    assert (difference.reference, difference.difference) == ("L-1", 100_050)


def test_a_recalled_case_that_is_placed_again_starts_anew(take, system, at):
    first = take([account()])
    operations.admit(placement=first, by=system, at=at)
    case = Case.objects.get()
    operations.recall(case=case, reason="委托到期", by=system, at=at)

    take([account(region="上海")], as_of=date(2026, 11, 30))

    case.refresh_from_db()
    assert (case.state, case.placed_on) == ("placed", date(2026, 11, 30))
    assert case.borrower.region == "上海"


def test_opening_again_changes_nothing_and_leaves_no_event(take, system, at):
    placement = take([account(1), account(2)])
    position = journal.position()

    again = operations.open_placement(placement=placement, by=system, at=at)

    assert again == {"loans": 2, "cases": 2}
    assert journal.position() == position


def test_a_broken_opening_leaves_whole_batches_and_goes_on_where_it_stood(
    take, book, system, at, monkeypatch, tmp_path
):
    monkeypatch.setattr(opening, "BATCH", 2)
    folder = tmp_path / "broken"
    csv_file(folder / "accounts.csv", [whole(n) for n in range(1, 6)])
    rows = [row for n in (5, 3, 1, 4, 2) for row in instalments(f"L-{n}", count=2)]
    csv_file(folder / "instalments.csv", rows)
    placement = intake.accept(
        book=book, path=folder, mapping="recoup", as_of=AS_OF, by=system, at=at
    )

    class Killed(Exception):
        pass

    def die(stage, done, total=None):
        if done == 4:
            raise Killed

    with pytest.raises(Killed):
        operations.open_placement(placement=placement, by=system, at=at, progress=die)
    held = (Loan.objects.count(), placement.rows_opened)
    operations.open_placement(placement=placement, by=system, at=at)

    assert held == (4, 4)
    assert Loan.objects.count() == Case.objects.count() == 5
    assert Instalment.objects.count() == 10
    assert not list((tmp_path / "opening").glob("*"))


def test_an_account_in_another_currency_is_never_mixed_into_a_case(take):
    take([account(1), account(2, currency="USD")])

    assert Loan.objects.get().reference == "L-1"
    with pytest.raises(Invalid, match="kept in CNY") as caught:
        accounts._check([{"row_number": 7, "currency": "USD"}], "CNY")
    assert "row 7" in str(caught.value.problems[0])


def test_a_placement_that_was_not_accepted_cannot_be_opened(take, system, at):
    placement = take([account()])
    type(placement).objects.filter(pk=placement.pk).update(state="reading")

    with pytest.raises(Invalid, match="cannot be opened"):
        operations.open_placement(placement=placement, by=system, at=at)


def test_the_books_balance_with_the_lenders_statements(take, book, system, at):
    take([account(1, statement_balance=900_050), account(2, statement_balance=1)])

    (difference,) = operations.check_statements(book=book, by=system, at=at)

    assert (difference.reference, difference.ledger, difference.lender) == ("L-2", 900_050, 1)
    assert sorted(Statement.objects.values_list("difference", flat=True)) == [0, 900_049]


def test_frames_hold_what_was_opened(take, book):
    take(
        [whole(1), account(2)], instalments=instalments(),
        payments=[paid(), paid("L-2", on="2026-03-01", amount=7)],
        contacts=[{"borrower_ref": "C-2", "at": "2026-11-01T10:00:00+08:00", "channel": "call",
                   "outcome": "promise"}],
    )  # fmt: skip

    payments = queries.payment_frame(book=book, before=AS_OF)
    contacts = queries.past_contact_frame(book=book, before=AS_OF)

    assert sorted(payments["amount"]) == [7, 110_000]
    assert contacts["outcome"].to_list() == ["promise"]
    assert str(contacts["at"].dtype.time_zone) == "UTC"


def test_a_corrected_payment_of_an_opened_loan_is_added_to_its_ledger(
    take, system, at, analyst, tmp_path
):
    wrong = paid(on="2026-13-05", number="P9")
    first = take([whole()], instalments=instalments(), payments=[wrong])
    owed = Loan.objects.get().owed
    fixed = tmp_path / "fixed.csv"
    viewer = scopes.viewer_of(analyst)
    intake.export_quarantine(viewer=viewer, placement=first, path=fixed, reason="typo", at=at)
    fixed.write_bytes(fixed.read_bytes().replace(b"2026-13-05", b"2026-03-05"))

    second = intake.replay(placement=first, path=fixed, by=system, at=at)
    operations.open_placement(placement=second, by=system, at=at)

    assert Loan.objects.get().owed == owed - 110_000
    assert Entry.objects.get(cause="history:P9").value_on == date(2026, 3, 5)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps no statistics")
def test_postgresql_knows_of_the_rows_at_once(take):
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE portfolio_case, portfolio_loan")
    take([account(1), account(2)])

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, reltuples FROM pg_class"
            " WHERE relname IN ('portfolio_case', 'portfolio_loan')"
        )
        known = dict(cursor.fetchall())
    assert known == {"portfolio_case": Case.objects.count(), "portfolio_loan": Loan.objects.count()}
    assert known["portfolio_case"] > 0
