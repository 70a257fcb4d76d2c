"""
Judging arms: what each challenger shows beside the champion, and whether it does harm.

Frames in, values out. The outcomes of one cohort grow: the variance of a difference rises while
fewer than half have paid and falls after it, and on either side the bound of `sequential` holds.
So every look spends half of the error (`LEVEL`), and both halves together keep the whole (ADR 0413).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from recoup.decision import sequential
from recoup.decision.arms import Outcome
from recoup.decision.evidence import Evidence, adjusted, means
from recoup.decision.metrics import Interval
from recoup.decision.sequential import Decided, Look
from recoup.strategy.schema import Strategy

LEVEL = 0.975
# What excess over its margin each measure is quickest to see, at least.
SIZES = {"recovery": 0.02, "complaints": 0.005}


@dataclass(frozen=True)
class Harm:
    """How much worse an arm is in one measure, each end one-sided, and what is allowed."""

    excess: Interval
    margin: float

    @property
    def is_proven(self) -> bool:
        """Whether the arm is worse than allowed for certain."""
        return self.excess.low > self.margin


@dataclass(frozen=True)
class Seen:
    """What one night's look shows of an arm."""

    cases: int
    look: Look
    harm: dict[str, Harm]

    @property
    def worst(self) -> str:
        """The measure in which harm is proven, the gravest first; empty if in none."""
        proven = [name for name, one in self.harm.items() if one.is_proven]
        return max(
            proven, key=lambda name: self.harm[name].excess.low - self.harm[name].margin, default=""
        )


def design(strategy: Strategy) -> sequential.Plan:
    """The test that all arms share the error of, the holdout as well."""
    return sequential.Plan(
        effect=strategy.guard.effect, level=LEVEL, challengers=max(1, len(strategy.arms))
    )


def recovery(part: pl.DataFrame, base: pl.DataFrame) -> Evidence:
    """How much more of what was overdue an arm recovered, less what the first night knew."""
    return adjusted(
        arm=part["recovery"].to_numpy(), other=base["recovery"].to_numpy(),
        arm_before=_known(part), other_before=_known(base),
    )  # fmt: skip


def judge(
    *, part: pl.DataFrame, base: pl.DataFrame, strategy: Strategy, days: int, guarded: bool,
    before: Look | None,
) -> Seen:  # fmt: skip
    """
    Look at one arm (`part`) beside the champion (`base`), `days` after it began.

    One row for each case: `recovery`, `complained`, and what the first night knew.
    """
    found = recovery(part, base)
    look = sequential.look(found, design(strategy), before=before)
    harm = _harm(part, base, found, strategy, days) if guarded else {}
    seen = Seen(part.height, look, harm)
    if not seen.worst:
        return seen
    stopped = Look(look.difference, look.p_value, Decided.HARM, "")
    return Seen(part.height, stopped, harm)


def _harm(
    part: pl.DataFrame, base: pl.DataFrame, found: Evidence, strategy: Strategy, days: int
) -> dict[str, Harm]:
    guard = strategy.guard
    measured = {"complaints": (_complaints(part, base), guard.complaints)}
    if days >= guard.after_days:
        less = Evidence(-found.difference, found.variance, found.count, found.doubt)
        measured["recovery"] = (less, guard.recovery)
    return {
        name: Harm(_excess(evidence, name, margin, strategy), margin)
        for name, (evidence, margin) in measured.items()
    }


def _excess(evidence: Evidence, name: str, margin: float, strategy: Strategy) -> Interval:
    share = (1 - LEVEL) / len(SIZES)
    guard = sequential.Guard(margin=margin, size=max(margin, SIZES[name]), level=1 - share)
    return sequential.excess(evidence, guard, challengers=max(1, len(strategy.arms) - 1))


def _complaints(part: pl.DataFrame, base: pl.DataFrame) -> Evidence:
    arms = [Outcome.of_shares(one.height, int(one["complained"].sum())) for one in (part, base)]
    return means(*arms)


def _known(part: pl.DataFrame) -> np.ndarray:
    """What the first night's plan knew of each case, which no arm can have changed."""
    return part.select(
        pl.col("repay_30").fill_nan(None).fill_null(0.0),
        (pl.col("repay_30").is_null() | pl.col("repay_30").is_nan()).cast(pl.Float64).alias("none"),
        pl.col("overdue").log1p(),
        pl.col("days_past_due").cast(pl.Float64).fill_null(0.0),
    ).to_numpy()


def harm_figures(harm: Mapping[str, Harm]) -> dict[str, dict[str, float | None]]:
    """For JSON: by measure the excess, the least that is proven, and the margin."""
    return {
        name: {
            "excess": one.excess.value, "margin": one.margin,
            "least": one.excess.low if np.isfinite(one.excess.low) else None,
        }
        for name, one in harm.items()
    }  # fmt: skip
