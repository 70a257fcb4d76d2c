"""
How likely a contact ends in an objection: a complaint, or the person opts out.

The rate of objections to a contact of a kind (a channel, or channel and tone) is

    rate = exp(a + k_kind + b . x),    chance = 1 - exp(-rate)

with steps for x (1 from each edge on): contacts of the last 30 and 7 days, days since the last one,
a former objection, days past due. It is a discrete-time hazard (complementary log-log: Prentice,
Gloeckler 1978, doi:10.2307/2529588), fitted as a Poisson regression with a ridge on all but the
constant, so that as many objections are said as were seen. Weights of pressure and of a former
objection are held at 0 or above: one more contact, or one sooner, is never said to be safer. Beyond the
last edge nothing more is said than was seen.

Objections are rare (a few in a thousand contacts): steps are pulled together (ridge: le Cessie, van
Houwelingen 1992, doi:10.2307/2347628), the model is judged on later contacts, and where it is not
clearly better there than one rate for all, one rate for all is what is kept. Boosted trees with
monotone constraints were tried beside it and were worse (`bench.values complaints`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.decision import metrics
from recoup.decision.metrics import Interval
from recoup.decision.restraint import poisson
from recoup.kernel.errors import NotTrainable

Floats = NDArray[np.float64]
LATE, MONTH, WEEK, AGO = (10, 30, 60, 90, 180), (1, 2, 3, 4, 6, 8, 12), (1, 2, 3, 5), (14, 7, 3, 1)
FREE = len(LATE)  # columns whose weight may have either sign; all others are 0 or above
RIDGE = 5.0
HELD_OUT = 0.3  # of all days, the last
CONTACTS, OBJECTIONS, LATER = 2_000, 40, 10  # at least, and objections at least among the later
FIFTHS = 5


@dataclass(frozen=True)
class Pressure:
    """
    What was known of n contacts before each: contacts of the last 30 and 7 days, days since the last
    (infinite for none), whether there was an objection before, days past due.
    """

    month: Floats
    week: Floats
    ago: Floats
    former: NDArray[np.bool_]
    late: Floats

    def __post_init__(self) -> None:
        rows = (self.month, self.week, self.ago, self.former, self.late)
        if len({one.shape for one in rows}) != 1 or self.month.ndim != 1:
            raise ValueError("All that is known of contacts has one value for each.")
        if any(np.isnan(one).any() for one in rows):
            raise ValueError("Something that is known of contacts is not a number.")

    def columns(self) -> Floats:
        """The steps, (n, 21)."""
        steps = [
            self.late[:, None] >= np.array(LATE), self.month[:, None] >= np.array(MONTH),
            self.week[:, None] >= np.array(WEEK), self.ago[:, None] <= np.array(AGO),
            self.former[:, None],
        ]  # fmt: skip
        return np.concatenate(steps, axis=1).astype(np.float64)

    def some(self, rows: NDArray[Any]) -> Pressure:
        """Some of the contacts."""
        return Pressure(
            self.month[rows], self.week[rows], self.ago[rows], self.former[rows], self.late[rows]
        )


@dataclass(frozen=True)
class ComplaintRisk:
    """The rate of objections: `base` for all, times that of each kind, times that of the pressure."""

    base: float
    kinds: Mapping[str, float]
    weights: tuple[float, ...]

    @property
    def is_constant(self) -> bool:
        """Whether it is one rate for all."""
        return not self.kinds and not any(self.weights)

    def of_kind(self, kind: str) -> float:
        """The rate of a contact of a kind that nothing is known of; the base for a kind never seen."""
        return self.base * self.kinds.get(kind, 1.0)

    def factor(self, known: Pressure) -> Floats:
        """What the pressure multiplies a rate by, (n,)."""
        return np.asarray(np.exp(known.columns() @ np.array(self.weights)))

    def chance(self, kind: str, known: Pressure) -> Floats:
        """
        The chance that a contact of a kind ends in an objection, (n,).

        >>> risk = ComplaintRisk(0.01, {"sms": 2.0}, (0.0,) * 21)
        >>> nothing = Pressure(*np.zeros((3, 1)), np.zeros(1, bool), np.zeros(1))
        >>> risk.chance("sms", nothing).round(4).tolist(), risk.of_kind("letter")
        ([0.0198], 0.01)
        """
        return chance(self.of_kind(kind) * self.factor(known))

    def as_dict(self) -> dict[str, Any]:
        """As JSON may hold it."""
        return {"base": self.base, "kinds": dict(self.kinds), "weights": list(self.weights)}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> ComplaintRisk:
        """
        What `as_dict` gave.

        :raises ValueError: if it is of another form, or a number is missing or infinite
        """
        found = cls(float(kept["base"]), dict(kept["kinds"]), tuple(kept["weights"]))
        numbers = np.array([found.base, *found.kinds.values(), *found.weights], dtype=np.float64)
        width = FREE + len(MONTH) + len(WEEK) + len(AGO) + 1
        if len(found.weights) != width or not np.isfinite(numbers).all():
            raise ValueError("This is no model of complaints of this version.")
        return found


def chance(rate: Floats) -> Floats:
    """From rates to chances."""
    return np.asarray(-np.expm1(-rate))


def fit(kind: NDArray[np.str_], known: Pressure, objected: NDArray[np.bool_]) -> ComplaintRisk:
    """
    Fit to contacts: their `kind` (n,), what was known, and whether there was an objection.

    :raises ValueError: if there is no contact, or no objection
    """
    if not len(kind) or not objected.any():
        raise ValueError("Without a contact and an objection there is nothing to fit.")
    names = np.unique(kind)
    own = (kind[:, None] == names).astype(np.float64)
    steps = known.columns()
    table = np.column_stack([np.ones(len(kind)), own, steps])
    ridge = np.r_[0.0, np.full(table.shape[1] - 1, RIDGE)]
    lowest = np.full(table.shape[1], -np.inf)
    lowest[1 + len(names) + FREE :] = 0.0
    found = poisson.fit(table, objected.astype(np.float64), ridge=ridge, lowest=lowest)
    kinds = {str(name): float(np.exp(one)) for name, one in zip(names, found[1:], strict=False)}
    return ComplaintRisk(float(np.exp(found[0])), kinds, tuple(found[1 + len(names) :].tolist()))


@dataclass(frozen=True)
class Judged:
    """
    A model on contacts it never saw: AUC, what it gains of the log loss of one rate for all, by
    contact, objections said and seen, and the same by fifth of the chance, lowest first.
    """

    auc: Interval
    gain: Interval
    said: float
    seen: float
    contacts: int
    objections: int
    fifths: tuple[tuple[float, float], ...]

    @property
    def is_better(self) -> bool:
        """Whether it is clearly better than one rate for all."""
        return self.gain.low > 0

    def as_dict(self) -> dict[str, Any]:
        """For a card."""
        return {
            "auc": self.auc.as_dict(), "gain": self.gain.as_dict(), "said": self.said,
            "seen": self.seen, "contacts": self.contacts, "objections": self.objections,
            "fifths": [list(pair) for pair in self.fifths],
        }  # fmt: skip


def judge(said: Floats, objected: NDArray[np.bool_], people: NDArray[Any], rate: float) -> Judged:
    """Chances said of contacts (n,) against what happened and one `rate`; people are drawn whole."""
    y = objected.astype(np.float64)
    p = np.clip(said, 1e-9, 1 - 1e-9)

    def loss(q: Floats | float) -> Floats:
        return np.asarray(-(y * np.log(q) + (1 - y) * np.log1p(-q)))

    gained = loss(min(max(rate, 1e-9), 1 - 1e-9)) - loss(p)
    _, person = np.unique(people, return_inverse=True)
    mean = float(gained.mean())
    off = np.bincount(person, gained - mean)
    half = 1.96 * float(np.sqrt(off @ off)) / len(y)
    parts = np.array_split(np.argsort(p, kind="stable"), FIFTHS)
    return Judged(
        metrics.delong(outcome=y, score=p), Interval(mean, mean - half, mean + half),
        float(p.mean()), float(y.mean()), len(y), int(y.sum()),
        tuple((float(p[part].mean()), float(y[part].mean())) for part in parts if len(part)),
    )  # fmt: skip


@dataclass(frozen=True)
class Learnt:
    """The model to use, and how the fitted one was judged on the later contacts."""

    risk: ComplaintRisk
    judged: Judged
    contacts: int
    objections: int


def learn(
    kind: NDArray[np.str_], known: Pressure, objected: NDArray[np.bool_], *,
    day: NDArray[np.int64], people: NDArray[Any],
) -> Learnt:  # fmt: skip
    """
    Fit on the earlier days, judge on the later, and fit to all: the full model where it is clearly
    better than one rate for all, else that rate.

    :raises NotTrainable: with too few contacts or objections, and how many there are
    """
    total = int(objected.sum())
    if len(kind) < CONTACTS or total < OBJECTIONS:
        raise NotTrainable(
            f"{len(kind)} contacts with {total} objections carry no model: {CONTACTS} with"
            f" {OBJECTIONS} are needed."
        )
    last = np.quantile(day, 1 - HELD_OUT)
    later, first = day > last, day <= last
    if int(objected[later].sum()) < LATER or not objected[first].any():
        raise NotTrainable("Too few objections lie late enough to judge a model by.")
    tried = fit(kind[first], known.some(first), objected[first])
    said = chance(_rates(tried, kind[later], known.some(later)))
    judged = judge(said, objected[later], people[later], float(objected[first].mean()))
    risk = fit(kind, known, objected) if judged.is_better else constant(total / len(kind))
    return Learnt(risk, judged, len(kind), total)


def constant(share: float) -> ComplaintRisk:
    """One rate for all, from the share of contacts with an objection (below 1)."""
    width = FREE + len(MONTH) + len(WEEK) + len(AGO) + 1
    return ComplaintRisk(float(-np.log1p(-share)), {}, (0.0,) * width)


def _rates(risk: ComplaintRisk, kind: NDArray[np.str_], known: Pressure) -> Floats:
    own = np.array([risk.of_kind(name) for name in kind.tolist()])
    return np.asarray(own * risk.factor(known))
