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

A strategy with `waiting` puts the gain over the best later night in the place of the gain (`waiting`).

Where the book's own log carries a treatment (`effects`), its measured effect takes the place of all
that: gain = overdue * effect, the effect being of assigning it, reach and refusals included, over
the strategy's horizon.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.strategy.effects.complaints import Complaints, Objecting, complaints_of
from recoup.strategy.effects.measured import Effects
from recoup.strategy.schema import Strategy
from recoup.strategy.sequence import Standing
from recoup.strategy.waiting import Expected, Outlook, Single, gains, habits_of, left_of

Floats = NDArray[np.float64]
Prices = Mapping[str, float] | None
FEWEST_REACHED = 0.02  # of those like a case who is lost for certain


def values(
    *, strategy: Strategy, cases: pl.DataFrame, allowed: NDArray[np.bool_],
    complaints: Complaints | None = None, effects: Effects | None = None,
    gained: Floats | None = None,
) -> Floats:  # fmt: skip
    """
    The value of every treatment for every case, (cases, treatments), in minor units; minus
    infinity where it is not allowed. `complaints` and `effects` are those of these cases; without them, as
    assumed. `gained` takes the place of those of 30 days.
    """
    measured = effects.by if effects else {}
    assume = strategy.assumptions
    chance, lost, overdue = known_of(strategy, cases)
    recent = recent_of(cases)
    log_odds = np.log(chance / (1 - chance))
    tired = assume.wear**recent
    known = complaints or complaints_of(strategy=strategy, cases=cases, objecting=None)
    harm = harm_of(strategy, recent, known)
    found = np.full(allowed.shape, -np.inf)
    for at, treatment in enumerate(strategy.treatments.values()):
        if gained is not None:
            found[:, at] = gained[:, at] - treatment.spend(assume.minute) - harm[:, at]
            continue
        if treatment.code in measured:
            gain = overdue * measured[treatment.code]
            found[:, at] = gain - treatment.spend(assume.minute) - harm[:, at]
            continue
        lift = 1 / (1 + np.exp(-(log_odds + treatment.effect * tired))) - chance
        gain = assume.recoverable * overdue * treatment.reach * (1 - lost) * lift
        found[:, at] = gain - treatment.spend(assume.minute) - harm[:, at]
    return np.where(allowed, found, -np.inf)


def values_ahead(
    *, strategy: Strategy, ahead: Expected | Prices, cases: pl.DataFrame, standing: Standing,
    due: NDArray[np.int64], allowed: NDArray[np.bool_], complaints: Complaints, effects: Effects,
    objecting: Objecting | None = None,
) -> tuple[Floats, Expected]:  # fmt: skip
    """
    `values` against a later night, for a strategy that looks ahead: to what is expected, or from the
    prices of the night before; and what was expected. `cases` are the `due` ones.
    """
    single = single_of(strategy=strategy, cases=cases, effects=effects)
    if not isinstance(ahead, Expected):
        rises = {
            code: single.rise[:, at]
            for at, code in enumerate(strategy.treatments) if code in effects.by
        }  # fmt: skip
        ahead = Expected.of(prices=ahead, rises=rises)
    found = gains(
        Outlook(strategy, ahead, objecting), standing=standing, due=due, allowed=allowed,
        single=single,
        objection=np.column_stack([complaints.chance(code) for code in strategy.treatments]),
    )  # fmt: skip
    worth = values(
        strategy=strategy, cases=cases, allowed=allowed, complaints=complaints, effects=effects,
        gained=found,
    )  # fmt: skip
    return worth, ahead


def known_of(strategy: Strategy, cases: pl.DataFrame) -> tuple[Floats, Floats, Floats]:
    """The chance of paying within 30 days, that of being out of reach, what is overdue, each (n,)."""
    chance = cases["repay_30"].cast(pl.Float64).fill_null(strategy.assumptions.repay_30).to_numpy()
    lost = cases["lost_contact"].cast(pl.Float64).fill_null(0.0).to_numpy()
    overdue: Floats = cases["overdue"].cast(pl.Float64).fill_null(0.0).to_numpy()
    return np.clip(chance, 1e-4, 1 - 1e-4), np.clip(lost, 0, 1), overdue


def single_of(*, strategy: Strategy, cases: pl.DataFrame, effects: Effects) -> Single:
    """What one contact by each treatment does with each case, for a strategy that looks ahead."""
    assume = strategy.assumptions
    chance, lost, overdue = known_of(strategy, cases)
    tired = assume.wear ** recent_of(cases)
    log_odds = np.log(chance / (1 - chance))
    reached = assume.recoverable * np.maximum(1 - lost, FEWEST_REACHED)
    shape = (len(chance), len(strategy.treatments))
    reach, rise = np.ones(shape), np.empty(shape)
    for at, treatment in enumerate(strategy.treatments.values()):
        if treatment.code in effects.by:
            # Being lost is in a measured effect: it is of those who can be reached here.
            rise[:, at] = effects.by[treatment.code] / np.maximum(reached, 1e-9)
            continue
        reach[:, at] = treatment.reach
        rise[:, at] = 1 / (1 + np.exp(-(log_odds + treatment.effect * tired))) - chance
    habits = habits_of(strategy)
    return Single(
        chance, reached * overdue, left_of(cases, habits.cooling),
        left_of(cases, habits.half_life), reach, rise,
    )  # fmt: skip


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
