"""
CSV and its cousins: the encoding and the separator are found out, and said.

A row with broken quotes, or with more or fewer fields than the header, is set aside alone; the
rows around it are read as if it were not there.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

import polars as pl

from recoup.intake.readers.base import BATCH, Batch, Blob, BrokenRow, header
from recoup.kernel.errors import Invalid

CHUNK = 1 << 20
SEPARATORS = (",", "\t", ";", "|")
FIELD_LIMIT = 32_768
MOST_BROKEN_QUOTES = 1_000
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SPOKEN = {
    "utf-8": "UTF-8", "utf-8-sig": "UTF-8 with a byte order mark", "gb18030": "GB18030 (GBK)",
    "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16",
}  # fmt: skip


class DelimitedPart:
    """A CSV file."""

    rows: int | None = None

    def __init__(self, blob: Blob, *, name: str) -> None:
        self.name = name
        self._blob = blob
        self.notices: list[dict[str, Any]] = []
        self._encoding = ""
        self._separator = ","
        self._columns: list[str] = []

    def check(self) -> None:
        """Decode the whole file and read its header. :raises Invalid: if that is not possible"""
        self._encoding = self._find_encoding()
        with self._blob.open() as file:
            first = next((line for line in self._lines(file) if line.strip()), "")
        self._separator = _separator(first)
        with self._blob.open() as file:
            lines = self._lines(file)
            try:
                cells = next((row for row in self._reader(lines) if any(row)), [])
            except csv.Error:
                raise Invalid(
                    f"The header of {self._blob.name} has broken quotes.",
                    hint="Open the file in a text editor and look at its first row.",
                ) from None
        self._columns = header(cells, where=self._blob.name)
        spoken = {"\t": "tab"}.get(self._separator, self._separator)
        self.notices.append(
            {"kind": "detected", "encoding": SPOKEN[self._encoding], "separator": spoken}
        )

    def columns(self) -> list[str]:
        """The names in the header."""
        return self._columns

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """The rows; the header is row 1."""
        with self._blob.open() as file:
            header_seen, number = False, 1
            for rows, broken, count in self._blocks(file, size):
                first, number = number, number + count
                # Broken rows stand between the others, so that the numbers go on from theirs.
                numbers = list(range(first, number))
                if broken:
                    numbers = [at for at in numbers if at - first not in broken]
                if not header_seen:
                    place = next((place for place, row in enumerate(rows) if any(row)), None)
                    if place is None:
                        continue
                    header_seen, rows, numbers = True, rows[place + 1 :], numbers[place + 1 :]
                aside = [
                    BrokenRow(first + place, {"column 1": line}, {"kind": "quotes"})
                    for place, line in broken.items()
                ]
                if rows or aside:
                    yield self._batch(*self._fitting(rows, numbers, aside))

    def _fitting(
        self, rows: list[list[str]], numbers: list[int], broken: list[BrokenRow]
    ) -> tuple[list[list[str]], list[int], list[BrokenRow]]:
        """The rows that fit the header; the others join the broken ones, and empty ones go."""
        width = len(self._columns)
        if set(map(len, rows)) <= {width}:
            return rows, numbers, broken
        fitting: list[list[str]] = []
        places: list[int] = []
        for number, row in zip(numbers, rows, strict=True):
            if len(row) > width and not any(row[width:]):
                # Spreadsheets write separators for columns that were once used.
                row = row[:width]
            if len(row) == width:
                fitting.append(row)
                places.append(number)
            elif any(cell.strip() for cell in row):
                names = [*self._columns, *(f"column {n}" for n in range(width + 1, len(row) + 1))]
                problem = {"kind": "ragged", "found": len(row), "expected": width}
                broken.append(BrokenRow(number, dict(zip(names, row, strict=False)), problem))
        return fitting, places, broken

    def _batch(self, rows: list[list[str]], numbers: list[int], broken: list[BrokenRow]) -> Batch:
        columns = zip(*rows, strict=True) if rows else ([] for _ in self._columns)
        frame = pl.DataFrame(
            [
                pl.Series(name, values, dtype=pl.String)
                for name, values in zip(self._columns, columns, strict=True)
            ]
        )
        return Batch(frame, pl.Series("row_number", numbers, dtype=pl.Int64), broken)

    def _blocks(
        self, file: BinaryIO, size: int
    ) -> Iterator[tuple[list[list[str]], dict[int, str], int]]:
        """Rows, broken lines by their place among the records, and how many records these are."""
        lines, faults = _Replayable(self._lines(file)), 0
        while block := lines.take(size):
            rows: list[list[str]] = []
            try:
                rows.extend(self._reader(iter(block)))
            except csv.Error:
                # Broken quotes, or a text over the end of the block: record by record, then.
                lines.put_back(block)
                rows, broken, count = self._carefully(lines, len(block))
                faults += len(broken)
                if faults > MOST_BROKEN_QUOTES:
                    raise Invalid(
                        f"{self._blob.name} has broken quotes in more than "
                        f"{MOST_BROKEN_QUOTES} rows.",
                        hint="Export it again with every text in double quotes.",
                    ) from None
                yield rows, broken, count
            else:
                yield rows, {}, len(rows)

    def _carefully(
        self, lines: _Replayable, size: int
    ) -> tuple[list[list[str]], dict[int, str], int]:
        rows: list[list[str]] = []
        broken: dict[int, str] = {}
        reader, count, used = self._reader(lines), 0, 0
        while used < size and len(broken) <= MOST_BROKEN_QUOTES:
            lines.taken.clear()
            try:
                rows.append(next(reader))
            except StopIteration:
                break
            except csv.Error:
                # Only the first line is surely at fault: an open quote swallows those after it.
                broken[count] = lines.give_back()
                reader = self._reader(lines)
            used += len(lines.taken)
            count += 1
        lines.taken.clear()
        return rows, broken, count

    def _reader(self, lines: Iterator[str]) -> Any:
        csv.field_size_limit(FIELD_LIMIT)
        return csv.reader(lines, delimiter=self._separator, strict=True)

    def _lines(self, file: BinaryIO) -> Iterator[str]:
        return iter(io.TextIOWrapper(file, encoding=self._encoding, newline=""))

    def _find_encoding(self) -> str:
        with self._blob.open() as file:
            start = file.read(4096)
        for bom, encoding in BOMS:
            if start.startswith(bom):
                return self._must_decode(encoding)
        if start[1::2].count(0) > len(start) // 8 or start[0::2].count(0) > len(start) // 8:
            little = start[1::2].count(0) >= start[0::2].count(0)
            return self._must_decode("utf-16-le" if little else "utf-16-be")
        if self._undecodable("utf-8") is None:
            return "utf-8"
        return self._must_decode("gb18030")

    def _must_decode(self, encoding: str) -> str:
        place = self._undecodable(encoding)
        if place is None:
            return encoding
        raise Invalid(
            f"{self._blob.name} cannot be read as text: it looks like {SPOKEN[encoding]}, "
            f"but is not that from byte {place} on.",
            hint="Export it again in UTF-8 or GB18030, or send XLSX or Parquet.",
        )

    def _undecodable(self, encoding: str) -> int | None:
        decoder, place = codecs.getincrementaldecoder(encoding)("strict"), 0
        with self._blob.open() as file:
            while True:
                chunk = file.read(CHUNK)
                try:
                    decoder.decode(chunk, final=not chunk)
                except UnicodeError as error:
                    return place + getattr(error, "start", 0)
                if not chunk:
                    return None
                place += len(chunk)


class _Replayable:
    """Lines that remember which were taken, and can be given back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line

    def take(self, size: int) -> list[str]:
        """The next lines, not remembered."""
        again = [self._again.popleft() for _ in range(min(size, len(self._again)))]
        return again + list(islice(self._lines, size - len(again)))

    def put_back(self, lines: list[str]) -> None:
        """Lines to be read again, before the others."""
        self._again.extendleft(reversed(lines))

    def give_back(self) -> str:
        """The first line taken, for good; the others will be read again."""
        first = self.taken[0] if self.taken else ""
        self.put_back(self.taken[1:])
        del self.taken[1:]
        return first.rstrip("\r\n")


def _separator(line: str) -> str:
    outside = "".join(line.split('"')[::2])
    return max(SEPARATORS, key=lambda mark: (outside.count(mark), -SEPARATORS.index(mark)))
