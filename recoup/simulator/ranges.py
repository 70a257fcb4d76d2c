"""
The simulator over the ranges of its parameters, so that no conclusion rests on one point.

Latin hypercube (McKay, Beckman, Conover 1979): every parameter's range is cut into as many equal
parts as there are draws, and each part is used once.
"""

from __future__ import annotations

from recoup.kernel.errors import Invalid
from recoup.simulator.parameters import Parameters

# What a demo's dialler does, and what the house pays, is not believed about borrowers.
APART = ("calls.", "agency.", "operations.")


def draws(
    *, parameters: Parameters, count: int, seed: int, within: float = 1.0
) -> list[Parameters]:  # fmt: skip
    """
    So many sets of parameters from their ranges.

    `within` draws from a part of each range around its value: 1 the whole range, 0.25 a quarter of
    the way to each end.

    :raises Invalid: for no draw, or a part that is none
    """
    from scipy.stats import qmc

    if count < 1 or not 0.0 < within <= 1.0:
        raise Invalid("Choose a draw at least, and a part of the ranges above 0 and up to 1.")
    rows = [row for name, row in parameters.rows.items() if not name.startswith(APART)]
    cube = qmc.LatinHypercube(d=len(rows), rng=seed).random(count)
    found = []
    for point in cube:
        values = {}
        for row, u in zip(rows, point.tolist(), strict=True):
            low = row.value - within * (row.value - row.low)
            high = row.value + within * (row.high - row.value)
            values[row.name.replace(".", "__")] = float(low + u * (high - low))
        found.append(parameters.replace(**values))
    return found
