"""Repayment plans: agreed, judged, ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from recoup.gate import operations as gate
from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.clock import local_day
from recoup.kernel.errors import Invalid, Problem
from recoup.kernel.money import Money
from recoup.people.models import Book
from recoup.people.scopes import unjoined
from recoup.portfolio.models import Case
from recoup.repayment.counting import Paid, paid_between, paid_by_case
from recoup.repayment.errors import AlreadySettled, PlanStands
from recoup.repayment.events import PlanAgreed, PlanJudged
from recoup.repayment.limits import limits
from recoup.repayment.models import Plan, PlanInstalment
from recoup.repayment.operations.promising import cancel_open

S = Plan.State
STOP = "plan"
# Two of the six items that a card agreement must hold are the plan itself.
IN_THE_PLAN = ("balance", "schedule")
Schedule = Sequence[tuple[date, Money]]


def agree_plan(
    *, case: Case, instalments: Schedule, with_whom: str, by: Actor, at: datetime,
    total: Money | None = None, terms: Mapping[str, object] | None = None,
    form: str = Plan.Form.WRITTEN, recording: str = "",
) -> Plan:  # fmt: skip
    """
    Record a repayment plan (分期还款计划). Collection stops while it is kept; an open promise is
    replaced by it.

    A card's agreement must hold the six items of art. 70 (CN-STOP-002) and last at most five
    years; an oral one names its recording (CN-STOP-003). Balance and schedule are taken from the
    plan; `terms` gives interest, no_new_card, default and other.

    :raises AlreadySettled: if nothing is owed
    :raises PlanStands: if another plan is being kept
    :raises Invalid: with everything that is wrong with the schedule and the terms
    """
    with record(PlanAgreed, by=by, at=at, case=case, count=len(instalments), form=form) as event:
        held = (
            Case.objects.select_for_update(of=("self",), no_key=True)
            .select_related("book")
            .get(pk=case.pk)
        )
        if not held.owed:
            raise AlreadySettled(held)
        standing = Plan.objects.filter(case=held, state=S.PERFORMING).first()
        if standing is not None:
            raise PlanStands(standing.pk)
        today = local_day(at, held.book.time_zone)
        is_card = held.loans.filter(product__in=limits().cards).exists()
        problems = [
            *_schedule_problems(held, instalments, total, today, is_card=is_card),
            *(_terms_problems(terms or {}, form, recording) if is_card else ()),
        ]
        if problems:
            raise Invalid(_("This plan cannot be agreed."), problems=problems,
                          hint=" ".join(map(str, problems)))  # fmt: skip
        agreed = sum((amount.minor for _day, amount in instalments), 0)
        plan = Plan.objects.create(
            case=case, agreed_at=at, agreed_with=with_whom[:80], total=agreed, form=form,
            currency=held.book.currency, recording=recording,
            terms={
                **(terms or {}), "balance": held.owed, "currency": held.book.currency,
                "schedule": [[str(day), amount.minor] for day, amount in instalments],
            },
        )  # fmt: skip
        PlanInstalment.objects.bulk_create(
            PlanInstalment(plan=plan, number=number, due_on=day, amount=amount.minor)
            for number, (day, amount) in enumerate(instalments, 1)
        )
        cancel_open(case=held, by=by, at=at)
        gate.stop(case=case, reason=STOP, source=_source(plan), by=by, at=at)
        event.note(plan=plan.pk, total=Money(agreed, plan.currency))
        return event.about(plan)


def _schedule_problems(
    case: Case, instalments: Schedule, total: Money | None, today: date, *, is_card: bool
) -> list[Problem]:
    found: list[Problem] = []
    currency, last = case.book.currency, today
    if not instalments:
        return [Problem(_("schedule"), _("There is no payment in it."))]
    for number, (day, amount) in enumerate(instalments, 1):
        where = _("payment {number}").format(number=number)
        if amount.minor <= 0:
            found.append(Problem(where, _("The amount is not more than nothing.")))
        if amount.currency != currency:
            found.append(Problem(where, _("The case is in {currency}.").format(currency=currency)))
        if day < last or (number > 1 and day == last):
            found.append(
                Problem(where, _("{day} is not later than the day before it.").format(day=day))
            )
        last = max(last, day)
    agreed = sum(amount.minor for _day, amount in instalments)
    if total is not None and agreed != total.minor:
        found.append(
            Problem(_("schedule"), _("The payments add up to {sum}, but {total} was agreed.").format(
                sum=Money(agreed, currency), total=total))
        )  # fmt: skip
    if agreed > case.owed:
        found.append(
            Problem(_("schedule"), _("The payments add up to {sum}, but {owed} is owed.").format(
                sum=Money(agreed, currency), owed=Money(case.owed, currency)))
        )  # fmt: skip
    if last > latest_day(today=today, is_card=is_card):
        months = most_months(is_card=is_card)
        found.append(
            Problem(_("schedule"), _("It lasts longer than {months} months.").format(months=months))
        )
    return found


def most_months(*, is_card: bool) -> int:
    """How long a plan may last, in months: a card's by the law, another's by the house."""
    return limits().card_months if is_card else limits().house_months


def latest_day(*, today: date, is_card: bool) -> date:
    """The last day on which a payment of a plan agreed today may be due."""
    return _months_after(today, most_months(is_card=is_card))


def _terms_problems(terms: Mapping[str, object], form: str, recording: str) -> list[Problem]:
    missing = [
        item for item in limits().card_items if item not in IN_THE_PLAN and item not in terms
    ]
    found = [
        Problem(_("terms"), _("The item {item} is missing (CN-STOP-002).").format(item=item))
        for item in missing
    ]
    if form == Plan.Form.ORAL and not recording:
        found.append(Problem(_("terms"), _("An oral agreement names its recording (CN-STOP-003).")))
    return found


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(
        date(year, month + 1, 1) + timedelta(days=day.day - 1), following - timedelta(days=1)
    )


def judge_plans(*, book: Book, on: date, by: Actor, at: datetime) -> int:
    """
    Judge the performing plans of a book; gives how many ended.

    Completed when all is paid or nothing is owed; broken when less than enough of what was due,
    with its grace days, is paid. Either way the stop is lifted. Running again changes nothing.
    """
    rows = list(
        Plan.objects.filter(case__book=book, state=S.PERFORMING)
        .select_related("case__book").prefetch_related("instalments").order_by("pk")
    )  # fmt: skip
    payments = paid_by_case(row.case_id for row in rows)
    ended = 0
    for row in rows:
        paid = _paid(row, payments.get(row.case_id, []), on)
        state = _verdict(row, paid, on)
        if state != S.PERFORMING:
            ended += _end(row, state, paid, on=on, by=by, at=at)
        elif paid != row.paid:
            Plan.objects.filter(pk=row.pk).update(paid=paid)
    return ended


def cancel_plan(*, plan: Plan, reason: str, by: Actor, at: datetime) -> Plan:
    """
    End a performing plan before its time; collection may go on.

    :raises Invalid: without a reason, or for a plan that has ended
    """
    if not reason.strip():
        raise Invalid(_("Say why the plan is cancelled."))
    today = local_day(at, plan.case.book.time_zone)
    if not _end(plan, S.CANCELLED, plan.paid, on=today, by=by, at=at, reason=reason):
        raise Invalid(_("Plan {plan} has ended already.").format(plan=plan.pk))
    plan.refresh_from_db()
    return plan


def _end(
    row: Plan, state: str, paid: int, *, on: date, by: Actor, at: datetime, reason: str = ""
) -> int:
    with transaction.atomic():
        moved = (
            unjoined(Plan)
            .filter(pk=row.pk, state=S.PERFORMING)
            .update(state=state, paid=paid, judged_on=on)
        )
        if not moved:
            return 0
        with record(
            PlanJudged, by=by, at=at, case=row.case, state=state, plan=row.pk,
            paid=Money(paid, row.currency), reason=reason,
        ) as event:  # fmt: skip
            gate.lift(case=row.case, reason=STOP, source=_source(row), by=by, at=at)
            event.about(row)
    return moved


def _verdict(row: Plan, paid: int, on: date) -> str:
    if paid >= row.total or row.case.owed == 0:
        return S.COMPLETED
    grace = timedelta(days=limits().plan_grace_days)
    due = sum(part.amount for part in row.instalments.all() if part.due_on + grace < on)
    return S.BROKEN if paid < due * limits().plan_enough else S.PERFORMING


def _paid(row: Plan, payments: list[Paid], on: date) -> int:
    first = local_day(row.agreed_at, row.case.book.time_zone)
    return paid_between(payments, since=row.agreed_at, first=first, last=on)


def _source(row: Plan) -> str:
    return f"plan:{row.pk}"
