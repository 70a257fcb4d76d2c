"""Money: received once, posted or parked, matched, reversed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.clock import local_day
from recoup.kernel.errors import Invalid
from recoup.kernel.money import Money
from recoup.people.models import Book
from recoup.portfolio import operations as portfolio
from recoup.portfolio.models import Entry, Loan
from recoup.repayment.errors import DifferentPayment
from recoup.repayment.events import (
    PaymentHeld,
    PaymentMatched,
    PaymentReceived,
    PaymentReversed,
)
from recoup.repayment.models import BankFile, Payment
from recoup.repayment.operations.promising import judge_again

S = Payment.State
CHUNK = 1000


def receive(
    *, book: Book, source: str, external_id: str, reference: str, amount: Money, value_on: date,
    by: Actor, at: datetime, bank_file: BankFile | None = None,
) -> Payment:  # fmt: skip
    """
    Take money in: post it to the loan that its reference names, or park it in suspense.

    The same `external_id` of a source is one payment, however often it comes; coming again gives
    the payment that stands. `reference` is a loan's or a borrower's number. A borrower with
    several loans pays the one longest overdue that owes at least the amount.

    An identifier that another source of the book brought already may be the same money told
    twice: it is held in suspense with a reason that names the first, and a person decides.

    :raises Invalid: for nothing or less, another currency, a day to come, or no identifier
    :raises DifferentPayment: if the same identifier came before with other figures
    """
    _check(book, source, external_id, amount, value_on, at)
    common = {"book": book, "source": source, "external_id": external_id}
    standing = Payment.objects.filter(**common).first()
    if standing is None:
        row = Payment(
            **common, reference=reference[:80], amount=amount.minor, currency=amount.currency,
            value_on=value_on, received_at=at, bank_file=bank_file, state=S.SUSPENSE,
        )  # fmt: skip
        try:
            with transaction.atomic():
                _hold(book)
                loan, row.problem = _whose(row, amount)
                return _take(row, loan, by=by, at=at)
        except IntegrityError:
            # The other of two at once was first: the unique constraint let one of them through.
            standing = Payment.objects.filter(**common).first()
            if standing is None:
                raise
    _check_same(standing, amount, value_on)
    return standing


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """One payment as its source tells of it."""

    external_id: str
    reference: str
    amount: Money
    value_on: date


def receive_many(
    *, book: Book, source: str, incoming: Sequence[Incoming], by: Actor, at: datetime,
    bank_file: BankFile | None = None,
) -> list[Payment]:  # fmt: skip
    """
    Take in many payments of one source, in the caller's transaction; gives those that are new.

    Each is posted or parked as `receive` does it, in the order given, and with an event of its
    own. What they name is looked up together. The figures must have been checked (`problem_of`).

    :raises DifferentPayment: if an identifier came before with other figures
    """
    _hold(book)
    ids = [one.external_id for one in incoming]
    standing = came_before(book=book, source=source, external_ids=ids)
    elsewhere = came_elsewhere(book=book, source=source, external_ids=ids)
    taken: list[Payment] = []
    for start in range(0, len(incoming), CHUNK):
        chunk = incoming[start : start + CHUNK]
        sure = loans_named(book=book, references=[one.reference for one in chunk])
        for one in chunk:
            if one.external_id in standing:
                _check_same(standing[one.external_id], one.amount, one.value_on)
                continue
            row = Payment(
                book=book, source=source, external_id=one.external_id,
                reference=one.reference[:80], amount=one.amount.minor,
                currency=one.amount.currency, value_on=one.value_on, received_at=at,
                bank_file=bank_file, state=S.SUSPENSE,
            )  # fmt: skip
            loan = sure.get(one.reference.strip())
            if first := elsewhere.get(one.external_id):
                loan, row.problem = None, named_before(first)
            elif loan is None:
                loan, row.problem = find_loan(book=book, reference=row.reference, amount=one.amount)
            taken.append(_take(row, loan, by=by, at=at))
    return taken


def _hold(book: Book) -> None:
    """The book is the lock: of two sources at once, the second sees the first."""
    Book.objects.select_for_update(of=("self",), no_key=True).get(pk=book.pk)


def _check_same(standing: Payment, amount: Money, value_on: date) -> None:
    if (standing.amount, standing.currency, standing.value_on) != (
        amount.minor, amount.currency, value_on,
    ):  # fmt: skip
        raise DifferentPayment(standing.external_id)


def _whose(row: Payment, amount: Money) -> tuple[Loan | None, str]:
    first = came_elsewhere(book=row.book, source=row.source, external_ids=[row.external_id])
    if first:
        return None, named_before(first[row.external_id])
    return find_loan(book=row.book, reference=row.reference, amount=amount)


def came_before(*, book: Book, source: str, external_ids: Sequence[str]) -> dict[str, Payment]:
    """The payments that a source brought already, by their identifiers."""
    found: dict[str, Payment] = {}
    for start in range(0, len(external_ids), CHUNK):
        rows = Payment.objects.filter(
            book=book, source=source, external_id__in=external_ids[start : start + CHUNK]
        )
        found |= {row.external_id: row for row in rows}
    return found


def came_elsewhere(*, book: Book, source: str, external_ids: Sequence[str]) -> dict[str, Payment]:
    """The first payment that each identifier already names, brought by another source."""
    found: dict[str, Payment] = {}
    # One source at a time, by the index: of several at once SQLite goes through the whole book.
    for other in Payment.Source.values:
        if other != source:
            brought = came_before(book=book, source=other, external_ids=external_ids)
            for external_id, row in brought.items():
                if external_id not in found or row.pk < found[external_id].pk:
                    found[external_id] = row
    return found


def named_before(first: Payment) -> str:
    """Why a payment is held: another source told of money under the same number."""
    return _(
        "{source} brought this number before: payment {number} of {amount} on {day} ({state})."
        " Match it only if it is other money."
    ).format(
        source=first.source, number=first.pk, amount=Money(first.amount, first.currency),
        day=first.value_on, state=first.state,
    )[:200]  # fmt: skip


def _check(
    book: Book, source: str, external_id: str, amount: Money, value_on: date, at: datetime
) -> None:
    if source not in Payment.Source.values:
        raise Invalid(
            _("{source} is not a source of payments.").format(source=source),
            hint=_("Use one of {sources}.").format(sources=", ".join(Payment.Source.values)),
        )
    if not external_id or len(external_id) > 80:
        raise Invalid(
            _("The payment has no identifier of 1 to 80 characters."),
            hint=_(
                "Send the number that the bank gave it: it keeps money from being posted twice."
            ),
        )
    if problem := problem_of(book=book, amount=amount, value_on=value_on, at=at):
        raise Invalid(problem)


def problem_of(*, book: Book, amount: Money, value_on: date, at: datetime) -> str:
    """What is wrong with a payment's figures; empty if nothing is."""
    if amount.minor <= 0:
        return _("{amount} is not an amount that can be received.").format(amount=amount)
    if amount.currency != book.currency:
        return _("The book is in {book} and the payment in {payment}.").format(
            book=book.currency, payment=amount.currency
        )
    if value_on > local_day(at, book.time_zone):
        return _("The payment is dated {day}, which is still to come.").format(day=value_on)
    return ""


def _take(row: Payment, loan: Loan | None, *, by: Actor, at: datetime) -> Payment:
    money = Money(row.amount, row.currency)
    kind = PaymentHeld if loan is None else PaymentReceived
    with record(
        kind, by=by, at=at, book=row.book, case=loan.case if loan else None, amount=money,
        source=row.source, value_on=row.value_on, problem=row.problem,
    ) as event:  # fmt: skip
        if loan is not None:
            _belongs(row, loan, at=at)
        row.save()
        event.about(row)
        event.note(payment=row.pk, loan=loan.pk if loan else None)
        if loan is not None:
            _post(row, loan, by=by, at=at)
    return row


def _belongs(row: Payment, loan: Loan, *, at: datetime) -> None:
    row.loan, row.case_id, row.state, row.posted_at = loan, loan.case_id, S.POSTED, at
    row.problem = ""


def _post(row: Payment, loan: Loan, *, by: Actor, at: datetime) -> None:
    portfolio.post_payment(
        loan=loan, amount=Money(row.amount, row.currency), value_on=row.value_on,
        cause=cause_of(row), by=by, at=at,
    )  # fmt: skip


def cause_of(payment: Payment) -> str:
    """What the ledger entry of a payment is posted for."""
    return f"payment:{payment.pk}"


def find_loan(*, book: Book, reference: str, amount: Money) -> tuple[Loan | None, str]:
    """The loan that a payment is for, or why it cannot be said."""
    wanted = reference.strip()
    if not wanted:
        return None, _("The payment has no reference.")
    if (exact := _loans().filter(book=book, reference=wanted).first()) is not None:
        return exact, ""
    mine = list(
        _loans().filter(borrower__book=book, borrower__reference=wanted)
        .order_by("-days_past_due", "-overdue", "pk")
    )  # fmt: skip
    if not mine:
        return None, _("No loan and no borrower of this book has this reference.")
    if len(mine) == 1:
        return mine[0], ""
    owing = [loan for loan in mine if loan.owed >= amount.minor]
    if not owing:
        return None, _("The borrower has several loans, and none owes as much as was paid.")
    return owing[0], ""


def loans_named(*, book: Book, references: Sequence[str]) -> dict[str, Loan]:
    """
    The loans of the references that name one loan whatever it owes: a loan's own number, or that
    of a borrower with a single loan. `find_loan` must be asked for the others.
    """
    wanted = {reference.strip() for reference in references} - {""}
    found = {
        loan.reference: loan for loan in _loans().filter(book=book, reference__in=sorted(wanted))
    }
    borrowers: dict[str, list[Loan]] = {}
    for loan in _loans().filter(
        borrower__book=book, borrower__reference__in=sorted(wanted - found.keys())
    ):
        borrowers.setdefault(loan.borrower.reference, []).append(loan)
    return found | {reference: mine[0] for reference, mine in borrowers.items() if len(mine) == 1}


def _loans() -> QuerySet[Loan]:
    # Told the book of the loan too, SQLite goes through all of its loans for each borrower.
    return Loan.objects.select_related("case__book", "book", "borrower")


def match(*, payment: Payment, loan: Loan, by: Actor, at: datetime) -> Payment:
    """
    Take a payment from suspense and post it to a loan, valued on the day the money came.

    :raises Invalid: if it is not in suspense, or the loan is of another book or currency
    """
    if loan.book_id != payment.book_id or loan.currency != payment.currency:
        raise Invalid(
            _("The loan is in another book or currency than the payment."),
            hint=_("Choose a loan of the same book."),
        )
    with transaction.atomic():
        row = (
            Payment.objects.select_for_update(of=("self",), no_key=True)
            .select_related("book")
            .get(pk=payment.pk)
        )
        if row.state != S.SUSPENSE:
            raise Invalid(
                _("This payment is {state}, so it cannot be matched.").format(state=row.state),
                hint=_("Look at it again: somebody else may have matched it."),
            )
        with record(
            PaymentMatched, by=by, at=at, case=loan.case, loan=loan.pk, payment=row.pk,
            amount=Money(row.amount, row.currency), value_on=row.value_on,
        ) as event:  # fmt: skip
            _post(row, loan, by=by, at=at)
            _belongs(row, loan, at=at)
            row.save(update_fields=["loan", "case", "state", "posted_at", "problem"])
            event.about(row)
    payment.refresh_from_db()
    return payment


def reverse(*, payment: Payment, reason: str, by: Actor, at: datetime) -> Payment:
    """
    Undo a payment: a reversal in the ledger, or a return of money that was in suspense.

    Reversing again changes nothing. Promises that this payment kept are judged again.

    :raises Invalid: without a reason
    """
    if not reason.strip():
        raise Invalid(_("Say why the payment is reversed."), hint=_("The bank's words are enough."))
    with transaction.atomic():
        row = (
            Payment.objects.select_for_update(of=("self",))
            .select_related("book")
            .get(pk=payment.pk)
        )
        if row.state in (S.POSTED, S.SUSPENSE):
            _undo(row, reason=reason, by=by, at=at)
    payment.refresh_from_db()
    return payment


def _undo(row: Payment, *, reason: str, by: Actor, at: datetime) -> None:
    was_posted = row.state == S.POSTED
    with record(
        PaymentReversed, by=by, at=at, book=row.book, case=row.case, reason=reason,
        payment=row.pk, amount=Money(row.amount, row.currency),
    ) as event:  # fmt: skip
        if was_posted:
            entry = Entry.objects.get(loan=row.loan, cause=cause_of(row))
            portfolio.reverse(entry=entry, reason=reason, by=by, at=at)
        row.state = S.REVERSED if was_posted else S.RETURNED
        row.reversed_at = at
        row.save(update_fields=["state", "reversed_at"])
        event.about(row)
    if was_posted and row.case is not None:
        judge_again(case=row.case, on=local_day(at, row.book.time_zone), by=by, at=at)
