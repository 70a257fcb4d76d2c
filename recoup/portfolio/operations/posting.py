"""Posting to the ledger: payments, reversals, waivers, accruals; and asserting its balances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from recoup.intake.models import Placement
from recoup.journal.operations import Draft, record
from recoup.kernel.actors import Actor
from recoup.kernel.errors import Invalid, Refused
from recoup.kernel.money import Money
from recoup.people.models import Book
from recoup.people.scopes import unjoined
from recoup.portfolio import bulk, ledger, waterfall
from recoup.portfolio.appropriation import GIVEN_UP, is_move
from recoup.portfolio.events import (
    AmountAccrued,
    AmountWaived,
    EntryReversed,
    PaymentPosted,
    StatementsChecked,
)
from recoup.portfolio.models import Case, Entry, Loan, Statement
from recoup.portfolio.models.ledger import ACCOUNTS, RECEIVABLES
from recoup.portfolio.operations.appropriating import appropriate
from recoup.portfolio.operations.moving import follow_the_balance
from recoup.portfolio.waterfall import Due

ACCRUED = ("interest", "penalty", "cost")
WAIVED = ",".join(GIVEN_UP)
REVERSIBLE = (Entry.Kind.PAYMENT, Entry.Kind.WAIVER, Entry.Kind.CORRECTION)
CHUNK = 5000
MOST = 1000


@dataclass(frozen=True)
class Difference:
    """A loan whose ledger does not agree with the lender's statement; minor units."""

    loan: int
    reference: str
    on: date
    ledger: int
    lender: int

    @property
    def difference(self) -> int:
        """What the ledger has more than the lender."""
        return self.ledger - self.lender


@contextmanager
def _locked(loan: Loan) -> Iterator[tuple[Loan, Case]]:
    """The loan and its case, held until the transaction ends: one posting to a case at a time."""
    with transaction.atomic():
        case = (
            Case.objects.select_for_update(of=("self",), no_key=True)
            .select_related("book")
            .get(pk=loan.case_id)
        )
        yield Loan.objects.select_related("book", "case").get(pk=loan.pk), case


def post_payment(
    *, loan: Loan, amount: Money, value_on: date, cause: str, by: Actor, at: datetime
) -> Entry:
    """
    Post money received to a loan, in the order of appropriation of its contract or the law.

    `cause` names what it is posted for; posting the same cause again gives the entry that stands.
    What nothing is owed for goes to `overpaid`. The case is settled when nothing is owed. Money
    valued before other postings is appropriated in its place (`appropriation`), by entries that
    move what was paid from account to account.

    :raises Invalid: for an amount that is not positive, another currency, or a day to come
    """
    with _locked(loan) as (row, case):
        known = ledger.entries_of(row)
        if standing := [posted for posted in known if posted.cause == cause]:
            return standing[0]
        today = ledger.today_of(row, at)
        _check_amount(row, amount)
        if value_on > today:
            raise Invalid(
                _("The payment is dated {day}, which is still to come.").format(day=value_on),
                hint=_("Check the date, or post it on that day."),
            )
        schedule = ledger.schedule_of(row)
        due = fall_due(loan=row, case=case, by=by, at=at, schedule=schedule, entries=known)
        entries = ledger.entries_of(row) if due else known
        shares = waterfall.allocate(
            amount=amount.minor, available=ledger.available(entries, value_on),
            schedule=schedule, on=value_on, allocation=row.allocation,
        )  # fmt: skip
        with record(
            PaymentPosted, by=by, at=at, case=case, amount=amount, loan=row.pk, value_on=value_on,
            cause=cause, shares=shares,
        ) as event:  # fmt: skip
            entry = Entry.objects.create(
                loan=row, kind=Entry.Kind.PAYMENT, cause=cause, value_on=value_on, posted_at=at,
                cash=amount.minor, **{account: -share for account, share in shares.items()},
            )  # fmt: skip
            now = sorted([*entries, entry], key=lambda posted: (posted.value_on, posted.pk))
            _keep_in_order(event, loan=row, known=known, schedule=schedule, at=at, entries=now)
            ledger.refresh(
                loan=row, case=case, on=ledger.figures_day(row, at), schedule=schedule, entries=now
            )
            event.about(entry)
        follow_the_balance(case=case, by=by, at=at)
    return entry


def reverse(*, entry: Entry, reason: str, by: Actor, at: datetime) -> Entry:
    """
    Undo a payment or a waiver by an entry of opposite sign, valued today; once.

    Reversing the same entry again gives the reversal that stands. What other payments paid, or
    left overpaid, is appropriated anew from this day on as if the entry had not been. A settled
    case that owes again is reopened.

    :raises Refused: if the entry is itself a reversal, or opens the ledger
    """
    if entry.kind not in REVERSIBLE or is_move(entry):
        raise Refused(
            _("An entry of kind {kind} cannot be reversed.").format(kind=entry.kind),
            rules=("portfolio.reversible",),
            hint=_("Only payments, waivers and corrections can."),
        )
    with _locked(entry.loan) as (row, case):
        standing = Entry.objects.filter(reverses=entry).first()
        if standing is not None:
            return standing
        today = ledger.today_of(row, at)
        schedule, known = ledger.schedule_of(row), ledger.entries_of(row)
        with record(
            EntryReversed, by=by, at=at, case=case, loan=row.pk, reason=reason, entry=entry.pk,
            amount=Money(abs(entry.owed), row.currency),
        ) as event:  # fmt: skip
            undone = Entry.objects.create(
                loan=row, kind=Entry.Kind.REVERSAL, cause=f"reversal:{entry.pk}", posted_at=at,
                reverses=entry, value_on=max(today, entry.value_on),
                **{account: -getattr(entry, account) for account in ACCOUNTS},
            )  # fmt: skip
            _keep_in_order(event, loan=row, known=known, schedule=schedule, at=at)
            now_known = ledger.entries_of(row)
            if fall_due(loan=row, case=case, by=by, at=at, schedule=schedule, entries=now_known):
                _keep_in_order(event, loan=row, known=now_known, schedule=schedule, at=at)
            ledger.refresh(loan=row, case=case, on=ledger.figures_day(row, at), schedule=schedule)
            event.about(undone)
        follow_the_balance(case=case, by=by, at=at)
    return undone


def waive(*, loan: Loan, amount: Money, reason: str, cause: str, by: Actor, at: datetime) -> Entry:
    """
    Give up a part of the debt (减免): penalty first, then interest, cost, principal.

    :raises Invalid: for an amount that is not positive, more than is owed, or another currency
    """
    with _locked(loan) as (row, case):
        standing = Entry.objects.filter(loan=row, cause=cause).first()
        if standing is not None:
            return standing
        _check_amount(row, amount)
        fall_due(loan=row, case=case, by=by, at=at)
        today = ledger.today_of(row, at)
        owed = ledger.available(ledger.entries_of(row), today)
        if amount.minor > sum(owed.values()):
            most = Money(sum(owed.values()), row.currency)
            raise Invalid(
                _("{amount} cannot be waived: {owed} is owed.").format(amount=amount, owed=most),
                hint=_("Waive at most what is owed."),
            )
        shares = waterfall.allocate(
            amount=amount.minor, available=owed, schedule=(), on=today, allocation=WAIVED
        )
        del shares["overpaid"]
        with record(
            AmountWaived, by=by, at=at, case=case, amount=amount, loan=row.pk, reason=reason,
            shares=shares,
        ) as event:  # fmt: skip
            entry = Entry.objects.create(
                loan=row, kind=Entry.Kind.WAIVER, cause=cause, value_on=today, posted_at=at,
                waived=amount.minor, **{account: -share for account, share in shares.items()},
            )  # fmt: skip
            ledger.refresh(loan=row, case=case, on=ledger.figures_day(row, at))
            event.about(entry)
        follow_the_balance(case=case, by=by, at=at)
    return entry


def accrue(
    *, loan: Loan, account: str, amount: Money, value_on: date, cause: str, by: Actor, at: datetime
) -> Entry:
    """
    Add interest, penalty or cost that fell due.

    :raises Invalid: for an amount that is not positive, another currency, or another account
    """
    if account not in ACCRUED:
        raise Invalid(
            _("{account} does not accrue.").format(account=account),
            hint=_("Use interest, penalty or cost."),
        )
    with _locked(loan) as (row, case):
        standing = Entry.objects.filter(loan=row, cause=cause).first()
        if standing is not None:
            return standing
        _check_amount(row, amount)
        schedule, known = ledger.schedule_of(row), ledger.entries_of(row)
        with record(
            AmountAccrued, by=by, at=at, case=case, amount=amount, account=account, loan=row.pk
        ) as event:
            entry = Entry.objects.create(
                loan=row, kind=Entry.Kind.ACCRUAL, cause=cause, value_on=value_on, posted_at=at,
                income=-amount.minor, **{account: amount.minor},
            )  # fmt: skip
            _keep_in_order(event, loan=row, known=known, schedule=schedule, at=at)
            now_known = ledger.entries_of(row)
            if fall_due(loan=row, case=case, by=by, at=at, schedule=schedule, entries=now_known):
                _keep_in_order(event, loan=row, known=now_known, schedule=schedule, at=at)
            ledger.refresh(loan=row, case=case, on=ledger.figures_day(row, at), schedule=schedule)
            event.about(entry)
        follow_the_balance(case=case, by=by, at=at)
    return entry


def _keep_in_order(
    event: Draft, *, loan: Loan, known: Sequence[Entry], schedule: Sequence[Due], at: datetime,
    entries: list[Entry] | None = None,
) -> None:  # fmt: skip
    if moved := appropriate(loan=loan, known=known, schedule=schedule, at=at, entries=entries):
        event.note(moved=[*event.data.get("moved", []), *moved])


def fall_due(
    *, loan: Loan, case: Case, by: Actor, at: datetime, schedule: Sequence[Due] | None = None,
    entries: Sequence[Entry] | None = None,
) -> int:  # fmt: skip
    """
    Post the interest and cost of instalments that fell due by now and are not posted yet.

    `age_book` does the same for a whole book; this is for a posting that comes before the night.
    """
    found = ledger.falls_due(
        entries=ledger.entries_of(loan) if entries is None else entries,
        schedule=ledger.schedule_of(loan) if schedule is None else schedule,
        on=ledger.figures_day(loan, at),
    )  # fmt: skip
    if found:
        total = Money(sum(due.interest + due.cost for due in found), loan.currency)
        with record(
            AmountAccrued, by=by, at=at, case=case, amount=total, account="interest", loan=loan.pk
        ):
            Entry.objects.bulk_create(
                Entry(
                    loan=loan, kind=Entry.Kind.ACCRUAL, cause=ledger.cause_of(due),
                    value_on=due.due_on, posted_at=at, interest=due.interest, cost=due.cost,
                    income=-(due.interest + due.cost),
                )
                for due in found
            )  # fmt: skip
    return len(found)


def _check_amount(loan: Loan, amount: Money) -> None:
    if amount.minor <= 0:
        raise Invalid(
            _("{amount} is not an amount to post.").format(amount=amount),
            hint=_("Amounts are more than nothing; to undo a payment, reverse it."),
        )
    if amount.currency != loan.currency:
        raise Invalid(
            _("The loan is in {loan} and the amount in {amount}.").format(
                loan=loan.currency, amount=amount.currency
            ),
            hint=_("Post an amount in the currency of the loan."),
        )


def check_statements(
    *, by: Actor, at: datetime, book: Book | None = None, placement: Placement | None = None
) -> list[Difference]:
    """
    Assert the lender's balances against the ledger; gives the loans that differ (at most 1,000).

    Each statement keeps its difference; the event says how many were compared and how many differ.
    """
    owner = book or (placement.book if placement else None)
    if owner is None:
        raise Invalid(_("Say which book or placement is checked."))
    rows = Statement.objects.filter(loan__book=owner)
    if placement is not None:
        rows = rows.filter(loan__placement=placement)
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    found: list[Difference] = []
    different = 0
    with record(StatementsChecked, by=by, at=at, book=owner) as event:
        for start in range(0, len(keys), CHUNK):
            part = keys[start : start + CHUNK]
            owed = _owed(part)
            batch = unjoined(Statement).filter(pk__in=part).order_by("pk").values_list(
                "pk", "loan_id", "loan__reference", "on", "balance"
            )  # fmt: skip
            differences = [
                (pk, Difference(loan, reference, on, owed.get(pk, 0), balance))
                for pk, loan, reference, on, balance in batch
            ]
            bulk.update(Statement, ["difference"], [(pk, d.difference) for pk, d in differences])
            wrong = [d for _pk, d in differences if d.difference]
            different += len(wrong)
            found += wrong[: MOST - len(found)]
        event.note(checked=len(keys), different=different)
    return found


def _owed(statements: list[int]) -> dict[int, int]:
    """What each statement's loan owed at the end of the statement's day, by the ledger."""
    rows = unjoined(Statement).filter(pk__in=statements, loan__entries__value_on__lte=F("on"))
    total = sum(
        (Sum(f"loan__entries__{account}") for account in RECEIVABLES[1:]),
        Sum(f"loan__entries__{RECEIVABLES[0]}"),
    )
    return dict(rows.values_list("pk").annotate(owed=total).values_list("pk", "owed"))
