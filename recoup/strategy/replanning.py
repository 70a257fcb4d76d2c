"""
Choosing anew after an event, at the night's prices, within what is left of the night's budgets.

An arrow leaves a row (`operations.reconsider`); here the rows are taken in batches. The case is
looked at as a night looks at it, with its facts as they are now, and takes the action that is worth
most after the prices of the night, among those that every budget still has room for:

    argmax over a with room of  v[a] - sum_m p[m] u[a, m],   nothing if none is above zero.

With the night's chance e it takes instead one of the actions with room, nothing included, by an
even draw, so that

    P(a) = (1 - e) [a is the best with room] + e / (1 + number with room)

is exact, given the event and what was left then. The draw is fixed by plan, case and event.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np
import polars as pl
from django.db import DatabaseError, transaction
from numpy.typing import NDArray

from recoup.decision.allocate import Reasons
from recoup.decision.priced import adjusted, barred, best
from recoup.journal.models import Event
from recoup.journal.operations import record, stand_in_line
from recoup.kernel.actors import Actor
from recoup.kernel.errors import Failed, Invalid
from recoup.people.models import Book
from recoup.people.scopes import unjoined
from recoup.portfolio.models import Case
from recoup.strategy import arms, counting, waiting, writing
from recoup.strategy import uses as taking
from recoup.strategy.effects import complaints
from recoup.strategy.effects.measured import Measured
from recoup.strategy.events import PlanDecided, Replanned
from recoup.strategy.models import Decision, Plan, Reconsideration
from recoup.strategy.planning import Chosen, rows_of, seed_of
from recoup.strategy.prospects import Prospects, look
from recoup.strategy.reading import read
from recoup.strategy.schema import Strategy

logger = logging.getLogger(__name__)
# Why nothing is chosen: the night saw the event itself, its prices are of no use, or a bug.
NIGHT, NO_PRICES, BROKEN = "night", "no_prices", "broken"
Facts = Callable[[Collection[int]], pl.DataFrame]
BATCH = 200


@dataclass
class _Undone(Exception):
    """Something happened in between: nothing of the choice stays, and it is made again."""


def replan(
    *, book: Book, on: date, at: datetime, facts: Facts, by: Actor, limit: int = BATCH
) -> int:
    """
    Choose anew for the cases of a book to which something happened; gives how many were settled.

    `facts` gives the rulebook's facts of some cases as they are now. The oldest first, at most
    `limit`. Where the day has no plan, or its prices are of no use, nothing is done with them.
    Killed anywhere, run again; two at once never settle one row twice.
    """
    rows = list(Reconsideration.objects.filter(book=book).order_by("at", "pk")[:limit])
    if not rows:
        return 0
    plan = Plan.objects.filter(book=book, on=on).select_related("strategy", "book").first()
    found: dict[int, _Found] = {}
    if plan is not None:
        seen = _seen_by_night(plan, rows)
        found |= {row.case_id: _Found(NIGHT) for row in seen}
        found |= _choose_some(plan, [row for row in rows if row not in seen], at, facts)
    settled = 0
    for row in rows:
        try:
            settled += _settle(row, plan, found.get(row.case_id, _Found(NO_PRICES)), by=by, at=at)
        except _Undone:
            continue
    return settled


def _seen_by_night(plan: Plan, rows: list[Reconsideration]) -> list[Reconsideration]:
    """Those whose event was there when the night began to look."""
    decided = Event.objects.filter(kind=PlanDecided.name, subject=f"Plan:{plan.pk}")
    position = decided.values_list("position", flat=True).first() or 0
    return [row for row in rows if row.at <= plan.at and row.position < position]


@dataclass(frozen=True)
class _Found:
    """What was found for one case: a decision that is not yet kept, or why nothing is done."""

    why: str
    decision: Decision | None = None
    propensity: float = 1.0


def _choose_some(
    plan: Plan, rows: list[Reconsideration], at: datetime, facts: Facts
) -> dict[int, _Found]:
    """The next action of each case. One that breaks breaks no other, and gets none."""
    if not rows:
        return {}
    try:
        return _choose(plan, rows, at, facts)
    except DatabaseError:
        raise  # another time
    except Exception:
        logger.exception("Some cases could not be chosen for anew")
        if len(rows) == 1:
            return {rows[0].case_id: _Found(BROKEN)}
    found: dict[int, _Found] = {}
    for row in rows:
        found |= _choose_some(plan, [row], at, facts)
    return found


def _choose(
    plan: Plan, rows: list[Reconsideration], at: datetime, facts: Facts
) -> dict[int, _Found]:
    """The next action of each case, as the night's strategy has it."""
    strategy = read(plan.strategy.source)
    prices = taking.start_of(strategy, plan.prices)
    left = counting.left(plan)
    if prices is None or set(left) != set(taking.names(strategy)):
        return {}  # a night of another form: its prices say nothing
    cases = [row.case_id for row in rows]
    try:
        frames = writing.frames(
            book=plan.book, strategy=strategy, facts=facts(cases), on=plan.on, at=at, again=cases
        )
    except (Invalid, Failed):
        return {}  # the day was not scored, or a file is away
    effects = as_at_night(plan, frames.measured)
    if effects is None and plan.effects.get("version"):
        return {}  # the effects that the night's values were made with are not in use any more
    expected = waiting.of_plan(plan, strategy)
    if strategy.waiting is not None and expected is None:
        return {}  # a night that did not look ahead: its prices say nothing of one that does
    frames = replace(
        frames, measured=effects, objecting=complaints.of_plan(plan), expected=expected
    )
    stopped = arms.stopped(book=plan.book, salt=strategy.salt)
    seen = look(
        book=plan.book, strategy=strategy, frames=frames, on=plan.on, at=at, stopped=stopped
    )
    _once_a_channel(plan, strategy, seen)
    drawn = {row.case_id: seed_of(plan.digest, str(row.case_id), str(row.position)) for row in rows}
    made = _priced(strategy, seen, prices, left, drawn)
    return _found(plan, strategy, rows_of(strategy, seen, made), rows)


def as_at_night(plan: Plan, measured: Measured | None) -> Measured | None:
    """The measured effects as the night used them: the same version, the same treatments."""
    if measured is None or measured.version != plan.effects.get("version"):
        return None
    refused = [
        code for code in measured.card["imprints"] if code not in plan.effects.get("measured", ())
    ]
    return replace(measured, card={**measured.card, "refused": refused})


def _once_a_channel(plan: Plan, strategy: Strategy, seen: Prospects) -> None:
    """Close the channels on which the night's plan has done something for a case already."""
    cases = seen.cases["case"].to_list()
    done = Decision.objects.filter(plan=plan, case__in=cases).exclude(
        state__in=(Decision.State.LAPSED, Decision.State.WAITING)
    )
    places = {cases[row]: place for place, row in enumerate(seen.due.tolist())}
    channels = [treatment.channel for treatment in strategy.treatments.values()]
    for case, channel in done.values_list("case", "channel"):
        if case in places:
            seen.worth[places[case], [each == channel for each in channels]] = -np.inf


def _priced(
    strategy: Strategy, seen: Prospects, prices: NDArray[np.float64], left: dict[str, int],
    drawn: dict[int, int],
) -> Chosen:  # fmt: skip
    """The choice for each due case, one after the other, each leaving less for the next."""
    names = taking.names(strategy)
    count, actions = seen.worth.shape
    found = best(seen.worth, seen.use, prices)
    worth = adjusted(seen.worth, seen.use, prices)
    action = np.full(count, -1, dtype=np.int32)
    propensity, explored = np.ones(count), np.zeros(count, dtype=bool)
    listed = seen.use.listed(np.arange(count))
    cases = seen.cases["case"].to_numpy()[seen.due]
    for row in range(count):
        needs = [
            {
                names[m]: counting.parts(float(x))
                for m, x in zip(listed.which[row, a], listed.amount[row, a], strict=True)
                if m >= 0 and x > 0
            }
            for a in range(actions)
        ]
        room = [
            a for a in range(actions)
            if worth[row, a] > -np.inf and all(left[m] >= x for m, x in needs[a].items())
        ]  # fmt: skip
        action[row], propensity[row], explored[row] = pick(
            {a: float(worth[row, a]) for a in room}, strategy.explore, drawn[int(cases[row])]
        )
        if action[row] >= 0:
            for name, amount in needs[action[row]].items():
                left[name] -= amount
    kept = barred(seen.worth, seen.use, prices, taking.limits(strategy))
    reasons = Reasons(found.action, found.worth, found.runner, found.runner_worth)
    return Chosen(action, propensity, explored, reasons, kept)


def pick(worth: dict[int, float], explore: float, seed: int) -> tuple[int, float, bool]:
    """
    One of some actions by what they are worth after prices, or -1; its chance; whether it was drawn.

    >>> pick({0: 3.0, 2: 5.0}, 0.0, seed=1), pick({0: -1.0}, 0.0, seed=1), pick({}, 0.03, seed=1)
    ((2, 1.0, False), (-1, 1.0, False), (-1, 1.0, False))
    """
    if not worth:
        return -1, 1.0, False
    top = -1
    for action, value in worth.items():
        if value > (worth[top] if top >= 0 else 0.0):
            top = action
    rng = np.random.default_rng(seed)
    drawn = bool(rng.random() < explore)
    open_ = [-1, *worth]
    action = open_[int(rng.integers(len(open_)))] if drawn else top
    return action, (1 - explore) * (action == top) + explore / len(open_), drawn


def _found(
    plan: Plan, strategy: Strategy, rows: pl.DataFrame, again: list[Reconsideration]
) -> dict[int, _Found]:
    after = {row.case_id: row for row in again}
    acts = rows.filter(pl.col("treatment") != "")
    found = {
        row["case"]: _Found(why=row["why"], propensity=row["propensity"])
        for row in rows.filter(pl.col("treatment") == "").iter_rows(named=True)
    }
    for decision in writing.decisions(plan, strategy, acts):
        row = after[decision.case_id]
        decision.reason["replanned"] = {
            "after": row.after, "position": row.position, "supersedes": row.superseded,
        }  # fmt: skip
        found[decision.case_id] = _Found("", decision, decision.propensity)
    return found


def _settle(
    row: Reconsideration, plan: Plan | None, found: _Found, *, by: Actor, at: datetime
) -> int:
    """
    Keep what was found and take the row away, both or neither.

    :raises _Undone: if something happened to the case meanwhile, or a budget has no room any more
    """
    decision = found.decision
    with transaction.atomic():
        stand_in_line()
        gone, _ = unjoined(Reconsideration).filter(pk=row.pk, position=row.position).delete()
        if not gone:
            raise _Undone
        superseded = [*row.superseded]
        if found.why != NIGHT:
            superseded += _supersede(row.case_id)
        if decision is None and not superseded:
            return 1  # nothing waited and nothing is to be done: nothing happened to the plan
        case = Case.objects.select_related("book").get(pk=row.case_id)
        with record(Replanned, by=by, at=at, case=case) as event:
            if decision is not None and plan is not None:
                if not counting.take(plan, decision.takes):
                    raise _Undone
                decision.save(force_insert=True)
                event.about(decision)
            event.note(
                after=row.after, position=row.position, superseded=superseded,
                action=decision.treatment if decision else "", why=found.why or "best",
                propensity=found.propensity, prices_of=plan.on if plan else None,
            )  # fmt: skip
    return 1


def _supersede(case: int) -> list[int]:
    """Let lapse what still waits for a case; what it held of the budgets is given back."""
    waiting = unjoined(Decision).filter(case=case, state=Decision.State.WAITING)
    rows = list(waiting)
    lapsed = [row for row in rows if waiting.filter(pk=row.pk).update(state=Decision.State.LAPSED)]
    counting.give_back(lapsed)
    return [row.pk for row in lapsed]
