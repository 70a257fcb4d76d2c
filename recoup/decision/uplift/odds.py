"""
Effects in log-odds: the chance without contact, moved by one figure for each treatment.

    effect(x, a) = sigmoid(o + b_a w^k) - sigmoid(o),   o = logit(mu(x, 0)) + c

with k the dose and mu(x, 0) what is expected if nothing is done, from other people's rows while the
figures are fitted. Outcomes between 0 and 1 by quasi-likelihood (Papke, Wooldridge 1996,
doi:10.1002/(SICI)1099-1255(199611)11:6<619::AID-JAE418>3.0.CO;2-1). A shift in log-odds moves most
where the outcome is open (Lo 2002, SIGKDD Explorations 4(2)): it says whom to treat with a few
figures where a forest would need a hundred thousand rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
WEARS = (1.0, 0.9, 0.8, 0.65, 0.5)  # how much of a shift each earlier contact leaves
LEAST = 1e-3  # chances nearer to 0 or 1 are not believed


def log_odds(chance: Floats) -> Floats:
    """Logits of chances, kept off the ends."""
    p = np.clip(chance, LEAST, 1 - LEAST)
    return np.asarray(np.log(p / (1 - p)))


def sigmoid(x: Floats) -> Floats:
    """Chances of logits."""
    return np.asarray(1 / (1 + np.exp(-x)))


def shift(*, offset: Floats, y: Floats, weight: Floats, size: Floats) -> float:
    """
    The b of y ~ sigmoid(offset + b size), by weighted quasi-likelihood (Newton).

    >>> y = np.array([0.0, 1.0, 1.0, 1.0])
    >>> round(shift(offset=np.zeros(4), y=y, weight=np.ones(4), size=np.ones(4)), 4)
    1.0986
    """
    found = 0.0
    for _ in range(50):
        p = sigmoid(offset + found * size)
        slope = float(weight @ (p * (1 - p) * size**2)) + 1e-9
        step = float(weight @ ((y - p) * size)) / slope
        found = float(np.clip(found + np.clip(step, -1, 1), -5, 5))
        if abs(step) < 1e-9:
            break
    return found


def quasi(*, offset: Floats, y: Floats, weight: Floats, size: Floats, b: float) -> float:
    """The quasi-log-likelihood of a shift."""
    p = np.clip(sigmoid(offset + b * size), LEAST / 10, 1 - LEAST / 10)
    return float(weight @ (y * np.log(p) + (1 - y) * np.log1p(-p)))


def moved(*, offset: Floats, b: float, size: Floats) -> Floats:
    """The effect of a shift."""
    return sigmoid(offset + b * size) - sigmoid(offset)
