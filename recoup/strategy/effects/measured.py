"""
Measured effects in use: which treatments have one tonight, and why the others are assumed.

A measured effect is used only while it is about the same thing: the same treatment, the same
horizon, and a book that has not moved away from the one it was learnt from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.decision.metrics import SHIFTED, Bins, psi
from recoup.decision.uplift.learners import Uplift
from recoup.strategy.effects import logged
from recoup.strategy.schema import Strategy

Floats = NDArray[np.float64]
FEWEST_TO_COMPARE = 500  # cases below which a night's groups differ by chance
THREADS = 2


@dataclass(frozen=True)
class Measured:
    """A kept model: its version, its effects, and its card."""

    version: int
    model: Uplift
    card: Mapping[str, Any]


@dataclass(frozen=True)
class Effects:
    """
    For each measured treatment the effect on each case, (n,), as a share of what is overdue;
    `assumed` says for the other treatments why.
    """

    version: int | None = None
    by: Mapping[str, Floats] = field(default_factory=dict)
    assumed: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For the record of a night."""
        return {
            "version": self.version, "measured": sorted(self.by), "assumed": dict(self.assumed),
        }  # fmt: skip

    def source(self, treatment: str) -> str:
        """Where a treatment's effect comes from: `assumed`, or `measured v3`."""
        return f"measured v{self.version}" if treatment in self.by else "assumed"


def effects_of(
    *, strategy: Strategy, cases: pl.DataFrame, measured: Measured | None
) -> Effects:  # fmt: skip
    """What is measured of these cases under a strategy."""
    if measured is None:
        return Effects(None, {}, dict.fromkeys(strategy.treatments, "not_measured"))
    card = measured.card
    if card["worth"] != _worth(strategy):
        return Effects(None, {}, dict.fromkeys(strategy.treatments, "other_horizon"))
    known = logged.known_of(cases, repay_30=strategy.assumptions.repay_30)
    if _moved(card["reference"], known):
        return Effects(None, {}, dict.fromkeys(strategy.treatments, "book_moved"))
    by, assumed = {}, {}
    said = measured.model.effect(known, threads=THREADS)
    for code, treatment in strategy.treatments.items():
        if code not in card["imprints"] or code in card["refused"]:
            assumed[code] = "too_little_known"
        elif card["imprints"][code] != logged.imprint(treatment):
            assumed[code] = "treatment_changed"
        else:
            by[code] = said[:, measured.model.names.index(code)]
    return Effects(measured.version if by else None, by, assumed)


def _worth(strategy: Strategy) -> dict[str, float]:
    return {
        "horizon_months": strategy.worth.horizon_months, "discount": strategy.worth.discount,
    }  # fmt: skip


def _moved(reference: Mapping[str, Any], known: Floats) -> bool:
    """Whether what the model looks at is no longer spread as it was learnt."""
    if len(known) < FEWEST_TO_COMPARE:
        return False
    for name, column in zip(logged.COLUMNS, known.T, strict=True):
        kept = reference[name]
        counts = Bins(tuple(kept["edges"]), tuple(kept["shares"])).count(column)
        if psi(reference=np.asarray(kept["shares"]), current=counts) >= SHIFTED:
            return True
    return False
