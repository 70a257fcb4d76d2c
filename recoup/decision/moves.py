"""
Moves between actions that bring a plan within its budgets and then spend what is left.

Compiled loops over a pool of accounts. `adjusted` and `values` (n, A + 1) hold what an action is
worth after and before prices, nothing last; `which` and `amount` (n, A + 1, K) what it uses, -1 for
no budget; `current` (n,) the action now; `left` (M,) what remains of each budget, negative where
too much is used; `limits` (M,) the budgets and `slack` (M,) the rounding that is let pass.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.decision.compiled import compiled

Array = NDArray[Any]

PARTNERS = 64  # accounts that may give way in a budget


@compiled
def _change(which: Array, amount: Array, row: int, was: int, now: int, budget: int) -> float:
    """How much less of a budget a move uses."""
    less = 0.0
    for part in range(which.shape[2]):
        if which[row, was, part] == budget:
            less += amount[row, was, part]
        if which[row, now, part] == budget:
            less -= amount[row, now, part]
    return less


@compiled
def _move(which: Array, amount: Array, row: int, was: int, now: int, left: Array) -> None:
    for part in range(which.shape[2]):
        if which[row, was, part] >= 0:
            left[which[row, was, part]] += amount[row, was, part]
        if which[row, now, part] >= 0:
            left[which[row, now, part]] -= amount[row, now, part]


@compiled
def _fits(
    which: Array, amount: Array, row: int, was: int, now: int, left: Array, slack: Array
) -> bool:
    """Whether a move exceeds no budget, or at least makes none worse."""
    for part in range(which.shape[2]):
        budget = which[row, now, part]
        if budget >= 0:
            less = _change(which, amount, row, was, now, budget)
            if less < 0 and left[budget] + less < -slack[budget]:
                return False
    return True


@compiled
def _relief(
    which: Array, amount: Array, row: int, was: int, now: int, left: Array, limits: Array,
    slack: Array,
) -> float:  # fmt: skip
    """How much over-use a move takes away, in shares of budgets; 0 if it makes any budget worse."""
    relief = 0.0
    for part in range(which.shape[2]):
        budget = which[row, was, part]
        if budget >= 0 and left[budget] < -slack[budget]:
            less = _change(which, amount, row, was, now, budget)
            relief += min(less, -left[budget]) / max(limits[budget], 1e-300)
    if relief > 0 and not _fits(which, amount, row, was, now, left, slack):
        return 0.0
    return relief


@compiled
def relieve(
    adjusted: Array, which: Array, amount: Array, current: Array, left: Array, limits: Array,
    slack: Array, rounds: int,
) -> bool:  # fmt: skip
    """Move those who lose least for what they free, until no budget is over-used. True if so."""
    many, options = adjusted.shape
    score = np.empty(many)
    target = np.empty(many, np.int64)
    for _ in range(rounds):
        if (left >= -slack).all():
            return True
        for row in range(many):
            was = current[row]
            score[row] = np.inf
            touches = False
            for part in range(which.shape[2]):
                budget = which[row, was, part]
                if budget >= 0 and left[budget] < -slack[budget]:
                    touches = True
            if not touches:
                continue
            for now in range(options):
                worth = adjusted[row, now]
                if now == was or worth == -np.inf:
                    continue
                relief = _relief(which, amount, row, was, now, left, limits, slack)
                if relief > 0:
                    loss = (adjusted[row, was] - worth) / relief
                    if loss < score[row]:
                        score[row], target[row] = loss, now
        moved = False
        for row in np.argsort(score, kind="mergesort"):
            if score[row] == np.inf or (left >= -slack).all():
                break
            was, now = current[row], target[row]
            if _relief(which, amount, row, was, now, left, limits, slack) > 0:
                _move(which, amount, row, was, now, left)
                current[row] = now
                moved = True
        if not moved:
            return False
    return bool((left >= -slack).all())


@compiled
def fill(
    adjusted: Array, values: Array, which: Array, amount: Array, current: Array, left: Array,
    slack: Array, rounds: int,
) -> None:  # fmt: skip
    """Spend what is left on moves that win value and fit, those that win most after prices first."""
    many, options = adjusted.shape
    score = np.empty(many)
    target = np.empty(many, np.int64)
    for _ in range(rounds):
        for row in range(many):
            was = current[row]
            score[row] = np.inf
            for now in range(options):
                if not values[row, now] > values[row, was]:
                    continue
                loss = adjusted[row, was] - adjusted[row, now]
                if loss < score[row] and _fits(which, amount, row, was, now, left, slack):
                    score[row], target[row] = loss, now
        moved = False
        for row in np.argsort(score, kind="mergesort"):
            if score[row] == np.inf:
                break
            if _fits(which, amount, row, current[row], target[row], left, slack):
                _move(which, amount, row, current[row], target[row], left)
                current[row] = target[row]
                moved = True
        if not moved:
            return


@compiled
def _reach(
    which: Array, amount: Array, row: int, was: int, now: int, left: Array, prices: Array
) -> float:
    """The most a move can win beyond its loss after prices: the price of all that is left there."""
    total = 0.0
    for part in range(which.shape[2]):
        budget = which[row, now, part]
        if budget >= 0 and left[budget] > 0:
            total += prices[budget] * left[budget]
    return total


@compiled
def exchange(
    adjusted: Array, values: Array, which: Array, amount: Array, current: Array, left: Array,
    prices: Array, slack: Array, effort: int,
) -> None:  # fmt: skip
    """
    Moves that only fit together: one account gives way in a budget that another lacks.

    The accounts come closest to indifference first. `effort` bounds the pairs that are looked at.
    """
    many, options = adjusted.shape
    budgets = len(left)
    users = np.empty((budgets, PARTNERS), np.int64)
    count = np.zeros(budgets, np.int64)
    while effort > 0:
        count[:] = 0
        for row in range(many):
            for part in range(which.shape[2]):
                budget = which[row, current[row], part]
                if budget >= 0 and count[budget] < PARTNERS:
                    users[budget, count[budget]] = row
                    count[budget] += 1
        improved = False
        for row in range(many):
            was = current[row]
            for now in range(options):
                effort -= 1
                if now == was or adjusted[row, now] == -np.inf:
                    continue
                loss = adjusted[row, was] - adjusted[row, now]
                near = _reach(which, amount, row, was, now, left, prices)
                gain = values[row, now] - values[row, was]
                lacking, worst = -1, 0.0
                for part in range(which.shape[2]):
                    budget = which[row, now, part]
                    if budget >= 0:
                        after = left[budget] + _change(which, amount, row, was, now, budget)
                        if after < -slack[budget] and after * prices[budget] <= worst:
                            lacking, worst = budget, after * prices[budget]
                if lacking < 0:
                    if gain > 0:
                        _move(which, amount, row, was, now, left)
                        current[row] = now
                        was = now
                        improved = True
                    continue
                _move(which, amount, row, was, now, left)
                most, partner, target = 0.0, -1, -1
                for place in range(count[lacking]):
                    other = users[lacking, place]
                    has = current[other]
                    if other == row:
                        continue
                    effort -= 1
                    for gets in range(options):
                        won = gain + values[other, gets] - values[other, has]
                        if gets == has or not won > most:
                            continue
                        give = adjusted[other, has] - adjusted[other, gets]
                        if loss + give >= near + _reach(
                            which, amount, other, has, gets, left, prices
                        ):
                            continue
                        fits = _fits(which, amount, other, has, gets, left, slack)
                        for part in range(which.shape[2]):
                            budget = which[row, now, part]
                            if fits and budget >= 0 and left[budget] < -slack[budget]:
                                less = _change(which, amount, other, has, gets, budget)
                                fits = left[budget] + less >= -slack[budget]
                        if fits:
                            most, partner, target = won, other, gets
                if partner < 0:
                    _move(which, amount, row, now, was, left)
                    continue
                _move(which, amount, partner, current[partner], target, left)
                current[partner] = target
                current[row] = now
                was = now
                improved = True
        if not improved:
            return
