"""Conflicts of interest (回避): declared by the collector, told to nobody else."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from recoup.desks.workbench import forms as case_forms
from recoup.desks.workbench.acting import perform, worked
from recoup.kernel.clock import now
from recoup.kernel.errors import Invalid, Refused
from recoup.look import once
from recoup.look.forms import take
from recoup.look.views import viewer_of
from recoup.people import operations as people
from recoup.people import queries, scopes
from recoup.people.models import Creditor, User


@require_POST
def declare(request: HttpRequest, pk: int) -> HttpResponse:
    """Say on a case that its borrower is somebody one must not collect from."""
    case, viewer = worked(request, pk), viewer_of(request)
    form = case_forms.ConflictForm(request.POST)
    return perform(
        request, case, form,
        lambda at: people.declare_conflict(
            user=_self(request), creditor=case.book.creditor, tie=form.cleaned_data["tie"],
            person=case.borrower.person, by=viewer.actor(), at=at,
        ),
        done=_("It is kept. Leave the case alone: tonight it goes to somebody else."),
        leave="conflicts",
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@never_cache
def own(request: HttpRequest) -> HttpResponse:
    """What one has declared oneself, and a form for a name, a number or an employer."""
    viewer = viewer_of(request)
    scopes.demand(viewer, scopes.WORK_CASES)
    form = case_forms.TiedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            first = once.carry_out(request, lambda: _declare(request, form, now()))
        except (Invalid, Refused) as error:
            take(form, error)
        else:
            if first:
                messages.success(request, _("It is kept; what you typed is not."))
            return redirect("conflicts")
    context = {"rows": queries.own_conflicts(viewer=viewer), "form": form}
    status = 422 if form.errors else 200
    return render(request, "workbench/conflicts.html", context, status=status)


def _declare(request: HttpRequest, form: case_forms.TiedForm, at: datetime) -> None:
    viewer, said = viewer_of(request), form.cleaned_data
    for creditor in Creditor.objects.filter(pk__in=viewer.creditors).order_by("pk"):
        people.declare_conflict(
            user=_self(request), creditor=creditor, tie=said["tie"], kind=said["kind"],
            value=said["value"], by=viewer.actor(), at=at,
        )  # fmt: skip


@require_POST
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own declaration back."""
    viewer = viewer_of(request)
    scopes.demand(viewer, scopes.WORK_CASES)
    row = next((each for each in queries.own_conflicts(viewer=viewer) if each.pk == pk), None)
    if row is None:
        raise Http404("No such declaration.")
    if once.carry_out(
        request, lambda: people.lift_conflict(conflict=row, by=viewer.actor(), at=now())
    ):
        messages.success(request, _("It is taken back."))
    return redirect("conflicts")


def _self(request: HttpRequest) -> User:
    user: User = request.user  # type: ignore[assignment]
    return user
