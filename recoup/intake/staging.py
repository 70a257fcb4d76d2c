"""
Writing the canonical rows to columnar files, personal data sealed, and the refused ones beside.

Nothing here touches the database: a run that is killed leaves files that the next run replaces.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from recoup.intake.mapping import TableMapping
from recoup.intake.readers.base import BrokenRow, Part
from recoup.intake.refine import Refined, Refiner, Trouble
from recoup.intake.seen import Seen, hashes_of
from recoup.intake.tables import Table
from recoup.intake.values import Ways
from recoup.kernel.progress import Progress
from recoup.people.operations import TextSealer

REFUSED = "refused.parquet"
REFUSED_SCHEMA = {
    "table": pl.String(), "row_number": pl.Int64(), "problems": pl.String(), "raw": pl.Binary(),
}  # fmt: skip

BINARY = ("sealed", "raw")
REPEATING = (
    "table", "problems", "product", "currency", "annual_rate", "region", "time_zone", "language",
    "allocation", "contact_source", "lawful_basis", "channel", "outcome", "medium", "party",
    "source", "purpose", "scope",
)  # fmt: skip


def staged_label(placement: int, table: str, row_number: int) -> str:
    """What a staged row's sealed fields are bound to."""
    return f"staged:{placement}:{table}:{row_number}"


def raw_label(placement: int, table: str, row_number: int) -> str:
    """What a refused row is bound to."""
    return f"row:{placement}:{table}:{row_number}"


@dataclass(slots=True)
class Known:
    """Keys that earlier rows and earlier placements have already brought."""

    keys: dict[str, Seen] = field(default_factory=dict)
    references: dict[str, Seen] = field(default_factory=dict)
    in_book: Seen = field(default_factory=Seen)
    set_aside: Seen = field(default_factory=Seen)

    def key(self, table: str) -> Seen:
        """Keys of a table in this placement, and in those that it corrects."""
        return self.keys.setdefault(table, Seen())

    def reference(self, column: str) -> Seen:
        """Accounts or borrowers that a row may hang on."""
        return self.references.setdefault(column, Seen())


@dataclass(slots=True)
class Counts:
    """What became of the rows of one table."""

    read: int = 0
    accepted: int = 0
    refused: int = 0
    not_for_collection: int = 0
    already_in_book: int = 0
    problems: Counter[str] = field(default_factory=Counter)

    def plain(self) -> dict[str, Any]:
        """The counts as kept in the database."""
        return {
            "read": self.read, "accepted": self.accepted, "refused": self.refused,
            "not_for_collection": self.not_for_collection,
            "already_in_book": self.already_in_book, "problems": dict(sorted(self.problems.items())),
        }  # fmt: skip


class ColumnarWriter:
    """A Parquet file of one schema that appears under its name only when it is whole."""

    def __init__(self, path: Path, schema: Mapping[str, pl.DataType]) -> None:
        self._path = path
        self._part = path.with_suffix(".part")
        self._empty = pl.DataFrame(schema=dict(schema))
        # Sealed bytes do not compress, and keys do not repeat.
        self._writer = pq.ParquetWriter(
            self._part,
            self._empty.to_arrow().schema,
            compression={name: "none" if name in BINARY else "zstd" for name in schema},
            use_dictionary=[name for name in schema if name in REPEATING],
            write_statistics=False,
        )
        self.rows = 0

    def write(self, frame: pl.DataFrame) -> None:
        """Append rows as a row group."""
        if len(frame):
            self._writer.write_table(frame.to_arrow().cast(self._empty.to_arrow().schema))
            self.rows += len(frame)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()
        self._part.replace(self._path)


class Stager:
    """Stages the tables of one placement."""

    def __init__(
        self, *, placement: int, folder: Path, ways: Ways, missing: tuple[str, ...], known: Known,
        sealer: TextSealer, progress: Progress, unescape: bool = False,
    ) -> None:  # fmt: skip
        self._placement = placement
        self._folder = folder
        self._ways = ways
        self._missing = missing
        self._known = known
        self._sealer = sealer
        self._progress = progress
        self._unescape = unescape
        self.counts: dict[str, Counts] = {}
        self.notices: list[dict[str, Any]] = []

    def stage(self, tables: Sequence[tuple[TableMapping, Part]]) -> list[tuple[Path, int]]:
        """Write every table; gives the files with their rows, and the refused rows last."""
        if self._folder.exists():
            shutil.rmtree(self._folder)
        self._folder.mkdir(parents=True, mode=0o700)
        refused = ColumnarWriter(self._folder / REFUSED, REFUSED_SCHEMA)
        files = [self._table(mapping, part, refused) for mapping, part in tables]
        refused.close()
        return [*files, (self._folder / REFUSED, refused.rows)]

    def _table(
        self, mapping: TableMapping, part: Part, refused: ColumnarWriter
    ) -> tuple[Path, int]:
        table, columns = mapping.table, part.columns()
        refiner = Refiner(
            mapping=mapping, columns=columns, ways=self._ways, missing=self._missing,
            unescape=self._unescape,
        )  # fmt: skip
        counts = self.counts.setdefault(table.name, Counts())
        path = self._folder / f"{table.name}.parquet"
        writer = ColumnarWriter(path, table.schema)
        for batch in part.batches():
            counts.read += len(batch.frame) + len(batch.broken)
            refined = refiner.refine(batch)
            counts.not_for_collection += refined.not_for_collection
            if table.name == "accounts" and refined.set_aside is not None:
                self._known.set_aside.add(hashes_of(refined.set_aside.to_frame("ref"), ["ref"]))
            good = self._sift(table, refined, counts)
            writer.write(self._sealed(table, refined.frame.filter(good)))
            refused.write(self._refused(table, refined, ~good, counts))
            counts.accepted += int(good.sum())
            self._progress(f"stage {table.name}", counts.read, part.rows)
        writer.close()
        ignored = [name for name in columns if name not in refiner.used]
        if ignored:
            self.notices.append(
                {"kind": "columns_ignored", "table": table.name, "count": len(ignored),
                 "columns": ignored[:50]}
            )  # fmt: skip
        return path, writer.rows

    def _sift(self, table: Table, refined: Refined, counts: Counts) -> pl.Series:
        """Which rows are good, orphans and repeated keys being found among the others."""
        frame = refined.frame
        good = pl.repeat(True, len(frame), dtype=pl.Boolean, eager=True)
        for trouble in refined.troubles:
            good = good & ~trouble.mask
        if table.parent:
            good = self._sift_orphans(table, refined, good, counts)
        if table.key:
            keys = hashes_of(frame, table.key)
            repeated = good & self._repeated(self._known.key(table.name), keys, good)
            if repeated.any():
                problem = {"kind": "twice", "column": table.key[0]}
                refined.troubles.append(Trouble(repeated, problem))
                good = good & ~repeated
            self._known.key(table.name).add(keys.filter(good))
        if table.name == "accounts":
            kept = frame.filter(good)
            references = hashes_of(kept, ["account_ref"])
            counts.already_in_book += int(self._known.in_book.has(references).sum())
            self._known.reference("account_ref").add(references)
            self._known.reference("borrower_ref").add(hashes_of(kept, ["borrower_ref"]))
        return good

    def _sift_orphans(
        self, table: Table, refined: Refined, good: pl.Series, counts: Counts
    ) -> pl.Series:
        parents = hashes_of(refined.frame, [table.parent])
        orphan = good & ~self._known.reference(table.parent).has(parents)
        if orphan.any() and len(self._known.set_aside):
            # What hangs on an account that is not for collection is not for collection either.
            aside = orphan & self._known.set_aside.has(parents)
            refined.not_for_collection += int(aside.sum())
            counts.not_for_collection += int(aside.sum())
            refined.frame, refined.source = (
                refined.frame.filter(~aside),
                refined.source.filter(~aside),
            )
            refined.troubles = [
                Trouble(item.mask.filter(~aside), item.problem) for item in refined.troubles
            ]
            good, orphan = good.filter(~aside), orphan.filter(~aside)
        if orphan.any():
            refined.troubles.append(Trouble(orphan, {"kind": "orphan", "column": table.parent}))
        return good & ~orphan

    @staticmethod
    def _repeated(seen: Seen, keys: pl.Series, good: pl.Series) -> pl.Series:
        places, fresh = good.arg_true().to_numpy(), keys.filter(good)
        repeated = np.zeros(len(keys), dtype=bool)
        repeated[places] = (seen.has(fresh) | ~fresh.is_first_distinct()).to_numpy()
        return pl.Series(repeated, dtype=pl.Boolean)

    def _sealed(self, table: Table, frame: pl.DataFrame) -> pl.DataFrame:
        if not table.personal or not len(frame):
            return frame.select(list(table.schema)) if len(frame) else frame
        personal = frame.select(table.personal)
        empty = personal.select(pl.all_horizontal(pl.all().is_null())).to_series()
        texts = personal.to_struct("personal").struct.json_encode()
        sealer, prefix = self._sealer, staged_label(self._placement, table.name, 0)[:-1]
        sealed = [
            None if nothing else sealer.seal(text, label=f"{prefix}{number}")
            for text, number, nothing in zip(texts, frame["row_number"], empty, strict=True)
        ]
        frame = frame.with_columns(pl.Series("sealed", sealed, dtype=pl.Binary))
        return frame.select(list(table.schema))

    def _refused(
        self, table: Table, refined: Refined, bad: pl.Series, counts: Counts
    ) -> pl.DataFrame:
        rows: list[tuple[str, int, str, bytes]] = []
        places = bad.arg_true().to_list()
        if places:
            problems: dict[int, list[dict[str, Any]]] = {place: [] for place in places}
            for trouble in refined.troubles:
                for place in trouble.mask.arg_true().to_list():
                    problems[place].append(trouble.problem)
            numbers = refined.frame["row_number"]
            cells = refined.source[places].with_columns(pl.all().cast(pl.String, strict=False))
            for place, row in zip(places, cells.iter_rows(named=True), strict=True):
                rows.append(self._refused_row(table, numbers[place], row, problems[place]))
        for broken in refined.broken:
            rows.append(self._broken_row(table, broken))
        for _, _, told, _ in rows:
            counts.problems.update({item["kind"] for item in json.loads(told)})
        counts.refused += len(rows)
        return pl.DataFrame(rows, schema=REFUSED_SCHEMA, orient="row")

    def _broken_row(self, table: Table, broken: BrokenRow) -> tuple[str, int, str, bytes]:
        return self._refused_row(table, broken.number, broken.cells, [broken.problem])

    def _refused_row(
        self, table: Table, number: int, cells: Mapping[str, Any],
        problems: Iterable[Mapping[str, Any]],
    ) -> tuple[str, int, str, bytes]:  # fmt: skip
        raw = json.dumps(dict(cells), ensure_ascii=False)
        sealed = self._sealer.seal(raw, label=raw_label(self._placement, table.name, number))
        return table.name, number, json.dumps(list(problems), ensure_ascii=False), sealed
