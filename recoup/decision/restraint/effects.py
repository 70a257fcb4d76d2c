"""
What contacts do to the intensity of paying, and for how long, from a log of many days.

The rate of payments of a case on a day is

    exp(x b + sum_k beta_k H_k - sum_j gamma_j S_j),

H_k the decayed count of contacts of kind k that were heard, each worth `fatigue` of the one before;
S_j the decayed sum of irritation beyond knot j at the contacts that arrived, so that contacts may
do harm. A proportional intensity with jumps that revert, as in Chehrazi, Glynn, Weber (2019,
Management Science 65(6)), estimated by Poisson regression; half-life and fatigue by likelihood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.decision.restraint.irritation import Irritation
from recoup.decision.restraint.poisson import fit, loss
from recoup.decision.restraint.touches import Lasting, Touches, load

Floats = NDArray[np.float64]
HALF_LIVES = (4.0, 7.0, 10.0, 14.0, 20.0)
FATIGUES = (0.9, 0.94, 0.97, 1.0)
QUANTILES = (0.3, 0.6, 0.85)
QUIET = 0.12  # share of the days without a payment that are looked at
RIDGE, OWN = 4.0, 0.12  # on slopes; the standard deviation of what a kind has of its own
STRAIN = 50.0  # on strain, which is easily taken for what waning effects are


@dataclass(frozen=True)
class Morning:
    """
    What was known of the cases on one day: `x` (n, p), the first column ones; `risk` (n,) who owed
    anything; `paid` (n,) who paid that day other than by a promise.
    """

    x: Floats
    risk: NDArray[np.bool_]
    paid: NDArray[np.bool_]


@dataclass(frozen=True)
class Effects:
    """
    `base` (p,), `heard` (kinds,) and `strain` (knots,) are b, beta and gamma; `error` (kinds,) the
    standard errors of beta; `knots` are levels of irritation.
    """

    base: Floats
    heard: Floats
    strain: Floats
    error: Floats
    knots: Floats
    half_life: float
    fatigue: float

    def over(self, level: Floats) -> Floats:
        """Irritation beyond each knot, (m, knots)."""
        return np.maximum(level[:, None] - self.knots, 0.0)

    def lift(self, lasting: Lasting) -> Floats:
        """What lasts of contacts, in the log of the rate, (cases,)."""
        return np.asarray(lasting.heard @ self.heard - lasting.strain @ self.strain)


def learn(
    *, touches: Touches, mornings: Sequence[Morning], irritation: Irritation, shared: Floats,
    seed: int,
) -> Effects:  # fmt: skip
    """
    Fit the effects; `mornings[d]` is day d of the log.

    `shared` (kinds, traits) says what kinds have in common, such as a tone or a voice: an effect is
    the sum of those of its traits and of its own, which is shrunk (`OWN`), so that a kind that was
    seldom tried is not taken for the best by luck.

    :raises ValueError: if nobody ever paid
    """
    level = irritation.of(load(touches, half_life=irritation.half_life))
    seen = level[touches.touched]
    knots = np.quantile(seen, QUANTILES) if len(seen) else np.array(QUANTILES)
    rows = _rows(mornings, seed)
    if not sum(int(one.paid[some].sum()) for one, some in zip(mornings, rows, strict=True)):
        raise ValueError("Nobody ever paid: nothing can be learnt of what makes people pay.")
    base, y, weight = _stack(mornings, rows)
    over = np.maximum(level[:, None] - knots, 0.0)

    def tried(
        half_life: float, fatigue: float, start: Floats | None
    ) -> tuple[float, Floats, Floats]:
        heard, strain = _exposed(touches, over, rows, half_life, fatigue)
        table = np.column_stack([base, heard @ shared, heard, -strain])
        lowest = np.full(table.shape[1], -np.inf)
        lowest[-len(knots) :] = 0.0
        found = fit(table, y, ridge=ridge, weight=weight, start=start, lowest=lowest)
        return loss(table, y, found, weight=weight), found, table

    # The first column is the level, which is far from nothing: it is not held back.
    ridge = np.r_[
        0.0, np.full(base.shape[1] - 1 + shared.shape[1], RIDGE), np.full(touches.kinds, 1.0 / OWN**2),
        np.full(len(knots), STRAIN),
    ]  # fmt: skip
    best = (np.inf, np.zeros(0), np.zeros((0, 0)))
    half_life, fatigue, start = HALF_LIVES[2], FATIGUES[2], None
    for one in HALF_LIVES:
        now = tried(one, fatigue, start)
        start = now[1]
        if now[0] < best[0]:
            best, half_life = now, one
    for one in FATIGUES:
        now = tried(half_life, one, best[1])
        if now[0] < best[0]:
            best, fatigue = now, one
    parts = np.split(best[1], np.cumsum([base.shape[1], shared.shape[1], touches.kinds]))
    both = np.column_stack([shared, np.eye(touches.kinds)])
    spread = _spread(best[1], best[2], weight, ridge)
    some = slice(base.shape[1], base.shape[1] + both.shape[1])
    error = np.sqrt(np.einsum("ka,ab,kb->k", both, spread[some, some], both))
    return Effects(
        parts[0], shared @ parts[1] + parts[2], parts[3], error, knots, half_life, fatigue
    )  # fmt: skip


def _spread(found: Floats, table: Floats, weight: Floats, ridge: Floats) -> Floats:
    """The covariance of the coefficients."""
    rate = weight * np.exp(np.minimum(table @ found, 20.0))
    return np.asarray(np.linalg.inv((table * rate[:, None]).T @ table + np.diag(ridge)))


def _rows(mornings: Sequence[Morning], seed: int) -> list[NDArray[np.int64]]:
    """Every payment, and some of the days without one."""
    rng = np.random.default_rng(seed)
    return [
        np.flatnonzero(one.risk & (one.paid | (rng.random(len(one.risk)) < QUIET)))
        for one in mornings
    ]


def _stack(
    mornings: Sequence[Morning], rows: Sequence[NDArray[np.int64]]
) -> tuple[Floats, Floats, Floats]:
    base = np.concatenate([one.x[some] for one, some in zip(mornings, rows, strict=True)])
    paid = np.concatenate([one.paid[some] for one, some in zip(mornings, rows, strict=True)])
    return base, paid.astype(np.float64), np.where(paid, 1.0, 1.0 / QUIET)


def _exposed(
    touches: Touches, over: Floats, rows: Sequence[NDArray[np.int64]], half_life: float,
    fatigue: float,
) -> tuple[Floats, Floats]:  # fmt: skip
    """What lasts on the rows of every day, today's contacts included."""
    lasting = Lasting(touches.cases, touches.kinds, over.shape[1], half_life)
    where = dict(touches.days())
    heard, strain = [], []
    for day, some in enumerate(rows):
        lasting.pass_to(day)
        if day in where:
            at = where[day]
            lasting.add(
                case=touches.case[at], kind=touches.kind[at], touched=touches.touched[at],
                heard=touches.heard[at], over=over[at], fatigue=fatigue,
            )  # fmt: skip
        heard.append(lasting.heard[some])
        strain.append(lasting.strain[some])
    return np.concatenate(heard), np.concatenate(strain)
