"""
The chance that a contact ends in a complaint or an opt-out: as seen in this book, else as assumed.

Where enough contacts of the book carry a model (`complaint_training`), its chance takes the place of
the strategy's `complaint`, which grows with contacts as `harm` does. Either is

    rate = (of the treatment) x (of the case),

so a budget of complaints stays a rate by treatment and a factor by case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.decision.complaints import ComplaintRisk, Pressure, chance
from recoup.people.models import Book
from recoup.strategy.models import Plan, RiskModel
from recoup.strategy.schema import Strategy, Treatment

Floats = NDArray[np.float64]
ASSUMED, NOT_MEASURED = "assumed", "not_measured"
# What the model asks beside what every frame of cases has.
KNOWN = ("contacted_ago", "objected_before")


@dataclass(frozen=True)
class Objecting:
    """A model in use, of a version."""

    version: int
    risk: ComplaintRisk


@dataclass(frozen=True)
class Complaints:
    """The rates of some cases: that of each treatment by code, and what each case (n,) makes of it."""

    rates: Mapping[str, float]
    factor: Floats
    version: int | None = None

    @property
    def source(self) -> str:
        """Where chances come from: `assumed`, or `measured v3`."""
        return ASSUMED if self.version is None else f"measured v{self.version}"

    def chance(self, treatment: str) -> Floats:
        """The chance that the treatment of each case ends in an objection, (n,)."""
        rate = self.rates[treatment] * self.factor
        return rate if self.version is None else chance(rate)

    def of(self, rows: NDArray[np.int64]) -> Complaints:
        """Those of some of the cases."""
        return replace(self, factor=self.factor[rows])

    def as_dict(self) -> dict[str, Any]:
        """For the record of a night."""
        return {"version": self.version}


def complaints_of(
    *, strategy: Strategy, cases: pl.DataFrame, objecting: Objecting | None
) -> Complaints:
    """What is known of complaints of these cases under a strategy."""
    if objecting is None:
        recent = number(cases, "contacts_30", 0.0)
        factor = strategy.assumptions.complaint * (1 + strategy.assumptions.harm_growth * recent)
        return Complaints(dict.fromkeys(strategy.treatments, 1.0), np.asarray(factor))
    rates = {code: rate_of(objecting.risk, one) for code, one in strategy.treatments.items()}
    return Complaints(rates, objecting.risk.factor(pressure_of(cases)), objecting.version)


def rate_of(risk: ComplaintRisk, treatment: Treatment) -> float:
    """The rate of a treatment; contacts are of a kind by their channel."""
    return risk.of_kind(treatment.channel)


def pressure_of(cases: pl.DataFrame) -> Pressure:
    """
    What a model asks of cases. Where nobody looked when the last contact was, it was as late as the
    counts of contacts allow, so that nothing is added twice.
    """
    month, week = number(cases, "contacts_30", 0.0), number(cases, "contacts_7", 0.0)
    latest = np.where(week > 0, 7.0, np.where(month > 0, 30.0, np.inf))
    ago = number(cases, "contacted_ago", np.nan)
    former = cases["objected_before"].fill_null(value=False) if KNOWN[1] in cases.columns else None
    return Pressure(
        month, week, np.where(np.isnan(ago), latest, ago),
        np.zeros(cases.height, dtype=bool) if former is None else former.to_numpy().astype(bool),
        number(cases, "days_past_due", 0.0),
    )  # fmt: skip


def number(cases: pl.DataFrame, name: str, missing: float) -> Floats:
    """A column of numbers, (n,), with one for what is not known."""
    if name not in cases.columns:
        return np.full(cases.height, missing)
    found: Floats = cases[name].cast(pl.Float64).fill_nan(None).fill_null(missing).to_numpy()
    return found


def is_asked(strategy: Strategy) -> bool:
    """Whether complaints change anything: they have a price, or a budget."""
    budget = any(one.unit == "complaints" for one in strategy.own)
    return budget or strategy.assumptions.complaint_cost > 0


def load(*, book: Book, strategy: Strategy) -> Objecting | None:
    """The model in use of a book, if any, and if complaints change anything."""
    if not is_asked(strategy):
        return None
    rows = RiskModel.objects.filter(book=book, kind=RiskModel.Kind.COMPLAINT)
    return _of(rows.filter(state=RiskModel.State.CHAMPION).first())


def of_plan(plan: Plan) -> Objecting | None:
    """The model that a night's values were made with, also one that is retired by now."""
    version = plan.effects.get("complaints", {}).get("version")
    if version is None:
        return None
    rows = RiskModel.objects.filter(book=plan.book_id, kind=RiskModel.Kind.COMPLAINT)
    return _of(rows.filter(version=version).first())


def _of(row: RiskModel | None) -> Objecting | None:
    return Objecting(row.version, ComplaintRisk.from_dict(row.card["model"])) if row else None
