"""Whether everything is whole: books, placements, the journal, the accounts, the versions."""

from __future__ import annotations

import platform
import shutil
from typing import Any

import django
from django.conf import settings
from django.db import connection
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from recoup.contact.models import Attempt
from recoup.intake import queries as intake
from recoup.intake.models import QuarantinedRow
from recoup.journal import queries as journal
from recoup.journal.models import Event
from recoup.look import books
from recoup.look.views import viewer_of
from recoup.people import scopes
from recoup.people.models import User
from recoup.portfolio.models import Case

NEWEST = 8
MOST_VERIFIED = 200_000


@require_GET
def status(request: HttpRequest) -> HttpResponse:
    """The state of the house on one page."""
    scopes.demand(viewer_of(request), scopes.ADMINISTER)
    return render(request, "control/status.html", _facts(request))


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Recompute the whole chain now; long journals are for the command line."""
    scopes.demand(viewer_of(request), scopes.ADMINISTER)
    context = _facts(request)
    if journal.position() > MOST_VERIFIED:
        context["too_long"] = True
    else:
        context["verdict"] = journal.verify()
    return render(request, "control/status.html", context)


def _facts(request: HttpRequest) -> dict[str, Any]:
    viewer = viewer_of(request)
    known = books.known(request)
    mine = {"book__in": known}
    open_rows = QuarantinedRow.objects.filter(placement__book__in=known, state="open")
    disk = shutil.disk_usage(settings.DATA_DIR)
    return {
        "rows": [(book, _book(book.pk)) for book in known],
        "placements": list(intake.placements(viewer=viewer)[:NEWEST]),
        "quarantined": open_rows.count(),
        "unknown": Attempt.objects.filter(**mine, state=Attempt.State.UNKNOWN).count(),
        "position": journal.position(),
        "last_event": Event.objects.order_by("-position").first(),
        "users": list(
            User.objects.filter(creditors__in=viewer.creditors)
            .values("role").annotate(count=Count("pk", distinct=True)).order_by("role")
        ),
        "versions": _versions(),
        "disk_free": disk.free / disk.total,
        "live_kinds": "intake. strategy. scoring.",
    }  # fmt: skip


def _book(pk: int) -> dict[str, Any]:
    working = Q(state__in=("open", "retained"))
    figures = Case.objects.filter(book=pk).aggregate(
        cases=Count("pk"), working=Count("pk", filter=working), owed=Sum("owed"),
        overdue=Sum("overdue"),
    )  # fmt: skip
    last = Event.objects.filter(book=pk).order_by("-position").values_list("at", flat=True).first()
    return {**figures, "last": last}


def _versions() -> list[tuple[str, str]]:
    vendor = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(
        connection.vendor, connection.vendor
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sqlite_version()" if connection.vendor == "sqlite" else "SHOW server_version"
        )
        database = cursor.fetchone()[0]
    return [
        ("Recoup", settings.VERSION),
        ("Python", platform.python_version()),
        ("Django", django.get_version()),
        (vendor, str(database)),
    ]
