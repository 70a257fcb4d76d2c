"""
A book divided into parts that fit memory: every table read once, its rows laid down by part.

    divided = Divided.by_person(folder, cases=ids, persons=persons, size=20_000)
    divided.lay("loans", bulk.frames(rows, SCHEMA))
    divided.frame("loans", part, SCHEMA)

Parts are stretches of rising case numbers; all cases of a person are in the part of the first of
them, so that what a person may be asked is known within a part. A piece of a table that came from the
database becomes one Arrow file with a batch for each part: a part is read without reading the others.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from recoup.kernel.errors import Failed

Whole = NDArray[np.int64]
KEPT = "kept"  # says that somebody wants the files
SIZE = 20_000  # cases of a part: a hundred megabytes while it is worked


@dataclass(frozen=True)
class Columns:
    """That a night takes a book in parts of `size` cases, which are laid down in `folder`."""

    folder: Path
    size: int = SIZE


@contextmanager
def working(root: Path, *, name: str, size: int = SIZE, keep: bool = False) -> Iterator[Columns]:
    """
    A folder under `root` for one night's work; one night at a time. It is removed when all went well,
    unless it is to be kept; what a killed night left is there again, and what others left is removed.

    :raises Failed: if another night is at work there
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise Failed(
                "Another night of this book is at work part by part.", permanent=False,
                hint="Wait until it ends: it does the same.",
            ) from busy  # fmt: skip
        for other in root.iterdir():
            if other.is_dir() and other.name != name and not (other / KEPT).exists():
                shutil.rmtree(other, ignore_errors=True)
        folder = root / name
        folder.mkdir(exist_ok=True)
        yield Columns(folder, size)
        if keep:
            (folder / KEPT).touch()
        else:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Divided:
    """
    `cases` (n,) in rising order, `part` (n,) which part each is in, of `count`, each of at most `size`
    cases of its own stretch. Pieces lie in `folder`, which is emptied first.
    """

    folder: Path
    cases: Whole
    part: NDArray[np.int32]
    count: int
    size: int

    @classmethod
    def by_person(cls, folder: Path, *, cases: Whole, persons: Whole, size: int = SIZE) -> Divided:
        """Divide so that all cases of a person are together; `cases` in rising order."""
        _, first, which = np.unique(persons, return_index=True, return_inverse=True)
        return cls._emptied(folder, cases, (first[which] // size).astype(np.int32), size)

    @classmethod
    def by_case(cls, folder: Path, *, cases: Whole, size: int = SIZE) -> Divided:
        """Divide into stretches of cases alone."""
        return cls._emptied(folder, cases, (np.arange(len(cases)) // size).astype(np.int32), size)

    @classmethod
    def _emptied(cls, folder: Path, cases: Whole, part: NDArray[np.int32], size: int) -> Divided:
        shutil.rmtree(folder, ignore_errors=True)  # what a killed night left is of another moment
        folder.mkdir(parents=True)
        return cls(folder, cases, part, max(1, -(-len(cases) // size)), size)

    def stretch(self, part: int) -> tuple[int, int]:
        """Where the cases of a part's own stretch begin and end among all."""
        return part * self.size, min((part + 1) * self.size, len(self.cases))

    def mine(self, part: int) -> Whole:
        """The cases of a part, those of persons who have others there among them."""
        return self.cases[self.part == part]

    def lay(self, name: str, pieces: Iterable[pl.DataFrame]) -> None:
        """Lay the rows of a table down by part, by their `case`; rows of other cases are left out."""
        for piece in pieces:
            self.put(name, piece)

    def put(self, name: str, piece: pl.DataFrame) -> None:
        """Lay one more piece of a table down."""
        number = len(list(self.folder.glob(f"{name}-*.arrow")))
        _write(self.folder / f"{name}-{number:06d}.arrow", self._sorted(piece), self.count)

    def _sorted(self, piece: pl.DataFrame) -> tuple[pl.DataFrame, Whole]:
        """The rows of a piece part after part, and where each part begins; order is kept within."""
        asked = piece["case"].fill_null(-1).to_numpy()
        place = np.searchsorted(self.cases, asked)
        place[place == len(self.cases)] = 0
        known = np.flatnonzero(self.cases[place] == asked) if len(self.cases) else place[:0]
        part = self.part[place[known]]
        order = np.argsort(part, kind="stable")
        starts = np.searchsorted(part[order], np.arange(self.count + 1))
        return piece[known[order]], starts

    def has(self, name: str) -> bool:
        """Whether any piece of a table was laid down."""
        return any(self.folder.glob(f"{name}-*.arrow"))

    def frame(self, name: str, part: int, schema: dict[str, Any]) -> pl.DataFrame:
        """The rows of a table that are of a part, in the order in which they came."""
        parts = [pl.DataFrame(schema=schema)]
        for path in sorted(self.folder.glob(f"{name}-*.arrow")):
            with pa.memory_map(str(path)) as source:
                batch = pa.ipc.open_file(source).get_batch(part)
            parts.append(pl.DataFrame(pl.from_arrow(batch)).cast(schema))
        return pl.concat(parts, rechunk=True)

    def remove(self) -> None:
        """Remove the pieces."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _write(path: Path, found: tuple[pl.DataFrame, Whole], count: int) -> None:
    frame, starts = found
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest()).combine_chunks()
    columns = [
        column.chunk(0) if column.num_chunks else pa.array([], column.type)
        for column in table.columns
    ]
    whole = pa.RecordBatch.from_arrays(columns, schema=table.schema)
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema, options=options) as file:  # fmt: skip
        for part in range(count):
            file.write_batch(whole.slice(starts[part], starts[part + 1] - starts[part]))


def in_order(parts: Iterable[pl.DataFrame], divided: Divided) -> Iterator[pl.DataFrame]:
    """
    The rows that were made part after part, a row for each case, in rising order of case.

    A case that stood in an earlier part, with its person, waits for the part of its own stretch.
    """
    waiting: list[pl.DataFrame] = []
    for part, made in enumerate(parts):
        _, end = divided.stretch(part)
        last = divided.cases[end - 1] if end else -1
        some = pl.concat([*waiting, made])
        yield some.filter(pl.col("case") <= last).sort("case")
        waiting = [some.filter(pl.col("case") > last)]
