"""
What an action of an account uses of each budget, in the two forms that plans are solved in.

`Factored`: `factors[of[m], i] * rates[segment[i], a, m]`, the bare rate where `of[m]` is -1. An
account costs one number for each factor, however many budgets there are.
`Listed`: for each account and action up to K budgets with amounts of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.floating]
Integers = NDArray[np.int64]
NONE = -1
CHUNK = 262_144  # accounts whose intermediate numbers stay in the cache


@dataclass(frozen=True)
class Factored:
    """
    `rates` (S, A, M), `segment` (N,) in 0..S-1, `factors` (F, N), `of` (M,): the factor that each
    budget goes by, or -1. None of them is negative; all are finite.

    :raises ValueError: if shapes do not fit or a number is negative or not finite
    """

    rates: Floats
    segment: Integers
    factors: Numbers
    of: Integers

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if self.rates.ndim != 3 or self.segment.ndim != 1 or self.factors.ndim != 2:
            raise ValueError("rates is (S, A, M), segment (N,), factors (F, N), of (M,).")
        if self.factors.shape[1] != len(self.segment) or self.of.shape != self.rates.shape[2:]:
            raise ValueError("factors or of do not fit segment and rates.")
        _inside(self.segment, 0, len(self.rates), "segment")
        _inside(self.of, NONE, len(self.factors), "of")
        _sound(self.rates, "rates")
        _sound(self.factors, "factors")

    @property
    def accounts(self) -> int:
        """How many accounts."""
        return len(self.segment)

    @property
    def actions(self) -> int:
        """How many actions."""
        return int(self.rates.shape[1])

    @property
    def budgets(self) -> int:
        """How many budgets."""
        return len(self.of)

    def only(self, kept: NDArray[np.bool_]) -> Factored:
        """The same for some of the budgets."""
        return Factored(self.rates[..., kept], self.segment, self.factors, self.of[kept])

    def listed(self, rows: Integers) -> Listed:
        """The use of some accounts, one by one."""
        # Most rates are nothing: only what some action of some segment uses is written out.
        which, rate = _packed(self.rates)
        which, rate = which[self.segment[rows]], rate[self.segment[rows]]
        padded = np.vstack([self.factors[:, rows].astype(np.float64), np.ones(len(rows))])
        kind = np.where(which >= 0, np.r_[self.of, NONE][which], NONE)
        return Listed(which, rate * padded[kind, np.arange(len(rows))[:, None, None]], self.budgets)


@dataclass(frozen=True)
class Listed:
    """
    `which` (N, A, K) is a budget in 0..budgets-1 or -1 for none, `amount` (N, A, K) how much of it.

    :raises ValueError: if shapes do not fit or a number is negative or not finite
    """

    which: NDArray[np.integer]
    amount: Numbers
    budgets: int

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if self.which.ndim != 3 or self.which.shape != self.amount.shape:
            raise ValueError("which and amount are both (N, A, K).")
        _inside(self.which, NONE, self.budgets, "which")
        _sound(self.amount, "amount")

    @property
    def accounts(self) -> int:
        """How many accounts."""
        return len(self.which)

    @property
    def actions(self) -> int:
        """How many actions."""
        return int(self.which.shape[1])

    def only(self, kept: NDArray[np.bool_]) -> Listed:
        """The same for some of the budgets."""
        names = np.where(kept, np.cumsum(kept) - 1, NONE)
        which = np.where(self.which >= 0, np.r_[names, NONE][self.which], NONE)
        return Listed(which, np.where(which >= 0, self.amount, 0), int(kept.sum()))

    def listed(self, rows: Integers) -> Listed:
        """The use of some accounts."""
        return Listed(self.which[rows], self.amount[rows].astype(np.float64), self.budgets)


def of_arrays(use: Numbers, accounts: int) -> Factored | Listed:
    """
    The form for plain arrays: (A, M) for all accounts alike, or (N, A, M).

    >>> of_arrays(np.array([[1.0, 0.0], [0.0, 2.0]]), 3).listed(np.array([0])).amount.tolist()
    [[[1.0], [2.0]]]
    """
    if use.ndim == 2:
        nobody = np.empty((0, accounts), dtype=np.float32)
        segment = np.zeros(accounts, dtype=np.int64)
        of = np.full(use.shape[1], NONE, dtype=np.int64)
        return Factored(np.asarray(use[None], dtype=np.float64), segment, nobody, of)
    _sound(use, "use")
    which, amount = _packed(use)
    return Listed(which, amount, use.shape[2])


def use_of(use: Factored | Listed, chosen: NDArray[np.int32]) -> Floats:
    """The use of every budget, (M,), if every account (N,) does an action, or -1 for nothing."""
    used = np.zeros(use.budgets)
    parts = [slice(start, start + CHUNK) for start in range(0, len(chosen), CHUNK)]
    if not isinstance(use, Factored):
        for part in parts:
            rows = np.flatnonzero(chosen[part] >= 0)
            which = use.which[part][rows, chosen[part][rows]].ravel()
            amount = use.amount[part][rows, chosen[part][rows]].ravel()
            taken = which >= 0
            used += np.bincount(which[taken], weights=amount[taken], minlength=use.budgets)
        return used
    # A place for each segment and action, nothing first; doing nothing uses nothing.
    places = len(use.rates) * (use.actions + 1)
    kinds = np.unique(use.of)
    sums = np.zeros((len(kinds), places))
    for part in parts:
        place = use.segment[part] * (use.actions + 1) + chosen[part] + 1
        for row, kind in enumerate(kinds):
            weights = None if kind == NONE else use.factors[kind, part]
            sums[row] += np.bincount(place, weights=weights, minlength=places)
    for kind, taken_by in zip(kinds, sums, strict=True):
        some = np.flatnonzero(use.of == kind)
        by_action = taken_by.reshape(len(use.rates), -1)[:, 1:]
        used[some] = np.einsum("sa,sam->m", by_action, use.rates[..., some])
    return used


def _packed(use: Numbers) -> tuple[NDArray[np.integer], Numbers]:
    """Indices and amounts of what is used, to the front of the last axis, -1 where nothing is."""
    used = use > 0
    most = max(1, int(used.sum(axis=-1).max(initial=0)))
    if not use.shape[-1]:
        shape = (*use.shape[:-1], 1)
        return np.full(shape, NONE, dtype=np.int16), np.zeros(shape, dtype=use.dtype)
    order = np.argsort(~used, axis=-1, kind="stable")[..., :most]
    amount = np.take_along_axis(use, order, axis=-1)
    kind = np.int16 if use.shape[-1] < 2**15 else np.int32
    return np.where(amount > 0, order, NONE).astype(kind), amount


def _sound(numbers: Numbers, name: str) -> None:
    if numbers.size and not (np.isfinite(numbers.sum()) and numbers.min() >= 0):
        raise ValueError(f"{name}: numbers that are finite and not negative.")


def _inside(numbers: NDArray[np.integer], low: int, high: int, name: str) -> None:
    if numbers.size and (numbers.min() < low or numbers.max() >= high):
        raise ValueError(f"{name}: from {low} to {high - 1}.")
