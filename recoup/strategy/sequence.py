"""
Which step of which sequence each case stands at, and why a case is left alone before any choice.

Pure: frames in, arrays out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.decision.draws import fractions
from recoup.decision.vulnerability import AT_RISK
from recoup.scoring.kernel import rows_of
from recoup.strategy.expressions import Condition
from recoup.strategy.schema import CHAMPION, HOLDOUT, MEDIA, Segment, Strategy
from recoup.strategy.words import Words

Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]
Arms = tuple[Words, NDArray[np.float64]]

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
    arm is stopped; `route` the group it was drawn into, for good, empty for most; `fits`
    (cases, treatments) marks what the case could get at any step of its segment.
    """

    arm: Words
    follows: Words
    share: NDArray[np.float64]
    segment: Words
    step: Whole
    step_code: Words
    why: Words
    allowed: Flags
    route: Words
    fits: Flags

    def leave(self, rows: Flags, why: str) -> None:
        """Leave these cases alone for this reason, unless there is one already."""
        self.why.put(rows & (self.why == ""), why)


def assign(*, strategy: Strategy, book: str, persons: Whole) -> Arms:
    """
    The arm of every person and the chance that they got it: the holdout, or one of the strategy's.
    """
    codes = [*(arm.code for arm in strategy.arms), HOLDOUT]
    rest = 1 - strategy.holdout
    chances = np.array([*(arm.share * rest for arm in strategy.arms), strategy.holdout])
    # As `in_holdout` and `arm_of` say of one person.
    edges = np.cumsum([arm.share for arm in strategy.arms])
    place = fractions("arm", strategy.salt, numbers=persons)
    drawn = np.searchsorted(edges, place, side="right").clip(max=len(edges) - 1)
    drawn[fractions(HOLDOUT, book, numbers=persons) < strategy.holdout] = len(edges)
    return Words(known=codes, codes=drawn.astype(np.int32)), chances[drawn]


def routes(strategy: Strategy, persons: Whole) -> Words:
    """
    The group that every person was drawn into by the strategy's routing, empty for all others.

    A larger share only adds people; a group that is added needs a new salt.
    """
    if strategy.routing is None:
        return Words(len(persons))
    groups, share = strategy.routing.groups, strategy.routing.share
    drawn = fractions("route", strategy.routing.salt, numbers=persons) < share
    which = fractions("route group", strategy.routing.salt, numbers=persons)
    codes = (which * len(groups)).astype(np.int32).clip(max=len(groups) - 1)
    return Words(known=["", *groups], codes=np.where(drawn, codes + 1, 0).astype(np.int32))


def at_risk(cases: pl.DataFrame) -> Flags:
    """Who may be in distress, (n,)."""
    if "distress" not in cases.columns:
        return np.zeros(cases.height, dtype=bool)
    return np.asarray((cases["distress"] >= AT_RISK).to_numpy(), dtype=bool)


def flags(frame: pl.DataFrame, condition: Condition) -> Flags:
    """Where a condition holds."""
    marks = frame.select("case", _=condition.expression)["_"]
    return marks.to_numpy().astype(bool)


def stand(
    *, strategy: Strategy, cases: pl.DataFrame, points: pl.DataFrame, past: pl.DataFrame,
    book: str, on: date, stopped: Collection[str] = (), known: Arms | None = None,
    closed: Mapping[str, Collection[str]] | None = None,
) -> Standing:  # fmt: skip
    """
    Where every case stands tonight.

    `past` has, for each case and segment with a decision carried out, the last step (`last_step`)
    and its day (`last_on`); `stopped` names the arms whose cases go the champion's way;
    `closed` has by segment the groups that routing keeps from all but those drawn into them.
    """
    persons = cases["person"].to_numpy()
    arms, shares = known or assign(strategy=strategy, book=book, persons=persons)
    follows = arms.copy()
    if stopped:
        follows.put(arms.among(stopped), CHAMPION)
    frame = cases.with_columns(arm=follows.series())
    n = cases.height
    standing = Standing(
        arm=arms, follows=follows, share=shares, segment=Words(n), step=np.zeros(n, dtype=np.int64),
        step_code=Words(n), why=Words(n),
        allowed=np.zeros((n, len(strategy.treatments)), dtype=bool),
        route=routes(strategy, persons),
        fits=np.zeros((n, len(strategy.treatments)), dtype=bool),
    )  # fmt: skip
    _leave_closed(standing, strategy, frame)
    fits = _fits(strategy, frame, points)
    done, spared = _Done.of(frame, past, on), at_risk(frame)
    for arm in strategy.arms:
        here = follows == arm.code
        cure = strategy.self_cure_of(arm)
        cured = flags(frame, cure) if cure else np.zeros(n, dtype=bool)
        for segment in strategy.segments_of(arm):
            rows = here & (standing.segment == "") & flags(frame, segment.when)
            standing.segment.put(rows, segment.code)
            if not segment.steps:
                standing.leave(rows, "no_steps")
            standing.leave(rows & cured, "self_cure")
            due = np.flatnonzero(rows & (standing.why == ""))
            if len(due):
                shut = (closed or {}).get(segment.code, ())
                mine = _routed(standing, strategy, segment, fits, shut, spared)
                _place(standing, strategy, segment, done, mine, due)
    standing.leave((standing.segment == "") & (arms != HOLDOUT), "no_segment")
    standing.leave(cases["pending"].to_numpy() > 0, "pending")
    recent = cases["contacts_limit"].to_numpy() >= strategy.contact_limit.contacts
    standing.leave(recent, "contact_limit")
    standing.leave((cases["time_zones"].fill_null("") == "").to_numpy(), "no_time_zone")
    standing.allowed[standing.why != ""] = False
    return standing


def _routed(
    standing: Standing, strategy: Strategy, segment: Segment, fits: Flags,
    closed: Collection[str], spared: Flags,
) -> Flags:  # fmt: skip
    """
    What fits, less what routing keeps from a case: all but its group from who was drawn into one, a
    closed group from who was not. Neither leaves a case without anything that it would have else, nor
    touches who is `spared`, being perhaps in distress.
    """
    if strategy.routing is None:
        return fits
    found = fits.copy()
    group = np.array([treatment.group for treatment in strategy.treatments.values()])
    offered = fits & np.isin(list(strategy.treatments), list(segment.offers))
    for name in strategy.routing.groups:
        rows = ~spared & (standing.route == name) & offered[:, group == name].any(axis=1)
        found[rows] &= group == name
    shut = np.isin(group, list(closed))
    rows = ~spared & (standing.route == "") & offered[:, ~shut].any(axis=1)
    found[rows] &= ~shut
    return found


def _leave_closed(standing: Standing, strategy: Strategy, frame: pl.DataFrame) -> None:
    for state in sorted(frame["state"].unique().to_list()):
        if state not in WORKED:
            standing.leave((frame["state"] == state).to_numpy(), f"state_{state}")
    for exit_ in strategy.exits:
        standing.leave(flags(frame, exit_.when), f"exit_{exit_.code}")
    standing.leave(standing.arm == HOLDOUT, "holdout")


def _fits(strategy: Strategy, frame: pl.DataFrame, points: pl.DataFrame) -> Flags:
    """Which treatments a case has a contact point for and meets the conditions of."""
    fits = np.ones((frame.height, len(strategy.treatments)), dtype=bool)
    place = rows_of(frame["case"].to_numpy(), points["case"].to_numpy())
    reachable = {}
    for medium in set(MEDIA.values()) - {""}:
        reachable[medium] = np.zeros(frame.height + 1, dtype=bool)  # the last is of nobody here
        reachable[medium][place[(points["medium"] == medium).to_numpy()]] = True
    for at, treatment in enumerate(strategy.treatments.values()):
        medium = MEDIA[treatment.channel]
        if medium:
            fits[:, at] &= reachable[medium][:-1]
        if treatment.only_if:
            fits[:, at] &= flags(frame, treatment.only_if)
    return fits


@dataclass(frozen=True)
class _Done:
    """The last step carried out in each segment: of which case, `row`, and how many days ago."""

    segment: pl.Series
    row: Whole
    step: Whole
    ago: Whole
    placed: Whole

    @classmethod
    def of(cls, frame: pl.DataFrame, past: pl.DataFrame, on: date) -> _Done:
        row = rows_of(frame["case"].to_numpy(), past["case"].to_numpy())
        ago = past.select((pl.lit(on) - pl.col("last_on")).dt.total_days().fill_null(-1))
        return cls(
            past["segment"], row.astype(np.int64), past["last_step"].to_numpy(),
            ago.to_series().cast(pl.Int64).to_numpy(),
            frame["days_placed"].fill_null(FAR).cast(pl.Int64).to_numpy(),
        )  # fmt: skip

    def progress(self, segment: Segment, due: Whole) -> tuple[Whole, Whole]:
        """The next step of each case, and the days since the last one (or since it was placed)."""
        step, idle = np.zeros(len(self.placed), np.int64), self.placed.copy()
        mine = np.flatnonzero((self.segment == segment.code).to_numpy() & (self.row >= 0))
        rows, known = self.row[mine], mine[self.ago[mine] >= 0]
        step[rows] = self.step[mine] + 1
        idle[self.row[known]] = self.ago[known]
        return step[due], idle[due]


def _place(
    standing: Standing, strategy: Strategy, segment: Segment, done: _Done, fits: Flags, due: Whole
) -> None:
    """Find the step of the cases of one segment, passing over steps that a case can never fit."""
    next_step, idle = done.progress(segment, due)
    count, order = len(segment.steps), list(strategy.treatments)
    standing.fits[due] = fits[due] & np.isin(order, list(segment.offers))
    wait = np.zeros(len(due), dtype=np.int64)
    open_, ended = np.ones(len(due), dtype=bool), np.zeros(len(due), dtype=bool)
    for _ in range(count + 1):
        if not open_.any():
            break
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
            standing.step_code.put(due[placed], step.code)
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
