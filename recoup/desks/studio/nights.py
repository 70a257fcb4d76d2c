"""Last night's plan, and what budgets were worth over the nights."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from recoup.journal import queries as journal
from recoup.kernel.actors import Viewer
from recoup.kernel.money import EXPONENTS
from recoup.look import books, charts, terms
from recoup.look.reasons import why_not
from recoup.look.views import viewer_of
from recoup.people.models import Book
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
        "prices": _prices(viewer, book, night),
        "position": journal.position(),
        "live_kinds": "strategy.",
    }
    return render(request, "studio/plan.html", context)


def _prices(viewer: Viewer, book: Book, night: strategy.Night | None) -> dict[str, Any] | None:
    """The chart of what one more unit would have won, night by night; from two nights on."""
    days, found = strategy.prices(viewer=viewer, book=book)
    if night is None or len(days) < 2 or not found:
        return None
    titles = {name: budget["title"] for name, budget in night.budgets.items()}
    unit = 10 ** EXPONENTS.get(book.currency, 2)
    return charts.lines(
        names=[day.isoformat() for day in days],
        series={
            titles.get(name) or terms.word("budget", name): [
                None if price is None else round(price / unit, 4) for price in prices
            ]
            for name, prices in found.items()
        },
        unit=book.currency,
    )  # fmt: skip


def _day(request: HttpRequest) -> date | None:
    wanted = request.GET.get("on")
    if not wanted:
        return None
    try:
        return date.fromisoformat(wanted)
    except ValueError:
        raise Http404("No such day.") from None
