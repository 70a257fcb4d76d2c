"""Why a case went to its collector and not to another: what each would bring, less their slot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recoup.decision.assign import CONTINUITY, NOBODY, Plan, Why
from recoup.decision.market import NONE, Cases, Collectors


@dataclass(frozen=True)
class Choice:
    """
    One collector for one case, in money: `worth` is the case's value times `effect`, `continuity`
    the bonus for having had it, `price` what the slot would win with the next best case; `net` is
    what speaks for this collector, `worth + continuity - price`.
    """

    collector: int
    effect: float
    worth: float
    continuity: float
    price: float

    @property
    def net(self) -> float:
        """What speaks for this collector."""
        return self.worth + self.continuity - self.price


@dataclass(frozen=True)
class Explanation:
    """
    Why a case has its collector, or none.

    `taken` is the collector it has, `runner_up` the best of the others who could take it, at the
    prices of the slots; either may be missing. `lead` is how much less the runner-up brings; it may
    be a little below nothing, by no more than the plan's gap. `rivals` is how many could take it.
    """

    case: int
    why: Why
    taken: Choice | None
    runner_up: Choice | None
    rivals: int

    @property
    def lead(self) -> float:
        """By how much the collector is ahead of the next, of nobody if there is none."""
        if self.taken is None:
            return 0.0
        return self.taken.net - max(self.runner_up.net if self.runner_up else 0.0, 0.0)


def explain(
    cases: Cases, collectors: Collectors, plan: Plan, case: int, *, continuity: float = CONTINUITY
) -> Explanation:
    """
    Say why a case, by its id, has the collector it has. Time is linear in cases and collectors.

    `continuity` is what the plan was made with.

    :raises KeyError: if there is no such case
    """
    found = np.flatnonzero(cases.ids == case)
    if not len(found):
        raise KeyError(case)
    row = int(found[0])
    fit = able(cases, collectors, row)
    value = float(cases.value[row])
    at = int(plan.collector[row])
    if plan.why[row] == Why.NO_VALUE:
        return Explanation(case, Why.NO_VALUE, None, None, int(fit.sum()))
    worth = value * collectors.effect[cases.skill[row]]
    known = (collectors.ids == cases.before[row]) & (cases.before[row] != NONE)
    bonus = np.where(known, continuity * max(value, 0.0), 0.0)
    price = plan.prices[:, plan.band[row]]

    def choice(j: int) -> Choice:
        return Choice(
            int(collectors.ids[j]), float(collectors.effect[cases.skill[row], j]), float(worth[j]),
            float(bonus[j]), float(price[j]),
        )  # fmt: skip

    others = np.where(fit & (collectors.room > 0), worth + bonus - price, -np.inf)
    if at != NOBODY:
        others[at] = -np.inf
    next_best = int(others.argmax()) if len(others) else NOBODY
    second = choice(next_best) if len(others) and np.isfinite(others[next_best]) else None
    taken = choice(at) if at != NOBODY else None
    return Explanation(case, Why(int(plan.why[row])), taken, second, int(fit.sum()))


def able(cases: Cases, collectors: Collectors, row: int) -> np.ndarray:
    """Who has the skill, the language and the licence, and no conflict with the case of a row, (J,)."""
    fit: np.ndarray = collectors.effect[cases.skill[row]] > 0
    for need, held in (
        (cases.language[row], collectors.languages),
        (cases.region[row], collectors.regions),
    ):
        if need != NONE:
            fit = fit & held[need]
    barred = cases.conflicts[cases.conflicts[:, 0] == cases.ids[row], 1]
    return fit & ~np.isin(collectors.ids, barred)
