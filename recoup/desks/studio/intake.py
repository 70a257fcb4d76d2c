"""What was taken in, what was set aside and why, and putting it right."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from recoup.intake import operations
from recoup.intake import queries as intake
from recoup.intake.models import Placement, QuarantinedRow
from recoup.journal import queries as journal
from recoup.kernel.clock import now
from recoup.kernel.errors import Invalid, Refused
from recoup.look import books, once
from recoup.look.paging import page_of
from recoup.look.views import viewer_of
from recoup.people import scopes

BIGGEST = 50 * 1024 * 1024
PROBLEMS = 20


@require_GET
def placements(request: HttpRequest) -> HttpResponse:
    """Every file taken in, newest first."""
    viewer = viewer_of(request)
    if not viewer.may & {scopes.TAKE_IN, scopes.CORRECT_ROWS}:
        scopes.demand(viewer, scopes.TAKE_IN)
    page = page_of(request, intake.placements(viewer=viewer, book=books.named(request)))
    context = {"page": page, "placements": page.rows, "position": journal.position(),
               "live_kinds": "intake."}  # fmt: skip
    return render(request, "studio/placements.html", context)


@require_GET
def placement(request: HttpRequest, pk: int) -> HttpResponse:
    """One file: its counts, its problems by kind, and the rows that wait for correction."""
    viewer, row = viewer_of(request), found(request, pk)
    context = {
        "book": row.book, "placement": row, "summary": intake.summary(row),
        "may_correct": scopes.CORRECT_ROWS in viewer.may,
    }  # fmt: skip
    if scopes.CORRECT_ROWS in viewer.may:
        waiting = intake.quarantined(viewer=viewer, placement=row)
        page = page_of(request, waiting, size=25)
        context["page"] = page
        context["rows"] = [(each, intake.described(each)) for each in page.rows]
    return render(request, "studio/placement.html", context)


@require_POST
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows that wait, as a CSV to correct: personal data, so it asks why and is not cached."""
    viewer, row = viewer_of(request), found(request, pk)
    scopes.demand(viewer, scopes.CORRECT_ROWS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        try:
            count = operations.export_quarantine(
                viewer=viewer, placement=row, path=path, at=now(),
                reason=request.POST.get("reason", ""),
            )  # fmt: skip
        except Invalid as error:
            messages.error(request, str(error))
            return redirect("placement", pk)
        if not count:
            messages.info(request, _("Nothing is set aside"))
            return redirect("placement", pk)
        body = path.read_bytes()
    response = HttpResponse(body, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="placement-{pk}-rows.csv"'
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Take in the corrected file."""
    viewer, row = viewer_of(request), found(request, pk)
    scopes.demand(viewer, scopes.CORRECT_ROWS)
    sent = request.FILES.get("file")
    if sent is None or not sent.size or sent.size > BIGGEST:
        messages.error(request, _("Choose the corrected CSV, at most 50 MB."))
        return redirect("placement", pk)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corrected.csv"
        with path.open("wb") as file:
            for part in sent.chunks():
                file.write(part)
        try:
            new = operations.replay(placement=row, path=path, by=viewer.actor(), at=now())
        except (Invalid, Refused) as error:
            for problem in getattr(error, "problems", ())[:PROBLEMS] or [error]:
                messages.error(request, str(problem))
            return redirect("placement", pk)
    messages.success(
        request,
        _("%(taken)s corrected rows were taken in; %(left)s are still wrong.")
        % {"taken": f"{new.rows_accepted:,}", "left": f"{new.rows_refused:,}"},
    )
    return redirect("placement", new.pk)


@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up a row for good, with a reason."""
    viewer = viewer_of(request)
    scopes.demand(viewer, scopes.CORRECT_ROWS)
    rows = QuarantinedRow.objects.filter(placement__book__creditor__in=viewer.creditors)
    row = get_object_or_404(rows.select_related("placement__book"), pk=pk)
    reason = request.POST.get("reason", "")
    try:
        once.carry_out(
            request,
            lambda: operations.discard(row=row, reason=reason, by=viewer.actor(), at=now()),
        )
    except (Invalid, Refused) as error:
        messages.error(request, str(error))
    return redirect("placement", row.placement_id)


def found(request: HttpRequest, pk: int) -> Placement:
    """The placement, if the viewer may see it; else the page does not exist."""
    return get_object_or_404(intake.placements(viewer=viewer_of(request)), pk=pk)
