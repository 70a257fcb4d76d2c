"""
Calling a borrower: leave is asked, the number shown, and what it came to written down.

Not one transaction, unlike other forms here: a refusal must stay on record. The form's token is the
key of the wish, and a permit is used once, so two clicks are one call.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from recoup.contact import operations as contact
from recoup.contact import queries as calls
from recoup.contact.models import Attempt
from recoup.desks.workbench import forms as case_forms
from recoup.desks.workbench.acting import perform
from recoup.desks.workbench.reading import asked_by, found, page
from recoup.gate import operations as gate
from recoup.gate.models import Permit, Refusal
from recoup.kernel.clock import now
from recoup.kernel.errors import Invalid, Refused
from recoup.look import once
from recoup.look.views import viewer_of
from recoup.people import operations as people
from recoup.people import scopes
from recoup.portfolio.models import Case, ContactPoint


@require_POST
@never_cache
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask leave for a call and begin it at once; the page shows the number, or every rule."""
    case, viewer, at = _callable(request, pk), viewer_of(request), now()
    point = _point(request, case)
    drawn = request.POST.get(once.FIELD, "")[:32]
    key = asked_by(viewer) + (drawn if drawn.isascii() and drawn.isalnum() else once.token())
    under_way = calls.open_calls(viewer=viewer, case=case, asked=asked_by(viewer))
    if under_way.exclude(permit__request_key=key).exists():
        messages.error(request, _("Say first what the call that runs came to."))
        return redirect("case", case.pk)
    # What the checkbox says goes to the rules as it is: they know where a call must be recorded.
    session = {"recording_ready": "call-recording" in request.POST}
    try:
        answer = gate.request_contact(
            case=case, channel="call", contact_point=point.pk, session=session, key=key,
            by=viewer.actor(), at=at,
        )  # fmt: skip
        if isinstance(answer, Refusal):
            return page(request, case, refused=(answer, point))
        if answer.state != Permit.State.ISSUED:
            return _before(request, case)
        attempt = contact.begin_call(permit=answer, session=session, by=viewer.actor(), at=at)
    except Refused as error:
        if error.rules == ("gate.used",):
            return _before(request, case)
        messages.error(request, str(error))
        return redirect("case", case.pk)
    except Invalid as error:
        messages.error(request, str(error))
        return redirect("case", case.pk)
    return _dialled(request, case, attempt, point, at)


@require_POST
@never_cache
def number(request: HttpRequest, pk: int, attempt: int) -> HttpResponse:
    """Show the number of a call that runs once more, while it may be dialled."""
    case, at = _callable(request, pk), now()
    row = _running(request, case, attempt)
    if at >= row.permit.expires_at:
        messages.error(request, _("The time to dial is over. Say what the call came to."))
        return redirect("case", case.pk)
    return _dialled(request, case, row, row.contact_point, at)


@require_POST
def end(request: HttpRequest, pk: int, attempt: int) -> HttpResponse:
    """Say what a call came to."""
    case, viewer = _callable(request, pk), viewer_of(request)
    mine = Attempt.objects.filter(case=case, permit__request_key__startswith=asked_by(viewer))
    row = get_object_or_404(mine.select_related("permit", "case"), pk=attempt, channel="call")
    form = case_forms.OutcomeForm(request.POST, call=row.pk)
    return perform(
        request, case, form,
        lambda at: contact.end_call(
            attempt=row, outcome=form.cleaned_data["outcome"], seconds=form.seconds,
            by=viewer.actor(), at=at,
        ),
        done=_("What the call came to is recorded."),
    )  # fmt: skip


def _callable(request: HttpRequest, pk: int) -> Case:
    """The case, for someone who may ask leave and see a number. :raises Refused: for others"""
    case, viewer = found(request, pk), viewer_of(request)
    scopes.demand(viewer, scopes.ASK_PERMIT)
    scopes.demand(viewer, scopes.UNMASK)
    return case


def _point(request: HttpRequest, case: Case) -> ContactPoint:
    wanted = request.POST.get("point", "")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 16):
        raise Http404("No such contact point.")
    phones = ContactPoint.objects.filter(borrower=case.borrower_id, medium="phone")
    return get_object_or_404(phones.select_related("sealed__person"), pk=int(wanted))


def _running(request: HttpRequest, case: Case, attempt: int) -> Attempt:
    viewer = viewer_of(request)
    mine = calls.open_calls(viewer=viewer, case=case, asked=asked_by(viewer))
    return get_object_or_404(mine, pk=attempt)


def _before(request: HttpRequest, case: Case) -> HttpResponse:
    messages.success(request, _("This was already recorded. Nothing was added."))
    return redirect("case", case.pk)


def _dialled(
    request: HttpRequest, case: Case, attempt: Attempt, point: ContactPoint, at: datetime
) -> HttpResponse:
    """The page with the number of a call, this once; the journal keeps under which permit."""
    value = people.unmask(
        viewer=viewer_of(request), sealed=point.sealed, at=at, case=case,
        reason=f"call under permit {attempt.permit_id}",
    )  # fmt: skip
    return page(request, case, shown={point.sealed_id: value})
