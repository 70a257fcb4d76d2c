"""Copying columns into a matrix, looking for what no model can read on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.decision.compiled import compiled

Array = NDArray[Any]


@compiled
def copy(source: Array, into: Array) -> int:
    """Copy numbers (n,) into a column (n,); gives how many of them are infinite."""
    infinite = 0
    for row in range(len(source)):
        value = source[row]
        into[row] = value
        infinite += abs(value) == np.inf
    return infinite
