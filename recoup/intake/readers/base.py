"""What every reader gives: parts (one table each) that yield batches of cells."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

import polars as pl

from recoup.kernel.errors import Invalid
from recoup.kernel.text import tidy

BATCH = 20_000
MOST_UNPACKED = 40 * 1024**3
MOST_RATIO = 200
SMALL = 64 * 1024**2
MOST_FILES = 200
UNSEEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff]")


class Blob(Protocol):
    """A file wherever it lies: on a disk or inside an archive."""

    @property
    def name(self) -> str:
        """Its file name."""

    @property
    def size(self) -> int:
        """Its bytes."""

    def open(self) -> AbstractContextManager[BinaryIO]:
        """Read it."""


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that does not even fit the header: its number, its cells, and what is wrong."""

    number: int
    cells: dict[str, str]
    problem: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CellFault:
    """A cell that the reader itself could not take: the place in the batch, and the problem."""

    index: int
    column: str
    kind: str


@dataclass(slots=True)
class Batch:
    """Rows as they stand in the source; `numbers` are their rows there."""

    frame: pl.DataFrame
    numbers: pl.Series
    broken: list[BrokenRow] = field(default_factory=list)
    faults: list[CellFault] = field(default_factory=list)


class Part(Protocol):
    """One table of a source: a file, or a sheet."""

    name: str
    notices: list[dict[str, Any]]
    rows: int | None

    def check(self) -> None:
        """Decode it to the end. :raises Invalid: if that is not possible"""

    def columns(self) -> list[str]:
        """The names in the header."""

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """The rows."""


def header(cells: Sequence[Any], *, where: str) -> list[str]:
    """
    The column names of a header row, made comparable and unique.

    :raises Invalid: if there is no header
    """
    names = ["" if cell is None else tidy(UNSEEN.sub("", str(cell))) for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise Invalid(
            f"{where} is empty.",
            hint="The first row must hold the names of the columns.",
        )
    found: list[str] = []
    for place, name in enumerate(names, start=1):
        name = name or f"column {place}"
        found.append(name if name not in found else f"{name} (column {place})")
    return found


def guard(name: str, infos: Sequence[zipfile.ZipInfo]) -> None:
    """
    Go on only with an archive that can be unpacked. :raises Invalid: if it would burst or is locked
    """
    unpacked = sum(info.file_size for info in infos)
    packed = max(sum(info.compress_size for info in infos), 1)
    bursts = unpacked > SMALL and unpacked > MOST_RATIO * packed
    if len(infos) > MOST_FILES or unpacked > MOST_UNPACKED or bursts:
        raise Invalid(
            f"{name} unpacks to far more than a lender's tables would.",
            hint="Send the files without packing them.",
        )
    if any(info.flag_bits & 0x1 for info in infos):
        raise Invalid(f"{name} is locked with a password.", hint="Send it without one.")
