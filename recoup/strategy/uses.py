"""
What each action of each case takes of each budget, in the form that plans are solved in.

Cases with the same answers to the budgets' conditions are a segment with rates of its own; what
goes by the case (the sum owed, the complaints to be expected of it) is a factor. So a hundred
regions cost a plan no more than one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.decision.uses import NONE, Factored, Floats
from recoup.strategy.budgets import BY_CASE, Budget
from recoup.strategy.effects.complaints import Complaints, complaints_of
from recoup.strategy.schema import BUDGETS, Strategy, Treatment

KINDS = tuple(BY_CASE.values())
LARGEST = 20_000_000  # numbers in the rates of all segments; above, conditions become factors


def names(strategy: Strategy) -> tuple[str, ...]:
    """All budgets of a strategy, in the order of their columns."""
    return (*BUDGETS, *(budget.name for budget in strategy.own))


def limits(strategy: Strategy) -> Floats:
    """How much there is of each for a day, (M,)."""
    house = [strategy.budgets[name] for name in BUDGETS]
    return np.array([*house, *(budget.most for budget in strategy.own)])


def of_cases(
    strategy: Strategy, cases: pl.DataFrame, complaints: Complaints | None = None
) -> Factored:
    """
    What every treatment of every case of a frame takes, (cases, treatments, budgets); `complaints`
    are those of the cases; without, as assumed.
    """
    if complaints is None:
        complaints = complaints_of(strategy=strategy, cases=cases, objecting=None)
    return factored(
        strategy, complaints.rates, owed=owed_of(cases), complaints=complaints.factor,
        holds=holding(strategy, cases),
    )  # fmt: skip


def owed_of(cases: pl.DataFrame) -> Floats:
    """What each case owes, (n,)."""
    return np.maximum(cases["owed"].cast(pl.Float64).fill_null(0.0).to_numpy(), 0.0)


def _conditional(strategy: Strategy) -> list[int]:
    return [at for at, budget in enumerate(strategy.own) if budget.when is not None]


def holding(strategy: Strategy, cases: pl.DataFrame) -> NDArray[np.bool_]:
    """Which conditions of budgets each case meets, (n, budgets with a condition)."""
    asked = _conditional(strategy)
    holds = np.zeros((cases.height, len(asked)), dtype=bool)
    for place, at in enumerate(asked):
        when = strategy.own[at].when
        if when is not None:
            marks = cases.select("case", _=when.expression)["_"]
            holds[:, place] = marks.to_numpy().astype(bool)
    return holds


def factored(
    strategy: Strategy, by_treatment: Mapping[str, float], *, owed: Floats, complaints: Floats,
    holds: NDArray[np.bool_],
) -> Factored:  # fmt: skip
    """
    What cases take that owe so much, are so likely to complain and meet such conditions;
    `by_treatment` are the rates of complaints.
    """
    rates = _rates(strategy, by_treatment)
    by_kind = {"owed": owed, "complaints": complaints}
    factors = np.vstack([by_kind[kind] for kind in KINDS])
    of = np.array([NONE] * len(BUDGETS) + [_kind(budget) for budget in strategy.own])
    columns = len(BUDGETS) + np.array(_conditional(strategy), dtype=np.int64)
    if not len(columns):
        return Factored(rates[None], np.zeros(len(holds), dtype=np.int64), factors, of)
    patterns, segment = _patterns(holds)
    if len(patterns) * rates.size > LARGEST:
        return _by_factors(rates, factors, of, holds, columns)
    each = np.repeat(rates[None], len(patterns), axis=0)
    each[:, :, columns] *= patterns[:, None, :]
    return Factored(each, segment, factors, of)


def _rates(strategy: Strategy, complaints: Mapping[str, float]) -> Floats:
    minute = strategy.assumptions.minute
    rates = np.zeros((len(strategy.treatments), len(BUDGETS) + len(strategy.own)))
    for at, treatment in enumerate(strategy.treatments.values()):
        taken = treatment.uses(minute)
        house = [taken.get(name, 0.0) for name in BUDGETS]
        rates[at] = [
            *house,
            *(rate_of(strategy, budget, treatment, complaints) for budget in strategy.own),
        ]
    return rates


def rate_of(
    strategy: Strategy, budget: Budget, treatment: Treatment, rates: Mapping[str, float]
) -> float:
    """What a treatment draws of an own budget; of complaints, by its rate of them."""
    rate = budget.rate(treatment, strategy.assumptions.minute)
    return rate * rates[treatment.code] if budget.unit == "complaints" else rate


def _kind(budget: Budget) -> int:
    return KINDS.index(BY_CASE[budget.unit]) if budget.unit in BY_CASE else NONE


def _patterns(holds: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """The different rows of (n, conditions), and which of them each row is."""
    packed = np.packbits(holds, axis=1)
    whole = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, segment = np.unique(whole, return_index=True, return_inverse=True)
    return holds[first], segment.astype(np.int64)


def _by_factors(
    rates: Floats, factors: Floats, of: NDArray[np.int64], holds: NDArray[np.bool_],
    columns: NDArray[np.int64],
) -> Factored:  # fmt: skip
    """The same with a factor for each conditional budget: many conditions that overlap."""
    of, made = of.copy(), [*factors]
    for place, column in enumerate(columns.tolist()):
        weight = 1.0 if of[column] == NONE else factors[of[column]]
        made.append(holds[:, place] * weight)
        of[column] = len(made) - 1
    segment = np.zeros(len(holds), dtype=np.int64)
    return Factored(rates[None], segment, np.vstack(made), of)


TAKES = pl.List(pl.Struct({"budget": pl.String, "amount": pl.Float64}))


def taken(
    strategy: Strategy, use: Factored, due: NDArray[np.int64], action: NDArray[np.int32], cases: int
) -> pl.Series:
    """What the chosen action (n,) of each due case takes, as a column of all cases; else null."""
    picked = np.flatnonzero(action >= 0)
    listed = use.listed(picked)
    here = np.arange(len(picked))
    which, amount = listed.which[here, action[picked]], listed.amount[here, action[picked]]
    row, part = np.nonzero((which >= 0) & (amount > 0))
    codes = np.array(names(strategy), dtype=object)
    flat = pl.DataFrame(
        {
            "row": pl.Series(due[picked[row]], dtype=pl.Int64),
            "budget": pl.Series(codes[which[row, part]].tolist(), dtype=pl.String),
            "amount": pl.Series(amount[row, part], dtype=pl.Float64),
        }
    )
    each = flat.group_by("row", maintain_order=True).agg(takes=pl.struct("budget", "amount"))
    whole = pl.DataFrame({"row": pl.Series(range(cases), dtype=pl.Int64)})
    found = whole.join(each, on="row", how="left", maintain_order="left")["takes"]
    return found.cast(TAKES)


def start_of(strategy: Strategy, prices: Mapping[str, float] | None) -> Floats | None:
    """
    Prices of an earlier night as a plan's start, or nothing: other budgets, or no prices at all,
    are of no use and must not stop a night.
    """
    known = names(strategy)
    if not prices or set(prices) != set(known):
        return None
    try:
        start = np.array([float(prices[name]) for name in known])
    except (TypeError, ValueError):
        return None
    return start if np.isfinite(start).all() and (start >= 0).all() else None
