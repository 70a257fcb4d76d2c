"""Which keys were met before, in little memory: 8 bytes a key, and no worse than n log n."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

Hashes = npt.NDArray[np.uint64]
SEED = 20_261_123


def hashes_of(frame: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """A 64-bit hash of the columns of each row, the same for the life of the process."""
    joined = pl.concat_str([pl.col(name).cast(pl.String) for name in columns], separator="\x1f")
    return frame.select(joined.fill_null("").hash(SEED).alias("key")).to_series()


class Seen:
    """
    A growing set of hashes in sorted runs of doubling length.

    Two different keys are taken for the same one with a probability of n^2 / 2^65: 3 in 10^8 for
    a million keys, and then a row is set aside for a person to look at, not lost.
    """

    def __init__(self) -> None:
        self._runs: list[Hashes] = []

    def __len__(self) -> int:
        return sum(len(run) for run in self._runs)

    def add(self, keys: pl.Series) -> None:
        """Remember these."""
        run: Hashes = np.sort(keys.to_numpy().astype(np.uint64))
        if not len(run):
            return
        while self._runs and len(self._runs[-1]) <= 2 * len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]), kind="stable")
        self._runs.append(run)

    def has(self, keys: pl.Series) -> pl.Series:
        """Which of these are remembered."""
        wanted: Hashes = keys.to_numpy().astype(np.uint64)
        found = np.zeros(len(wanted), dtype=bool)
        for run in self._runs:
            place = np.minimum(np.searchsorted(run, wanted), len(run) - 1)
            found |= run[place] == wanted
        return pl.Series(found, dtype=pl.Boolean)
