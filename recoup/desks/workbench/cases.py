"""The list of cases: filtered, searched, sorted and paged by the address alone."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from recoup.journal import queries as journal
from recoup.look import books, terms
from recoup.look.paging import page_of
from recoup.look.views import viewer_of
from recoup.people.models import Team
from recoup.portfolio import queries as portfolio

STAGES = ("C", "M1", "M2", "M3", "M4", "M5", "M6", "M7+")
ORDERS = ("overdue", "owed", "days_past_due", "placed_on")
DEFAULT = "-overdue"


@require_GET
def cases(request: HttpRequest) -> HttpResponse:
    """The cases that the viewer may see, filtered by the address."""
    viewer = viewer_of(request)
    asked = request.GET
    order = asked.get("order", DEFAULT)
    rows = portfolio.cases(
        viewer=viewer, book=books.named(request), stage=asked.get("stage") or None,
        state=asked.get("state") or None, team=_team(request),
        search=asked.get("search", "").strip() or None,
        order=order if order.lstrip("-") in ORDERS else DEFAULT,
    )  # fmt: skip
    context = {
        "page": page_of(request, rows), "stages": STAGES, "states": terms.choices("case"),
        "teams": _teams(request), "position": journal.position(), "default_order": DEFAULT,
        "book": books.named(request), "live_kinds": "portfolio. repayment. contact.",
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
