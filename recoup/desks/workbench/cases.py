"""
The list of cases: filtered, sorted and paged by the address alone; what is searched for is not in it.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from recoup.desks.workbench import searching
from recoup.journal import queries as journal
from recoup.look import books, terms
from recoup.look.paging import page_of
from recoup.look.views import viewer_of
from recoup.people.models import Team
from recoup.portfolio import queries as portfolio

STAGES = ("C", "M1", "M2", "M3", "M4", "M5", "M6", "M7+")
ORDERS = ("overdue", "owed", "days_past_due", "placed_on")
DEFAULT = "-overdue"
FILTERS = ("book", "stage", "state", "team")


@require_POST
def search(request: HttpRequest) -> HttpResponse:
    """Take what is searched for out of a form, and go to an address that does not say it."""
    viewer_of(request)
    asked = {
        name: request.POST[name]
        for name in (*FILTERS, searching.FIELD) if request.POST.get(name)
    }  # fmt: skip
    if words := request.POST.get("search", "").strip():
        asked[searching.FIELD] = searching.remember(request, words)
    address = reverse("cases")
    return redirect(f"{address}?{urlencode(asked)}" if asked else address)


@require_GET
def cases(request: HttpRequest) -> HttpResponse:
    """The cases that the viewer may see, filtered by the address."""
    viewer = viewer_of(request)
    asked = request.GET
    words = searching.words_of(request)
    if "search" in asked or (searching.FIELD in asked and not words):
        # Typed into the address, or from another session: it leads to the list without a search.
        clean = {name: asked[name] for name in (*FILTERS, "order") if asked.get(name)}
        return redirect(f"{reverse('cases')}?{urlencode(clean)}" if clean else "cases")
    order = asked.get("order", DEFAULT)
    rows = portfolio.cases(
        viewer=viewer, book=books.named(request), stage=asked.get("stage") or None,
        state=asked.get("state") or None, team=_team(request),
        search=words or None,
        order=order if order.lstrip("-") in ORDERS else DEFAULT,
    )  # fmt: skip
    context = {
        "page": page_of(request, rows), "stages": STAGES, "states": terms.choices("case"),
        "teams": _teams(request), "position": journal.position(), "default_order": DEFAULT,
        "book": books.named(request), "searched": bool(words), "live_kinds": "portfolio. repayment. contact.",
    }  # fmt: skip
    return render(request, "workbench/cases.html", context)


def _team(request: HttpRequest) -> Team | None:
    wanted = request.GET.get("team", "")
    return next((team for team in _teams(request) if team.code == wanted), None)


def _teams(request: HttpRequest) -> list[Team]:
    viewer = viewer_of(request)
    if viewer.team is not None or viewer.agency is not None:
        return []
    return list(Team.objects.filter(creditor__in=viewer.creditors).order_by("code"))
