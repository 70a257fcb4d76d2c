"""Figures as a file. Cells that a spreadsheet would run as a formula are made plain text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from recoup.kernel.actors import Viewer
from recoup.kernel.money import Money
from recoup.kernel.sheets import Cell, written
from recoup.people.models import Book
from recoup.reporting.metrics import METRICS
from recoup.reporting.queries import figures


def export(
    *, viewer: Viewer, book: Book, since: date, until: date, form: str = "csv"
) -> bytes:  # fmt: skip
    """
    Every figure of some days that a viewer may see, as CSV or XLSX. A demo book's file says so.

    :raises Invalid: for another form
    """
    lines: list[Sequence[Cell]] = []
    if book.is_demo:
        lines.append([_("DEMO: simulated borrowers, carriers and payments")])
    lines.append([_("Day"), _("Figure"), _("By"), _("Slice"), _("Value"), _("Unit")])
    rows = figures(viewer=viewer, book=book, since=since, until=until)
    for row in rows.iterator(chunk_size=2000):
        metric = METRICS[row.metric]
        is_money = metric.unit == "money"
        value = float(Money(row.value, book.currency).major) if is_money else row.value
        lines.append([row.on.isoformat(), _(metric.label), row.dimension, row.slice, value,
                      book.currency if is_money else _("count")])  # fmt: skip
    return written(lines, form=form)
