"""
Choosing by what is believed: draws from a posterior of each action's effect, less prices.

The outcome of a case (the share of what was overdue that came in) is linear in what is known,

    y = x' b + z' d[a] + e,        d of doing nothing is 0,

with one normal-inverse-gamma posterior for b and all d. Tonight's value of an action is scale z' d[a]
less its cost and less what it takes of budgets at their prices; a case takes the best action of one
draw of its own (Thompson 1933; Agrawal, Goyal 2013, arXiv:1209.3352). Budgets enter by prices, as in
bandits with knapsacks (Badanidiyuru, Kleinberg, Slivkins 2018, doi:10.1145/3164539; linear contextual:
Agrawal, Devanur 2016, arXiv:1507.06738). A draw for each case, not one for all: the prices then hardly
depend on any draw, so the chance of an action at fixed prices is the share of draws that take it,
and the choice is made with just that chance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
CHUNK = 4_000_000  # values held in memory at once
NOISE = 0.1  # the variance of an outcome before anything is known, worth two rows


@dataclass(frozen=True)
class Posterior:
    """
    What is believed of b (`base` numbers) and of `each` numbers for every action of `names`: `mean`
    (d,), `precision` (d, d) in units of 1 / variance of an outcome, `shape` and `rate` of that
    variance (inverse gamma), and the `rows` it was learnt from.
    """

    names: tuple[str, ...]
    base: int
    each: int
    mean: Floats
    precision: Floats
    shape: float
    rate: float
    rows: int

    @classmethod
    def prior(cls, *, base: int, each: int) -> Posterior:
        """Before any outcome and without any action; b may be anything."""
        weak = np.full(base, 1e-3)
        return cls((), base, each, np.zeros(base), np.diag(weak), 1.0, NOISE, 0)

    def with_action(self, name: str, *, mean: ArrayLike, spread: float) -> Posterior:
        """
        The same with another action of which this is believed: the mean (each,) and one standard
        deviation for all of it, in the unit of the outcome. An action that is there stays.

        >>> one = Posterior.prior(base=1, each=2).with_action("sms", mean=[0, 0.01], spread=0.02)
        >>> one.names, one.effect("sms")[0].tolist(), one.effect("sms")[1].diagonal().round(6).tolist()
        (('sms',), [0.0, 0.01], [0.0004, 0.0004])
        """
        if name in self.names:
            return self
        if not (spread > 0 and math.isfinite(spread)):
            raise ValueError("The spread of what is believed is a number above 0.")
        size = len(self.mean)
        precision = np.zeros((size + self.each, size + self.each))
        precision[:size, :size] = self.precision
        precision[size:, size:] = np.eye(self.each) * self.noise / spread**2
        start = np.asarray(mean, dtype=np.float64)
        return Posterior(
            (*self.names, name), self.base, self.each, np.concatenate([self.mean, start]),
            precision, self.shape, self.rate, self.rows,
        )  # fmt: skip

    @property
    def noise(self) -> float:
        """The variance of an outcome, as it is believed."""
        return self.rate / self.shape

    def place(self, name: str) -> slice:
        """Where an action's numbers stand."""
        first = self.base + self.each * self.names.index(name)
        return slice(first, first + self.each)

    def effect(self, name: str) -> tuple[Floats, Floats]:
        """The mean of an action's d (each,) and its covariance (each, each)."""
        here = self.place(name)
        whole = np.asarray(np.linalg.inv(self.precision), dtype=np.float64)
        return self.mean[here], self.noise * whole[here, here]

    def learn(
        self, *, x: Floats, z: Floats, actions: Sequence[str], outcomes: Floats,
        weights: Floats | None = None,
    ) -> Posterior:  # fmt: skip
        """
        What is believed after these rows: `x` (n, base), `z` (n, each), an action by name for each,
        empty for nothing, its outcome, and how many rows it counts for (one, if not given).

        >>> rng, n = np.random.default_rng(1), 4_000
        >>> act = rng.integers(0, 2, n)
        >>> believed = Posterior.prior(base=1, each=1).with_action("sms", mean=[0.0], spread=0.1)
        >>> after = believed.learn(x=np.ones((n, 1)), z=np.ones((n, 1)), outcomes=0.3 + 0.05 * act
        ...     + rng.normal(0, 0.2, n), actions=["sms" if one else "" for one in act])
        >>> mean, covariance = after.effect("sms")
        >>> bool(abs(mean[0] - 0.05) < 3 * covariance[0, 0] ** 0.5), after.rows
        (True, 4000)

        :raises ValueError: if a number is missing, or an action is not known
        """
        rows = self._design(x, z, actions)
        y = np.asarray(outcomes, dtype=np.float64)
        weight = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)
        if not all(np.isfinite(one).all() for one in (rows, np.asarray(z, float), y, weight)):
            raise ValueError("Some numbers to learn from are missing or infinite.")
        if (weight < 0).any():
            raise ValueError("A row counts for 0 rows at least.")
        heavy = rows * weight[:, None]
        precision = self.precision + rows.T @ heavy
        moment = self.precision @ self.mean + heavy.T @ y
        mean: Floats = np.linalg.solve(precision, moment).astype(np.float64)
        before = float(self.mean @ self.precision @ self.mean)
        rest = float(weight @ y**2) + before - float(mean @ precision @ mean)
        return Posterior(
            self.names, self.base, self.each, mean, (precision + precision.T) / 2,
            self.shape + float(weight.sum()) / 2, self.rate + max(0.0, rest) / 2,
            self.rows + len(y),
        )  # fmt: skip

    def _design(self, x: Floats, z: Floats, actions: Sequence[str]) -> Floats:
        x, z = np.asarray(x, dtype=np.float64), np.asarray(z, dtype=np.float64)
        number = {name: at for at, name in enumerate(self.names)} | {"": -1}
        unknown = sorted(set(actions) - set(number))
        if unknown:
            raise ValueError(f"Nothing is believed of {', '.join(unknown)} yet.")
        if x.shape != (len(actions), self.base) or z.shape != (len(actions), self.each):
            raise ValueError("What is known has one row for each action.")
        rows = np.zeros((len(actions), len(self.mean)))
        rows[:, : self.base] = x
        taken = np.array([number[name] for name in actions], dtype=np.int64)
        for at in range(len(self.names)):
            mine = taken == at
            rows[mine, self.place(self.names[at])] = z[mine]
        return rows

    def expected(self, x: Floats, z: Floats, actions: Sequence[str]) -> tuple[Floats, Floats]:
        """The outcome expected of each row, (n,), and its variance with that of the outcome."""
        rows = self._design(x, z, actions)
        spread = np.einsum("nd,de,ne->n", rows, np.linalg.inv(self.precision), rows)
        return rows @ self.mean, self.noise * (1 + spread)

    def means(self, names: Sequence[str]) -> Floats:
        """The mean of d for these actions, (A, each)."""
        return np.array([self.mean[self.place(name)] for name in names]).reshape(-1, self.each)

    def draw(self, names: Sequence[str], times: int, rng: np.random.Generator) -> Floats:
        """So many draws of d for these actions, (times, A, each), all of one draw together."""
        variance = self.rate / rng.gamma(self.shape, 1.0, times)
        # precision = L L'; the draws of L'^-1 n have its inverse as covariance.
        lower = np.linalg.cholesky(self.precision)
        normal = rng.standard_normal((len(self.mean), times))
        whole = np.linalg.solve(lower.T, normal).T * np.sqrt(variance)[:, None] + self.mean
        places = [whole[:, self.place(name)] for name in names]
        return np.stack(places, axis=1) if places else np.zeros((times, 0, self.each))

    def as_dict(self) -> dict[str, Any]:
        """For JSON; the same numbers come back."""
        return {
            "names": list(self.names), "base": self.base, "each": self.each,
            "mean": self.mean.tolist(), "precision": self.precision.tolist(), "shape": self.shape,
            "rate": self.rate, "rows": self.rows,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Posterior:
        """From `as_dict`."""
        return cls(
            tuple(kept["names"]), kept["base"], kept["each"], np.array(kept["mean"]),
            np.array(kept["precision"]).reshape(len(kept["mean"]), -1), kept["shape"],
            kept["rate"], kept["rows"],
        )  # fmt: skip


def values(
    *, scale: Floats, z: Floats, effects: Floats, cost: Floats, open_: NDArray[np.bool_]
) -> Floats:
    """
    What each action is worth, (n, A): `scale` (n,) times z' d with `effects` (A, each), or (n, A,
    each) for a draw of each case's own, less `cost` (n, A); minus infinity where it is not open.
    """
    form = "nk,ak->na" if effects.ndim == 2 else "nk,nak->na"
    worth = scale[:, None] * np.einsum(form, z, effects) - cost
    return np.where(open_, worth, -np.inf)


def chances(
    *, scale: Floats, z: Floats, draws: Floats, cost: Floats, open_: NDArray[np.bool_]
) -> Floats:
    """
    The share of the draws (M, A, each) in which each action is best, (n, 1 + A), nothing first.

    `cost` (n, A) has what an action costs and what it takes of budgets at their prices. A share p is
    known to sqrt(p (1 - p) / M).

    >>> half = chances(scale=np.ones(1), z=np.ones((1, 1)), draws=np.array([[[1.0]], [[-1.0]]]),
    ...     cost=np.zeros((1, 1)), open_=np.ones((1, 1), bool))
    >>> half.tolist()
    [[0.5, 0.5]]
    """
    n, actions = cost.shape
    times = len(draws)
    found = np.zeros((n, 1 + actions))
    if not actions:
        return found + 1.0
    at_once = max(1, CHUNK // max(1, times * max(1, actions)))
    for start in range(0, n, at_once):
        here = slice(start, min(n, start + at_once))
        gain = np.einsum("nk,mak->nma", z[here], draws) * scale[here, None, None]
        gain -= cost[here, None, :]
        gain = np.where(open_[here, None, :], gain, -np.inf)
        best = gain.argmax(axis=2)
        top = np.take_along_axis(gain, best[..., None], axis=2)[..., 0]
        best = np.where(top > 0, best + 1, 0)
        rows = np.arange(best.shape[0])[:, None] * (1 + actions)
        counts = np.bincount((rows + best).ravel(), minlength=best.shape[0] * (1 + actions))
        found[here] = counts.reshape(-1, 1 + actions) / times
    return found
