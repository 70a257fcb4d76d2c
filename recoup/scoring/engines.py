"""
What works out the features and scores of a night: the kernel here, or Apache Spark (`spark.engine`).

All engines give the same numbers: the declared features to the bit, and the models' answers from one
function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recoup.portfolio.divided import Divided
from recoup.scoring.features import Sources, matrix_at
from recoup.scoring.sources import of_part
from recoup.scoring.store import Loaded, Scorer

REASONS = 3
NONE = -1  # stands for no reason, where nothing moved a score
Matrix = NDArray[np.float32]
Known = Callable[[NDArray[np.int64]], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Answer:
    """
    What a model says of some cases: the chance (n,), and which columns moved it most, (n, REASONS):
    twice the column's place, and one more where it raised the chance.
    """

    chance: NDArray[np.float64]
    moved: NDArray[np.int32]

    def words(self, columns: Sequence[str]) -> list[pa.Array]:
        """By rank an array of n words: `+name` raised the chance, `-name` lowered it."""
        words = pa.array([sign + name for name in columns for sign in ("-", "+")], pa.string())
        return [
            pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes == NONE), words)
            for codes in self.moved.T
        ]


def answer_of(scorer: Scorer, matrix: Matrix) -> Answer:
    """What a model says of the rows of its own columns, (n, columns)."""
    return Answer(scorer.probability(matrix), most_moved(scorer.contributions(matrix)))


def most_moved(contributions: NDArray[np.float64]) -> NDArray[np.int32]:
    """The columns that moved each row most, as in `Answer.moved`; shape (n, columns)."""
    rows, left = np.arange(len(contributions)), np.abs(contributions)
    found = np.full((len(rows), REASONS), NONE, np.int32)
    for rank in range(REASONS if left.shape[1] else 0):
        place = left.argmax(axis=1)
        code = (place * 2 + (contributions[rows, place] > 0)).astype(np.int32)
        found[:, rank] = np.where(left[rows, place] > 1e-9, code, NONE)
        left[rows, place] = 0.0
    return found


class Rows(Protocol):
    """The declared features of all cases, some rows of which are asked for at a time, in order."""

    def __getitem__(self, rows: slice, /) -> Matrix: ...


@dataclass(frozen=True)
class Scored:
    """
    The declared features of all cases (n, NAMES), and what a model of a target says of some of them,
    given the rows of its own columns.
    """

    features: Rows
    answer: Callable[[str, Loaded, slice, Matrix], Answer]


class Engine(Protocol):
    """
    Works out the features of `sources.cases`, in their order, and what the models say of them.

    `known` gives what came with the loans of some cases; `folder` is for what it needs meanwhile.
    """

    def __call__(
        self, *, sources: Sources, models: Mapping[str, Loaded], known: Known, on: date,
        instant: datetime, folder: Path,
    ) -> Scored: ...  # fmt: skip


def by_kernel(
    *, sources: Sources, models: Mapping[str, Loaded], known: Known, on: date,
    instant: datetime, folder: Path,
) -> Scored:  # fmt: skip
    """Features by the compiled kernel, models asked in this process, some rows at a time."""
    features = matrix_at(sources=sources, on=on, instant=instant)
    return Scored(features, here)


def here(target: str, model: Loaded, rows: slice, matrix: Matrix) -> Answer:
    """What a model says of some rows of its own columns, asked in this process."""
    return answer_of(model.scorer, matrix)


@dataclass(frozen=True)
class ByPart:
    """Features that are made when they are asked for, of a book that was laid down by part."""

    laid: Divided
    on: date
    instant: datetime
    last: dict[int, Matrix] = field(
        default_factory=dict
    )  # the rows of two chunks may meet in a part

    def __getitem__(self, rows: slice, /) -> Matrix:
        """The features of some cases; those of a whole part are as they were made."""
        size = self.laid.size
        parts = range(rows.start // size, -(-rows.stop // size))
        made = [self._made(part) for part in parts]
        self.last.clear()
        self.last[parts[-1]] = made[-1]
        first = parts.start * size
        whole = made[0] if len(made) == 1 else np.concatenate(made)
        return np.asfortranarray(whole[rows.start - first : rows.stop - first])

    def _made(self, part: int) -> Matrix:
        if part in self.last:
            return self.last[part]
        return matrix_at(sources=of_part(self.laid, part), on=self.on, instant=self.instant)
