"""The board's figures as files, with the demo label above everything that is simulated."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from recoup.desks.board.span import Span, asked
from recoup.desks.board.views import DIMENSIONS, PARTS, parts
from recoup.kernel.actors import Viewer
from recoup.kernel.sheets import Cell
from recoup.look import books
from recoup.look.exports import table
from recoup.look.views import viewer_of
from recoup.people.models import Book
from recoup.reporting import queries as reporting
from recoup.reporting.metrics import METRICS


@require_GET
def export(request: HttpRequest, form: str, **kwargs: str) -> HttpResponse:
    """`days`, or one of the dimensions, as CSV or XLSX."""
    viewer, book = viewer_of(request), books.chosen(request)
    span = asked(request, book, reporting.last_day(viewer=viewer, book=book))
    name = kwargs["table"]
    if name == "days":
        heads, rows = _days(viewer, book, span)
    elif name in DIMENSIONS:
        heads, rows = _by(viewer, book, span, name)
    else:
        raise Http404("No such table.")
    label = _("DEMO: simulated figures, not of real borrowers") if book.is_demo else ""
    file = f"recoup-{'demo-' if book.is_demo else ''}{book.code}-{name}-{span.since}-{span.until}"
    return table(form=form, name=file, heads=heads, rows=rows, label=label)


def _days(viewer: Viewer, book: Book, span: Span) -> tuple[list[str], list[list[Cell]]]:
    found = reporting.cost_and_income(viewer=viewer, book=book, since=span.since, until=span.until)
    names = list(found.values)
    heads = [_("Day"), *(f"{_(METRICS[name].label)} ({book.currency})" for name in names)]
    rows: list[list[Cell]] = [
        [day.isoformat(), *(found.values[name][place] / 100 for name in names)]
        for place, day in enumerate(found.days)
    ]
    return heads, rows


def _by(
    viewer: Viewer, book: Book, span: Span, dimension: str
) -> tuple[list[str], list[list[Cell]]]:
    metrics = [METRICS[name] for name in PARTS]
    heads = [
        _("Part"),
        *(f"{_(m.label)} ({book.currency})" if m.unit == "money" else _(m.label) for m in metrics),
    ]
    rows: list[list[Cell]] = [
        [row["label"], *(value / 100 if metric.unit == "money" else value
                         for metric, value in row["cells"])]
        for row in parts(viewer=viewer, book=book, span=span, dimension=dimension)
    ]  # fmt: skip
    return heads, rows
