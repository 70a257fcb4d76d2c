"""The floor: what everybody carries, what fairness costs, and the cases that nobody has."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from recoup.journal import queries as journal
from recoup.kernel.clock import local_day, now
from recoup.look import books, charts
from recoup.look.paging import page_of
from recoup.look.views import viewer_of
from recoup.strategy import queries as strategy


@require_GET
def floor(request: HttpRequest) -> HttpResponse:
    """Everybody on one page."""
    viewer, book = viewer_of(request), books.chosen(request)
    on = local_day(now(), book.time_zone)
    found = strategy.floor(viewer=viewer, book=book, on=on)
    context = {
        "book": book,
        "floor": found,
        "on": on,
        "nobody": [{"why": strategy.why_nobody(code), "count": count} for code, count in found.nobody],
        "fairness": fairness(found),
        "many_teams": len({place.who.team for place in found.places}) > 1,
        "position": journal.position(),
        "live_kinds": "strategy. people.absence",
    }  # fmt: skip
    return render(request, "floor/floor.html", context)


def fairness(found: strategy.Floor) -> dict[str, Any] | None:
    """The chart of what even shares cost, and the figures at the number of bands in force."""
    curve = found.curve
    if not curve or found.last is None:
        return None
    bands = found.last.fairness["bands"]
    at = next((point for point in curve if point["bands"] == bands), curve[0])
    option = charts.lines(
        names=[str(point["bands"]) for point in curve], unit="%",
        series={
            _("Value kept"): [round(100 * point["share"], 2) for point in curve],
            _("Variation between collectors"): [round(100 * point["spread"], 1) for point in curve],
        },
        mark=(str(bands), _("in force")),
    )  # fmt: skip
    return {
        "chart": option, "bands": bands, "cost": 1 - at["share"], "spread": at["spread"],
        "sample": found.last.fairness.get("sample", 0), "curve": curve,
        "partly": found.last.fairness.get("sample", 0) < found.last.rows,
    }  # fmt: skip


@require_GET
def unassigned(request: HttpRequest) -> HttpResponse:
    """The cases that nobody collects, and why."""
    viewer, book = viewer_of(request), books.chosen(request)
    page = page_of(request, strategy.unassigned(viewer=viewer, book=book))
    why = strategy.why_nobody_has(viewer=viewer, book=book, cases=[case.pk for case in page.rows])
    for case in page.rows:
        case.why = (
            strategy.why_nobody(why[case.pk]) if case.pk in why else _("its team has it as one")
        )
    context = {
        "book": book, "page": page, "position": journal.position(), "live_kinds": "strategy.",
    }  # fmt: skip
    return render(request, "floor/unassigned.html", context)
