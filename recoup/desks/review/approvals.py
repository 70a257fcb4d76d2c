"""Leave to contact although a rule stands in the way: asked for, given, denied."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from recoup.desks.review.forms import AskForm, typed
from recoup.desks.review.may_i import found
from recoup.gate import operations
from recoup.gate import queries as gate
from recoup.gate.models import Approval
from recoup.journal import queries as journal
from recoup.kernel.actors import Viewer
from recoup.kernel.clock import now
from recoup.kernel.errors import Invalid, Refused
from recoup.look import once
from recoup.look.forms import at_place, take
from recoup.look.paging import page_of
from recoup.look.views import viewer_of
from recoup.people import scopes
from recoup.portfolio.models import Case
from recoup.rulebook.vocabulary import CHANNELS

ASKERS = frozenset({scopes.ASK_PERMIT, scopes.HOLD})
READERS = ASKERS | {scopes.SEE_JOURNAL}
USUAL = timedelta(hours=4)


@require_GET
def approvals(request: HttpRequest) -> HttpResponse:
    """What waits, with its decision for those who may; and what was decided."""
    return _page(request)


@require_POST
def decide(request: HttpRequest, pk: int, under: str = "") -> HttpResponse:
    """Give or deny what was asked, with a reason."""
    viewer, at = viewer_of(request), now()
    _demand(viewer, READERS)
    mine = scopes.visible(Approval.objects.all(), viewer, case="case__")
    row = get_object_or_404(mine, pk=pk)
    give, answer = request.POST.get("give") == "yes", request.POST.get("answer", "")
    if request.POST.get("give") == "revoke":
        return _revoke(request, viewer, row, answer, at)
    try:
        first = once.carry_out(request, lambda: operations.decide_approval(
            viewer=viewer, approval=row, give=give, answer=answer, at=at
        ))  # fmt: skip
    except Invalid as error:
        return _page(request, wrong=(pk, str(error), answer), status=422)
    said = _("Leave is given.") if give else _("Leave is denied.")
    messages.success(request, said if first else _("This was already recorded. Nothing was added."))
    return redirect("approvals")


def _revoke(
    request: HttpRequest, viewer: Viewer, row: Approval, reason: str, at: datetime
) -> HttpResponse:
    try:
        once.carry_out(request, lambda: operations.revoke_approval(
            viewer=viewer, approval=row, reason=reason, at=at
        ))  # fmt: skip
    except Invalid as error:
        return _page(request, wrong=(row.pk, str(error), reason), status=422)
    messages.success(request, _("The leave is taken back. The rules bind again from this moment."))
    return redirect("approvals")


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, under: str = "") -> HttpResponse:
    """Ask that some rules be set aside for one case and channel."""
    viewer, at = viewer_of(request), now()
    _demand(viewer, ASKERS)
    case = found(viewer, request.GET.get("case", ""))
    channel, names = request.GET.get("channel", ""), request.GET.getlist("rule")[:20]
    if case is None or channel not in CHANNELS or not names:
        raise Http404("Nothing to ask.")
    zone = case.book.time_zone
    first = {"rules": names, "until": typed(at + USUAL, zone)}
    form = AskForm(request.POST or None, names=names, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            once.carry_out(request, lambda: _asked(viewer, case, channel, form, zone, at))
        except (Invalid, Refused) as error:
            take(form, error)
        else:
            messages.success(request, _("It is asked. Somebody else with the role decides."))
            return redirect("approvals")
    context = {
        "form": form, "case": case, "book": case.book, "channel": channel,
        "rules": gate.words_of(names=names, book=case.book, at=at),
        "chosen": form["rules"].value() or [],
    }  # fmt: skip
    return render(request, "review/ask.html", context, status=422 if form.errors else 200)


def _asked(
    viewer: Viewer, case: Case, channel: str, form: AskForm, zone: str, at: datetime
) -> Approval:
    said = form.cleaned_data
    return operations.ask_approval(
        viewer=viewer, case=case, channel=channel, rules=said["rules"], reason=said["reason"],
        until=at_place(said["until"], zone), at=at,
    )  # fmt: skip


def _page(
    request: HttpRequest, *, wrong: tuple[int, str, str] | None = None, status: int = 200
) -> HttpResponse:
    viewer, at = viewer_of(request), now()
    _demand(viewer, READERS)
    decided = page_of(request, gate.decided_approvals(viewer=viewer, at=at), size=25)
    context = {
        "waiting": [
            _told(viewer, row, at, wrong)
            for row in gate.pending_approvals(viewer=viewer, at=at)[:100]
        ],
        "page": decided,
        "decided": [_told(viewer, row, at, wrong) for row in decided.rows],
        "may_see_rules": scopes.SEE_JOURNAL in viewer.may,
        "position": journal.position(), "live_kinds": "gate.approval",
    }  # fmt: skip
    return render(request, "review/approvals.html", context, status=status)


def _told(
    viewer: Viewer, row: Approval, at: datetime, wrong: tuple[int, str, str] | None
) -> dict[str, Any]:
    country = row.case.book.jurisdiction
    mine = wrong if wrong and wrong[0] == row.pk else (row.pk, "", "")
    lapsed = row.state == Approval.State.ASKED and row.until <= at
    return {
        "row": row, "country": country, "state": "lapsed" if lapsed else row.state,
        "holds": row.state == Approval.State.GIVEN and row.until > at,
        "rules": gate.words_of(names=row.rules, book=row.case.book, at=row.asked_at),
        "may_decide": gate.may_decide(viewer=viewer, approval=row),
        "may_revoke": operations.PERMISSION[row.role] in viewer.may,
        "own": row.asked_by == viewer.name, "wrong": mine[1], "answer": mine[2],
    }  # fmt: skip


def _demand(viewer: Viewer, any_of: frozenset[str]) -> None:
    if not viewer.may & any_of:
        scopes.demand(viewer, scopes.ASK_PERMIT)
