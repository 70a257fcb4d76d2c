"""
XLSX: values by calamine, which never evaluates a formula; formulas are found and refused.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from functools import partial
from typing import Any

import polars as pl
from openpyxl import load_workbook
from python_calamine import CalamineError, CalamineWorkbook

from recoup.intake.readers.base import BATCH, Batch, Blob, CellFault, guard, header
from recoup.kernel.errors import Invalid

CHUNK = 1 << 20
OVERLAP = 64
MOST_CELLS_PER_FILLED = 50
LARGEST_EXACT = 10**15
# What openpyxl calls a formula and an error; calamine gives the one's last value and no other.
ODD = {"f": "formula", "e": "error_value"}


class SheetPart:
    """One sheet of a workbook."""

    notices: list[dict[str, Any]]

    def __init__(self, book: Workbook, *, sheet: str, name: str) -> None:
        self.name = name
        self.rows: int | None = None
        self.notices = []
        self._book = book
        self._sheet = sheet
        self._columns: list[str] = []

    def check(self) -> None:
        """Read the header. :raises Invalid: if the sheet is empty"""
        first = next((row for _, row in self._book.rows(self._sheet) if any(_filled(row))), [])
        self._columns = header(first, where=f"The sheet {self._sheet}")

    def columns(self) -> list[str]:
        """The names in the header."""
        return self._columns

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """The rows as a spreadsheet numbers them."""
        odd = self._book.odd_cells(self._sheet)
        rows: list[list[str | None]] = []
        numbers: list[int] = []
        faults: list[CellFault] = []
        seen_header, width = False, len(self._columns)
        for number, row in self._book.rows(self._sheet):
            if not any(_filled(row)) and number not in odd:
                continue
            if not seen_header:
                seen_header = True
                continue
            cells = [*row[:width], *[None] * (width - len(row))]
            for place, cell in enumerate(cells):
                kind = odd.get(number, {}).get(place) or _fault_of(cell)
                if kind:
                    faults.append(CellFault(len(rows), self._columns[place], kind))
            rows.append([_as_text(cell) for cell in cells])
            numbers.append(number)
            if len(rows) >= size:
                yield self._batch(rows, numbers, faults)
                rows, numbers, faults = [], [], []
        if rows:
            yield self._batch(rows, numbers, faults)

    def _batch(
        self, rows: list[list[str | None]], numbers: list[int], faults: list[CellFault]
    ) -> Batch:
        frame = pl.DataFrame(
            [
                pl.Series(name, values, dtype=pl.String)
                for name, values in zip(self._columns, zip(*rows, strict=True), strict=True)
            ]
        )
        return Batch(frame, pl.Series("row_number", numbers, dtype=pl.Int64), faults=faults)


class Workbook:
    """An XLSX file: its sheets, and where the formulas are."""

    def __init__(self, blob: Blob) -> None:
        self._blob = blob
        self._has_odd = False
        self._odd: dict[str, dict[int, dict[int, str]]] | None = None
        try:
            self._look_inside()
            with blob.open() as file:
                self._book = CalamineWorkbook.from_filelike(file)
        except (CalamineError, zipfile.BadZipFile, OSError, ValueError, EOFError) as error:
            if isinstance(error, Invalid):
                raise
            raise Invalid(
                f"{blob.name} is not a whole XLSX file.",
                hint="Open it in a spreadsheet, save it again as XLSX, and send that.",
            ) from None

    @property
    def sheets(self) -> list[str]:
        """The names of its sheets."""
        return list(self._book.sheet_names)

    def rows(self, sheet: str) -> Iterator[tuple[int, list[Any]]]:
        """Each row with its number."""
        found = self._book.get_sheet_by_name(sheet)
        # Calamine counts rows from 1, as a spreadsheet does, but columns from the first used one.
        yield from enumerate(found.iter_rows(), start=1)

    def odd_cells(self, sheet: str) -> dict[int, dict[int, str]]:
        """The formulas and errors of each row that has any, by column from the first used one."""
        if not self._has_odd:
            return {}
        if self._odd is None:
            self._odd = self._find_odd()
        return self._odd.get(sheet, {})

    def _find_odd(self) -> dict[str, dict[int, dict[int, str]]]:
        found: dict[str, dict[int, dict[int, str]]] = {}
        with self._blob.open() as file:
            book = load_workbook(file, read_only=True, data_only=False)
            for sheet in book.worksheets:
                start = self._first_column(sheet.title)
                places = found.setdefault(sheet.title, {})
                for row in sheet.iter_rows():
                    for cell in row:
                        if cell.data_type in ODD:
                            found_here = places.setdefault(cell.row, {})
                            found_here[cell.column - 1 - start] = ODD[cell.data_type]
            book.close()
        return found

    def _first_column(self, sheet: str) -> int:
        start = self._book.get_sheet_by_name(sheet).start
        return start[1] if start else 0

    def _look_inside(self) -> None:
        with self._blob.open() as raw, zipfile.ZipFile(raw) as archive:
            guard(self._blob.name, archive.infolist())
            for info in archive.infolist():
                if info.filename.startswith("xl/worksheets/") and info.filename.endswith(".xml"):
                    with archive.open(info) as sheet:
                        self._scan(iter(partial(sheet.read, CHUNK), b""))

    def _scan(self, chunks: Iterator[bytes]) -> None:
        """Whether a sheet has formulas or errors, and whether it is mostly void, before it is unfolded."""
        cells, last_row, widest, tail = 0, 1, 26, b""
        for chunk in chunks:
            text = tail + chunk
            cells += text.count(b"<c ") - tail.count(b"<c ")
            if not self._has_odd:
                self._has_odd = re.search(rb'<f[ >/]| t="e"', text) is not None
            rows = re.findall(rb'<row [^>]{0,40}?\br="(\d{1,7})"', text)
            last_row = max([last_row, *(int(row) for row in rows[-1:])])
            wide = set(re.findall(rb'\br="([A-Z]{2,3})\d', text))
            widest = max([widest, *(_column_number(name) for name in wide)])
            tail = text[-OVERLAP:]
        if last_row * widest > 1_000_000 + MOST_CELLS_PER_FILLED * cells:
            raise Invalid(
                f"{self._blob.name} has a sheet that is nearly all empty, with cells far outside.",
                hint="Delete the empty rows and columns around the table and save it again.",
            )


def _column_number(name: bytes) -> int:
    number = 0
    for letter in name:
        number = number * 26 + letter - 64
    return number


def _filled(row: list[Any]) -> Iterator[bool]:
    return (cell not in ("", None) for cell in row)


def _fault_of(cell: Any) -> str:
    if isinstance(cell, float | int) and not isinstance(cell, bool) and abs(cell) >= LARGEST_EXACT:
        return "rounded"
    return ""


def _as_text(cell: Any) -> str | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)
