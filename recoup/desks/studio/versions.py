"""Strategies: every version, what changed, and putting one in force."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from recoup.kernel.clock import now
from recoup.kernel.errors import Invalid, Refused
from recoup.look import books, once
from recoup.look.forms import take
from recoup.look.views import viewer_of
from recoup.people import scopes
from recoup.strategy import operations
from recoup.strategy import queries as strategy_queries
from recoup.strategy.comparing import compare
from recoup.strategy.flights import operations as approving
from recoup.strategy.flights import queries as flights
from recoup.strategy.models import StrategyApproval, StrategyVersion
from recoup.strategy.reading import read


class SourceForm(forms.Form):
    """A strategy as text."""

    source = forms.CharField(
        label=gettext_lazy("Strategy (YAML)"), max_length=100_000, strip=False,
        widget=forms.Textarea(attrs={"rows": 26, "spellcheck": "false", "class": "mono"}),
        help_text=gettext_lazy(
            "Saving adds a new version as a draft. Nothing changes until someone activates it."
        ),
    )  # fmt: skip


@require_GET
def strategies(request: HttpRequest) -> HttpResponse:
    """Every version, newest first."""
    viewer, book = viewer_of(request), books.chosen(request)
    rows = strategy_queries.versions(viewer=viewer, book=book)
    asked = flights.approvals(viewer=viewer, book=book).filter(state=StrategyApproval.State.ASKED)
    context = {
        "book": book,
        "versions": rows,
        "asked": set(asked.values_list("version", flat=True)),
    }
    return render(request, "studio/strategies.html", context)


@require_GET
def strategy(request: HttpRequest, pk: int) -> HttpResponse:
    """One version: readable, as text, and what changed from another."""
    version = _version(request, pk)
    others = strategy_queries.versions(viewer=viewer_of(request), book=version.book)
    against = request.GET.get("against", "")
    before = (
        others.filter(pk=int(against)).first() if against.isascii() and against.isdigit() else None
    )
    context: dict[str, Any] = {
        "book": version.book,
        "version": version,
        "said": _read(version),
        "others": others.exclude(pk=pk),
        "before": before,
        "may_activate": scopes.ACTIVATE_STRATEGY in viewer_of(request).may,
        **_clearance(request, version),
    }
    if before:
        context["changes"] = strategy_queries.diff(
            viewer=viewer_of(request), before=before, after=version
        )
        older = _read(before)
        if older and context["said"]:
            context["differences"] = compare(older, context["said"])
    return render(request, "studio/strategy.html", context)


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Write a new version, beginning from the one in force."""
    viewer, book = viewer_of(request), books.chosen(request)
    scopes.demand(viewer, scopes.ACTIVATE_STRATEGY)
    start = strategy_queries.active(book=book)
    form = SourceForm(request.POST or None, initial={"source": start.source if start else ""})
    if request.method == "POST" and form.is_valid():
        try:
            version = operations.add(
                book=book, source=form.cleaned_data["source"].replace("\r\n", "\n"),
                by=viewer.actor(), at=now(),
            )  # fmt: skip
        except (Invalid, Refused) as error:
            take(form, error)
        else:
            messages.success(request, _("%(version)s is kept as a draft.") % {"version": version})
            return redirect("strategy", version.pk)
    status = 422 if form.errors else 200
    return render(request, "studio/strategy_add.html", {"book": book, "form": form}, status=status)


@require_POST
def activate(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a version in force from tonight."""
    viewer, version = viewer_of(request), _version(request, pk)
    scopes.demand(viewer, scopes.ACTIVATE_STRATEGY)
    try:
        once.carry_out(
            request, lambda: operations.activate(version=version, viewer=viewer, at=now())
        )
    except (Invalid, Refused) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(version)s is in force from tonight.") % {"version": version})
    return redirect("strategy", pk)


def _clearance(request: HttpRequest, version: StrategyVersion) -> dict[str, Any]:
    """Whether a version may be put in force, what was asked for, and who may decide it."""
    viewer = viewer_of(request)
    found = flights.cleared(viewer=viewer, version=version, at=now())
    rows = list(flights.approvals(viewer=viewer, book=version.book).filter(version=version)[:5])
    waiting = next((row for row in rows if row.state == StrategyApproval.State.ASKED), None)
    return {
        "clearance": found, "approvals": rows, "waiting": waiting,
        "not_clear": "" if found.is_clear else _(flights.WHY[found.code]),
        "may_decide": waiting is not None and flights.may_decide(viewer=viewer, approval=waiting),
    }  # fmt: skip


@require_POST
def ask_approval(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask another person to answer for a version that no good flight answers for."""
    viewer, version = viewer_of(request), _version(request, pk)
    scopes.demand(viewer, scopes.ACTIVATE_STRATEGY)
    reason = request.POST.get("reason", "")
    try:
        once.carry_out(request, lambda: approving.ask_approval(
            version=version, viewer=viewer, reason=reason, at=now()))  # fmt: skip
    except (Invalid, Refused) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Approval was asked for. Somebody else decides."))
    return redirect("strategy", pk)


@require_POST
def decide_approval(request: HttpRequest, pk: int) -> HttpResponse:
    """Give or deny leave for a version, by name and with a reason."""
    viewer = viewer_of(request)
    scopes.demand(viewer, scopes.APPROVE_STRATEGY)
    rows = StrategyApproval.objects.select_related("version__book")
    row = get_object_or_404(scopes.visible(rows, viewer, case="version__"), pk=pk)
    give = request.POST.get("give") == "yes"
    try:
        once.carry_out(request, lambda: approving.decide_approval(
            viewer=viewer, approval=row, give=give, answer=request.POST.get("answer", ""),
            at=now()))  # fmt: skip
    except (Invalid, Refused) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Your decision is in the journal."))
    return redirect("strategy", row.version_id)


def _version(request: HttpRequest, pk: int) -> StrategyVersion:
    viewer = viewer_of(request)
    scopes.demand(viewer, scopes.SEE_STUDIO)
    rows = scopes.visible(StrategyVersion.objects.select_related("book"), viewer)
    return get_object_or_404(rows, pk=pk)


def _read(version: StrategyVersion) -> Any:
    try:
        return read(version.source)
    except Invalid:
        return None
