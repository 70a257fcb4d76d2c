"""
The dose: how many contacts came lately, and an effect that does not grow with it.

An outcome model cannot be told that the difference of two of its answers falls with the dose. Its
effects are put in order over the doses instead: the rearrangement of an estimate of a monotone
curve is never further from the truth than the estimate (Chernozhukov, Fernandez-Val, Galichon 2009,
doi:10.1093/biomet/asp030).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST = 12


def falling(
    effect: Callable[[NDArray[Any]], Floats], x: NDArray[Any], *, place: int, most: int = MOST
) -> Floats:
    """
    Effects (n, A) of rows x (n, k), put in falling order over the doses 0 to `most` in column
    `place`. A dose above `most` counts as `most`, one between two whole numbers as the lower.

    >>> bumpy = lambda x: np.array([[3.0, 1.0, 2.0][int(row[0])] for row in x])[:, None]
    >>> falling(bumpy, np.array([[0.0], [1.0], [2.0]]), place=0, most=2).ravel().tolist()
    [3.0, 2.0, 1.0]
    """
    grid = np.empty((most + 1, len(x), 0))
    for dose in range(most + 1):
        at = np.array(x, copy=True)
        at[:, place] = dose
        found = effect(at)
        if not grid.shape[2]:
            grid = np.empty((most + 1, *found.shape))
        grid[dose] = found
    ordered = -np.sort(-grid, axis=0)
    own = np.clip(np.nan_to_num(np.asarray(x)[:, place], nan=0.0), 0, most).astype(np.int64)
    return np.asarray(ordered[own, np.arange(len(x))])
