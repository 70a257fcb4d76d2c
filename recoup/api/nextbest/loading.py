"""
Reading some cases into memory: as they are looked at by night, and all that only an event changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.gate import queries as gate
from recoup.kernel.clock import at_local, local_day
from recoup.kernel.errors import Invalid
from recoup.people import queries as people
from recoup.people.law import law_of
from recoup.people.models import Book
from recoup.portfolio.models import Case
from recoup.rulebook.engine import Rulebook
from recoup.rulebook.rows import RowGate, at_instant, compile_rows, encode
from recoup.rulebook.vocabulary import FACTS
from recoup.scoring import onerow
from recoup.scoring.onerow import OneRow
from recoup.strategy import (
    arms,
    counting,
    distress,
    eligibility,
    replanning,
    routing,
    sequence,
    waiting,
    writing,
)
from recoup.strategy import uses as taking
from recoup.strategy.effects import complaints
from recoup.strategy.effects.complaints import Objecting
from recoup.strategy.effects.measured import effects_of
from recoup.strategy.models import Decision, Plan
from recoup.strategy.nextbest import Known, Prepared
from recoup.strategy.prospects import Frames, with_objections
from recoup.strategy.reading import read
from recoup.strategy.schema import CHAMPION, HOLDOUT, Strategy

TARGETS = ("repay_30", "lost_contact")


@dataclass
class HotBook:
    """A plan of the day made ready, and what is left of its budgets."""

    book: Book
    plan: Plan
    strategy: Strategy
    prepared: Prepared
    models: Mapping[str, OneRow]
    objecting: Objecting | None = None
    left: dict[str, int] = field(default_factory=dict)
    left_is_old: bool = True


@dataclass(frozen=True, slots=True)
class Hot:
    """
    One case in memory, as of a position of the journal.

    `values` are its columns by name, `rows` the facts for each treatment that is a contact, `matrix`
    the columns of each model; `waiting` the decision that waits, by treatment; `people` all cases of
    the same person, an event of one of which touches this one.
    """

    case: int
    book: int
    creditor: int
    agency: int | None
    position: int
    read_at: datetime
    known: Known
    values: dict[str, Any]
    rows: Mapping[int, list[Any]]
    gates: Mapping[int, RowGate]
    matrix: Mapping[str, NDArray[np.float32]]
    places: Mapping[str, Mapping[str, int]]
    waiting: Mapping[str, int]
    people: frozenset[int]


def prepare(book: Book, *, at: datetime) -> HotBook | None:
    """The book's plan of the day, ready; `None` if it has none that can be used."""
    on = local_day(at, book.time_zone)
    plan = Plan.objects.filter(book=book, on=on).select_related("strategy", "book").first()
    if plan is None:
        return None
    strategy = read(plan.strategy.source)
    prices = taking.start_of(strategy, plan.prices)
    if prices is None or set(counting.left(plan)) != set(taking.names(strategy)):
        return None
    try:
        closed = routing.closed(book=book, strategy=strategy, on=on)
        objecting = complaints.of_plan(plan)
        expected = waiting.of_plan(plan, strategy)
        if strategy.waiting is not None and expected is None:
            return None  # a night that did not look ahead: its prices say nothing of one that does
        prepared = Prepared.of(strategy, prices.tolist(), closed, objecting, expected)
    except Invalid:
        return None  # a condition that only columns can answer
    models = onerow.models(book=book, targets=TARGETS)
    return HotBook(book, plan, strategy, prepared, models, objecting)


def load(hot: HotBook, cases: Iterable[int], *, at: datetime, position: int) -> dict[int, Hot]:
    """
    Some cases of a book, read together; who is not of the book is not in it.

    :raises Invalid: if the day was not scored
    """
    wanted = sorted(set(cases))
    book, plan, strategy = hot.book, hot.plan, hot.strategy
    facts = gate.facts_now(book=book, cases=wanted, at=at)
    frames = writing.frames(
        book=book, strategy=strategy, facts=facts, on=plan.on, at=at, again=wanted
    )
    told = {row["case"]: row for row in frames.cases.iter_rows(named=True)}
    by_case: dict[int, dict[str, dict[str, Any]]] = {}
    for row in facts.iter_rows(named=True):
        by_case.setdefault(row["case"], {})[row["channel"]] = row
    shared = _Shared(hot, frames, wanted, at)
    rows = Case.objects.filter(pk__in=list(told)).select_related("book", "borrower")
    return {
        row.pk: shared.hot(row, told[row.pk], by_case.get(row.pk, {}), position) for row in rows
    }


class _Shared:
    """What is read once for all cases that are loaded together."""

    def __init__(self, hot: HotBook, frames: Frames, wanted: list[int], at: datetime) -> None:
        self.hotbook, self.at, self.on = hot, at, hot.plan.on
        book, strategy = hot.book, hot.strategy
        ids = frames.cases["case"].to_list()
        drawn, _ = sequence.assign(
            strategy=strategy, book=book.code, persons=frames.cases["person"].to_numpy()
        )
        self.arms = dict(zip(ids, drawn.tolist(), strict=True))
        routes = sequence.routes(strategy, frames.cases["person"].to_numpy())
        self.routes = dict(zip(ids, routes.tolist(), strict=True))
        self.stopped = set(arms.stopped(book=book, salt=strategy.salt))
        self.past = _past(frames, self.on)
        self.media: dict[int, set[str]] = {}
        for case, medium in frames.points.select("case", "medium").iter_rows():
            self.media.setdefault(case, set()).add(medium)
        measured = replanning.as_at_night(hot.plan, frames.measured)
        effects = effects_of(strategy=strategy, cases=frames.cases, measured=measured)
        codes = list(strategy.treatments)
        self.measured = {
            case: {codes.index(code): float(by[place]) for code, by in effects.by.items()}
            for place, case in enumerate(ids)
        }
        self.objects: dict[int, float] = {}
        if hot.objecting is not None:
            cases = with_objections(frames.cases, frames.facts)
            factor = hot.objecting.risk.factor(complaints.pressure_of(cases))
            self.objects = dict(zip(ids, factor.tolist(), strict=True))
        self.only = _only(strategy, frames)
        self.features = onerow.features(book=book, on=self.on, cases=wanted)
        self.decisions = _decisions(hot.plan, wanted)
        self.people = _same(book, wanted)

    def hot(
        self, row: Case, told: dict[str, Any], facts: Mapping[str, dict[str, Any]], position: int
    ) -> Hot:
        case, arm = row.pk, self.arms[row.pk]
        follows = CHAMPION if arm in self.stopped else arm
        closed, waiting, holds = self.decisions[case]
        zones = told["time_zones"]
        rows, gates = self._rows(facts, zones)
        stops = [one["stops"] for one in facts.values()]
        known = Known(
            arm=arm, follows=follows if arm != HOLDOUT else arm,
            media=frozenset(self.media.get(case, ())), past=self.past.get(case, {}),
            windows=self._windows(zones),
            points={channel: one["contact_point"] or 0 for channel, one in facts.items()},
            closed=closed, measured=self.measured.get(case, {}),
            stopped=any(one is None or one != 0 for one in stops[:1]) if stops else None,
            holds=holds, route=self.routes[case], objects=self.objects.get(case),
            only=self.only.get(case),
        )  # fmt: skip
        matrix, places = self._matrix(case)
        return Hot(
            case=case, book=row.book_id, creditor=row.book.creditor_id, agency=row.agency_id,
            position=position, read_at=self.at, known=known,
            values={**told, "arm": follows}, rows=rows, gates=gates, matrix=matrix, places=places,
            waiting=waiting, people=self.people.get(case, frozenset({case})),
        )  # fmt: skip

    def _windows(self, zones: str) -> tuple[tuple[datetime, datetime] | None, ...]:
        if not zones:
            return tuple(None for _ in self.hotbook.strategy.treatments)
        return tuple(
            eligibility.windows(
                treatment=each, zones=zones, on=self.on,
                closes_on=self.on + timedelta(days=each.days - 1),
            )
            for each in self.hotbook.strategy.treatments.values()
        )  # fmt: skip

    def _rows(
        self, facts: Mapping[str, dict[str, Any]], zones: str
    ) -> tuple[dict[int, list[Any]], dict[int, RowGate]]:
        """The facts of each treatment at the middle of its window, where the book judges it."""
        rows, gates = {}, {}
        book = self.hotbook.book
        for at, treatment in enumerate(self.hotbook.strategy.treatments.values()):
            row = facts.get(treatment.channel)
            if row is None:
                continue
            moment = at_local(self.on, eligibility.middle(*treatment.window), book.time_zone)
            known = {name: row.get(name) for name in FACTS} | {"decision_spent": False}
            rows[at] = at_instant(encode(known), zones, moment)
            gates[at] = _gate(law_of(book, moment), treatment.channel)
        return rows, gates

    def _matrix(
        self, case: int
    ) -> tuple[dict[str, NDArray[np.float32]], dict[str, Mapping[str, int]]]:
        features = self.features.get(case)
        if features is None:
            return {}, {}
        found, places = {}, {}
        known = (
            onerow.known(book=self.hotbook.book, case=case)
            if any(model.levels for model in self.hotbook.models.values()) else {}
        )  # fmt: skip
        for target, model in self.hotbook.models.items():
            found[target] = model.row(features, known)
            places[target] = {name: place for place, name in enumerate(model.columns)}
        return found, places


@lru_cache(maxsize=256)
def _compiled(digest: str, day: date, channel: str, book: _ByDigest) -> RowGate:
    return compile_rows(book.rulebook, channel=channel)


class _ByDigest:
    """A rulebook that is known by its digest, for the cache."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook

    def __hash__(self) -> int:
        return hash(self.rulebook.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByDigest) and other.rulebook.digest == self.rulebook.digest


def _gate(rulebook: Rulebook, channel: str) -> RowGate:
    """:raises Invalid: if a rule cannot be compiled"""
    return _compiled(rulebook.digest, rulebook.day, channel, _ByDigest(rulebook))


def _only(strategy: Strategy, frames: Frames) -> dict[int, frozenset[int]]:
    """The treatments that are left to each case that may be in distress, by their numbers."""
    cases = distress.with_points(frames.cases, frames.facts)
    kept, ids = distress.kept(strategy, cases), cases["case"].to_list()
    return {
        ids[row]: frozenset(np.flatnonzero(kept[row]).tolist())
        for row in np.flatnonzero(distress.at_risk(cases)).tolist()
    }


def _past(frames: Frames, on: date) -> dict[int, dict[str, tuple[int, int]]]:
    found: dict[int, dict[str, tuple[int, int]]] = {}
    for row in frames.past.iter_rows(named=True):
        idle = (on - row["last_on"]).days
        found.setdefault(row["case"], {})[row["segment"]] = (row["last_step"], idle)
    return found


def _decisions(
    plan: Plan, cases: list[int]
) -> dict[int, tuple[frozenset[str], dict[str, int], dict[str, int]]]:
    """For each case the channels that did something today, what waits, and what that holds."""
    state = Decision.State
    closed: dict[int, set[str]] = {case: set() for case in cases}
    waiting: dict[int, dict[str, int]] = {case: {} for case in cases}
    holds: dict[int, dict[str, int]] = {case: {} for case in cases}
    for row in Decision.objects.filter(case__in=cases).filter(plan=plan):
        if row.state == state.WAITING:
            waiting[row.case_id][row.treatment] = row.pk
            for name, amount in row.takes.items():
                holds[row.case_id][name] = holds[row.case_id].get(name, 0) + amount
        elif row.state != state.LAPSED:
            closed[row.case_id].add(row.channel)
    return {case: (frozenset(closed[case]), waiting[case], holds[case]) for case in cases}


def _same(book: Book, cases: list[int]) -> dict[int, frozenset[int]]:
    """For each case all cases of the same person with the creditor, whatever the book."""
    mine = dict(Case.objects.filter(pk__in=cases).values_list("pk", "borrower__person"))
    same = people.same_people(creditor=book.creditor_id, persons=list(mine.values()))
    groups: dict[int, set[int]] = {}
    everybody = {*mine.values(), *same, *same.values()}
    rows = Case.objects.filter(borrower__person__in=everybody)
    for case, person in rows.values_list("pk", "borrower__person"):
        groups.setdefault(same.get(person, person), set()).add(case)
    return {case: frozenset(groups[same.get(who, who)]) for case, who in mine.items()}
