"""What the studio asks of learning: what is believed of effects, what was tried, and at what price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import NormalDist

import numpy as np

from recoup.decision.drift import Watch
from recoup.kernel.actors import Viewer
from recoup.people import scopes
from recoup.people.models import Book
from recoup.strategy import learning
from recoup.strategy.models import Learned, LogCheck, Plan, StrategyVersion
from recoup.strategy.reading import read
from recoup.strategy.schema import Strategy

NIGHTS = 60
LEVEL = 0.9


@dataclass(frozen=True)
class Effect:
    """
    One treatment's effect on the share paid within thirty days, of a case a month late that nobody
    contacted lately and that pays with the assumed chance: what is `assumed`, and what is believed.
    """

    treatment: str
    assumed: float
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Tried:
    """One night: cases with a choice, those drawn at random and from what is believed, and prices."""

    on: date
    of: int
    explored: int
    explored_price: float
    sampled: int
    sampled_price: float


@dataclass(frozen=True)
class Learning:
    """
    `arm` is empty where no arm learns; `effects` are those of the version in force; `nights` what was
    tried, oldest first; `residuals` pairs of a night that taught and its residual; `moved` is 1 or
    -1 where what comes in has moved; `checks` the newest checks of logs.
    """

    arm: str = ""
    learned: Learned | None = None
    effects: Sequence[Effect] = ()
    nights: Sequence[Tried] = ()
    residuals: Sequence[tuple[str, float]] = ()
    moved: int = 0
    checks: Sequence[LogCheck] = field(default_factory=list)

    @property
    def share(self) -> float:
        """The share of cases with a choice that were drawn at random."""
        return _ratio(sum(one.explored for one in self.nights), sum(one.of for one in self.nights))

    @property
    def sampled_share(self) -> float:
        """The share that was drawn from what is believed."""
        return _ratio(sum(one.sampled for one in self.nights), sum(one.of for one in self.nights))

    @property
    def price(self) -> float:
        """What chance has cost, by what is known, in minor units."""
        return sum(one.explored_price + one.sampled_price for one in self.nights)

    @property
    def wrong(self) -> list[LogCheck]:
        """The checks that found a log wrong."""
        return [check for check in self.checks if check.is_wrong]


def learning_of(*, viewer: Viewer, book: Book) -> Learning | None:
    """What a book has learnt and tried; `None` without a strategy in force."""
    scopes.demand(viewer, scopes.SEE_STUDIO)
    versions = scopes.visible(StrategyVersion.objects.filter(book=book, state="active"), viewer)
    version = versions.first()
    if version is None:
        return None
    strategy = read(version.source)
    kept = list(Learned.objects.filter(book=book).order_by("-on")[:NIGHTS])
    residuals = [
        (str(one["on"]), float(one["residual"]))
        for row in reversed(kept) for one in row.nights if one["rows"]
    ]  # fmt: skip
    checks = LogCheck.objects.filter(plan__book=book).select_related("plan")
    return Learning(
        arm=strategy.learning.arm if strategy.learning else "",
        learned=kept[0] if kept else None,
        effects=_effects(strategy, kept[0] if kept else None) if strategy.learning else (),
        nights=_tried(book), residuals=residuals[-NIGHTS:],
        moved=Watch(**kept[0].watch).direction if kept else 0,
        checks=list(checks.order_by("-plan__on")[:14]),
    )  # fmt: skip


def _effects(strategy: Strategy, row: Learned | None) -> list[Effect]:
    belief = learning.load(row) if row else learning.nothing()
    posterior = learning.with_treatments(belief.posterior, strategy)
    chance = strategy.assumptions.repay_30
    z = np.array([1.0, 4 * chance * (1 - chance), 0.0, 30 / 90])
    reach = NormalDist().inv_cdf(0.5 + LEVEL / 2)
    before = learning.with_treatments(learning.nothing().posterior, strategy)
    found = []
    for code, treatment in strategy.treatments.items():
        name = learning.key(treatment)
        mean, covariance = posterior.effect(name)
        value, error = float(z @ mean), float(np.sqrt(z @ covariance @ z))
        assumed = float(z @ before.effect(name)[0])
        found.append(Effect(code, assumed, value, value - reach * error, value + reach * error))
    return found


def _tried(book: Book) -> list[Tried]:
    rows = Plan.objects.filter(book=book).order_by("-on")[:NIGHTS]
    found = []
    for plan in reversed(rows):
        told, drawn = plan.certificate.get("explored"), plan.certificate.get("sampled", {})
        if told is None:
            continue  # a plan from before this was kept
        found.append(Tried(
            plan.on, told["of"], told["cases"], told["price"], drawn.get("cases", 0),
            drawn.get("price", 0.0),
        ))  # fmt: skip
    return found


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
