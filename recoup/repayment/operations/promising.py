"""Promises: made, replaced, judged."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from recoup.gate import operations as gate
from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.clock import at_local, local_day
from recoup.kernel.errors import Invalid
from recoup.kernel.money import Money
from recoup.people.models import Book
from recoup.people.scopes import unjoined
from recoup.portfolio.models import Case
from recoup.repayment.counting import Paid, paid_between, paid_by_case
from recoup.repayment.errors import AlreadySettled, TooFarAway
from recoup.repayment.events import PromiseJudged, PromiseMade
from recoup.repayment.limits import limits
from recoup.repayment.models import Plan, Promise

S = Promise.State
STOP = "promise"


def promise(
    *, case: Case, amount: Money, due_on: date, by: Actor, at: datetime, channel: str,
    latest: date | None = None,
) -> Promise:  # fmt: skip
    """
    Record that the borrower promised to pay (承诺还款). Contact stops until it can be judged.

    A new promise replaces an open one; the old one is kept as superseded.

    :raises AlreadySettled: if nothing is owed
    :raises TooFarAway: if `due_on` is later than `latest`, or than the limits allow
    :raises Invalid: for a past day, another currency, nothing, or more than is owed
    """
    book = case.book
    with record(
        PromiseMade, by=by, at=at, case=case, amount=amount, due_on=due_on, channel=channel
    ) as event:
        # The case row is the lock: two promises at once are made one after the other.
        held = Case.objects.select_for_update(of=("self",), no_key=True).get(pk=case.pk)
        today = local_day(at, book.time_zone)
        _check(held, amount, due_on, today, latest, book.currency)
        replaced = _replace_open(held, by=by, at=at)
        made = Promise.objects.create(
            case=case, amount=amount.minor, currency=amount.currency, due_on=due_on, made_at=at,
            made_to=str(by)[:80], channel=channel,
        )  # fmt: skip
        _stop_until_judged(made, by=by, at=at)
        event.note(promise=made.pk, replaced=replaced)
        return event.about(made)


def _check(
    case: Case, amount: Money, due_on: date, today: date, latest: date | None, currency: str
) -> None:
    if not case.owed:
        raise AlreadySettled(case)
    limit = today + timedelta(days=limits().promise_latest_days)
    limit = min(limit, latest) if latest else limit
    if due_on > limit:
        raise TooFarAway(due_on, limit=limit)
    if due_on < today:
        raise Invalid(
            _("The promise is for {due}, which is past.").format(due=due_on),
            hint=_("Choose today or a later day."),
        )
    if amount.currency != currency:
        raise Invalid(
            _("This case is in {book} and the promise in {amount}.").format(
                book=currency, amount=amount.currency
            )
        )
    if not 0 < amount.minor <= case.owed:
        raise Invalid(
            _("{amount} was promised, but {owed} is owed.").format(
                amount=amount, owed=Money(case.owed, currency)
            ),
            hint=_("A promise is for more than nothing and at most for what is owed."),
        )


def _replace_open(case: Case, *, by: Actor, at: datetime) -> int | None:
    standing = Promise.objects.filter(case=case, state=S.OPEN).first()
    if standing is None:
        return None
    Promise.objects.filter(pk=standing.pk).update(state=S.SUPERSEDED)
    gate.lift(case=case, reason=STOP, source=_source(standing), by=by, at=at)
    return standing.pk


def cancel_open(*, case: Case, by: Actor, at: datetime) -> int | None:
    """Replace a case's open promise by something else agreed; gives which one it was."""
    return _replace_open(case, by=by, at=at)


def judge_promises(*, book: Book, on: date, by: Actor, at: datetime) -> int:
    """
    Judge the open promises of a book; gives how many were judged.

    Kept as soon as enough is paid; when the day and its grace have passed, partial if anything was
    paid and broken if nothing. A promise of a case that owes nothing any more without paying
    enough (a waiver) is cancelled. Running again changes nothing.
    """
    rows = list(
        Promise.objects.filter(case__book=book, state=S.OPEN)
        .select_related("case__book").order_by("pk")
    )  # fmt: skip
    payments = paid_by_case(row.case_id for row in rows)
    judged = 0
    for row in rows:
        paid = _paid(row, payments.get(row.case_id, []))
        state = _verdict(row, paid, on)
        if state != S.OPEN:
            judged += _settle(row, state, paid, on=on, by=by, at=at)
    return judged


def judge_again(*, case: Case, on: date, by: Actor, at: datetime) -> int:
    """
    Judge the kept and partly kept promises of a case anew, after a payment was reversed.

    Before its last day a promise that is not enough any more is open again, and contact stops
    again; if another promise or plan has taken its place since, it is superseded.
    """
    changed = 0
    with transaction.atomic():
        # The case row is the lock: a promise made at the same time waits, and supersedes.
        Case.objects.select_for_update(of=("self",), no_key=True).get(pk=case.pk)
        rows = list(
            Promise.objects.filter(case=case, state__in=[S.KEPT, S.PARTIAL])
            .select_related("case__book").order_by("pk")
        )  # fmt: skip
        payments = paid_by_case([case.pk]).get(case.pk, [])
        for row in rows:
            paid = _paid(row, payments)
            if paid != row.paid:
                state = _verdict_again(row, paid, on)
                changed += _settle(row, state, paid, on=on, by=by, at=at)
    return changed


def _verdict_again(row: Promise, paid: int, on: date) -> str:
    if _is_enough(row, paid):
        return S.KEPT
    if on > _last_day(row):
        return S.PARTIAL if paid else S.BROKEN
    taken_over = (
        Promise.objects.filter(case=row.case_id, made_at__gte=row.made_at)
        .exclude(pk=row.pk).exists()
        or Promise.objects.filter(case=row.case_id, state=S.OPEN).exists()
        or Plan.objects.filter(case=row.case_id, state=Plan.State.PERFORMING).exists()
    )  # fmt: skip
    return S.SUPERSEDED if taken_over else S.OPEN


def _settle(row: Promise, state: str, paid: int, *, on: date, by: Actor, at: datetime) -> int:
    """Write a verdict and tell it; what somebody else moved meanwhile is left and not told."""
    with transaction.atomic():
        moved = (
            unjoined(Promise)
            .filter(pk=row.pk, state=row.state, paid=row.paid)
            .update(state=state, paid=paid, judged_on=None if state == S.OPEN else on)
        )
        if not moved:
            return 0
        with record(
            PromiseJudged, by=by, at=at, case=row.case, state=state, promise=row.pk,
            paid=Money(paid, row.currency), amount=Money(row.amount, row.currency),
            due_on=row.due_on,
        ) as event:  # fmt: skip
            if row.state == S.OPEN:
                gate.lift(case=row.case, reason=STOP, source=_source(row), by=by, at=at)
            elif state == S.OPEN:
                _stop_until_judged(row, by=by, at=at)
            event.about(row)
    return moved


def _stop_until_judged(row: Promise, *, by: Actor, at: datetime) -> None:
    gate.stop(
        case=row.case, reason=STOP, source=_source(row), by=by, at=at,
        until=at_local(_last_day(row) + timedelta(days=1), time(0), row.case.book.time_zone),
    )  # fmt: skip


def _verdict(row: Promise, paid: int, on: date) -> str:
    if _is_enough(row, paid):
        return S.KEPT
    if row.case.owed == 0:
        return S.CANCELLED
    if on <= _last_day(row):
        return S.OPEN
    return S.PARTIAL if paid else S.BROKEN


def _is_enough(row: Promise, paid: int) -> bool:
    return paid >= row.amount * limits().promise_enough


def _paid(row: Promise, payments: list[Paid]) -> int:
    first = local_day(row.made_at, row.case.book.time_zone)
    return paid_between(payments, since=row.made_at, first=first, last=_last_day(row))


def _last_day(row: Promise) -> date:
    return row.due_on + timedelta(days=limits().promise_grace_days)


def _source(row: Promise) -> str:
    return f"promise:{row.pk}"
