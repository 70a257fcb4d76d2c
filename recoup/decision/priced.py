"""
What prices make of the actions of some accounts: the best of each, and what stood in its way.

The same arithmetic as the passes of a plan (`tiles`, `passes.rank`), for a few accounts at prices
that are known: what is chosen anew during a day is what the plan would have chosen at its prices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.decision.uses import NONE, Factored, Floats, Integers, Listed, Numbers

Actions = NDArray[np.int32]
NOTHING = -1
FEW = 16  # budgets up to which each is asked of all accounts, and nothing written out
BLOCK = 65_536  # accounts whose uses are written out at a time


@dataclass(frozen=True)
class Best:
    """
    For each account (N,): the action worth most after prices or -1, and what that is worth; the
    next best or -1 and its worth, minus infinity where nothing is all that is open.
    """

    action: Actions
    worth: Floats
    runner: Actions
    runner_worth: Floats


@dataclass(frozen=True)
class Barred:
    """
    What prices kept from each account (N,).

    `wanted` is the action worth most before prices, -1 where every one is closed, and `value` what
    it is worth; `charge` what the prices take of that, and `budget` the one that takes most of it,
    -1 where none takes anything, with what it takes alone, `most`.
    """

    wanted: Actions
    value: Floats
    charge: Floats
    budget: Integers
    most: Floats


def adjusted(values: Numbers, use: Factored | Listed, prices: Floats) -> Floats:
    """What every action is worth after prices, (N, A); minus infinity where it is closed."""
    values = np.asarray(values, dtype=np.float64)
    worth = np.where(values > -np.inf, values, -np.inf)  # what is not a number is closed
    if isinstance(use, Listed):
        padded = np.r_[prices, 0.0]
        for part in range(use.which.shape[2]):
            worth = worth - use.amount[..., part] * padded[use.which[..., part]]
        return worth
    bare, *kinds = charges(use, prices)
    worth = worth - bare[use.segment]
    for kind, rates in enumerate(kinds):
        worth = worth - use.factors[kind][:, None] * rates[use.segment]
    return worth


def charges(use: Factored, prices: Floats) -> list[Floats]:
    """What prices make of each action of each segment, (S, A): bare, then by each factor."""
    found = []
    for kind in range(NONE, len(use.factors)):
        some = np.flatnonzero(use.of == kind)
        rates = np.ascontiguousarray(use.rates[..., some])
        flat = rates.reshape(len(use.rates) * use.actions, len(some)) @ prices[some]
        found.append(flat.reshape(len(use.rates), use.actions))
    return found


def best(values: Numbers, use: Factored | Listed, prices: Floats) -> Best:
    """
    The best action of every account at these prices, nothing (-1, worth 0) included.

    >>> from recoup.decision.uses import of_arrays
    >>> use = of_arrays(np.array([[1.0], [3.0]]), 2)
    >>> found = best(np.array([[5.0, 9.0], [1.0, -np.inf]]), use, np.array([2.0]))
    >>> found.action.tolist(), found.worth.tolist(), found.runner.tolist()
    ([0, -1], [3.0, 0.0], [1, 0])
    """
    worth = adjusted(values, use, prices)
    whole = np.hstack([np.zeros((len(worth), 1)), worth])
    rows = np.arange(len(worth))
    first = whole.argmax(axis=1)
    most = whole[rows, first]
    whole[rows, first] = -np.inf
    second = whole.argmax(axis=1)
    after = whole[rows, second]
    runner = np.where(after > -np.inf, second - 1, NOTHING)
    return Best(
        (first - 1).astype(np.int32), most, runner.astype(np.int32), np.asarray(after, float)
    )


def barred(
    values: Numbers, use: Factored | Listed, prices: Floats, budgets: Floats | None = None
) -> Barred:
    """
    What each account's most valuable action is, and which budget's price weighs on it most; one of
    the `budgets` that is too small for the action alone weighs more than any price.
    """
    values = np.asarray(values, dtype=np.float64)
    count = len(values)
    open_ = np.where(values > -np.inf, values, -np.inf)
    wanted = open_.argmax(axis=1) if values.shape[1] else np.zeros(count, dtype=np.int64)
    value = open_.max(axis=1, initial=-np.inf)
    charge, most = np.zeros(count), np.zeros(count)
    budget = np.full(count, NONE, dtype=np.int64)
    padded, whole = np.r_[prices, 0.0], np.full(len(prices) + 1, np.inf)
    if budgets is not None:
        whole[:-1] = budgets
    if isinstance(use, Factored) and values.shape[1] and use.budgets <= FEW:
        charge, most, budget = _weighed(use, wanted, prices, whole[:-1])
        count = 0
    for start in range(0, count if values.shape[1] else 0, BLOCK):
        rows = np.arange(start, min(start + BLOCK, count))
        listed, here = use.listed(rows), np.arange(len(rows))
        which = listed.which[here, wanted[rows]]
        amount = listed.amount[here, wanted[rows]]
        taken = np.where(amount > whole[which], np.inf, amount * padded[which])
        heaviest = taken.argmax(axis=1)
        charge[rows], most[rows] = taken.sum(axis=1), taken[here, heaviest]
        budget[rows] = np.where(most[rows] > 0, which[here, heaviest], NONE)
    closed = value == -np.inf
    return Barred(
        np.where(closed, NOTHING, wanted).astype(np.int32),
        value,
        np.where(closed, 0.0, charge),
        np.where(closed, NONE, budget),
        np.where(closed, 0.0, most),
    )


def _weighed(
    use: Factored, wanted: Integers, prices: Floats, budgets: Floats
) -> tuple[Floats, Floats, Integers]:
    """What prices take of the wanted action of each account, and the budget that takes most."""
    charge, most = np.zeros(len(wanted)), np.zeros(len(wanted))
    budget = np.full(len(wanted), NONE, dtype=np.int64)
    with np.errstate(invalid="ignore"):
        for number in range(use.budgets):
            rates = np.ascontiguousarray(use.rates[..., number])
            if not rates.any():
                continue
            amount = rates[use.segment, wanted]
            if use.of[number] != NONE:
                amount = amount * use.factors[use.of[number]]
            taken = np.where(amount > budgets[number], np.inf, amount * prices[number])
            charge += taken
            more = taken > most
            most[more], budget[more] = taken[more], number
    return charge, most, budget
