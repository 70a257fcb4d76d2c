"""A table as the bytes of a CSV or XLSX file, with nothing in it that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from openpyxl import Workbook

from recoup.kernel.errors import Invalid

Cell = str | int | float | None
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
FORMS = ("csv", "xlsx")


def safe(cell: Cell) -> Cell:
    """
    The cell, as text that no spreadsheet runs.

    >>> safe("=1+1"), safe("M1>M2"), safe(-3)
    ("'=1+1", 'M1>M2', -3)
    """
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip().startswith(FORMULA) else cell


def written(lines: Iterable[Sequence[Cell]], *, form: str) -> bytes:
    """
    The lines as a file. :raises Invalid: for a form that is none of `FORMS`
    """
    if form not in FORMS:
        raise Invalid(f"There is no export as {form!r}.", hint="Choose csv or xlsx.")
    return _csv(lines) if form == "csv" else _xlsx(lines)


def _csv(lines: Iterable[Sequence[Cell]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([safe(cell) for cell in line] for line in lines)
    # The mark tells Excel that it is UTF-8, without which Chinese is garbage.
    return text.getvalue().encode("utf-8-sig")


def _xlsx(lines: Iterable[Sequence[Cell]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for line in lines:
        sheet.append([safe(cell) for cell in line])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
