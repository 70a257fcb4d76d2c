"""
A book in columns: Parquet tables on disk, divided by person into buckets.

    buckets = Buckets.create(folder, count=64, on=day, instant=start)
    buckets.write(number, {"cases": frame, "payments": frame, ...})
    buckets.table("payments", number, columns=("row", "amount"))

A bucket is a share of the book that fits the cache and holds all cases of its persons, so that
features, scores and the limits of a person are worked out bucket by bucket. `row` is the place of
a case within its bucket, without gaps; every table of events has it beside `case`, so that the
kernel needs no look-up and engines that know no buckets join by case. The number of a bucket is our
own hash, the same on every machine and in every language. What went into a bucket has a digest,
which names what was made of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recoup.kernel.errors import Failed
from recoup.kernel.files import write_whole
from recoup.scoring.kernel import Kernel, rows_of
from recoup.scoring.tables import EVENTS, MISSING, TABLES

MANIFEST = "buckets.json"
ACCOUNTS = 160_000  # of a bucket: its counters stay in a large cache
COMPRESSION = "lz4"  # read four times as fast as zstd, for a third more disk


def bucket_of(persons: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """
    The bucket of each person, 0 to count - 1: the finisher of SplitMix64 (Steele, Lea, Flood 2014).

    >>> bucket_of(np.array([1, 2, 3, 4]), 4).tolist()
    [1, 3, 0, 2]
    """
    mixed = persons.astype(np.uint64)
    with np.errstate(over="ignore"):
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = (mixed ^ (mixed >> np.uint64(31))) >> np.uint64(32)
    return ((mixed * np.uint64(count)) >> np.uint64(32)).astype(np.int64)


def count_for(accounts: int) -> int:
    """How many buckets a book of so many accounts is divided into."""
    return max(1, -(-accounts // ACCOUNTS))


@dataclass(frozen=True)
class Buckets:
    """A book in a folder, up to the start of the day `on`, the `instant`."""

    folder: Path
    count: int
    on: date
    instant: datetime

    @classmethod
    def create(cls, folder: Path, *, count: int, on: date, instant: datetime) -> Buckets:
        """A new folder of buckets, or the same one again."""
        folder.mkdir(parents=True, exist_ok=True)
        kept = {"count": count, "on": on.isoformat(), "instant": instant.isoformat()}
        text = json.dumps(kept)
        write_whole(folder / MANIFEST, lambda path: path.write_text(text))
        return cls(folder, count, on, instant)

    @classmethod
    def open(cls, folder: Path) -> Buckets:
        """
        The buckets of a folder. :raises Failed: if there are none
        """
        path = folder / MANIFEST
        if not path.is_file():
            raise Failed(
                f"{folder} holds no book in columns.", permanent=True,
                hint="Name the folder that was written, or write it again.",
            )  # fmt: skip
        kept = json.loads(path.read_text())
        return cls(
            folder, kept["count"], date.fromisoformat(kept["on"]),
            datetime.fromisoformat(kept["instant"]),
        )  # fmt: skip

    def path(self, table: str, bucket: int) -> Path:
        """Where a table of a bucket lies."""
        return self.folder / table / f"{bucket:05d}.parquet"

    def has(self, bucket: int) -> bool:
        """Whether a bucket was written to its end."""
        return self._seal(bucket).is_file()

    def _seal(self, bucket: int) -> Path:
        return self.folder / "seals" / f"{bucket:05d}.json"

    def write(self, bucket: int, frames: Mapping[str, pl.DataFrame]) -> None:
        """
        Write a bucket: `cases` in rising order of case with `person`, the tables of events, and
        any others; those with a `case` get their `row`. Rows of cases that are not there are left out.
        """
        cases = frames["cases"].sort("case")
        numbers = cases["case"].to_numpy()
        digest = hashlib.sha256()
        for name, frame in frames.items():
            if name == "cases":
                frame = cases
            elif "case" in frame.columns:
                rows = pl.Series("row", rows_of(numbers, frame["case"].to_numpy()))
                frame = frame.with_columns(rows).filter(pl.col("row") >= 0)
            path = self.path(name, bucket)
            path.parent.mkdir(exist_ok=True)
            write_whole(path, _writer(frame))
            digest.update(name.encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        seal = json.dumps({"cases": len(numbers), "digest": digest.hexdigest()})
        self._seal(bucket).parent.mkdir(exist_ok=True)
        write_whole(self._seal(bucket), lambda path: path.write_text(seal))

    def seal(self, bucket: int) -> dict[str, Any]:
        """
        How many `cases` a bucket has, and its `digest`. :raises Failed: if it was not written
        """
        if not self.has(bucket):
            raise Failed(
                f"Bucket {bucket} of {self.folder} is missing or was not written to its end.",
                permanent=True, hint="Write the book's columns again: what is there is kept.",
            )  # fmt: skip
        found: dict[str, Any] = json.loads(self._seal(bucket).read_text())
        return found

    def table(self, name: str, bucket: int, columns: Sequence[str] | None = None) -> pa.Table:
        """
        A table of a bucket. :raises Failed: if it is not there, or lacks a column
        """
        path = self.path(name, bucket)
        try:
            return pq.read_table(
                path, columns=None if columns is None else list(columns), memory_map=True,
                use_threads=False, partitioning=None,
            )  # fmt: skip
        except (FileNotFoundError, KeyError, pa.ArrowInvalid) as broken:
            raise Failed(
                f"{name} of bucket {bucket} cannot be read: {str(broken).splitlines()[0]}",
                permanent=True, hint="Write the book's columns again.",
            ) from broken  # fmt: skip

    def features(self, bucket: int, names: tuple[str, ...] | None = None) -> NDArray[np.float32]:
        """The features of the cases of a bucket in their order, (cases, features)."""
        from recoup.scoring.declared import NAMES

        states = self.table("cases", bucket, tuple(TABLES["cases"]))
        kernel = Kernel(accounts=states.num_rows, on=self.on, instant=self.instant)
        for source in EVENTS:
            wanted = ["row" if column == "case" else column for column in TABLES[source]]
            batch = self.table(source, bucket, wanted)
            kernel.add(source, {name: numbers(batch.column(name), 0) for name in wanted})
        cases = {name: numbers(states.column(name), MISSING) for name in TABLES["cases"]}
        return kernel.matrix(cases, names or NAMES)


def numbers(column: pa.ChunkedArray, missing: int) -> NDArray[Any]:
    """A column of whole numbers as an array."""
    if column.null_count:
        column = column.fill_null(missing)
    return np.asarray(column.to_numpy())


def _writer(frame: pl.DataFrame) -> Any:
    # Texts that repeat are kept, and read again, as numbers with the words once.
    words = [name for name, kind in frame.schema.items() if kind == pl.String]
    table = frame.with_columns(pl.col(words).cast(pl.Categorical)).to_arrow()
    return lambda path: pq.write_table(
        table, path, compression=COMPRESSION, use_dictionary=words or False,
        row_group_size=1 << 20, write_statistics=False,
    )  # fmt: skip
