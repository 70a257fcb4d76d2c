"""Off-policy answers: what another version would have brought, by the log, or why nobody knows."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from recoup.kernel.clock import local_day, now
from recoup.kernel.errors import Invalid, Refused
from recoup.kernel.money import EXPONENTS
from recoup.kernel.said import translated
from recoup.look import books, charts, once, terms
from recoup.look.views import viewer_of
from recoup.people import scopes
from recoup.strategy import operations
from recoup.strategy import queries as strategy
from recoup.strategy.models import Judgement

MOST = 20


@require_GET
def judgements(request: HttpRequest) -> HttpResponse:
    """The newest answer (or the one asked for), and what was asked before."""
    viewer, book = viewer_of(request), books.chosen(request)
    rows = strategy.judgements(viewer=viewer, book=book)
    asked = request.GET.get("answer", "")
    if asked:
        shown = get_object_or_404(rows, pk=int(asked) if asked.isascii() and asked.isdigit() else 0)
    else:
        shown = rows.first()
    context: dict[str, Any] = {
        "book": book,
        "shown": shown,
        "earlier": rows[:MOST],
        "versions": strategy.versions(viewer=viewer, book=book)[:50],
        "may_ask": scopes.ACTIVATE_STRATEGY in viewer.may,
    }
    if shown is not None:
        context |= _answered(shown, book.currency)
    return render(request, "studio/judgements.html", context)


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Ask the log about a version."""
    viewer, book = viewer_of(request), books.chosen(request)
    wanted = request.POST.get("version", "")
    version = get_object_or_404(
        strategy.versions(viewer=viewer, book=book).select_related("book"),
        pk=int(wanted) if wanted.isascii() and wanted.isdigit() else 0,
    )
    at = now()
    try:
        once.carry_out(
            request,
            lambda: operations.ask(
                version=version, viewer=viewer, at=at, until=local_day(at, book.time_zone)
            ),
        )
    except (Invalid, Refused) as error:
        messages.error(request, " ".join(filter(None, [str(error), error.hint])))
    response = redirect("judgements")
    response["Location"] += f"?book={book.code}"
    return response


def _answered(shown: Judgement, currency: str) -> dict[str, Any]:
    result = shown.result
    answers = [
        {
            "name": name, **one,
            "refused": [translated(why, _) for why in one.get("refused", [])],
        }
        for name, one in strategy.each(result)
    ]  # fmt: skip
    found: dict[str, Any] = {
        "answers": answers,
        "reasons": [translated(why, _) for why in result["reasons"]],
    }
    told = [one for one in answers if "gain" in one]
    if told:
        unit = 10 ** EXPONENTS.get(currency, 2)
        value, low, high = ([round(one["gain"][end] / unit, 4) for one in told] for end in range(3))
        found["chart"] = charts.intervals(
            names=[terms.word("estimator", one["name"]) for one in told], values=value, lows=low,
            highs=high, said=_("More than the log"), unit=currency,
        )  # fmt: skip
    return found
