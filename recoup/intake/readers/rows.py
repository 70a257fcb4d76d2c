"""Rows that came through the API, read as if they had come in a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl

from recoup.intake.readers.base import BATCH, Batch, header
from recoup.kernel.text import canonical_json


class RowsPart:
    """A list of rows in memory. The first is row 1."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], *, name: str) -> None:
        self.name = name
        self.rows: int | None = len(rows)
        self.notices: list[dict[str, Any]] = []
        self._rows = rows
        self._keys: list[str] = []
        self._columns: list[str] = []

    def check(self) -> None:
        """Collect the column names. :raises Invalid: if there are no rows"""
        self._keys = list(dict.fromkeys(key for row in self._rows for key in row))
        self._columns = header(self._keys, where=f"The table {self.name}")

    def columns(self) -> list[str]:
        """The names that any row has."""
        return self._columns

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """The rows."""
        for first in range(0, len(self._rows), size):
            part = self._rows[first : first + size]
            frame = pl.DataFrame(
                [
                    pl.Series(name, [_as_text(row.get(key)) for row in part], dtype=pl.String)
                    for name, key in zip(self._columns, self._keys, strict=True)
                ]
            )
            numbers = pl.int_range(first + 1, first + 1 + len(part), eager=True)
            yield Batch(frame, numbers.alias("row_number"))


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return canonical_json(value) if isinstance(value, dict | list) else str(value)
