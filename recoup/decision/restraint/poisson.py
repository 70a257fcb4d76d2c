"""
Poisson regression by Newton's method, with a ridge and lower bounds on coefficients.

Rates of rare events in days are exp(x b); McCullagh, Nelder (1989), Generalized linear models.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
STEPS, MOST = 30, 20.0


def fit(
    x: Floats, y: Floats, *, ridge: float | Floats, weight: Floats | None = None,
    start: Floats | None = None, lowest: Floats | None = None,
) -> Floats:  # fmt: skip
    """
    The coefficients (k,) of log rates for x (n, k) and events y (n,), each row counted `weight`
    times. Those that fall under `lowest` are held there.

    >>> x = np.ones((4, 1))
    >>> float(np.exp(fit(x, np.array([1.0, 0.0, 0.0, 1.0]), ridge=0.0))[0].round(3))
    0.5

    :raises ValueError: if a number is missing or infinite
    """
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("A number is missing or infinite.")
    own = np.ones(len(y)) if weight is None else weight
    pull = np.broadcast_to(np.asarray(ridge, dtype=np.float64), x.shape[1:])
    found = _begin(x, y, own) if start is None else start.copy()
    held = np.zeros(len(found), dtype=bool)
    before = np.inf
    for _ in range(STEPS):
        rate = own * np.exp(np.minimum(x @ found, MOST))
        slope = x.T @ (own * y - rate) - pull * found
        curve = (x * rate[:, None]).T @ x + np.diag(pull + 1e-9)
        free = ~held
        step = np.zeros(len(found))
        step[free] = np.linalg.solve(curve[np.ix_(free, free)], slope[free])
        size = min(1.0, 3.0 / max(np.abs(x @ step).max(initial=0.0), 1e-9))
        found = found + size * step
        if lowest is not None:
            low = found < lowest
            found[low] = lowest[low]
            held = low | (held & (slope <= 0))
        now = loss(x, y, found, weight=own)
        if abs(before - now) < 1e-7 * (1.0 + abs(now)):
            break
        before = now
    return found


def loss(x: Floats, y: Floats, found: Floats, *, weight: Floats | None = None) -> float:
    """The negative log-likelihood but for a constant."""
    score = np.minimum(x @ found, MOST)
    each = np.exp(score) - y * score
    return float(each.sum() if weight is None else (weight * each).sum())


def _begin(x: Floats, y: Floats, weight: Floats) -> Floats:
    start = np.zeros(x.shape[1])
    constant = np.flatnonzero((x == 1.0).all(axis=0))
    rate = np.log(max(float((weight * y).sum() / weight.sum()), 1e-6))
    if len(constant):
        start[constant[0]] = rate
    return start
