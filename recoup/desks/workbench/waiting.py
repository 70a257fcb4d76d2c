"""What waits for a person: today's queue, and the replies nobody has dealt with."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from recoup.contact import queries as contact
from recoup.journal import queries as journal
from recoup.kernel.clock import local_day, now
from recoup.look import books
from recoup.look.paging import page_of
from recoup.look.views import viewer_of
from recoup.people import scopes
from recoup.strategy import queries as strategy


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Whom to take today, in which order, and why."""
    viewer = viewer_of(request)
    scopes.demand(viewer, scopes.WORK_CASES)
    on = today(request)
    rows = strategy.queue(viewer=viewer, on=on).select_related(
        "case__book", "case__borrower", "assignee"
    )
    page = page_of(request, rows)
    for task in page.rows:
        task.why = strategy.describe(task)
    context = {
        "page": page, "on": on, "leads": scopes.REVERSE_PAYMENT in viewer.may,
        "position": journal.position(), "live_kinds": "strategy. repayment. contact.replied",
    }  # fmt: skip
    return render(request, "workbench/queue.html", context)


@require_GET
def replies(request: HttpRequest) -> HttpResponse:
    """What borrowers wrote and nobody has dealt with."""
    viewer = viewer_of(request)
    scopes.demand(viewer, scopes.WORK_CASES)
    rows: list[Any] = []
    for book in books.known(request):
        rows += list(contact.replies(viewer=viewer, book=book, handled=False))
    context = {"page": page_of(request, rows), "position": journal.position()}
    return render(request, "workbench/replies.html", context)


def today(request: HttpRequest) -> date:
    """The day of the viewer's first book; of the house where there is none."""
    known = books.known(request)
    return local_day(now(), known[0].time_zone if known else settings.TIME_ZONE)
