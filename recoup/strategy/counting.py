"""
What is left of a plan's budgets during its day: taken and given back, never more than there is.

Counters are whole numbers, in hundred-thousandths of a budget's unit, and are taken by conditional
update and row count, past the tenant's join (ADR 0502).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any

from django.db.models import F

from recoup.people.scopes import unjoined
from recoup.strategy.models import BudgetUse, Decision, Plan

PARTS = 100_000


def parts(amount: float) -> int:
    """An amount as it is counted: rounded up, but not for the rounding of floats alone."""
    return ceil(amount * PARTS - 1e-4)


def takes_of(row: Mapping[str, Any]) -> dict[str, int]:
    """What the action of a row of a plan takes, as it is counted."""
    return {one["budget"]: parts(one["amount"]) for one in row["takes"] or ()}


def open_for(plan: Plan) -> None:
    """Begin to count a plan's budgets; its own decisions are counted by `take_all`."""
    BudgetUse.objects.bulk_create(
        BudgetUse(plan=plan, name=name, most=int(one["most"] * PARTS))
        for name, one in plan.budgets.items()
    )


def take_all(plan: Plan, used: Mapping[str, int]) -> None:
    """Count what a night took, which keeps within every budget but for the rounding up."""
    for name, amount in used.items():
        unjoined(BudgetUse).filter(plan=plan, name=name).update(used=F("used") + amount)


def left(plan: Plan) -> dict[str, int]:
    """What is left of each budget; nothing for plans that were never counted."""
    rows = unjoined(BudgetUse).filter(plan=plan).values_list("name", "most", "used")
    return {name: most - used for name, most, used in rows}


def take(plan: Plan, takes: Mapping[str, int]) -> bool:
    """
    Take from every budget, inside a transaction that is undone if there is too little: gives
    whether there was enough.
    """
    for name, amount in sorted(takes.items()):
        rows = unjoined(BudgetUse).filter(plan=plan, name=name, used__lte=F("most") - amount)
        if not rows.update(used=F("used") + amount):
            return False
    return True


def give_back(decisions: Iterable[Decision]) -> None:
    """Give back what decisions held that will not be carried out."""
    sums: dict[tuple[int, str], int] = {}
    for decision in decisions:
        for name, amount in decision.takes.items():
            key = (decision.plan_id, name)
            sums[key] = sums.get(key, 0) + amount
    for (plan, name), amount in sorted(sums.items()):
        rows = unjoined(BudgetUse).filter(plan=plan, name=name)
        rows.update(used=F("used") - amount)
