"""Last night's plan."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from recoup.journal import queries as journal
from recoup.look import books
from recoup.look.reasons import why_not
from recoup.look.views import viewer_of
from recoup.strategy import queries as strategy


@require_GET
def plan(request: HttpRequest) -> HttpResponse:
    """What a night decided, what it left alone and why, and what its budgets were worth."""
    viewer, book = viewer_of(request), books.chosen(request)
    night = strategy.plan(viewer=viewer, book=book, on=_day(request))
    total = night.plan.rows if night else 0
    context = {
        "book": book,
        "night": night,
        "days": [row.on for row in strategy.plans(viewer=viewer, book=book)[:30]],
        "left_alone": [
            {"why": why_not(code), "count": count, "share": count / total if total else 0}
            for code, count in (night.why if night else [])
        ],
        "position": journal.position(),
        "live_kinds": "strategy.",
    }
    return render(request, "studio/plan.html", context)


def _day(request: HttpRequest) -> date | None:
    wanted = request.GET.get("on")
    if not wanted:
        return None
    try:
        return date.fromisoformat(wanted)
    except ValueError:
        raise Http404("No such day.") from None
