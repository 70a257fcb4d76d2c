"""The loop that gives out budgets in order, compiled."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np


@nb.njit(cache=True)  # type: ignore[untyped-decorator]
def fill(cases: Any, ways: Any, uses: Any, left: Any, taken: Any) -> Any:
    """See `house.fill`."""
    done = np.zeros(len(cases), dtype=np.bool_)
    for number in range(len(cases)):
        case, way = cases[number], ways[number]
        if taken[case]:
            continue
        fits = True
        for budget in range(len(left)):
            if uses[way, budget] > left[budget] + 1e-9:
                fits = False
                break
        if fits:
            for budget in range(len(left)):
                left[budget] -= uses[way, budget]
            taken[case] = True
            done[number] = True
    return done
