"""
Which step of which sequence each case stands at, and why a case is left alone before any choice.

Pure: frames in, arrays out.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.decision.draws import fractions
from recoup.strategy.expressions import Condition
from recoup.strategy.schema import CHAMPION, HOLDOUT, MEDIA, Segment, Strategy

Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]
Arms = tuple[NDArray[np.object_], NDArray[np.float64]]

# Cases in these states may be worked; the others say themselves why not.
WORKED = ("open", "retained")
FAR = 10**6


@dataclass
class Standing:
    """
    One entry per case of the frame.

    `why` is empty for a case that is due; `segment` and `arm` are codes; `step` counts on through
    repeats; `allowed` (cases, treatments) marks what the step offers and the case fits. `arm` is
    what was drawn, for good; `follows` whose segments it goes through, the champion's once its own
    arm is stopped.
    """

    arm: NDArray[np.object_]
    follows: NDArray[np.object_]
    share: NDArray[np.float64]
    segment: NDArray[np.object_]
    step: Whole
    step_code: NDArray[np.object_]
    why: NDArray[np.object_]
    allowed: Flags

    def leave(self, rows: Flags, why: str) -> None:
        """Leave these cases alone for this reason, unless there is one already."""
        self.why[rows & (self.why == "")] = why


def assign(*, strategy: Strategy, book: str, persons: Whole) -> Arms:
    """
    The arm of every person and the chance that they got it: the holdout, or one of the strategy's.
    """
    codes = np.array([*(arm.code for arm in strategy.arms), HOLDOUT], dtype=object)
    rest = 1 - strategy.holdout
    chances = np.array([*(arm.share * rest for arm in strategy.arms), strategy.holdout])
    # As `in_holdout` and `arm_of` say of one person.
    edges = np.cumsum([arm.share for arm in strategy.arms])
    place = fractions("arm", strategy.salt, numbers=persons)
    drawn = np.searchsorted(edges, place, side="right").clip(max=len(edges) - 1)
    drawn[fractions(HOLDOUT, book, numbers=persons) < strategy.holdout] = len(edges)
    return codes[drawn], chances[drawn]


def flags(frame: pl.DataFrame, condition: Condition) -> Flags:
    """Where a condition holds."""
    marks = frame.select("case", _=condition.expression)["_"]
    return marks.to_numpy().astype(bool)


def stand(
    *, strategy: Strategy, cases: pl.DataFrame, points: pl.DataFrame, past: pl.DataFrame,
    book: str, on: date, stopped: Collection[str] = (), known: Arms | None = None,
) -> Standing:  # fmt: skip
    """
    Where every case stands tonight.

    `past` has, for each case and segment with a decision carried out, the last step (`last_step`)
    and its day (`last_on`); `stopped` names the arms whose cases go the champion's way.
    """
    persons = cases["person"].to_numpy()
    arms, shares = known or assign(strategy=strategy, book=book, persons=persons)
    follows = arms.copy()
    follows[np.isin(arms.astype(str), list(stopped))] = CHAMPION
    frame = cases.with_columns(arm=pl.Series(follows.tolist(), dtype=pl.String))
    n, blank = cases.height, np.full(cases.height, "", dtype=object)
    standing = Standing(
        arm=arms, follows=follows, share=shares, segment=blank.copy(), step=np.zeros(n, dtype=np.int64),
        step_code=blank.copy(), why=blank.copy(),
        allowed=np.zeros((n, len(strategy.treatments)), dtype=bool),
    )  # fmt: skip
    _leave_closed(standing, strategy, frame)
    fits = _fits(strategy, frame, points)
    for arm in strategy.arms:
        here = follows == arm.code
        cure = strategy.self_cure_of(arm)
        cured = flags(frame, cure) if cure else np.zeros(n, dtype=bool)
        for segment in strategy.segments_of(arm):
            rows = here & (standing.segment == "") & flags(frame, segment.when)
            standing.segment[rows] = segment.code
            if not segment.steps:
                standing.leave(rows, "no_steps")
            standing.leave(rows & cured, "self_cure")
            due = np.flatnonzero(rows & (standing.why == ""))
            if len(due):
                _place(standing, strategy, segment, frame, past, fits, due, on)
    standing.leave((standing.segment == "") & (arms != HOLDOUT), "no_segment")
    standing.leave(cases["pending"].to_numpy() > 0, "pending")
    recent = cases["contacts_limit"].to_numpy() >= strategy.contact_limit.contacts
    standing.leave(recent, "contact_limit")
    standing.leave((cases["time_zones"].fill_null("") == "").to_numpy(), "no_time_zone")
    standing.allowed[standing.why != ""] = False
    return standing


def _leave_closed(standing: Standing, strategy: Strategy, frame: pl.DataFrame) -> None:
    states = frame["state"].to_numpy()
    for state in sorted(set(states.tolist())):
        if state not in WORKED:
            standing.leave(states == state, f"state_{state}")
    for exit_ in strategy.exits:
        standing.leave(flags(frame, exit_.when), f"exit_{exit_.code}")
    standing.leave(standing.arm == HOLDOUT, "holdout")


def _fits(strategy: Strategy, frame: pl.DataFrame, points: pl.DataFrame) -> Flags:
    """Which treatments a case has a contact point for and meets the conditions of."""
    fits = np.ones((frame.height, len(strategy.treatments)), dtype=bool)
    reachable = {
        medium: frame["case"].is_in(points.filter(pl.col("medium") == medium)["case"].implode())
        for medium in set(MEDIA.values()) - {""}
    }
    for at, treatment in enumerate(strategy.treatments.values()):
        medium = MEDIA[treatment.channel]
        if medium:
            fits[:, at] &= reachable[medium].to_numpy()
        if treatment.only_if:
            fits[:, at] &= flags(frame, treatment.only_if)
    return fits


def _place(
    standing: Standing, strategy: Strategy, segment: Segment, frame: pl.DataFrame,
    past: pl.DataFrame, fits: Flags, due: Whole, on: date,
) -> None:  # fmt: skip
    """Find the step of the cases of one segment, passing over steps that a case can never fit."""
    next_step, idle = _progress(segment, frame[due], past, on)
    count, order = len(segment.steps), list(strategy.treatments)
    wait = np.zeros(len(due), dtype=np.int64)
    open_, ended = np.ones(len(due), dtype=bool), np.zeros(len(due), dtype=bool)
    for _ in range(count + 1):
        if segment.repeat_after_days is None:
            ended |= open_ & (next_step >= count)
            open_ &= ~ended
        for number, step in enumerate(segment.steps):
            rows = open_ & (next_step % count == number)
            again = segment.repeat_after_days if number == 0 else None
            needed = np.where(next_step[rows] > 0, again or step.wait_days, step.wait_days)
            wait[rows] = np.maximum(wait[rows], needed)
            offered = np.isin(order, step.choose) & fits[due[rows]]
            fit = offered.any(axis=1)
            placed = np.flatnonzero(rows)[fit]
            standing.step[due[placed]] = next_step[placed]
            standing.step_code[due[placed]] = step.code
            standing.allowed[due[placed]] = offered[fit]
            open_[placed] = False
            next_step[np.flatnonzero(rows)[~fit]] += 1
    _note(standing, due, ended, "sequence_done")
    _note(standing, due, open_, "no_contact_point")
    _note(standing, due, ~open_ & ~ended & (idle < wait), "waiting")


def _note(standing: Standing, due: Whole, rows: Flags, why: str) -> None:
    marks = np.zeros(len(standing.why), dtype=bool)
    marks[due[rows]] = True
    standing.leave(marks, why)


def _progress(
    segment: Segment, cases: pl.DataFrame, past: pl.DataFrame, on: date
) -> tuple[Whole, Whole]:
    """The next step of each case, and the days since the last one (or since it was placed)."""
    mine = past.filter(pl.col("segment") == segment.code).select("case", "last_step", "last_on")
    joined = cases.select("case", "days_placed").join(mine, on="case", how="left",
                                                      maintain_order="left")  # fmt: skip
    idle = (pl.lit(on) - pl.col("last_on")).dt.total_days()
    found = joined.select(
        step=(pl.col("last_step") + 1).fill_null(0).cast(pl.Int64),
        idle=pl.coalesce(idle, pl.col("days_placed"), pl.lit(FAR)).cast(pl.Int64),
    )
    return found["step"].to_numpy().copy(), found["idle"].to_numpy().copy()
