"""
What the variables of a scorecard add to the log-odds, as compiled loops.

Bins are found without branches: of a rising list of edges the last one that a value reaches decides,
so each edge is one comparison and one choice for many rows at once, and no table is looked up.
`edges` (V, K) is padded with infinity, `tables` (V, K + 2) holds what each bin adds, padded with
the last one; its last place is what a missing value (NaN) adds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.decision.compiled import compiled

Array = NDArray[Any]
LANES = 256  # rows at a time: enough for long loops, few enough for the first cache


@compiled
def _load(matrix: Array, place: int, start: int, values: Array) -> int:
    """A stretch of a column, padded with nothing; gives how many rows it has."""
    size = min(LANES, len(matrix) - start)
    if size == LANES:
        for lane in range(LANES):
            values[lane] = matrix[start + lane, place]
    else:
        values[:] = 0
        for lane in range(size):
            values[lane] = matrix[start + lane, place]
    return size


@compiled
def _part(values: Array, edges: Array, table: Array, part: Array) -> None:
    """What one variable adds in each row of a stretch."""
    first = table[0]
    for lane in range(LANES):
        part[lane] = first
    for step in range(len(edges)):
        edge, more = edges[step], table[step + 1]
        for lane in range(LANES):
            part[lane] = more if values[lane] >= edge else part[lane]
    missing = table[len(table) - 1]
    for lane in range(LANES):
        part[lane] = part[lane] if values[lane] == values[lane] else missing


@compiled
def total(matrix: Array, places: Array, edges: Array, tables: Array, into: Array) -> None:
    """Add what all variables say of each row of (n, columns) to `into` (n,)."""
    values, part = np.empty(LANES, edges.dtype), np.empty(LANES, tables.dtype)
    sums = np.empty(LANES, into.dtype)
    for start in range(0, len(matrix), LANES):
        size = 0
        sums[:] = 0
        for number in range(len(places)):
            size = _load(matrix, places[number], start, values)
            _part(values, edges[number], tables[number], part)
            for lane in range(LANES):
                sums[lane] += part[lane]
        for lane in range(size):
            into[start + lane] += sums[lane]


@compiled
def each(
    matrix: Array, places: Array, edges: Array, tables: Array, means: Array, into: Array
) -> None:
    """What each variable says of each row, less its mean, into its column of (n, columns)."""
    values, part = np.empty(LANES, edges.dtype), np.empty(LANES, tables.dtype)
    for start in range(0, len(matrix), LANES):
        for number in range(len(places)):
            place = places[number]
            size = _load(matrix, place, start, values)
            _part(values, edges[number], tables[number], part)
            for lane in range(size):
                into[start + lane, place] = part[lane] - means[number]
