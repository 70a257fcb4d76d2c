"""
Collectability: repayment as a self-exciting intensity, each payment making the next more likely.

Chehrazi, Weber 2015, Dynamic valuation of delinquent credit-card accounts, doi:10.1287/
mnsc.2015.2203. Payments of an account arrive with the intensity

    l(t) = a + (l0 - a) e^(-k t) + sum over payments before t of (d0 + d1 z) e^(-k (t - their day))

which reverts to a = exp(b x), begins at l0 = exp(c x) and jumps with each payment, more for one of a
larger size z. The likelihood is exact, its sums and gradient by recursion over the payments of all
accounts at once (Ozaki 1979, doi:10.1007/BF02480272). Days count from when the account was placed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recoup.kernel.errors import NotTrainable

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FEWEST = 200  # payments, and among them after another of the same account a quarter
RIDGE = 1.0  # on slopes, in log-likelihood


@dataclass(frozen=True)
class Payments:
    """
    Payments of n accounts seen for `until` days (n,): of which `account` (m,), on what day `at`
    (m,), of what `size` (m,), say as a share of the debt; `x` (n, k) is known at day 0.
    """

    account: Ints
    at: Floats
    size: Floats
    until: Floats
    x: Floats

    @classmethod
    def of(
        cls, *, account: ArrayLike, at: ArrayLike, size: ArrayLike, until: ArrayLike,
        x: ArrayLike | None = None,
    ) -> Payments:  # fmt: skip
        """
        Sort by account and day, and check.

        >>> Payments.of(account=[0, 0], at=[5.0, 2.0], size=[1.0, 1.0], until=[9.0]).at.tolist()
        [2.0, 5.0]

        :raises ValueError: with every problem found
        """
        who, when, much = (
            np.asarray(account, np.int64),
            np.asarray(at, float),
            np.asarray(size, float),
        )
        seen = np.asarray(until, float)
        known = np.zeros((len(seen), 0)) if x is None else np.asarray(x, float)
        problems = []
        if not who.shape == when.shape == much.shape or known.shape[:1] != seen.shape:
            raise ValueError(
                "Each payment has an account, a day and a size; each account a length."
            )
        if who.size and (who.min() < 0 or who.max() >= len(seen)):
            problems.append("A payment is of an account that is not there.")
        elif ((when < 0) | (when > seen[who])).any():
            problems.append("A payment lies outside the days its account was seen.")
        if not (seen > 0).all() or not np.isfinite(seen).all():
            problems.append("Every account is seen for more than no days.")
        if not np.isfinite(known).all() or not np.isfinite(much).all() or (much < 0).any():
            problems.append("A size or something known is missing, infinite or below 0.")
        if problems:
            raise ValueError(" ".join(problems))
        order = np.lexsort((when, who))
        return cls(who[order], when[order], much[order], seen, known)


@dataclass(frozen=True, slots=True)
class _Sums:
    """At each payment (m,) and at the end of each account (n,): decayed counts, sizes, and how
    these change with the decay."""

    count: Floats
    size: Floats
    count_k: Floats
    size_k: Floats
    end_count: Floats
    end_size: Floats


def _sums(data: Payments, decay: float) -> _Sums:
    rows, n = len(data.at), len(data.until)
    first = np.searchsorted(data.account, np.arange(n))
    rank = np.arange(rows) - first[data.account]
    found = np.zeros((4, rows))
    state, last = np.zeros((4, n)), np.zeros(n)
    # One step for the r-th payments of all accounts together.
    for place in np.split(np.argsort(rank, kind="stable"), np.cumsum(np.bincount(rank))[:-1]):
        who = data.account[place]
        state[:, who] = _faded(state[:, who], data.at[place] - last[who], decay)
        found[:, place] = state[:, who]
        state[0, who] += 1.0
        state[1, who] += data.size[place]
        last[who] = data.at[place]
    end = _faded(state, data.until - last, decay)
    return _Sums(found[0], found[1], found[2], found[3], end[0], end[1])


def _faded(state: Floats, days: Floats, decay: float) -> Floats:
    fading = np.exp(-decay * days)
    count, size = state[0] * fading, state[1] * fading
    return np.stack(
        [count, size, state[2] * fading - days * count, state[3] * fading - days * size]
    )


@dataclass(frozen=True)
class Intensity:
    """
    The intensity that was fitted: `base` and `start` (k + 1,) are b and c with the constant first,
    `decay` a day, `jump` and `jump_size` d0 and d1, `size` the mean size of a payment.
    """

    base: Floats
    start: Floats
    decay: float
    jump: float
    jump_size: float
    size: float

    @property
    def branching(self) -> float:
        """Payments that one payment brings by itself; from 1 on they would never end."""
        return (self.jump + self.jump_size * self.size) / self.decay

    def score(self, data: Payments, *, days: int = 90) -> Floats:
        """The chance of at least one payment in the days ahead of each account's end. Shape (n,)."""
        level, above = self._now(data)
        whole = level * days + above * (1 - np.exp(-self.decay * days)) / self.decay
        return np.asarray(-np.expm1(-whole))

    def payments(self, data: Payments, *, days: int = 360) -> Floats:
        """
        How many payments are expected in the days ahead, those that payments bring included. (n,).

        E l(t) moves to k a / (k - d) at the rate k - d, with d the mean jump (Chehrazi, Weber 2015).
        """
        level, above = self._now(data)
        rate = self.decay * (1 - self.branching)
        if abs(rate * days) < 1e-9:
            return np.asarray((level + above) * days + self.decay * level * days**2 / 2)
        ahead = self.decay * level / rate
        rest = (level + above - ahead) * -np.expm1(-rate * days) / rate
        return np.asarray(ahead * days + rest)

    def residuals(self, data: Payments) -> Floats:
        """
        The compensator between payments, (m,): unit exponential if the model holds (Ogata 1988,
        doi:10.1080/01621459.1988.10478560).
        """
        sums = _sums(data, self.decay)
        level, start = self._levels(data.x)
        first = np.r_[True, data.account[1:] != data.account[:-1]] if len(data.at) else np.zeros(0)
        before = np.where(first, 0.0, np.r_[0.0, data.at[:-1]])
        mine, onset = level[data.account], start[data.account]
        fading = np.exp(-self.decay * before) - np.exp(-self.decay * data.at)
        own = (onset - mine) * fading
        now = self.jump * sums.count + self.jump_size * sums.size
        # What had been excited before, right after the payment before this one.
        then = now * np.exp(self.decay * (data.at - before))
        return np.asarray(mine * (data.at - before) + (own + then - now) / self.decay)

    def _levels(self, x: Floats) -> tuple[Floats, Floats]:
        table = np.column_stack([np.ones(len(x)), x])
        return np.exp(table @ self.base), np.exp(table @ self.start)

    def _now(self, data: Payments) -> tuple[Floats, Floats]:
        sums = _sums(data, self.decay)
        level, start = self._levels(data.x)
        above = (start - level) * np.exp(-self.decay * data.until)
        return level, above + self.jump * sums.end_count + self.jump_size * sums.end_size

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "base": self.base.tolist(), "start": self.start.tolist(), "decay": self.decay,
            "jump": self.jump, "jump_size": self.jump_size, "size": self.size,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Intensity:
        """The intensity of `as_dict`."""
        return cls(
            np.asarray(data["base"], float), np.asarray(data["start"], float), data["decay"],
            data["jump"], data["jump_size"], data["size"],
        )  # fmt: skip


def fit(data: Payments) -> Intensity:
    """
    Maximum likelihood by L-BFGS.

    :raises NotTrainable: with too few payments, too few of them one after another, or no optimum
    """
    from scipy.optimize import minimize

    again = int((data.account[1:] == data.account[:-1]).sum()) if len(data.at) else 0
    if len(data.at) < FEWEST or again < FEWEST // 4:
        raise NotTrainable(
            f"No intensity can be fitted: of {len(data.at)} payments {again} follow another of the"
            f" same account; {FEWEST} and {FEWEST // 4} are needed.",
            hint="Come back when more payments have come.",
        )
    width = data.x.shape[1] + 1
    rate = len(data.at) / float(data.until.sum())
    start = np.zeros(2 * width + 3)
    start[0] = start[width] = np.log(rate / 2)
    start[-3:] = np.log([0.02, 0.005, 0.005])
    found = minimize(
        lambda theta: loss(theta, data), start, jac=True, method="L-BFGS-B",
        bounds=[(-30, 5)] * width + [(-30, 5)] * width + [(-8, 2)] + [(-16, 2)] * 2,
        options={"maxiter": 500, "ftol": 1e-10},
    )  # fmt: skip
    if not np.isfinite(found.fun):
        raise NotTrainable("No intensity can be fitted: the likelihood has no optimum here.")
    decay, jump, jump_size = np.exp(found.x[-3:])
    return Intensity(
        found.x[:width], found.x[width : 2 * width], float(decay), float(jump), float(jump_size),
        float(data.size.mean()),
    )  # fmt: skip


def loss(theta: Floats, data: Payments) -> tuple[float, Floats]:
    """
    Minus the log-likelihood for a payment, and its gradient. `theta` holds b, c and the logarithms
    of the decay and of both jumps.
    """
    width = data.x.shape[1] + 1
    table = np.column_stack([np.ones(len(data.until)), data.x])
    level, start = np.exp(table @ theta[:width]), np.exp(table @ theta[width : 2 * width])
    decay, jump, jump_size = np.exp(theta[-3:])
    sums, who, end = _sums(data, decay), data.account, data.until
    fading, gone = np.exp(-decay * data.at), np.exp(-decay * end)
    rate = level[who] + (start - level)[who] * fading + jump * sums.count + jump_size * sums.size
    inverse = 1 / rate
    left = np.exp(-decay * (end[who] - data.at))
    kept = np.stack([np.bincount(who, 1 - left, len(end)),
                     np.bincount(who, data.size * (1 - left), len(end))])  # fmt: skip
    mass = (start - level) * (1 - gone) + jump * kept[0] + jump_size * kept[1]
    total = float(np.log(rate).sum() - (level * end + mass / decay).sum())
    # The same sums, each differentiated.
    by_level = np.bincount(who, inverse * (1 - fading), len(end)) - (end - (1 - gone) / decay)
    by_start = np.bincount(who, inverse * fading, len(end)) - (1 - gone) / decay
    waited = end[who] - data.at
    mass_k = ((start - level) * end * gone).sum() + float(
        ((jump + jump_size * data.size) * waited * left).sum()
    )
    by_decay = float((
        inverse * (jump * sums.count_k + jump_size * sums.size_k
                   - (start - level)[who] * data.at * fading)
    ).sum()) - (mass_k / decay - float(mass.sum()) / decay**2)  # fmt: skip
    gradient = np.concatenate([
        table.T @ (by_level * level), table.T @ (by_start * start),
        [decay * by_decay,
         jump * (float((inverse * sums.count).sum()) - float(kept[0].sum()) / decay),
         jump_size * (float((inverse * sums.size).sum()) - float(kept[1].sum()) / decay)],
    ])  # fmt: skip
    slopes = np.zeros(len(theta))
    slopes[1:width], slopes[width + 1 : 2 * width] = theta[1:width], theta[width + 1 : 2 * width]
    total -= RIDGE / 2 * float(slopes @ slopes)
    scale = max(1, len(who))
    return -total / scale, -(gradient - RIDGE * slopes) / scale
