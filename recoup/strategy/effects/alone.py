"""
Who pays without any contact: monthly hazards of the permanent holdout, whom nobody ever contacts.

The score of paying within 30 days is learnt from everybody, the contacted too; this one is not. A
strategy may leave alone whom it names (`self_cure: {when: self_cure >= 0.8}`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.decision import metrics
from recoup.decision.survival import STAYED, Hazard
from recoup.kernel.errors import NotTrainable
from recoup.kernel.ids import fraction
from recoup.strategy.effects import horizon
from recoup.strategy.schema import HOLDOUT

Floats = NDArray[np.float64]
HELD_OUT = 0.3


def learn(rows: pl.DataFrame, *, repay_30: float, seed: int) -> dict[str, Any]:
    """
    The hazards of the holdout's nights, with how they order and size the people kept aside, or
    `why_not`: too few ends, or no better than chance.
    """
    mine = rows.filter(pl.col("arm") == HOLDOUT)
    side = np.array([fraction("alone", int(one)) < HELD_OUT for one in mine["person"]], dtype=bool)
    try:
        model = horizon.fit(mine.filter(pl.Series(~side)), repay_30=repay_30, seed=seed)
    except (NotTrainable, ValueError) as why:
        return {"why_not": f"Nothing is known of who pays alone. {why}"}
    kept = horizon.months_of(mine.filter(pl.Series(side)), repay_30=repay_30)
    paid = (kept.event != STAYED).astype(int)
    said = _chance(model, kept.days, kept.x)
    area = metrics.delong(outcome=paid, score=said)
    if not area.low > 0.5:
        return {"why_not": "Who pays alone cannot be told better than by chance."}
    return {
        "model": model.as_dict(), "rows": len(paid), "events": int(paid.sum()),
        "auc": area.as_dict(), "brier": metrics.brier(outcome=paid, probability=said),
        "calibration_error": metrics.calibration_error(outcome=paid, probability=said),
    }  # fmt: skip


def chances(card: Mapping[str, Any], cases: pl.DataFrame, *, repay_30: float) -> Floats | None:
    """The chance of each case to pay something within a month if left alone, (n,), if known."""
    kept = card.get("alone", {})
    if "model" not in kept:
        return None
    x = cases.select(
        pl.col("repay_30").cast(pl.Float64).fill_nan(None).fill_null(repay_30),
        pl.col("overdue").cast(pl.Float64).fill_null(0).clip(0).log1p(),
    ).to_numpy()
    # What came in during the last 30 days is not in the frame; missing counts as average.
    unknown = np.full(len(x), np.nan)
    days = cases["days_past_due"].cast(pl.Float64).fill_null(0).clip(0).to_numpy()
    return _chance(Hazard.from_dict(kept["model"]), days, np.column_stack([x, unknown]))


def _chance(model: Hazard, days: Floats, x: Floats) -> Floats:
    return np.asarray(1 - model.month(days=days, x=x)[:, STAYED])
