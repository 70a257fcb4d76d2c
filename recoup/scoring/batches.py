"""
Features that come as Arrow columns: made into a matrix, checked, and scored.

The same function scores a batch on one machine and inside Spark. A feature that is missing is NaN;
one that is not there at all, is not a number or is infinite is an error that names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recoup.kernel.errors import Invalid, Problem

Matrix = NDArray[np.float32]
HINT = "Write the features again with the version that scores them, or train again."


def check_columns(names: Sequence[str], schema: pa.Schema) -> None:
    """
    Go on only if a schema has the features a model asks for, as numbers.

    :raises Invalid: naming every feature that is missing or is not a number
    """
    problems = []
    for name in names:
        place = schema.get_field_index(name)
        if place < 0:
            problems.append(Problem(name, "This feature is missing."))
            continue
        kind = schema.field(place).type
        if not (
            pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
        ):
            problems.append(Problem(name, f"This feature is {kind}, not a number."))
    if problems:
        raise Invalid("These features cannot be scored.", problems=problems, hint=HINT)


def matrix_of(
    names: Sequence[str], batch: pa.RecordBatch | pa.Table, into: Matrix | None = None
) -> Matrix:
    """
    The named columns of a batch, (rows, names), column by column in memory; null is NaN.

    `into` is a matrix that is filled anew if it has as many rows.

    :raises Invalid: naming the features that are missing, no numbers, or infinite
    """
    check_columns(names, batch.schema)
    rows = batch.num_rows
    if into is None or len(into) != rows:
        into = np.empty((rows, len(names)), np.float32, order="F")
    into.setflags(write=True)  # CatBoost locks what it has read without copying
    problems = []
    for place, name in enumerate(names):
        infinite = _copy(batch.column(batch.schema.get_field_index(name)), into[:, place])
        if infinite:
            problems.append(Problem(name, f"{infinite:,} of {rows:,} values are infinite."))
    if problems:
        raise Invalid("These features cannot be scored.", problems=problems, hint=HINT)
    return into


def _copy(column: pa.Array | pa.ChunkedArray, into: Matrix) -> int:
    from recoup.decision import columns

    infinite, done = 0, 0
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    for chunk in chunks:
        if chunk.null_count or pa.types.is_boolean(chunk.type):
            chunk = chunk.cast(pa.float64())
        numbers = chunk.to_numpy(zero_copy_only=False)
        infinite += columns.copy(numbers, into[done : done + len(chunk)])
        done += len(chunk)
    return infinite


def scored(*, path: Path, scorer: Any) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """
    Score a Parquet file of features: for each row group where it begins, and the chances (rows,).

    :raises Invalid: naming the features that are missing, no numbers, or infinite
    """
    names = list(scorer.columns)
    with pq.ParquetFile(path, memory_map=True) as file:
        check_columns(names, file.schema_arrow)
        into, done = None, 0
        for group in range(file.num_row_groups):
            batch = file.read_row_group(group, columns=names, use_threads=False)
            if batch.num_rows:
                into = matrix_of(names, batch, into)
                yield done, scorer.probability(into)
            done += batch.num_rows
