"""
Hazards in months: whether a late account cures, pays a part, or stays, and what that is worth.

Discrete-time hazards on person-period rows (Allison 1982, doi:10.2307/270718; Singer, Willett 1993,
doi:10.3102/10769986018002155) with the days past due as baseline: first whether everything overdue
is paid in the month (cure), then, if not, whether a part is. Two families: `logistic`, a step for
each group of days past due and a line in each covariate, and `boosting`, which finds both itself.

The expected recovery over a horizon walks the months: with h the chance of a cure, p that of a part
payment, s its share of what is overdue and v the discount of the month's middle,

    value = sum over months of v alive rest (h + (1 - h) p s)
    alive <- alive (1 - h),   rest <- rest (1 - p s)

Covariates stay as they are today while the days past due grow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from recoup.decision import boosting
from recoup.kernel.errors import NotTrainable

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Family = Literal["logistic", "boosting"]
PERIOD = 30
EDGES = (31.0, 61.0, 91.0, 121.0, 151.0, 181.0, 271.0, 361.0, 541.0, 721.0)
STAYED, PART, CURED = 0, 1, 2
FEWEST = 50  # of the rarer kind: five for each step of the baseline


@dataclass(frozen=True)
class Periods:
    """
    One row for each account and month in which it began late: `days` past due at its beginning,
    covariates `x` (m, k) known then, `event` (`STAYED`, `PART`, `CURED`), `share` of what was
    overdue that was paid, `person` for held-out calibration.

    >>> Periods.of(days=[10], x=[[1.0]], event=[7], share=[0.0], person=[1], columns=("a",))
    Traceback (most recent call last):
        ...
    ValueError: 1 of 1 events are none of 0, 1, 2.
    """

    days: Floats
    x: Floats
    event: Ints
    share: Floats
    person: Ints
    columns: tuple[str, ...]

    @classmethod
    def of(
        cls, *, days: Any, x: Any, event: Any, share: Any, person: Any, columns: Sequence[str]
    ) -> Periods:
        """
        Check the rows.

        :raises ValueError: with every problem found
        """
        late, known = np.asarray(days, float), np.asarray(x, float)
        ends, paid = np.asarray(event, np.int64), np.asarray(share, float)
        _, who = np.unique(np.asarray(person), return_inverse=True)
        rows, problems = len(late), []
        if known.shape != (rows, len(columns)) or not all(
            one.shape == (rows,) for one in (ends, paid, who)
        ):
            raise ValueError("Days, covariates, events, shares and persons are one for each row.")
        strange = int((~np.isin(ends, (STAYED, PART, CURED))).sum())
        if strange:
            problems.append(f"{strange} of {rows} events are none of 0, 1, 2.")
        holes = int((~np.isfinite(late)).sum() + (late < 0).sum())
        if holes:
            problems.append(f"{holes} days past due are missing or below 0.")
        wrong = int((~((paid >= 0) & (paid <= 1))).sum())
        if wrong:
            problems.append(f"{wrong} shares paid lie outside 0 to 1.")
        if np.isinf(known).any():
            problems.append("A covariate is infinite.")
        if problems:
            raise ValueError(" ".join(problems))
        return cls(late, known, ends, paid, who.astype(np.int64), tuple(columns))


class Chance(Protocol):
    """The chance of one kind of end, for days past due (n,) and covariates (n, k)."""

    def __call__(self, days: Floats, x: Floats) -> Floats:
        """Shape (n,)."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """Steps over days past due and a line in each covariate, in standard units; missing is mean."""

    steps: tuple[float, ...]
    slopes: tuple[float, ...]
    centre: tuple[float, ...]
    scale: tuple[float, ...]

    def __call__(self, days: Floats, x: Floats) -> Floats:
        """The chance of each row."""
        place = np.searchsorted(np.asarray(EDGES), days, side="right")
        log_odds = np.asarray(self.steps)[place] + self._standard(x) @ np.asarray(self.slopes)
        return np.asarray(1 / (1 + np.exp(-log_odds)))

    def _standard(self, x: Floats) -> Floats:
        apart = (x - np.asarray(self.centre)) / np.asarray(self.scale)
        return np.asarray(np.nan_to_num(apart, nan=0.0), np.float64)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {name: list(getattr(self, name)) for name in ("steps", "slopes", "centre", "scale")}


@dataclass(frozen=True, slots=True)
class Boosted:
    """Trees over days past due and covariates."""

    model: boosting.Boosting

    def __call__(self, days: Floats, x: Floats) -> Floats:
        """The chance of each row."""
        found: Floats = self.model.probability(np.column_stack([days, x]).astype(np.float32))
        return found

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return self.model.as_dict()


@dataclass(frozen=True)
class Hazard:
    """Monthly chances of a cure and of a part payment, and the mean share that a part pays."""

    family: Family
    columns: tuple[str, ...]
    cure: Chance
    part: Chance
    share: float

    def month(self, *, days: Floats, x: Floats) -> Floats:
        """The chances of staying, paying a part and curing in the month ahead. Shape (n, 3)."""
        cure = self.cure(days, x)
        part = (1 - cure) * self.part(days, x)
        return np.asarray(np.column_stack([1 - cure - part, part, cure]), np.float64)

    def recovery(
        self, *, days: Floats, x: Floats, horizon: int = 360, discount: float = 0.0
    ) -> Floats:
        """
        The share of what is overdue that is expected within `horizon` days, discounted at a yearly
        rate. Shape (n,). The last month counts in part if it is not whole.
        """
        value, alive, rest = np.zeros(len(days)), np.ones(len(days)), np.ones(len(days))
        for start in range(0, horizon, PERIOD):
            whole = min(1.0, (horizon - start) / PERIOD)
            cure = 1 - (1 - self.cure(days + start, x)) ** whole
            part = whole * self.part(days + start, x) * self.share
            present = (1 + discount) ** (-(start + PERIOD * whole / 2) / 365)
            value += present * alive * rest * (cure + (1 - cure) * part)
            alive, rest = alive * (1 - cure), rest * (1 - part)
        return value

    def cured(self, *, days: Floats, x: Floats, months: int = 12) -> Floats:
        """The chance of having cured after 1 to `months` months. Shape (n, months)."""
        alive, found = np.ones(len(days)), np.empty((len(days), months))
        for month in range(months):
            alive = alive * (1 - self.cure(days + PERIOD * month, x))
            found[:, month] = 1 - alive
        return found

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "family": self.family, "columns": list(self.columns), "share": self.share,
            "cure": self.cure.as_dict(), "part": self.part.as_dict(),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Hazard:
        """The hazards of `as_dict`."""

        def read(kept: Mapping[str, Any]) -> Chance:
            if data["family"] == "boosting":
                return Boosted(boosting.Boosting.from_dict(kept))
            return Logistic(**{name: tuple(values) for name, values in kept.items()})

        return cls(
            data["family"], tuple(data["columns"]), read(data["cure"]), read(data["part"]),
            float(data["share"]),
        )  # fmt: skip


def fit(
    periods: Periods, *, family: Family, seed: int, signs: Mapping[str, int] | None = None,
    threads: int = 1,
) -> Hazard:  # fmt: skip
    """
    Fit both hazards. `signs` says for the boosting where a larger covariate must not lower (1) or
    raise (-1) them. The same rows and seed give the same model.

    :raises NotTrainable: where a kind of end is too rare
    """
    cured = periods.event == CURED
    left = ~cured
    found = []
    for name, rows, outcome in (
        ("cures", np.ones(len(cured), bool), cured),
        ("part payments", left, periods.event == PART),
    ):
        events = int(outcome[rows].sum())
        rarer = min(events, int(rows.sum()) - events)
        if rarer < FEWEST:
            raise NotTrainable(
                f"No hazard can be fitted, because of {int(rows.sum())} months {events} are {name};"
                f" {FEWEST} of each kind are needed.",
                hint="Come back when more history has gathered.",
            )
        y = outcome[rows].astype(np.int64)
        found.append(
            _logistic(periods.days[rows], periods.x[rows], y)
            if family == "logistic"
            else _boosted(periods, rows, y, seed, signs, threads)
        )
    parts = periods.share[periods.event == PART]
    return Hazard(family, periods.columns, found[0], found[1], float(parts.mean()))


def _logistic(days: Floats, x: Floats, y: Ints) -> Logistic:
    from sklearn.linear_model import LogisticRegression

    known = np.where(np.isfinite(x), x, np.nan)
    with np.errstate(invalid="ignore"):
        seen = np.isfinite(known).any(axis=0)
        centre = np.where(seen, np.nanmean(np.where(seen, known, 0.0), axis=0), 0.0)
        spread = np.where(seen, np.nanstd(np.where(seen, known, 0.0), axis=0), 1.0)
    scale = np.where(spread > 0, spread, 1.0)
    standard = np.nan_to_num((known - centre) / scale, nan=0.0)
    place = np.searchsorted(np.asarray(EDGES), days, side="right")
    # Each step is coded as its rise above the one before and rises are drawn to 0, so that a step
    # that no month falls in is that of the days before it.
    table = np.column_stack([np.tri(len(EDGES) + 1, len(EDGES), -1)[place], standard])
    model = LogisticRegression(C=1.0, max_iter=500).fit(table, y)
    rises = model.coef_[0, : len(EDGES)]
    steps = model.intercept_[0] + np.r_[0.0, np.cumsum(rises)]
    return Logistic(
        tuple(map(float, steps)), tuple(map(float, model.coef_[0, len(EDGES) :])),
        tuple(map(float, centre)), tuple(map(float, scale)),
    )  # fmt: skip


def _boosted(
    periods: Periods, rows: NDArray[np.bool_], y: Ints, seed: int,
    signs: Mapping[str, int] | None, threads: int,
) -> Boosted:  # fmt: skip
    matrix = np.column_stack([periods.days, periods.x]).astype(np.float32)[rows]
    who = periods.person[rows]
    side = np.random.default_rng(seed).random(int(periods.person.max()) + 1)[who] < 0.2
    if len(np.unique(y[side])) < 2 or len(np.unique(y[~side])) < 2:
        raise NotTrainable("No hazard can be boosted: too few persons to calibrate on.")
    return Boosted(
        boosting.train(
            matrix=matrix[~side], outcome=y[~side], held_matrix=matrix[side], held_outcome=y[side],
            columns=("days_past_due", *periods.columns), seed=seed, threads=threads, signs=signs,
        )
    )  # fmt: skip
