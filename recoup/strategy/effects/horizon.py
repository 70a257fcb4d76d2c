"""
What came of a night, over the strategy's horizon.

Thirty days are seen; the rest of the horizon is expected from where the case stands then (a
surrogate index: Athey, Chetty, Imbens, Kang 2019, NBER w26463):

    y = paid + [not cured] (1 - paid) recovery(days + 30, ...)

with `paid` the share of what was overdue that came in, and `recovery` that of the monthly hazards
(`decision.survival`), fitted on the same book's nights a month apart. A payment that was only drawn
forward is then worth little more than the same payment later. What no 30 days show (goodwill, a
complaint next year) is not in it.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.decision import survival
from recoup.decision.survival import CURED, PART, STAYED, Hazard, Periods
from recoup.strategy.schema import Worth

Floats = NDArray[np.float64]
COVARIATES = ("repay_30", "overdue", "paid_before")
WHOLE, SIGN_OF_LIFE = 0.99, 0.01  # of what is overdue: that cures, and that is a part payment
DAYS = 30


def _covariates(rows: pl.DataFrame, paid: Floats, repay_30: float) -> Floats:
    table = rows.select(
        pl.col("repay_30").fill_nan(None).fill_null(repay_30), pl.col("overdue").log1p()
    ).to_numpy()
    return np.column_stack([table, paid])


def months_of(rows: pl.DataFrame, *, repay_30: float) -> Periods:
    """Person-periods: the rows of nights at least 30 days apart."""
    nights = sorted(set(rows["on"].to_list()))
    kept, last = [], None
    for night in nights:
        if last is None or night >= last + timedelta(days=DAYS):
            kept.append(night)
            last = night
    some = rows.filter(pl.col("on").is_in(kept) & (pl.col("days_past_due") >= 0))
    paid = some["paid"].to_numpy()
    event = np.where(paid >= WHOLE, CURED, np.where(paid >= SIGN_OF_LIFE, PART, STAYED))
    return Periods.of(
        days=some["days_past_due"].to_numpy(), event=event, share=paid,
        x=_covariates(some, some["paid_before"].to_numpy(), repay_30),
        person=some["person"].to_numpy(), columns=COVARIATES,
    )  # fmt: skip


def fit(rows: pl.DataFrame, *, repay_30: float, seed: int) -> Hazard:
    """
    The hazards of the book's nights.

    :raises NotTrainable: where cures or part payments are too rare
    """
    return survival.fit(months_of(rows, repay_30=repay_30), family="logistic", seed=seed)


def outcomes(
    rows: pl.DataFrame, *, hazard: Hazard | None, worth: Worth, repay_30: float
) -> Floats:  # fmt: skip
    """The share of what was overdue that each night came to be worth. Shape (n,)."""
    paid = np.asarray(rows["paid"].to_numpy(), float)
    if hazard is None or worth.horizon_months <= 1:
        return paid
    later = hazard.recovery(
        days=rows["days_past_due"].to_numpy() + DAYS, x=_covariates(rows, paid, repay_30),
        horizon=(worth.horizon_months - 1) * DAYS, discount=worth.discount,
    )  # fmt: skip
    present = (1 + worth.discount) ** (-DAYS / 365)
    rest = np.where(paid >= WHOLE, 0.0, 1 - paid)
    return paid + rest * later * present
