"""Money at the desk: payments by hand, undoing one, and payments that nobody could match."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from recoup.desks.workbench import forms as case_forms
from recoup.desks.workbench.acting import perform, worked
from recoup.kernel.clock import now
from recoup.kernel.errors import Invalid, Refused
from recoup.look import books, once
from recoup.look.paging import page_of
from recoup.look.views import viewer_of
from recoup.people import scopes
from recoup.portfolio import queries as portfolio
from recoup.portfolio.models import Loan
from recoup.repayment import operations as repayment
from recoup.repayment import queries as repayment_queries
from recoup.repayment.models import Payment


@require_POST
def payment(request: HttpRequest, pk: int) -> HttpResponse:
    """
    Record money received. The bank's reference makes it unique; without one, the form itself does.
    """
    case, viewer = worked(request, pk, scopes.POST_PAYMENT), viewer_of(request)
    loans = list(case.loans.order_by("reference"))
    form = case_forms.PaymentForm(request.POST, loans=loans, currency=case.book.currency)
    drawn = request.POST.get(once.FIELD, "")
    taken: list[Payment] = []

    def act(at: Any) -> None:
        parts = form.cleaned_data
        loan = next(loan for loan in loans if str(loan.pk) == parts["loan"])
        row = repayment.receive(
            book=case.book, source=Payment.Source.DESK,
            external_id=parts["reference"] or f"form:{drawn}", reference=loan.reference,
            amount=parts["amount"], value_on=parts["value_on"], by=viewer.actor(), at=at,
        )  # fmt: skip
        taken.append(row)

    def done() -> str:
        if taken and taken[0].state == Payment.State.SUSPENSE:
            return _("The payment waits in suspense. {reason}").format(reason=taken[0].problem)
        return _("The payment is posted.")

    return perform(request, case, form, act, done=done)


@require_POST
def reverse(request: HttpRequest, pk: int, payment: int) -> HttpResponse:
    """Undo a payment with a reversal; both stay in the ledger."""
    case, viewer = worked(request, pk, scopes.REVERSE_PAYMENT), viewer_of(request)
    row = get_object_or_404(case.payments.filter(state=Payment.State.POSTED), pk=payment)
    form = case_forms.ReasonForm(request.POST, prefix="reverse")
    return perform(
        request, case, form,
        lambda at: repayment.reverse(
            payment=row, reason=form.cleaned_data["reason"], by=viewer.actor(), at=at
        ),
        done=_("The payment is reversed. The first posting and its reversal both stay."),
    )  # fmt: skip


@require_GET
def suspense(request: HttpRequest) -> HttpResponse:
    """Payments that came in and belong to nobody yet."""
    viewer = viewer_of(request)
    scopes.demand(viewer, scopes.REVERSE_PAYMENT)
    rows: list[Payment] = []
    for book in books.known(request):
        rows += list(repayment_queries.suspense(viewer=viewer, book=book))
    return render(request, "workbench/suspense.html", {"page": page_of(request, rows)})


@require_POST
def match(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which loan a payment is for."""
    viewer = viewer_of(request)
    scopes.demand(viewer, scopes.REVERSE_PAYMENT)
    held = Payment.objects.filter(book__creditor__in=viewer.creditors)
    row = get_object_or_404(held.filter(state=Payment.State.SUSPENSE), pk=pk)
    reference = request.POST.get("reference", "").strip()
    mine = portfolio.cases(viewer=viewer, book=row.book)
    loan = Loan.objects.filter(reference=reference, case__in=mine).first()
    if loan is None:
        messages.error(
            request,
            _("No loan of your cases has the account reference %(ref)s.") % {"ref": reference},
        )
        return redirect("suspense")
    try:
        once.carry_out(
            request,
            lambda: repayment.match(payment=row, loan=loan, by=viewer.actor(), at=now()),
        )
    except (Invalid, Refused) as error:
        messages.error(request, str(error))
        return redirect("suspense")
    messages.success(request, _("The payment is posted."))
    return redirect("case", loan.case_id)
