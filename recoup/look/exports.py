"""A table as a file: CSV or XLSX, cut to what spreadsheets do no harm with."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from django.http import HttpResponse
from openpyxl import Workbook

from recoup.kernel.errors import Invalid

Cell = str | int | float | None
FORMULA = ("=", "+", "-", "@", "\t", "\r")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table(
    *, form: str, name: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]], label: str = ""
) -> HttpResponse:
    """
    A response with the table as `csv` or `xlsx`; `label` stands above everything (demo figures).

    :raises Invalid: for another form
    """
    lines: list[Sequence[Cell]] = [[label]] if label else []
    lines += [heads, *rows]
    if form == "csv":
        body, kind = _csv(lines), "text/csv; charset=utf-8"
    elif form == "xlsx":
        body, kind = _xlsx(lines), XLSX
    else:
        raise Invalid(f"There is no export as {form!r}.", hint="Choose csv or xlsx.")
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    response["Cache-Control"] = "no-store"
    return response


def _safe(cell: Cell) -> Cell:
    # A spreadsheet runs a cell that begins like a formula.
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _csv(lines: Iterable[Sequence[Cell]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_safe(cell) for cell in line] for line in lines)
    # The mark tells Excel that it is UTF-8, without which Chinese is garbage.
    return text.getvalue().encode("utf-8-sig")


def _xlsx(lines: Iterable[Sequence[Cell]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for line in lines:
        sheet.append([_safe(cell) for cell in line])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
