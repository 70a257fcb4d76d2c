"""What was not allowed and why, and the tail of the record."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from recoup.gate import queries as gate
from recoup.journal import queries as journal
from recoup.journal.models import Event
from recoup.kernel.clock import now
from recoup.look import books, sentences
from recoup.look.forms import day_from
from recoup.look.paging import page_of
from recoup.look.views import viewer_of
from recoup.people import scopes

SPANS = (1, 7, 30, 90)


@require_GET
def refusals(request: HttpRequest) -> HttpResponse:
    """Contacts that a rule stopped: how often each rule, and each one with its source."""
    viewer, book = viewer_of(request), books.named(request)
    scopes.demand(viewer, scopes.SEE_JOURNAL)
    days, on = _days(request), _on(request)
    rule, channel = (request.GET.get(name) or None for name in ("rule", "channel"))
    some: dict[str, Any] = {"viewer": viewer, "book": book, "channel": channel}
    if on is None:
        some["since"] = now() - timedelta(days=days)
    else:
        some |= {"on": on, "books": [book] if book else books.known(request)}
    context = {
        "book": book,
        "days": None if on else days,
        "on": on,
        "spans": SPANS,
        "rule": rule,
        "channel": channel,
        "by_rule": gate.refusals_by_rule(**some),
        "page": page_of(request, gate.refusals(**some, rule=rule), size=25),
        "position": journal.position(),
        "live_kinds": "gate.",
    }
    return render(request, "review/refusals.html", context)


@require_GET
def journal_page(request: HttpRequest) -> HttpResponse:
    """The newest events of the viewer's creditors, as sentences."""
    viewer = viewer_of(request)
    scopes.demand(viewer, scopes.SEE_JOURNAL)
    stage = request.GET.get("stage", "")
    rows = Event.objects.filter(creditor__in=viewer.creditors).order_by("-position")
    if stage in sentences.ICONS:
        rows = rows.filter(kind__startswith=f"{stage}.")
    page = page_of(request, rows)
    context = {
        "page": page,
        "events": [sentences.sentence_of(event) for event in page.rows],
        "stages": sentences.stage_names(),
        "stage": stage,
        "position": journal.position(),
    }
    return render(request, "review/journal.html", context)


def _on(request: HttpRequest) -> date | None:
    return day_from(request.GET.get("on", ""))


def _days(request: HttpRequest) -> int:
    wanted = request.GET.get("days", "7")
    return int(wanted) if wanted in {str(span) for span in SPANS} else 7
