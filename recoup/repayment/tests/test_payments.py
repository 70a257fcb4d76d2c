"""Money: received once, posted or parked, matched, reversed, and reconciled to the cent."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from recoup.journal import queries as journal
from recoup.kernel.errors import Invalid, Refused
from recoup.kernel.money import Money
from recoup.people import scopes
from recoup.portfolio.models import Case, Entry, Loan
from recoup.repayment import operations, queries
from recoup.repayment.errors import DifferentPayment
from recoup.repayment.models import BankFile, Payment
from tests.cast import place

TODAY = date(2026, 11, 23)
HEADING = "流水号,借据号,金额,入账日期\n"


def receive(book, system, at, **changes):
    facts = {
        "source": "webhook", "external_id": "B1", "reference": "L-C0001",
        "amount": Money(100_000), "value_on": TODAY,
    } | changes  # fmt: skip
    return operations.receive(book=book, by=system, at=at, **facts)


def bank_file(tmp_path, text, name="bank.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.fixture
def take(book, system, at, tmp_path):
    def _take(text, **more):
        path = bank_file(tmp_path, text, **more)
        return operations.import_bank_file(book=book, path=path, by=system, at=at)

    return _take


def test_a_payment_for_a_loan_is_posted_and_the_case_owes_less(wang_ming, book, system, at):
    payment = receive(book, system, at)

    assert (payment.state, payment.case) == ("posted", wang_ming)
    assert Entry.objects.get(cause=f"payment:{payment.pk}").cash == 100_000
    assert Case.objects.get().owed == 1_100_000


def test_the_borrowers_number_will_do(wang_ming, book, system, at):
    assert receive(book, system, at, reference="C0001").loan.reference == "L-C0001"


def test_of_several_loans_the_oldest_that_owes_as_much_is_paid(wang_ming, book, system, at):
    other = place(book=book, reference="C2", days_past_due=90, phone="13900000000")
    Loan.objects.filter(case=other).update(borrower=wang_ming.borrower)

    small = receive(book, system, at, reference="C0001", amount=Money(50_000))
    large = receive(book, system, at, reference="C0001", external_id="B2", amount=Money(1_160_000))
    vast = receive(book, system, at, reference="C0001", external_id="B3", amount=Money(9_000_000))

    assert (small.loan.reference, large.loan.reference) == ("L-C2", "L-C0001")
    assert vast.state == "suspense"
    assert "several loans" in vast.problem


def test_the_same_webhook_again_is_the_same_payment(wang_ming, book, system, at):
    first = receive(book, system, at)
    position = journal.position()

    second = receive(book, system, at + timedelta(hours=1))

    assert first.pk == second.pk
    assert (journal.position(), Entry.objects.filter(kind="payment").count()) == (position, 1)


def test_the_same_identifier_with_another_amount_is_refused(wang_ming, book, system, at):
    receive(book, system, at)

    with pytest.raises(DifferentPayment):
        receive(book, system, at, amount=Money(1))


@pytest.mark.parametrize("source", ["desk", "webhook"])
def test_a_reference_that_comes_again_in_a_bank_file_is_held_and_names_the_first(
    wang_ming, take, book, system, at, source
):
    first = receive(book, system, at, source=source)

    row = take(HEADING + "B1,L-C0001,1000.00,2026-11-23\n")

    second = Payment.objects.get(bank_file=row)
    assert (second.state, second.loan, second.amount) == ("suspense", None, 100_000)
    assert f"{source} brought this number before: payment {first.pk} " in second.problem
    assert Entry.objects.filter(kind="payment").count() == 1
    assert Case.objects.get().owed == 1_100_000
    assert operations.reconcile(book=book, on=TODAY).is_even


def test_a_reference_of_a_bank_file_that_comes_again_by_webhook_is_held(
    wang_ming, take, book, system, at
):
    take(HEADING + "B1,L-C0001,1000.00,2026-11-23\n")

    second = receive(book, system, at, amount=Money(100_001))

    assert (second.state, second.pk) == ("suspense", receive(
        book, system, at, amount=Money(100_001)).pk)  # fmt: skip
    assert "bank_file brought this number before" in second.problem


def test_a_person_may_match_what_was_held_or_give_it_back(wang_ming, book, system, at):
    receive(book, system, at)
    other, same = (receive(book, system, at, source=source) for source in ("desk", "bank_file"))

    operations.match(payment=other, loan=wang_ming.loans.get(), by=system, at=at)
    operations.reverse(payment=same, reason="同一笔", by=system, at=at)

    assert (other.state, same.state) == ("posted", "returned")
    assert Case.objects.get().owed == 1_000_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": Money(0)}, {"amount": Money(-1)}, {"amount": Money(1, "USD")},
        {"value_on": date(2026, 11, 24)}, {"external_id": ""}, {"source": "pigeon"},
    ],
)  # fmt: skip
def test_what_cannot_be_received_is_refused_and_leaves_nothing(wang_ming, book, system, at, wrong):
    with pytest.raises(Invalid):
        receive(book, system, at, **wrong)

    assert not Payment.objects.exists()


def test_more_than_is_owed_is_kept_as_overpaid_and_settles_the_case(wang_ming, book, system, at):
    receive(book, system, at, amount=Money(1_300_000))

    assert Entry.objects.get(kind="payment").overpaid == -100_000
    assert Case.objects.get().state == "settled"


@pytest.mark.parametrize("reference", ["", "L-XXXX"])
def test_what_nobody_is_known_for_waits_in_suspense_with_the_reason(
    wang_ming, book, system, at, reference
):
    payment = receive(book, system, at, reference=reference)

    assert payment.state == "suspense"
    assert "reference" in payment.problem
    assert not Entry.objects.filter(kind="payment").exists()


def test_a_payment_is_matched_from_suspense_and_valued_on_its_day(wang_ming, book, system, at):
    payment = receive(book, system, at, reference="?")

    operations.match(
        payment=payment, loan=wang_ming.loans.get(), by=system, at=at + timedelta(days=2)
    )

    assert (payment.state, payment.problem) == ("posted", "")
    assert Entry.objects.get(kind="payment").value_on == TODAY
    with pytest.raises(Invalid, match="cannot be matched"):
        operations.match(payment=payment, loan=wang_ming.loans.get(), by=system, at=at)


def test_a_bounced_payment_is_reversed_once_and_the_case_is_reopened(wang_ming, book, system, at):
    payment = receive(book, system, at, amount=Money(1_200_000))

    for _twice in range(2):
        operations.reverse(payment=payment, reason="退票", by=system, at=at)

    assert payment.state == "reversed"
    assert Entry.objects.filter(kind="reversal").count() == 1
    assert Case.objects.get().state == "open"
    with pytest.raises(Invalid, match="why"):
        operations.reverse(payment=payment, reason=" ", by=system, at=at)


def test_money_in_suspense_can_be_given_back(book, system, at):
    payment = receive(book, system, at)

    operations.reverse(payment=payment, reason="打错了", by=system, at=at)

    assert payment.state == "returned"
    assert operations.reconcile(book=book, on=TODAY).is_even


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_bank_file_is_read_in_utf8_and_gbk_under_chinese_headings(wang_ming, take, encoding):
    row = take(HEADING + 'X1,L-C0001,"1,000.00",2026-11-23\nX2,查无此人,20,20261122\n',
               encoding=encoding)  # fmt: skip

    assert (row.lines, row.total) == (2, 102_000)
    assert list(Payment.objects.order_by("pk").values_list("state", flat=True)) == [
        "posted", "suspense",
    ]  # fmt: skip


def test_every_problem_of_a_bank_file_is_told_with_its_line_and_nothing_is_taken(wang_ming, take):
    text = HEADING + (
        "X1,L-C0001,100,2026-11-23\n"
        "X1,L-C0001,100,2026-11-23\n"
        "X3,L-C0001,-5,2026-11-23\n"
        "\n"
        ",L-C0001,zehn,gestern\n"
        "X6,L-C0001,1.005,2026-11-24\n"
    )

    with pytest.raises(Invalid) as caught:
        take(text)

    lines = [problem.where for problem in caught.value.problems]
    assert sorted(set(lines)) == ["line 3", "line 4", "line 6", "line 7"]
    assert lines.count("line 6") == 3
    assert not Payment.objects.exists()
    assert not BankFile.objects.exists()


def test_a_bank_file_without_its_columns_or_payments_is_refused(take):
    with pytest.raises(Invalid, match="lacks reference, value_on"):
        take("external_id,amount\n1,2\n")
    with pytest.raises(Invalid, match="no payments"):
        take(HEADING)


def test_the_same_bank_file_again_changes_nothing(wang_ming, take):
    first = take(HEADING + "X1,L-C0001,100,2026-11-23\n")
    position = journal.position()

    second = take(HEADING + "X1,L-C0001,100,2026-11-23\n", name="again.csv")

    assert first.pk == second.pk
    assert journal.position() == position


def test_lines_that_an_earlier_file_brought_are_counted_and_not_posted_again(wang_ming, take, book):
    take(HEADING + "X1,L-C0001,100,2026-11-23\n")

    row = take(HEADING + "X1,L-C0001,100,2026-11-23\nX2,L-C0001,50,2026-11-23\n")

    assert (row.total, row.repeated, Payment.objects.count()) == (15_000, 10_000, 2)
    assert operations.reconcile(book=book, on=TODAY).is_even
    with pytest.raises(Invalid, match="1 problems"):
        take(HEADING + "X1,L-C0001,101,2026-11-23\n")


def test_a_line_sees_what_earlier_lines_of_its_file_paid(wang_ming, take, book):
    other = place(book=book, reference="C2", days_past_due=90, phone="13900000000")
    Loan.objects.filter(case=other).update(borrower=wang_ming.borrower)

    row = take(
        HEADING + "X1,C0001,500.00,2026-11-23\nX2,C0001,11600.00,2026-11-23\n"
        "X3,L-C2,1.00,2026-11-23\n"
    )

    paid = Payment.objects.filter(bank_file=row).order_by("pk")
    assert [payment.loan.reference for payment in paid] == ["L-C2", "L-C0001", "L-C2"]


def test_what_a_file_names_is_looked_up_together(wang_ming, take, django_assert_max_num_queries):
    lines = [f"X{number},L-C0001,1.00,2026-11-23\n" for number in range(20)]
    unknown = [f"Y{number},,1.00,2026-11-23\n" for number in range(20)]

    with django_assert_max_num_queries(20 + 32 * len(lines) + 8 * len(unknown)):
        take(HEADING + "".join(lines + unknown))


def test_bank_payments_and_ledger_agree_to_the_cent_on_every_day(wang_ming, take, book, system, at):
    take(HEADING + "X1,L-C0001,100.01,2026-11-23\nX2,?,50.02,2026-11-23\nX3,L-C0001,7,2026-11-23\n")
    receive(book, system, at, amount=Money(333))
    bounced = Payment.objects.get(external_id="X3")
    operations.reverse(payment=bounced, reason="退票", by=system, at=at + timedelta(days=1))

    first, second = (
        operations.reconcile(book=book, on=TODAY + timedelta(days=n)) for n in range(2)
    )

    assert first.is_even and second.is_even
    assert (first.bank, first.received) == (15_703, 16_036)
    assert (first.posted, first.suspense, first.reversed) == (11_034, 5_002, 0)
    assert (second.posted, second.suspense, second.reversed, second.ledger) == (
        10_334, 5_002, 700, 10_334,
    )  # fmt: skip


def test_a_payment_that_lost_its_posting_is_found_by_reconciling(wang_ming, book, system, at):
    receive(book, system, at)
    Entry.objects.filter(kind="payment").delete()

    found = operations.reconcile(book=book, on=TODAY)

    assert found.differences == {"payments and ledger": 100_000}


def test_an_outsider_and_an_agency_see_no_suspense(book, creditor, li_na, outsider, system, at):
    receive(book, system, at)
    stranger, collector = scopes.viewer_of(outsider), scopes.viewer_of(li_na)

    with scopes.acting_for(stranger):
        assert not queries.suspense(viewer=stranger, book=book).exists()
    assert queries.suspense(viewer=collector, book=book).count() == 1


def test_who_may_not_post_payments_does_not_see_suspense(book, reviewer):
    with pytest.raises(Refused):
        queries.suspense(viewer=scopes.viewer_of(reviewer), book=book)
