"""The ledger, in its own notation: above the line what happens, below it what must stand."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from recoup.journal import queries as journal
from recoup.journal.models import Event
from recoup.kernel.errors import Invalid, Refused
from recoup.kernel.money import Money
from recoup.portfolio import ledger as portfolio_ledger
from recoup.portfolio import operations, queries
from recoup.portfolio.models import Case, Entry, Loan
from recoup.portfolio.models.ledger import ACCOUNTS, RECEIVABLES


def test_a_payment_covers_cost_interest_penalty_and_principal_in_the_order_of_the_law(ledger):
    """
    opening 2026-01-01 principal 1000.00 interest 50.00 penalty 8.00 cost 20.00
    pay 2026-02-01 100.00
    ----
    2026-02-01 payment cost -20.00 interest -50.00 penalty -8.00 principal -22.00 cash 100.00
    owed 2026-01-31 1078.00
    owed 2026-02-01 978.00
    """
    ledger.holds()


def test_a_contract_may_put_principal_first(ledger):
    """
    order principal,interest
    opening 2026-01-01 principal 1000.00 interest 50.00
    pay 2026-02-01 1020.00
    ----
    2026-02-01 payment interest -20.00 principal -1000.00 cash 1020.00
    """
    ledger.holds()


def test_the_oldest_instalment_is_paid_first_and_whole(ledger):
    """
    instalment 1 2026-02-01 principal 100.00 interest 10.00
    instalment 2 2026-03-01 principal 100.00 interest 9.00
    instalment 3 2026-04-01 principal 100.00 interest 8.00
    opening 2026-01-01 principal 300.00
    pay 2026-03-05 115.00
    ----
    2026-02-01 accrual interest 10.00 income -10.00
    2026-03-01 accrual interest 9.00 income -9.00
    2026-03-05 payment interest -15.00 principal -100.00 cash 115.00
    owed 2026-03-05 204.00
    aged 2026-03-05 4 M1 overdue 104.00
    aged 2026-03-31 30 M1 overdue 104.00
    aged 2026-04-01 31 M2 overdue 104.00
    """
    ledger.holds()


def test_money_that_comes_early_pays_principal_that_is_not_due_and_no_interest_to_come(ledger):
    """
    instalment 1 2026-02-01 principal 100.00 interest 10.00
    instalment 2 2026-03-01 principal 100.00 interest 9.00
    opening 2026-01-01 principal 200.00
    pay 2026-02-01 150.00
    ----
    2026-02-01 payment interest -10.00 principal -140.00 cash 150.00
    aged 2026-02-20 0 C overdue 0.00
    aged 2026-03-02 1 M1 overdue 69.00
    """
    ledger.holds()


def test_what_nothing_is_owed_for_is_overpaid_and_the_case_is_settled(ledger):
    """
    opening 2026-01-01 principal 100.00
    pay 2026-02-01 130.00
    ----
    2026-02-01 payment principal -100.00 cash 130.00 overpaid -30.00
    owed 2026-02-01 0.00
    state settled
    """
    ledger.holds()


def test_a_reversed_payment_is_owed_again_from_that_day_and_the_case_is_reopened(ledger):
    """
    since 2026-01-01
    opening 2026-01-01 principal 100.00 interest 5.00
    pay 2026-02-01 105.00
    reverse 2026-02-07 2026-02-01
    ----
    2026-02-07 reversal interest 5.00 principal 100.00 cash -105.00
    owed 2026-02-01 0.00
    owed 2026-02-07 105.00
    aged 2026-02-06 0 C overdue 0.00
    aged 2026-02-07 37 M2 overdue 105.00
    state open
    """
    ledger.holds()


def test_a_waiver_gives_up_penalty_first_and_principal_last(ledger):
    """
    opening 2026-01-01 principal 100.00 interest 5.00 penalty 3.00 cost 2.00
    waive 2026-02-01 9.00
    ----
    2026-02-01 waiver cost -1.00 interest -5.00 penalty -3.00 waived 9.00
    owed 2026-02-01 101.00
    """
    ledger.holds()


def test_balances_without_a_schedule_age_from_the_day_the_lender_gives(ledger):
    """
    since 2026-01-10
    opening 2026-03-01 principal 100.00 penalty 4.00
    pay 2026-03-05 50.00
    pay 2026-03-06 54.00
    ----
    aged 2026-03-05 54 M2 overdue 54.00
    aged 2026-03-06 0 C overdue 0.00
    aged 2026-09-06 0 C overdue 0.00
    """
    ledger.holds()


def test_a_loan_without_schedule_or_day_is_overdue_from_its_maturity(ledger):
    """
    matures 2026-03-01
    opening 2026-01-01 principal 100.00
    ----
    aged 2026-03-01 0 C overdue 0.00
    aged 2026-03-02 1 M1 overdue 100.00
    """
    ledger.holds()


def test_a_payment_valued_early_takes_nothing_that_a_later_one_has_paid(ledger):
    """
    opening 2026-01-01 principal 100.00 interest 10.00
    pay 2026-02-10 60.00
    ----
    2026-02-10 payment interest -10.00 principal -50.00 cash 60.00
    """
    ledger.holds()

    late = _pay(ledger.loan, "late", day=date(2026, 2, 5), amount=5500)

    assert (late.principal, late.interest, late.overpaid) == (-5000, 0, -500)


def test_money_valued_before_a_reversal_pays_what_is_owed_and_is_not_overpaid(ledger):
    """
    opening 2026-01-01 principal 100.00
    pay 2026-02-10 100.00
    reverse 2026-02-20 2026-02-10
    ----
    owed 2026-02-20 100.00
    """
    ledger.holds()

    _pay(ledger.loan, "late", day=date(2026, 2, 12), amount=6000)

    # Until the 20th the first payment stood, so the second was too much; then it was not.
    on = [_balances(ledger.loan, day) for day in (date(2026, 2, 19), date(2026, 2, 20))]
    assert [(found["principal"], found["overpaid"]) for found in on] == [(0, -6000), (4000, 0)]
    assert Case.objects.get().owed == 4000


def test_what_was_overpaid_pays_the_debt_that_a_reversal_opens_again(ledger):
    """
    opening 2026-01-01 principal 100.00 interest 10.00
    pay 2026-02-10 110.00
    pay 2026-02-12 50.00
    reverse 2026-02-20 2026-02-10
    ----
    2026-02-12 payment cash 50.00 overpaid -50.00
    2026-02-20 correction interest -10.00 principal -40.00 overpaid 50.00
    owed 2026-02-20 60.00
    state open
    """
    ledger.holds()


def test_a_reversal_gives_later_money_its_place_in_the_order(ledger):
    """
    opening 2026-01-01 principal 100.00 interest 10.00
    pay 2026-02-10 10.00
    pay 2026-02-12 20.00
    reverse 2026-02-20 2026-02-10
    ----
    2026-02-12 payment principal -20.00 cash 20.00
    2026-02-20 reversal interest 10.00 cash -10.00
    2026-02-20 correction interest -10.00 principal 10.00
    """
    ledger.holds()


def test_a_penalty_that_comes_later_is_paid_from_what_was_overpaid(ledger):
    """
    opening 2026-01-01 principal 100.00
    pay 2026-02-10 130.00
    penalty 2026-02-12 20.00
    ----
    2026-02-12 correction penalty -20.00 overpaid 20.00
    owed 2026-02-12 0.00
    state settled
    """
    ledger.holds()


def test_what_moved_money_cannot_be_reversed_and_stands_in_the_event(ledger, system, at):
    """
    opening 2026-01-01 principal 100.00
    pay 2026-02-10 130.00
    penalty 2026-02-12 20.00
    ----
    owed 2026-02-12 0.00
    """
    ledger.holds()
    moved = Entry.objects.get(kind="correction")
    event = Event.objects.get(kind="portfolio.amount_accrued")

    assert journal.data_of(event)["moved"] == [
        {"on": "2026-02-12", "penalty": -2000, "overpaid": 2000}
    ]
    with pytest.raises(Refused, match="cannot be reversed"):
        operations.reverse(entry=moved, reason="x", by=system, at=at)


def test_interest_that_had_fallen_due_stays_though_money_valued_earlier_pays_all(ledger):
    """
    instalment 1 2026-02-01 principal 100.00 interest 10.00
    opening 2026-01-01 principal 100.00
    pay 2026-02-03 20.00
    ----
    owed 2026-02-03 90.00
    """
    ledger.holds()

    _pay(ledger.loan, "late", day=date(2026, 1, 20), amount=10_000)

    end = _balances(ledger.loan)
    assert [end[account] for account in ("principal", "interest", "overpaid")] == [0, 0, -1000]


def _balances(loan, on=None):
    return portfolio_ledger.balances(portfolio_ledger.entries_of(loan), on)


def test_interest_that_fell_due_is_posted_once_by_payments_and_nights(ledger, book, system, at):
    """
    instalment 1 2026-02-01 principal 100.00 interest 10.00
    instalment 2 2026-03-01 principal 100.00 interest 10.00
    opening 2026-01-01 principal 200.00
    pay 2026-02-03 20.00
    ----
    owed 2026-02-03 190.00
    """
    ledger.holds()

    for _night in range(2):
        operations.age_book(book=book, on=date(2026, 3, 2), by=system, at=at)

    accruals = Entry.objects.filter(kind="accrual").order_by("value_on")
    assert [entry.cause for entry in accruals] == ["instalment:1", "instalment:2"]
    assert Loan.objects.get().owed == 20_000


def _pay(loan, cause, *, amount, day=date(2026, 11, 23), currency="CNY"):
    from recoup.portfolio.tests.ledger_text import BY, noon

    return operations.post_payment(
        loan=loan, amount=Money(amount, currency), value_on=day, cause=cause, by=BY,
        at=noon(max(day, date(2026, 11, 23))),
    )  # fmt: skip


def test_the_same_cause_is_posted_once_and_leaves_one_event(wang_ming):
    loan = wang_ming.loans.get()
    before = journal.position()

    first, second = _pay(loan, "payment:1", amount=500), _pay(loan, "payment:1", amount=500)

    assert first.pk == second.pk
    assert journal.position() == before + 1


@pytest.mark.parametrize(("amount", "currency"), [(0, "CNY"), (-5, "CNY"), (5, "USD")])
def test_nothing_less_than_nothing_and_foreign_money_are_refused(wang_ming, amount, currency):
    with pytest.raises(Invalid):
        _pay(wang_ming.loans.get(), "payment:1", amount=amount, currency=currency)


def test_a_payment_dated_tomorrow_is_refused(wang_ming, system, at):
    with pytest.raises(Invalid, match="still to come"):
        operations.post_payment(
            loan=wang_ming.loans.get(), amount=Money(5), value_on=date(2026, 11, 24),
            cause="payment:1", by=system, at=at,
        )  # fmt: skip


def test_more_than_is_owed_cannot_be_waived(wang_ming, system, at):
    with pytest.raises(Invalid, match="is owed"):
        operations.waive(
            loan=wang_ming.loans.get(), amount=Money(1_200_001), reason="减免", cause="w",
            by=system, at=at,
        )  # fmt: skip


def test_a_reversal_cannot_be_reversed_and_happens_once(wang_ming, system, at):
    entry = _pay(wang_ming.loans.get(), "payment:1", amount=500)

    first = operations.reverse(entry=entry, reason="退票", by=system, at=at)
    second = operations.reverse(entry=entry, reason="退票", by=system, at=at)

    assert first.pk == second.pk
    with pytest.raises(Refused, match="cannot be reversed"):
        operations.reverse(entry=first, reason="再退", by=system, at=at)


def test_the_database_refuses_an_entry_that_does_not_balance(wang_ming, at):
    loan = wang_ming.loans.get()

    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.create(
            loan=loan, kind="correction", cause="x", value_on=at.date(), posted_at=at, cash=1
        )


def test_an_entry_is_never_edited_or_deleted(wang_ming):
    entry = Entry.objects.get(loan__case=wang_ming)

    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()


def test_the_balance_of_a_day_knows_every_account(wang_ming):
    loan = wang_ming.loans.get()
    _pay(loan, "payment:1", amount=500)

    found = queries.balance(loan=loan, on=date(2026, 11, 23))

    assert set(found) == set(ACCOUNTS)
    assert sum(found.values()) == 0
    assert sum(found[account] for account in RECEIVABLES) == 1_199_500
    assert queries.days_past_due(loan=loan, on=date(2026, 11, 23)) == 40
