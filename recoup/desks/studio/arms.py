"""The experiment: what each arm brought, night by night, and which were stopped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from recoup.journal import queries as journal
from recoup.kernel.clock import now
from recoup.kernel.errors import Invalid, Refused
from recoup.look import books, charts, once
from recoup.look.views import viewer_of
from recoup.people import scopes
from recoup.strategy import operations
from recoup.strategy import queries as strategy
from recoup.strategy.models import ArmLook, ArmStop

WIDEST = 1.6  # how far the axis goes beyond the last interval; earlier ones are cut off there


@dataclass(frozen=True)
class Side:
    """An arm of the page: its last look, its chart and where that stands, its stop if it has one."""

    arm: str
    last: ArmLook
    chart: dict[str, Any]
    name: str
    stop: ArmStop | None


@require_GET
def arms(request: HttpRequest) -> HttpResponse:
    """Every arm beside the champion, with intervals that stay valid at every look."""
    viewer, book = viewer_of(request), books.chosen(request)
    found = strategy.arms(viewer=viewer, book=book)
    stops = strategy.stops(viewer=viewer, book=book)
    looks = strategy.looks(viewer=viewer, book=book)
    context = {
        "book": book,
        "rows": found,
        "sides": [
            _side(number, arm, rows, stops) for number, (arm, rows) in enumerate(looks.items())
        ],
        "stops": stops,
        "stopped": {stop.arm for stop in stops if stop.restarted_at is None},
        "may_restart": scopes.ACTIVATE_STRATEGY in viewer.may,
        "position": journal.position(),
        "live_kinds": "strategy.",
    }
    return render(request, "studio/arms.html", context)


@require_POST
def restart(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a stopped arm run again, with a reason."""
    viewer = viewer_of(request)
    rows = ArmStop.objects.filter(book__creditor__in=viewer.creditors).select_related("book")
    stop, reason = get_object_or_404(rows, pk=pk), request.POST.get("reason", "")
    try:
        once.carry_out(
            request,
            lambda: operations.restart(stop=stop, reason=reason, viewer=viewer, at=now()),
        )
    except (Invalid, Refused) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Arm %(arm)s runs again from tonight.") % {"arm": stop.arm})
    response = redirect("arms")
    response["Location"] += f"?book={stop.book.code}"
    return response


def _side(number: int, arm: str, rows: list[ArmLook], stops: list[ArmStop]) -> Side:
    mine = [stop for stop in stops if stop.arm == arm]
    stop = next((one for one in mine if one.restarted_at is None), None)
    marks = {one.on.isoformat(): _("stopped") for one in mine}
    return Side(arm, rows[-1], _chart(rows, marks), f"c-arm-{number}", stop)


def _chart(rows: list[ArmLook], marks: dict[str, str]) -> dict[str, Any]:
    ends = [(row.low, row.high) for row in rows if row.low is not None and row.high is not None]
    widest = max((abs(end) for end in ends[-1]), default=math.inf) if ends else math.inf
    most = max([WIDEST * widest, *(abs(row.difference) for row in rows if row.low is not None)])

    def points(value: float | None) -> float | None:
        return None if value is None else round(100 * min(max(value, -most), most), 3)

    return charts.band(
        names=[row.on.isoformat() for row in rows],
        middle=(_("Difference"), [points(row.difference if row.low is not None else None)
                                  for row in rows]),
        low=(_("At least"), [points(row.low) for row in rows]),
        high=(_("At most"), [points(row.high) for row in rows]),
        unit=_("pp"), marks={name: said for name, said in marks.items()
                             if name in {row.on.isoformat() for row in rows}},
    )  # fmt: skip
