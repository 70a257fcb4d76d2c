"""
The way out of quarantine: a CSV that a clerk corrects, and the corrected file read again.

Cells that a spreadsheet would evaluate or round (`=1+1`, `+86...`, 18 digits, leading zeros) are
written with an apostrophe in front, which is taken away again on the way in.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from recoup.intake.models import Placement, QuarantinedRow
from recoup.intake.problems import MARKS, in_words, kept
from recoup.intake.readers.base import BATCH, Batch, Part
from recoup.intake.readers.source import Source, open_path
from recoup.intake.staging import raw_label
from recoup.intake.tables import TABLES
from recoup.kernel.actors import Actor, Viewer
from recoup.kernel.errors import Invalid, Problem
from recoup.people import scopes
from recoup.people.operations import TextSealer

TABLE, ROW, PROBLEMS = "recoup_table", "recoup_row", "recoup_problems"
DANGEROUS = re.compile(r"^([=+\-@'\t\r]|0\d+$|\d{12,}$)")
FETCH = 1_000


def export(*, viewer: Viewer, placement: Placement, path: Path) -> int:
    """Write the open refused rows; gives how many. Without any, no file is written."""
    scopes.demand(viewer, scopes.CORRECT_ROWS)
    if placement.book.creditor_id not in viewer.creditors:
        raise Invalid("This placement belongs to another creditor.")
    if not QuarantinedRow.objects.filter(
        placement=placement, state=QuarantinedRow.State.OPEN
    ).exists():
        return 0
    columns = list(dict.fromkeys(name for _, cells in _open_rows(placement) for name in cells))
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([TABLE, ROW, PROBLEMS, *columns])
        for row, cells in _open_rows(placement):
            said = _harmless(in_words(row.problems))
            values = [_harmless(cells.get(name) or "") for name in columns]
            writer.writerow([row.table, row.row_number, said, *values])
            count += 1
    path.chmod(0o600)
    return count


def _open_rows(placement: Placement) -> Iterator[tuple[QuarantinedRow, dict[str, str | None]]]:
    sealer = TextSealer()
    rows = QuarantinedRow.objects.filter(placement=placement, state=QuarantinedRow.State.OPEN)
    for name in TABLES:
        for row in rows.filter(table=name).order_by("row_number").iterator(FETCH):
            label = raw_label(placement.pk, row.table, row.row_number)
            yield row, json.loads(sealer.unseal(bytes(row.raw), label=label))


def _harmless(text: str) -> str:
    return f"'{text}" if DANGEROUS.match(text) else text


def open_corrected(path: Path, *, placement: Placement, digest: str) -> Source:
    """
    A corrected file as a source, with a part for each table in it.

    :raises Invalid: if a row of it is none of the open ones of the placement
    """
    source = open_path(path, digest=digest)
    part = source.parts[0]
    part.check()
    columns = part.columns()
    if TABLE not in columns or ROW not in columns:
        raise Invalid(
            f"{path.name} is not a correction file: it has no columns {TABLE} and {ROW}.",
            hint="Export the refused rows, correct that file, and keep its first three columns.",
        )
    found = _keys(part)
    wrong = _not_open(placement, found)
    if wrong or not found:
        problems = [
            Problem(
                f"{table} {row}", "is no open refused row of this placement, or is there twice."
            )
            for table, row in wrong[:50]
        ]
        raise Invalid(
            f"{path.name} has {len(wrong)} rows that correct nothing."
            if found else f"{path.name} has a header but no rows.",
            problems=problems,
            hint="Export the refused rows again.",
        )  # fmt: skip
    names = [name for name in columns if name not in (TABLE, ROW, PROBLEMS)]
    corrected: dict[str, list[int]] = {}
    for table, row in found:
        corrected.setdefault(table, []).append(int(row))
    parts: list[Part] = [
        CorrectedPart(part, name=name, columns=names) for name in TABLES if name in corrected
    ]
    return Source(source.name, digest, parts, corrected=corrected)


def _keys(part: Part) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for batch in part.batches():
        if batch.broken:
            raise Invalid(
                f"Row {batch.broken[0].number} of the correction file is broken.",
                hint="Look for a separator or a quote inside a text.",
            )
        frame = batch.frame.select(pl.col(TABLE, ROW).cast(pl.String).str.strip_chars("' "))
        found.update((table or "", row or "") for table, row in frame.iter_rows())
    return found


def _not_open(placement: Placement, found: Counter[tuple[str, str]]) -> list[tuple[str, str]]:
    rows = QuarantinedRow.objects.filter(placement=placement, state=QuarantinedRow.State.OPEN)
    # A file already taken in is recognised by its digest before this is asked.
    there = {(table, str(row)) for table, row in rows.values_list("table", "row_number")}
    return [key for key, times in found.items() if key not in there or times > 1]


class CorrectedPart:
    """The rows of one table in a correction file, under their numbers in the first source."""

    rows: int | None = None

    def __init__(self, part: Part, *, name: str, columns: list[str]) -> None:
        self.name = name
        self.notices: list[dict[str, Any]] = []
        self._part = part
        self._columns = columns

    def check(self) -> None:
        """The whole file was decoded when its keys were read."""

    def columns(self) -> list[str]:
        """The names of the source's columns."""
        return self._columns

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """The rows of this table."""
        for batch in self._part.batches(size):
            key = pl.col(TABLE).cast(pl.String).str.strip_chars("' ")
            mine = batch.frame.select((key == self.name).fill_null(False)).to_series()
            frame = batch.frame.filter(mine)
            numbers = frame.select(
                pl.col(ROW).cast(pl.String).str.strip_chars("' ").cast(pl.Int64).alias("row_number")
            ).to_series()
            where = {int(old): new for new, old in enumerate(mine.arg_true())}
            faults = [
                type(fault)(where[fault.index], fault.column, fault.kind)
                for fault in batch.faults if fault.index in where
            ]  # fmt: skip
            if len(frame):
                yield Batch(frame.select(self._columns), numbers, faults=faults)


def mark_replayed(
    *, corrects: Placement, numbers: dict[str, list[int]], by: Actor, at: datetime
) -> None:
    """The corrected rows leave the quarantine of their placement, in the caller's transaction."""
    for table, rows in numbers.items():
        for first in range(0, len(rows), FETCH):
            QuarantinedRow.objects.filter(
                placement=corrects, table=table, row_number__in=rows[first : first + FETCH],
                state=QuarantinedRow.State.OPEN,
            ).update(
                state=QuarantinedRow.State.REPLAYED, resolved_at=at, resolved_by=str(by)[:80]
            )  # fmt: skip


def mark_set_aside(*, rows: Sequence[int], kind: str) -> int:
    """
    Say on refused rows what else is known of them (one of `problems.MARKS`); gives how many
    changed. Called inside the operation that found it out, which writes the event.
    """
    mark, changed = kept({"kind": kind, "column": ""}), []
    for row in QuarantinedRow.objects.filter(pk__in=rows).defer("raw"):
        if mark not in row.problems:
            row.problems = [p for p in row.problems if p["kind"] not in MARKS] + [mark]
            changed.append(row)
    QuarantinedRow.objects.bulk_update(changed, ["problems"], batch_size=500)
    return len(changed)
