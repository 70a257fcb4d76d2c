"""Figures as a file. Cells that a spreadsheet would run as a formula are made plain text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date

from django.utils.translation import gettext as _
from openpyxl import Workbook

from recoup.kernel.actors import Viewer
from recoup.kernel.errors import Invalid
from recoup.kernel.money import Money
from recoup.people.models import Book
from recoup.reporting.metrics import METRICS
from recoup.reporting.queries import figures

Cell = str | int | float
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def export(
    *, viewer: Viewer, book: Book, since: date, until: date, form: str = "csv"
) -> bytes:  # fmt: skip
    """
    Every figure of some days that a viewer may see, as CSV or XLSX. A demo book's file says so.

    :raises Invalid: for another form
    """
    if form not in ("csv", "xlsx"):
        raise Invalid(_("There is no export as {form}.").format(form=form),
                      hint=_("Choose csv or xlsx."))  # fmt: skip
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
    return _csv(lines) if form == "csv" else _xlsx(lines)


def safe(cell: Cell) -> Cell:
    """
    The cell, as text that no spreadsheet runs.

    >>> safe("=1+1"), safe("M1>M2"), safe(-3)
    ("'=1+1", 'M1>M2', -3)
    """
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip().startswith(FORMULA) else cell


def _csv(lines: Iterable[Sequence[Cell]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([safe(cell) for cell in line] for line in lines)
    # Without the mark Excel takes Chinese for another encoding.
    return text.getvalue().encode("utf-8-sig")


def _xlsx(lines: Iterable[Sequence[Cell]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for line in lines:
        sheet.append([safe(cell) for cell in line])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
