"""
What an action is worth: the first value model, written so that anybody can argue with it.

    gain  = recoverable * overdue * reach * (1 - lost) * (sigmoid(logit(p) + effect * wear^k) - p)
    harm  = harm * (1 + harm_growth * k) + c * complaint_cost
    value = gain - cost - harm                                                    minor units

p is the score of paying within 30 days, `lost` the score of being out of reach, k the contacts of
the last 30 days, c the chance that the contact ends in a complaint: as seen in this book where it
carries that (`effects.complaints`), else complaint * (1 + harm_growth * k). `effect`, `reach`,
`recoverable`, `wear`, `harm`, `complaint` and what one costs the house are assumptions written in
the strategy; none has been measured on the book. A shift in log-odds moves most where the outcome
is open and least where a person pays, or does not, whatever we do (Lo, 2002, SIGKDD Explorations
4(2), on modelling the true lift).

Where the book's own log carries a treatment (`effects`), its measured effect takes the place of all
that: gain = overdue * effect, the effect being of assigning it, reach and refusals included, over
the strategy's horizon.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.strategy.effects.complaints import Complaints, complaints_of
from recoup.strategy.effects.measured import Effects
from recoup.strategy.schema import Strategy

Floats = NDArray[np.float64]


def values(
    *, strategy: Strategy, cases: pl.DataFrame, allowed: NDArray[np.bool_],
    complaints: Complaints | None = None, effects: Effects | None = None,
) -> Floats:  # fmt: skip
    """
    The value of every treatment for every case, (cases, treatments), in minor units; minus
    infinity where it is not allowed. `complaints` and `effects` are those of these cases; without them, as
    assumed.
    """
    measured = effects.by if effects else {}
    assume = strategy.assumptions
    chance = cases["repay_30"].cast(pl.Float64).fill_null(assume.repay_30).to_numpy()
    chance = np.clip(chance, 1e-4, 1 - 1e-4)
    lost = np.clip(cases["lost_contact"].cast(pl.Float64).fill_null(0.0).to_numpy(), 0, 1)
    overdue = cases["overdue"].cast(pl.Float64).fill_null(0.0).to_numpy()
    recent = recent_of(cases)
    log_odds = np.log(chance / (1 - chance))
    tired = assume.wear**recent
    known = complaints or complaints_of(strategy=strategy, cases=cases, objecting=None)
    harm = harm_of(strategy, recent, known)
    found = np.full(allowed.shape, -np.inf)
    for at, treatment in enumerate(strategy.treatments.values()):
        if treatment.code in measured:
            gain = overdue * measured[treatment.code]
            found[:, at] = gain - treatment.spend(assume.minute) - harm[:, at]
            continue
        lift = 1 / (1 + np.exp(-(log_odds + treatment.effect * tired))) - chance
        gain = assume.recoverable * overdue * treatment.reach * (1 - lost) * lift
        found[:, at] = gain - treatment.spend(assume.minute) - harm[:, at]
    return np.where(allowed, found, -np.inf)


def recent_of(cases: pl.DataFrame) -> Floats:
    """The contacts of the last 30 days, (n,)."""
    found: Floats = cases["contacts_30"].cast(pl.Float64).fill_null(0.0).to_numpy()
    return found


def harm_of(strategy: Strategy, recent: Floats, complaints: Complaints) -> Floats:
    """What one more contact harms after so many, (n, treatments), in minor units."""
    assume = strategy.assumptions
    harm = assume.harm * (1 + assume.harm_growth * recent)
    chance = np.column_stack([complaints.chance(code) for code in strategy.treatments])
    return np.asarray(harm[:, None] + assume.complaint_cost * chance)
