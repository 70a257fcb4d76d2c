"""
What could be done with each case: where it stands, what is lawful, what that is worth and takes.

A night looks at every case of a book, the day again at a few; both then choose at prices. Pure but
for the rule engine: frames in, arrays out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from recoup.decision.uses import Factored, Floats
from recoup.people.models import Book
from recoup.strategy import distress, eligibility, persons, sequence, valuing
from recoup.strategy import uses as taking
from recoup.strategy.effects.complaints import Complaints, Objecting, complaints_of
from recoup.strategy.effects.measured import Effects, Measured, effects_of
from recoup.strategy.eligibility import Eligibility
from recoup.strategy.schema import Strategy
from recoup.strategy.sequence import Standing
from recoup.strategy.waiting import Expected
from recoup.strategy.words import Words


@dataclass(frozen=True)
class Frames:
    """
    What a plan is made from. `cases` is the case frame with scores and `contacts_7`,
    `contacts_30`, `contacts_limit`, `contacted_ago` and `pending` from earlier decisions; `past` the
    last step carried out in each segment; `measured` the effects of the book's own log, and
    `objecting` its chances of a complaint, where there are any;
    `arms` what `sequence.assign` gives for the cases in order, where it is known already; `alike`
    facts that all contacts share, in place of columns of `facts`; `expected` is what a strategy that
    looks ahead took the nights to come to be like, where a night has said so.
    """

    cases: pl.DataFrame
    points: pl.DataFrame
    past: pl.DataFrame
    facts: pl.DataFrame
    measured: Measured | None = None
    objecting: Objecting | None = None
    arms: sequence.Arms | None = None
    closed: Mapping[str, Collection[str]] = field(default_factory=dict)
    alike: Mapping[str, object] = field(default_factory=dict)
    expected: Expected | None = None


@dataclass(frozen=True)
class Prospects:
    """
    Every case of the frame where it stands, and the `due` ones (n,) with what is lawful for them,
    `worth` (n, treatments), minus infinity where closed, `use` of the budgets, and the measured
    `effects` that are in the worth; `complaints` of every case. Under a strategy that looks ahead
    `expected` is what it expects, and `later` (n,) marks who is worth a contact by itself, but more
    on a later night.
    """

    cases: pl.DataFrame
    standing: Standing
    due: np.ndarray
    lawful: Eligibility
    worth: Floats
    use: Factored
    effects: Effects
    complaints: Complaints
    later: np.ndarray
    expected: Expected | None = None


def look(
    *, book: Book, strategy: Strategy, frames: Frames, on: date, at: datetime,
    stopped: Collection[str] = (), prices: Mapping[str, float] | None = None,
) -> Prospects:  # fmt: skip
    """
    Look at every case of the frames, in order of case; `stopped` arms go the champion's way. `prices`
    are those of the night before, which a strategy that looks ahead expects again.
    """
    cases = with_objections(frames.cases.sort("case"), frames.facts)
    cases = distress.with_points(cases, frames.facts)
    standing = sequence.stand(
        strategy=strategy, cases=cases, points=frames.points, past=frames.past,
        book=book.code, on=on, stopped=stopped, known=frames.arms, closed=frames.closed,
    )  # fmt: skip
    due = np.flatnonzero(standing.why == "")
    some = cases[due]
    offered = standing.allowed[due]
    _spare(strategy, some, offered, standing, due)
    _close_hours(strategy, some["time_zones"], offered, standing, due, on, at)
    lawful = eligibility.judge(
        book=book, strategy=strategy, cases=some["case"], offered=offered, facts=frames.facts,
        on=on, alike=frames.alike,
    )  # fmt: skip
    effects = effects_of(strategy=strategy, cases=some, measured=frames.measured)
    complaints = complaints_of(strategy=strategy, cases=cases, objecting=frames.objecting)
    mine = complaints.of(due)
    worth = valuing.values(
        strategy=strategy, cases=some, allowed=lawful.allowed, complaints=mine, effects=effects
    )  # fmt: skip
    later, expected = np.zeros(len(due), dtype=bool), None
    if strategy.waiting is not None:
        alone = worth.max(axis=1, initial=-np.inf) > 0
        worth, expected = valuing.values_ahead(
            strategy=strategy, ahead=frames.expected or prices, cases=some, standing=standing,
            due=due, allowed=lawful.allowed, complaints=mine, effects=effects,
            objecting=frames.objecting,
        )  # fmt: skip
        later = alone & (worth.max(axis=1, initial=-np.inf) <= 0)
    _one_of_a_person(strategy, some, standing, due, worth, lawful)
    # The condition of a budget may ask for the arm.
    armed = some.with_columns(arm=standing.arm[due].series())
    use = taking.of_cases(strategy, armed, mine)
    return Prospects(
        cases, standing, due, lawful, worth, use, effects, complaints, later, expected
    )  # fmt: skip


def with_objections(cases: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """The cases with `objected_before`, which is among their facts where anybody looked."""
    if "objected_before" not in facts.columns or "objected_before" in cases.columns:
        return cases
    some = facts.filter(pl.col("objected_before"))["case"].unique()
    return cases.with_columns(objected_before=pl.col("case").is_in(some.implode()))


def _one_of_a_person(
    strategy: Strategy, cases: pl.DataFrame, standing: Standing, due: np.ndarray,
    worth: np.ndarray, lawful: Eligibility,
) -> None:  # fmt: skip
    """Leave alone what one person would hear too often tonight of several cases of theirs."""
    over = persons.too_many(
        persons=cases["person"].to_numpy(), worth=worth,
        room=strategy.contact_limit.contacts - cases["contacts_limit"].to_numpy(),
    )  # fmt: skip
    worth[over] = -np.inf
    lawful.allowed[over] = False
    marks = np.zeros(len(standing.why), dtype=bool)
    marks[due[over]] = True
    standing.leave(marks, "other_case")


def _spare(
    strategy: Strategy, cases: pl.DataFrame, offered: np.ndarray, standing: Standing,
    due: np.ndarray,
) -> None:  # fmt: skip
    """Close to who may be in distress what nobody trained for it does."""
    kept = distress.kept(strategy, cases)
    offered &= kept
    standing.fits[due] &= kept
    marks = np.zeros(len(standing.why), dtype=bool)
    marks[due[distress.at_risk(cases) & ~offered.any(axis=1)]] = True
    standing.leave(marks, distress.WHY)


def _close_hours(
    strategy: Strategy, zones: pl.Series, offered: np.ndarray, standing: Standing,
    due: np.ndarray, on: date, at: datetime,
) -> None:  # fmt: skip
    """Close treatments whose window has passed, or that has no hour common to all zones."""
    known = Words.of(zones)
    for text in sorted(known.counts()):
        here = known == text
        for number, treatment in enumerate(strategy.treatments.values()):
            last = on + timedelta(days=treatment.days - 1)
            hours = eligibility.windows(treatment=treatment, zones=text, on=on, closes_on=last)
            if hours is None or hours[1] <= at:
                offered[here, number] = False
    shut = due[~offered.any(axis=1)]
    marks = np.zeros(len(standing.why), dtype=bool)
    marks[shut] = True
    standing.leave(marks, "no_common_hour")
