"""
Several cases of one person: the limit of contacts is the person's, however many cases they have.

Which rows are one person is said by `people.queries.same_people`; the same row of a person stands
for all of them, so holdout and arm are one too.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray


def as_one(cases: pl.DataFrame, same: Mapping[int, int]) -> pl.DataFrame:
    """The cases with the rows of one person under one number."""
    if not same:
        return cases
    return cases.with_columns(pl.col("person").replace(same))


def too_many(
    *, persons: NDArray[np.int64], worth: NDArray[np.float64], room: NDArray[np.int64]
) -> NDArray[np.int64]:
    """
    The rows that a person's limit has no room for tonight, beside better ones of the same person.

    `worth` (n, A) is minus infinity where an action is closed; a row counts if any is open. The rows
    of a person worth most stay, of equals the first.
    """
    best = worth.max(axis=1, initial=-np.inf)
    open_ = np.flatnonzero(np.isfinite(best))
    order = open_[np.lexsort((open_, -best[open_], persons[open_]))]
    if not len(order):
        return order
    starts = np.r_[0, np.flatnonzero(np.diff(persons[order])) + 1]
    lengths = np.diff(np.r_[starts, len(order)])
    place = np.arange(len(order)) - np.repeat(starts, lengths)
    return order[place >= room[order]]
