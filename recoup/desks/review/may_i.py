"""May I? The verdict on a case, or on somebody like that, without asking for a permit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from recoup.desks.review.forms import CaseQuestion, FactsQuestion
from recoup.gate import queries as gate
from recoup.kernel.actors import Viewer
from recoup.kernel.clock import now
from recoup.kernel.errors import Invalid, Refused
from recoup.look import books
from recoup.look.forms import at_place, take
from recoup.look.views import viewer_of
from recoup.people import scopes
from recoup.portfolio import queries as portfolio
from recoup.portfolio.models import Case


@require_GET
@never_cache
def may_i(request: HttpRequest) -> HttpResponse:
    """The question in the address, and its answer below."""
    viewer = viewer_of(request)
    free = scopes.SEE_JOURNAL in viewer.may
    if not free:
        scopes.demand(viewer, scopes.ASK_PERMIT)
    about_facts = free and request.GET.get("about") == "facts"
    context = _of_facts(request, viewer) if about_facts else _of_case(request, viewer)
    context |= {"about": "facts" if about_facts else "case", "free": free}
    status = 422 if context["form"].errors else 200
    return render(request, "review/may_i.html", context, status=status)


def _of_case(request: HttpRequest, viewer: Viewer) -> dict[str, Any]:
    asked = request.GET.get("case", "").strip()
    case = found(viewer, asked)
    points = gate.points(viewer=viewer, case=case) if case else []
    form = CaseQuestion(request.GET if "channel" in request.GET else None, points=points,
                        initial={"case": asked})  # fmt: skip
    context: dict[str, Any] = {"form": form, "case": case, "book": case.book if case else None}
    if not form.is_bound or not form.is_valid():
        return context
    if case is None:
        # The same words for a number that was never given out and for one that is others'.
        form.add_error("case", _("There is no such case that you may see."))
        return context
    said = form.cleaned_data
    at = _when(form, said["when"], case.book.time_zone, past=False)
    if at is None:
        return context
    try:
        told = gate.may_i(
            viewer=viewer, case=case, channel=said["channel"], at=at,
            point=int(said["point"]) if said["point"] else None, session=form.session(),
        )  # fmt: skip
    except Invalid as error:
        take(form, error)
        return context
    country = case.book.jurisdiction
    return context | {"told": told, "country": country, "ask": _ask(viewer, case, told)}


def found(viewer: Viewer, asked: str) -> Case | None:
    """The case with a number, or the only one with an account or customer number."""
    if not asked:
        return None
    if asked.isascii() and asked.isdigit() and len(asked) < 16:
        try:
            return portfolio.case(viewer=viewer, pk=int(asked))
        except Refused:
            pass
    # By numbers of ours or the lender's only: what is asked here stands in the address.
    named = Q(borrower__reference=asked) | Q(loans__reference=asked)
    some = list(portfolio.cases(viewer=viewer).filter(named).distinct()[:2])
    return some[0] if len(some) == 1 else None


def _of_facts(request: HttpRequest, viewer: Viewer) -> dict[str, Any]:
    countries = gate.countries(viewer=viewer)
    bound = request.GET if "channel" in request.GET else None
    own = [book.jurisdiction for book in books.known(request)]
    first = next((code for code in own if code in countries), countries[0])
    form = FactsQuestion(bound, countries=countries, initial={"country": first})
    context: dict[str, Any] = {"form": form, "case": None, "book": None}
    if not form.is_bound or not form.is_valid():
        return context
    said = form.cleaned_data
    try:
        usual = gate.ordinary(viewer=viewer, jurisdiction=said["country"], channel=said["channel"])
        at = _when(form, said["when"], gate.clock_of(said["country"]), past=True)
        if at is None:
            return context
        told = gate.may_one(
            viewer=viewer, jurisdiction=said["country"], channel=said["channel"], at=at,
            facts=form.facts(usual),
        )  # fmt: skip
    except Invalid as error:
        take(form, error)
        return context
    return context | {"told": told, "country": said["country"], "ask": None}


def _when(form: forms.Form, typed: datetime | None, zone: str, *, past: bool) -> datetime | None:
    """The instant asked about; `None`, with a word at the field, where it is over already."""
    current = now()
    if typed is None:
        return current
    at = at_place(typed, zone)
    if past or at >= current:
        return at
    if at > current - timedelta(minutes=1):
        return current  # the minute that runs
    form.add_error("when", _("This time is over. What was allowed then, the case page tells."))
    return None


def _ask(viewer: Viewer, case: Case, told: gate.Told) -> str | None:
    """The address at which to ask that these rules be set aside; `None` if nobody could."""
    if not told.may_ask or not viewer.may & {scopes.ASK_PERMIT, scopes.HOLD}:
        return None
    query = [("case", str(case.pk)), ("channel", told.channel)]
    query += [("rule", name) for name in told.may_ask]
    return f"{reverse('approval_ask')}?{urlencode(query)}"
