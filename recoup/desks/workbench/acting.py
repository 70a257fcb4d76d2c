"""What is done on a case: notes, promises, plans, moves, stops, opt-outs, and unmasking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from recoup.contact import operations as contact
from recoup.contact.models import Reply
from recoup.desks.workbench import forms as case_forms
from recoup.desks.workbench.reading import found, holds_card, page
from recoup.gate import operations as gate
from recoup.kernel.clock import day_bounds, local_day, now
from recoup.kernel.errors import Invalid, Refused
from recoup.kernel.money import Money
from recoup.look import once
from recoup.look.forms import take
from recoup.look.views import viewer_of
from recoup.people import operations as people
from recoup.people import scopes
from recoup.people.models import Sealed
from recoup.portfolio import operations as portfolio
from recoup.portfolio.models import Case
from recoup.repayment import operations as repayment


def perform(
    request: HttpRequest, case: Case, form: forms.Form, act: Callable[[datetime], object],
    *, done: str | Callable[[], str], leave: str = "",
) -> HttpResponse:  # fmt: skip
    """
    Do what a good form asks, once, and go back to the case, or to the page `leave`; show the form
    again if it is wrong.
    """
    if not form.is_valid():
        return page(request, case, wrong=form, status=422)
    try:
        first = once.carry_out(request, lambda: act(now()))
    except (Invalid, Refused) as error:
        take(form, error)
        return page(request, case, wrong=form, status=422)
    said = done if isinstance(done, str) else done()
    messages.success(request, said if first else _("This was already recorded. Nothing was added."))
    return redirect(leave) if leave else redirect("case", case.pk)


def worked(request: HttpRequest, pk: int, permission: str = scopes.WORK_CASES) -> Case:
    """The case, for someone who may do this to it. :raises Refused: for someone who may not"""
    case = found(request, pk)
    scopes.demand(viewer_of(request), permission)
    return case


@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a note."""
    case, viewer = worked(request, pk), viewer_of(request)
    form = case_forms.NoteForm(request.POST)
    return perform(
        request, case, form,
        lambda at: portfolio.note(
            case=case, text=form.cleaned_data["text"], viewer=viewer, at=at
        ),
        done=_("The note is kept."),
    )  # fmt: skip


@require_POST
def promise(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a promise to pay."""
    case, viewer = worked(request, pk), viewer_of(request)
    form = case_forms.PromiseForm(request.POST, currency=case.book.currency)
    return perform(
        request, case, form,
        lambda at: repayment.promise(
            case=case, amount=form.cleaned_data["amount"], due_on=form.cleaned_data["due_on"],
            channel=form.cleaned_data["channel"], by=viewer.actor(), at=at,
        ),
        done=_("The promise is recorded."),
    )  # fmt: skip


@require_POST
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree on a repayment plan of equal monthly payments."""
    case, viewer = worked(request, pk), viewer_of(request)
    form = case_forms.PlanForm(
        request.POST, currency=case.book.currency, card=holds_card(case),
        today=local_day(now(), case.book.time_zone),
    )  # fmt: skip

    def act(at: datetime) -> object:
        parts = form.cleaned_data
        return repayment.agree_plan(
            case=case, instalments=schedule(parts["total"], parts["count"], parts["first_due"]),
            with_whom="debtor", total=parts["total"], terms=form.terms, form=parts["form"],
            recording=parts["recording"], by=viewer.actor(), at=at,
        )  # fmt: skip

    return perform(
        request, case, form, act, done=_("The plan is agreed. Contact stops while it is kept.")
    )


def schedule(total: Money, count: int, first: date) -> list[tuple[date, Money]]:
    """
    Equal payments a month apart; the same day of each month, or its last day.

    >>> [str(day) for day, _ in schedule(Money(100), 3, date(2026, 12, 31))]
    ['2026-12-31', '2027-01-31', '2027-02-28']
    """
    days = [case_forms.months_later(first, n) for n in range(count)]
    return list(zip(days, total.split([1] * count), strict=True))


def end_of(day: date | None, case: Case) -> datetime | None:
    """The end of a day at the book's place."""
    return day_bounds(day, case.book.time_zone)[1] if day else None


@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the case to another state."""
    case, viewer = worked(request, pk, scopes.HOLD), viewer_of(request)
    form = case_forms.MoveForm(request.POST, case=case)
    return perform(
        request, case, form,
        lambda at: portfolio.move(
            case=case, to=form.cleaned_data["to"], reason=form.cleaned_data["reason"],
            by=viewer.actor(), at=at,
        ),
        done=_("The case has its new state."),
    )  # fmt: skip


@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop all contact for a reason."""
    case, viewer = worked(request, pk), viewer_of(request)
    form = case_forms.StopForm(request.POST)

    def act(at: datetime) -> object:
        parts = form.cleaned_data
        return gate.stop(
            case=case, reason=parts["reason"], source=parts["source"],
            until=end_of(parts["until"], case), by=viewer.actor(), at=at,
        )  # fmt: skip

    return perform(request, case, form, act, done=_("Contact is stopped from this moment."))


@require_POST
def lift(request: HttpRequest, pk: int, stop: int) -> HttpResponse:
    """Lift a stop."""
    case, viewer = worked(request, pk, scopes.HOLD), viewer_of(request)
    row = get_object_or_404(case.stops.filter(lifted_at=None), pk=stop)
    first = once.carry_out(
        request,
        lambda: gate.lift(
            case=case, reason=row.reason, source=row.source, by=viewer.actor(), at=now()
        ),
    )
    if first:
        messages.success(request, _("The stop is lifted."))
    return redirect("case", case.pk)


@require_POST
def opt_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that the borrower refuses a medium, or all contact."""
    case, viewer = worked(request, pk), viewer_of(request)
    form = case_forms.OptOutForm(request.POST)
    return perform(
        request, case, form,
        lambda at: gate.opt_out(
            borrower=case.borrower, scope=form.cleaned_data["scope"],
            source=form.cleaned_data["source"], by=viewer.actor(), at=at,
        ),
        done=_("The refusal is recorded. Only the borrower can take it back."),
    )  # fmt: skip


@require_POST
@never_cache
def unmask(request: HttpRequest, pk: int) -> HttpResponse:
    """
    Show one piece of personal data, this once, for a reason that the journal keeps.
    """
    case, viewer = found(request, pk), viewer_of(request)
    wanted = request.POST.get("sealed", "")
    own = Sealed.objects.filter(person=case.borrower.person_id).select_related("person")
    if not (wanted.isascii() and wanted.isdigit()):
        raise Http404("No such contact point.")
    sealed = get_object_or_404(own, pk=int(wanted))
    reason = request.POST.get("reason", "")
    try:
        value = people.unmask(viewer=viewer, sealed=sealed, reason=reason, at=now(), case=case)
    except Invalid as error:
        messages.error(request, str(error))
        return redirect("case", case.pk)
    return page(request, case, shown={sealed.pk: value})


@require_POST
def handle(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark a reply as dealt with."""
    viewer = viewer_of(request)
    scopes.demand(viewer, scopes.WORK_CASES)
    mine = scopes.visible(Reply.objects.all(), viewer, case="case__", creditor="book__creditor")
    reply = get_object_or_404(mine, pk=pk)
    first = once.carry_out(request, lambda: contact.handle(reply=reply, viewer=viewer, at=now()))
    if first:
        messages.success(request, _("The reply is marked as dealt with."))
    return redirect("replies") if "next" in request.POST else redirect("case", reply.case_id)
