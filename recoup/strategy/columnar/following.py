"""
What a night by parts does not follow: one list, asked before anything is written.

A night by parts sees some cases at a time and all of them only in the plan. What a strategy may say is
followed only if it is named here; a block that is new to strategies is refused until it is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import MISSING, Field, fields
from typing import Any

from recoup.kernel.errors import Invalid, Problem
from recoup.strategy.schema import Strategy

# Each is asked of a case, of a person, or of the plan of all.
FOLLOWED = frozenset({
    "name", "note", "holdout", "explore", "self_cure", "exits", "contact_limit", "budgets",
    "assumptions", "treatments", "segments", "salt", "arms", "own", "guard", "routing", "worth",
    "assignment",
})  # fmt: skip
# The cases of a learning arm are gathered from all parts, and so is what later nights may be like.
OVER_DATABASE = FOLLOWED | {"learning", "waiting"}
WHY = {
    "learning": "Its arm draws from what it learnt, which is worked out over all of its cases at once.",
    "waiting": "What it expects of nights to come is a mean over all due cases of the book.",
}
OTHERWISE = "A night by parts does not know this block."
ADVICE = "Plan this book by `recoup night` with --engine kernel, or leave the block out."


def not_followed(strategy: Strategy, followed: Collection[str] = FOLLOWED) -> list[Problem]:
    """Every block of a strategy that a night over columns would not do as it says."""
    return [
        Problem(one.name, WHY.get(one.name, OTHERWISE), ADVICE)
        for one in fields(strategy)
        if one.name not in followed and getattr(strategy, one.name) != _unsaid(one)
    ]


def _unsaid(one: Field[Any]) -> Any:
    """What a field holds where the strategy says nothing of it."""
    if one.default_factory is not MISSING:
        return one.default_factory()
    return None if one.default is MISSING else one.default


def demand_followed(strategy: Strategy) -> None:
    """
    Go on only if a night over the database by parts does all that a strategy says.

    :raises Invalid: naming each block that it does not, and what to do
    """
    if problems := not_followed(strategy, OVER_DATABASE):
        raise Invalid("This strategy cannot be followed over columns.", problems=problems)
