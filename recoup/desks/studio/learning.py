"""Learning: what is believed of effects, what was tried and its price, and whether anything moved."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from recoup.journal import queries as journal
from recoup.kernel.money import EXPONENTS
from recoup.look import books, charts
from recoup.look.views import viewer_of
from recoup.strategy import queries as strategy
from recoup.strategy.queries import Learning


@require_GET
def learning(request: HttpRequest) -> HttpResponse:
    """What a book has learnt."""
    viewer, book = viewer_of(request), books.chosen(request)
    found = strategy.learning_of(viewer=viewer, book=book)
    context: dict[str, Any] = {
        "book": book, "found": found, "position": journal.position(), "live_kinds": "strategy.",
    }  # fmt: skip
    if found is not None:
        context |= _charts(found, book.currency)
    return render(request, "studio/learning.html", context)


def _charts(found: Learning, currency: str) -> dict[str, Any]:
    charts_: dict[str, Any] = {}
    if found.effects:
        charts_["effects"] = charts.intervals(
            names=[one.treatment for one in found.effects],
            values=[round(100 * one.value, 3) for one in found.effects],
            lows=[round(100 * one.low, 3) for one in found.effects],
            highs=[round(100 * one.high, 3) for one in found.effects],
            said=_("Believed effect"), unit=_("pp"),
        )  # fmt: skip
    if found.nights:
        unit = 10 ** EXPONENTS.get(currency, 2)
        charts_["prices"] = charts.bars(
            names=[one.on.isoformat() for one in found.nights],
            series={
                _("Drawn at random"): [
                    round(one.explored_price / unit, 2) for one in found.nights
                ],
                _("Drawn from what is believed"): [
                    round(one.sampled_price / unit, 2) for one in found.nights
                ],
            },
            unit=currency, stacked=True,
        )  # fmt: skip
    if found.residuals:
        charts_["residuals"] = charts.lines(
            names=[on for on, _z in found.residuals],
            series={_("Standard errors"): [round(z, 2) for _on, z in found.residuals]},
        )
    return charts_
