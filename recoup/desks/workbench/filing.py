"""What is put on file for the rules, and taken off: marks and papers of one case."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from recoup.desks.workbench import forms as case_forms
from recoup.desks.workbench.acting import end_of, perform, worked
from recoup.desks.workbench.reading import points_of
from recoup.gate import operations as gate
from recoup.gate import queries
from recoup.kernel.clock import now
from recoup.kernel.errors import Invalid
from recoup.look import once
from recoup.look.views import viewer_of
from recoup.people import scopes
from recoup.rulebook.vocabulary import OPENS


@require_POST
def declare(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a mark or a paper on file; what opens a contact, only whoever answers for the law."""
    case, viewer = worked(request, pk, scopes.HOLD), viewer_of(request)
    points = points_of(case)
    may_open = scopes.APPROVE_RULE in viewer.may
    form = case_forms.DeclareForm(request.POST, points=points, may_open=may_open)

    def act(at: datetime) -> object:
        said = form.cleaned_data
        subjects = {"case": case, "borrower": case.borrower, **{str(p.pk): p for p in points}}
        return gate.declare(
            word=said["word"], of=subjects[said["of"]], source=said["source"],
            until=end_of(said["until"], case), by=viewer.actor(), at=at,
        )  # fmt: skip

    return perform(request, case, form, act, done=_("It is on file from this moment."))


@require_POST
def withdraw(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    """Take something off file; what is on file of the creditor, book or agency stays."""
    case, viewer, at = worked(request, pk, scopes.HOLD), viewer_of(request), now()
    mine = queries.declared(viewer=viewer, case=case, at=at)
    own = mine.filter(book=None, agency=None).exclude(
        case=None, borrower=None, contact_point=None
    )  # fmt: skip
    declared = get_object_or_404(own, pk=row)
    if declared.word not in OPENS:
        scopes.demand(viewer, scopes.APPROVE_RULE)
    try:
        first = once.carry_out(
            request,
            lambda: gate.withdraw_declared(
                declared=declared, reason=request.POST.get("off-reason", ""), by=viewer.actor(),
                at=at,
            ),
        )  # fmt: skip
    except Invalid as error:
        messages.error(request, str(error))
    else:
        if first:
            messages.success(request, _("It is off file."))
    return redirect("case", case.pk)
