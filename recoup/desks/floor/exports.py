"""The floor as files, with the demo label above what is simulated."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from recoup.kernel.actors import Viewer
from recoup.kernel.clock import local_day, now
from recoup.kernel.sheets import Cell
from recoup.look import books, terms
from recoup.look.exports import table
from recoup.look.paging import MOST
from recoup.look.views import viewer_of
from recoup.people.models import Book
from recoup.strategy import queries as strategy

Rows = tuple[list[str], list[list[Cell]]]


@require_GET
def export(request: HttpRequest, form: str, **kwargs: str) -> HttpResponse:
    """`people` or `unassigned`, as CSV or XLSX."""
    viewer, book = viewer_of(request), books.chosen(request)
    on, name = local_day(now(), book.time_zone), kwargs["table"]
    if name == "people":
        heads, rows = _people(strategy.floor(viewer=viewer, book=book, on=on), book)
    elif name == "unassigned":
        heads, rows = _unassigned(viewer, book)
    else:
        raise Http404("No such table.")
    label = _("DEMO: simulated figures, not of real borrowers") if book.is_demo else ""
    file = f"recoup-{'demo-' if book.is_demo else ''}{book.code}-{name}-{on}"
    return table(form=form, name=file, heads=heads, rows=rows, label=label)


def _people(found: strategy.Floor, book: Book) -> Rows:
    heads = [
        _("Account"), _("Name"), _("Tier"), _("Cases"), _("Tasks"), _("Room"),
        f"{_('Overdue')} ({book.currency})", f"{_('Expected')} ({book.currency})",
        _("Skills"), _("Languages"), _("Licences"), _("Back on"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            place.who.username, place.who.name, terms.word("tier", place.who.tier), place.cases,
            place.tasks, place.room, place.overdue / 100, place.value / 100,
            "; ".join(f"{code}:{tier}" for code, tier in sorted(place.who.skills.items())),
            "; ".join(sorted(place.who.languages)), "; ".join(sorted(place.who.places)),
            place.who.back_on.isoformat() if place.who.back_on else None,
        ]
        for place in found.places
    ]  # fmt: skip
    return heads, rows


def _unassigned(viewer: Viewer, book: Book) -> Rows:
    cases = list(strategy.unassigned(viewer=viewer, book=book)[:MOST])
    why = strategy.why_nobody_has(viewer=viewer, book=book, cases=[case.pk for case in cases])
    heads = [_("Case"), _("Customer"), _("Stage"), f"{_('Overdue')} ({book.currency})", _("Reason")]
    return heads, [
        [case.pk, case.borrower.reference, case.stage, case.overdue / 100,
         strategy.why_nobody(why[case.pk])]
        for case in cases if case.pk in why
    ]  # fmt: skip
