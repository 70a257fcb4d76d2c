"""
Training samples: what was known at a cut-off, and what came of it.

From a book's history: a snapshot every 30 days back from today, each with the cases overdue on its
day and what happened in the 30 days after. From a lender's file: one row per loan with the outcome
that the file gives. Nothing here touches a model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.decision import abilities
from recoup.kernel.errors import NotTrainable
from recoup.kernel.ids import fraction
from recoup.scoring import known
from recoup.scoring.declared import (
    ABLE,
    KNOWN,
    LOST,
    REPAY,
    RIGHT_PARTY,
    ROLL,
    WILLING,
    columns_for,
)

WINDOW = timedelta(days=30)
SNAPSHOTS = 12
# A payment below a twentieth of what was overdue is a sign of life, not a repayment: of
# LendingClub's charged-off loans a quarter return 0.15 % of exposure or less.
LEAST_SHARE = 0.05
WORST_STAGE = 7
HELD_OUT = 0.2
CROSS_SECTION_HELD_OUT = 0.3


@dataclass(frozen=True, slots=True)
class Sample:
    """
    Rows to learn from: columns (n, k), outcome (n,) of 0 and 1, the case and period of each row.

    Without distinct periods there is no time to hold out by, and the split is a cross-section.
    `facts` are the lender's own facts of each row, numbered only once the training rows are known.
    """

    target: str
    columns: tuple[str, ...]
    matrix: NDArray[np.float32]
    outcome: NDArray[np.int8]
    case: NDArray[np.int64]
    period: NDArray[np.str_]
    facts: Sequence[Mapping[str, Any]] = ()
    levels: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    delinquency: str = "days_past_due"

    @property
    def has_time(self) -> bool:
        """Whether a later period can be held out."""
        return len(np.unique(self.period)) > 1

    def digest(self, seed: int) -> str:
        """The hash of the rows and the seed: the same hash, the same models."""
        found = hashlib.sha256(repr((self.target, self.columns, seed)).encode())
        for array in (self.matrix, self.outcome, self.case):
            found.update(np.ascontiguousarray(array).tobytes())
        found.update("\n".join(self.period.tolist()).encode())
        for row in self.facts:
            found.update(repr(sorted(row.items())).encode())
        return found.hexdigest()

    def numbered(self, rows: NDArray[np.int64]) -> Sample:
        """The lender's facts as columns, words numbered by the outcomes of `rows` alone."""
        if not self.facts:
            return self
        levels = known.learn([self.facts[row] for row in rows], self.outcome[rows])
        matrix = np.column_stack([self.matrix, known.matrix(self.facts, levels)])
        names = (*self.columns, *known.names(levels))
        return replace(self, columns=names, matrix=matrix.astype(np.float32), levels=levels)

    def without(self, dropped: Collection[str]) -> Sample:
        """The sample without some columns."""
        kept = [place for place, name in enumerate(self.columns) if name not in dropped]
        levels = {name: how for name, how in self.levels.items() if KNOWN + name not in dropped}
        return replace(
            self, columns=tuple(self.columns[place] for place in kept),
            matrix=np.ascontiguousarray(self.matrix[:, kept]), levels=levels,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Split:
    """Row numbers: to learn from, to calibrate on, to be judged on; and how they were divided."""

    train: NDArray[np.int64]
    calibrate: NDArray[np.int64]
    test: NDArray[np.int64]
    kind: str
    held_out: tuple[str, ...] = ()


def split(sample: Sample) -> Split:
    """
    Hold out the last periods (at least a fifth of the rows), or, without time, cases by hash.

    A fifth of the cases calibrates with what is left of them.
    """
    if sample.has_time:
        periods = np.unique(sample.period)
        held: list[str] = []
        for period in periods[:0:-1]:
            held.insert(0, str(period))
            if np.isin(sample.period, held).mean() >= HELD_OUT:
                break
        test, kind = np.isin(sample.period, held), "out_of_time"
    else:
        held = []
        test = _side(sample, "held-out") < CROSS_SECTION_HELD_OUT
        kind = "cross_section"
    calibrate = ~test & (_side(sample, "calibrate") < 0.2)
    return Split(
        np.flatnonzero(~test & ~calibrate), np.flatnonzero(calibrate), np.flatnonzero(test),
        kind, tuple(held),
    )  # fmt: skip


def _side(sample: Sample, purpose: str) -> NDArray[np.float64]:
    cases, place = np.unique(sample.case, return_inverse=True)
    return np.array([fraction(purpose, int(case)) for case in cases])[place]


# -- Labels ----------------------------------------------------------------------------------------


def labels(
    *, target: str, state: pl.DataFrame, later: pl.DataFrame, payments: pl.DataFrame,
    contacts: pl.DataFrame, on: date,
) -> pl.DataFrame:  # fmt: skip
    """
    What happened to each overdue case in the 30 days from `on`: case and outcome (0, 1).

    - repay_30: at least `LEAST_SHARE` of what was overdue was paid
    - roll: the stage is worse after 30 days; those in the last stage are left out
    - lost_contact: the debtor was called and never reached; those not called are left out
    - ability: who paid something paid at least half of what was overdue (`decision.abilities`)
    - willingness: who was reached paid something
    """
    overdue = state.filter((pl.col("days_past_due") > 0) & (pl.col("owed") > 0))
    match target:
        case "repay_30":
            joined = _paid(overdue, payments, on)
            happened = pl.col("amount") >= pl.max_horizontal(pl.col("overdue") * LEAST_SHARE, 1)
        case "roll":
            after = later.select("case", pl.col("stage").alias("after"))
            joined = overdue.filter(pl.col("stage") < WORST_STAGE).join(after, on="case")
            happened = pl.col("after") > pl.col("stage")
        case "lost_contact":
            tried = contacts.filter(pl.col("channel") == "call").group_by("case")
            reached = tried.agg(pl.col("outcome").is_in(list(RIGHT_PARTY)).any().alias("reached"))
            joined = overdue.join(reached, on="case")
            happened = ~pl.col("reached")
        case "ability" | "willingness":
            reached = contacts.filter(pl.col("outcome").is_in(list(RIGHT_PARTY))).select("case")
            joined = _paid(overdue, payments, on).with_columns(
                reached=pl.col("case").is_in(reached["case"].unique().implode())
            )
            shown = abilities.shown(
                paid=joined["amount"].to_numpy(), overdue=joined["overdue"].to_numpy(),
                reached=joined["reached"].to_numpy(),
            )  # fmt: skip
            event = shown.able if target == ABLE else shown.willing
            joined = joined.with_columns(pl.Series("event", event))
            joined, happened = joined.filter(pl.col("event") >= 0), pl.col("event") == 1
        case _:
            raise ValueError(f"No history gives the target {target}.")
    return joined.select("case", happened.cast(pl.Int8).alias("outcome")).sort("case")


def _paid(overdue: pl.DataFrame, payments: pl.DataFrame, on: date) -> pl.DataFrame:
    """The overdue cases with the `amount` that came in within 30 days."""
    window = pl.col("paid_on").is_between(on, on + WINDOW, closed="left")
    paid = payments.filter(window).group_by("case").agg(pl.col("amount").sum())
    joined = overdue.join(paid, on="case", how="left")
    return joined.with_columns(pl.col("amount").fill_null(0))


TARGETS = (REPAY, ROLL, LOST, ABLE, WILLING)
MISSING = {
    REPAY: "no case was overdue on an earlier day whose ledger and payments are known (a file with "
    "balances but no history begins on its own day)",
    ROLL: "no case below the last stage was overdue on an earlier day whose ledger is known",
    ABLE: "no overdue case paid anything within 30 days after an earlier day whose ledger is known",
    WILLING: "no overdue case was reached within 30 days after an earlier day whose ledger is known",
    LOST: "no overdue case was called within 30 days after an earlier day whose ledger is known",
}


def stacked(
    *, target: str, parts: Sequence[tuple[date, pl.DataFrame, pl.DataFrame]], notes: Sequence[str]
) -> Sample:
    """
    One sample of many snapshots: (cut-off, features of cases, labels).

    :raises NotTrainable: because no snapshot has a label
    """
    matrices, outcomes, cases, periods = [], [], [], []
    for on, features, label in parts:
        joined = label.join(features, on="case", how="inner").sort("case")
        if joined.is_empty():
            continue
        matrices.append(joined.select(columns_for(target)).to_numpy().astype(np.float32))
        outcomes.append(joined["outcome"].to_numpy())
        cases.append(joined["case"].to_numpy())
        periods.append(np.full(joined.height, on.isoformat()))
    if not matrices:
        raise NotTrainable(f"No model for {target} can be trained, because {MISSING[target]}.")
    return Sample(
        target, columns_for(target), np.concatenate(matrices), np.concatenate(outcomes).astype(np.int8),
        np.concatenate(cases).astype(np.int64), np.concatenate(periods), notes=tuple(notes),
    )  # fmt: skip


def given(*, rows: Sequence[tuple[int, Mapping[str, Any], Mapping[str, Any]]]) -> list[Sample]:
    """
    The samples of a lender's file: (case, facts, outcome with target, value and cohort), one
    sample per target. Rows whose value is neither true nor false are left out.
    """
    targets = sorted({str(outcome["target"]) for _case, _facts, outcome in rows})
    return [
        _given(
            target,
            [
                (case, facts, value, str(outcome.get("cohort") or ""))
                for case, facts, outcome in rows
                if outcome["target"] == target
                and (value := known.number(outcome.get("value"))) in (0.0, 1.0)
            ],
        )
        for target in targets
    ]


def _given(target: str, rows: Sequence[tuple[int, Mapping[str, Any], float, str]]) -> Sample:
    period = np.array([cohort for _case, _facts, _value, cohort in rows], dtype=np.str_)
    notes = () if len(set(period.tolist())) > 1 else ("one cross-section: not out of time",)
    delinquency = ("days_past_due", "months_past_due", "pay_status_1", "pay_0", "PAY_0")
    present = [name for name in delinquency if rows and name in rows[0][1]]
    return Sample(
        target, (), np.empty((len(rows), 0), np.float32),
        np.array([value for _case, _facts, value, _cohort in rows], np.int8),
        np.array([case for case, *_rest in rows], np.int64), period,
        facts=[facts for _case, facts, _value, _cohort in rows], notes=notes,
        delinquency=KNOWN + present[0] if present else "",
    )  # fmt: skip
