"""
Why a case has what it has, as columns of the plan's file and as data for a sentence.

Of each case that was chosen for: the action that is best at the night's prices and what is left of
it after them, the next best, and the action it would have if nothing were scarce (`wanted`) with
what that would win, what the prices take of it and the budget that takes most.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.decision.allocate import Reasons
from recoup.decision.priced import Barred
from recoup.strategy.schema import Strategy

WORDS = ("best", "runner", "wanted", "barrier")
SUMS = ("best_worth", "runner_worth", "wanted_value", "charge", "barrier_charge")
# Of the reasons for doing nothing, those that prices and values explain.
BY_PRICES = ("budget", "not_worth", "better_later")


def columns(
    *, strategy: Strategy, budgets: Sequence[str], found: Reasons, kept: Barred,
    due: NDArray[np.int64], cases: int,
) -> list[pl.Series]:  # fmt: skip
    """The reasons of the due cases, (n,) each, as columns of all `cases`; null for the others."""
    names = np.array([*strategy.treatments, ""], dtype=object)
    limits = np.array([*budgets, ""], dtype=object)
    runs = np.isfinite(found.runner_worth)
    some = kept.wanted >= 0
    words = {
        "best": (names[found.best], some),
        # A runner-up may be to do nothing, which has no name but is one.
        "runner": (names[found.runner], runs),
        "wanted": (names[kept.wanted], some),
        "barrier": (limits[kept.budget], kept.budget >= 0),
    }
    sums = {
        "best_worth": (found.worth, some), "runner_worth": (found.runner_worth, runs),
        "wanted_value": (kept.value, some), "charge": (kept.charge, some),
        "barrier_charge": (kept.most, kept.budget >= 0),
    }  # fmt: skip
    return [
        *(_spread(name, *words[name], due, cases, pl.String) for name in WORDS),
        *(_spread(name, *sums[name], due, cases, pl.Float64) for name in SUMS),
    ]


def _spread(
    name: str, values: NDArray[Any], known: NDArray[np.bool_], due: NDArray[np.int64], cases: int,
    kind: Any,
) -> pl.Series:  # fmt: skip
    whole = np.full(cases, None, dtype=object)
    whole[due[known]] = values[known]
    return pl.Series(name, whole.tolist(), dtype=kind)


def told(row: Mapping[str, Any], strategy: Strategy) -> dict[str, Any]:
    """
    The reasons of a row of the plan's file, as `Decision.reason` keeps them under `priced`.

    Each action with its channel and wall-clock window, so that a sentence needs no strategy. Empty
    where no action was open.
    """
    if row.get("wanted") is None:  # closed, not chosen for, or of a night that kept no reasons
        return {}
    found: dict[str, Any] = {
        "best": _action(row["best"], row["best_worth"], strategy),
        "wanted": _action(row["wanted"], row["wanted_value"], strategy),
        "charge": _sum(row["charge"]),
    }
    if row["runner_worth"] is not None:
        found["runner"] = _action(row["runner"], row["runner_worth"], strategy)
    if row["barrier"]:
        title = next((b.title for b in strategy.own if b.name == row["barrier"]), "")
        found["barrier"] = {
            "budget": row["barrier"], "charge": _sum(row["barrier_charge"]), "title": title,
        }  # fmt: skip
    return found


def _sum(amount: float) -> float | None:
    """Minor units; nothing where no price was high enough, because the budget is too small."""
    return round(amount, 4) if math.isfinite(amount) else None


def _action(code: str | None, worth: float, strategy: Strategy) -> dict[str, Any]:
    treatment = strategy.treatments.get(code or "")
    if treatment is None:
        return {"treatment": "", "worth": round(worth, 4)}
    opens, closes = treatment.window
    return {
        "treatment": treatment.code, "channel": treatment.channel, "worth": round(worth, 4),
        "window": f"{opens:%H:%M}–{closes:%H:%M}",
    }  # fmt: skip
