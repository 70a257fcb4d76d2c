"""What was not allowed and why, and the tail of the record."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from recoup.gate import queries as gate
from recoup.journal import queries as journal
from recoup.journal.models import Event
from recoup.kernel.clock import now
from recoup.look import books, sentences
from recoup.look.paging import page_of
from recoup.look.views import viewer_of
from recoup.people import scopes

SPANS = (1, 7, 30, 90)


@require_GET
def refusals(request: HttpRequest) -> HttpResponse:
    """Contacts that a rule stopped: how often each rule, and each one with its source."""
    viewer, book = viewer_of(request), books.chosen(request)
    scopes.demand(viewer, scopes.SEE_JOURNAL)
    days = _days(request)
    since = now() - timedelta(days=days)
    rule = request.GET.get("rule") or None
    context = {
        "book": book,
        "days": days,
        "spans": SPANS,
        "rule": rule,
        "by_rule": gate.refusals_by_rule(viewer=viewer, book=book, since=since),
        "page": page_of(
            request, gate.refusals(viewer=viewer, book=book, since=since, rule=rule), size=25
        ),
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


def _days(request: HttpRequest) -> int:
    wanted = request.GET.get("days", "7")
    return int(wanted) if wanted in {str(span) for span in SPANS} else 7
