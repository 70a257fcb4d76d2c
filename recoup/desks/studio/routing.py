"""Routing: what machines, messages and people bring in a year, and which group is closed to whom."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from recoup.journal import queries as journal
from recoup.look import books, charts, terms
from recoup.look.views import viewer_of
from recoup.strategy import queries as strategy
from recoup.strategy.queries import Routed


@require_GET
def routing(request: HttpRequest) -> HttpResponse:
    """Every comparison by segment, over a year, and interim."""
    viewer, book = viewer_of(request), books.chosen(request)
    found = strategy.routed(viewer=viewer, book=book)
    context: dict[str, Any] = {
        "book": book, "found": found, "position": journal.position(), "live_kinds": "strategy.",
    }  # fmt: skip
    if found is not None:
        context["chart"] = _chart(found)
    return render(request, "studio/routing.html", context)


def _chart(found: Routed) -> dict[str, Any] | None:
    known = [one for one in found.final if one["low"] is not None]
    if not known:
        return None
    return charts.intervals(
        names=[
            f"{one['segment']}: {terms.word('group', one['group'])} –"
            f" {terms.word('group', one['against'])}"
            for one in known
        ],
        values=[round(100 * one["value"], 3) for one in known],
        lows=[round(100 * one["low"], 3) for one in known],
        highs=[round(100 * one["high"], 3) for one in known],
        said=_("Difference in a year"), unit=_("pp"),
    )  # fmt: skip
