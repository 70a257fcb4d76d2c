"""What changes: strategies, the night's plan, and what became of decisions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime

import polars as pl
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from recoup.journal.models import Event
from recoup.journal.operations import attach, record
from recoup.kernel.actors import Actor, Viewer
from recoup.kernel.errors import Invalid, Problem, Refused
from recoup.kernel.progress import Progress, quiet
from recoup.people import scopes
from recoup.people.models import Book
from recoup.people.scopes import unjoined
from recoup.portfolio.divided import Columns
from recoup.portfolio.models import Case
from recoup.strategy import arms, counting, routing, writing
from recoup.strategy.arms import judge_arms, restart
from recoup.strategy.assigning.operations import assign_cases, cover, undo_cover
from recoup.strategy.columnar.database import Facts
from recoup.strategy.columnar.following import demand_followed
from recoup.strategy.events import (
    DecisionsLapsed,
    DecisionsMarked,
    PlanDecided,
    StrategyActivated,
    StrategyAdded,
)
from recoup.strategy.flights import clearing
from recoup.strategy.learning import learn
from recoup.strategy.models import Decision, Plan, Reconsideration, StrategyVersion
from recoup.strategy.offpolicy import ask, judge
from recoup.strategy.reading import read, shipped
from recoup.strategy.replanning import replan
from recoup.strategy.routing import judge_routes
from recoup.strategy.watching import check_log

__all__ = [
    "activate", "add", "ask", "assign_cases", "check_log", "cover", "decide", "default", "demand_by_parts", "judge",
    "judge_arms", "judge_routes", "lapse", "learn", "mark", "postpone", "reconsider", "reopen",
    "replan", "restart", "undo_cover",
]  # fmt: skip

# From a state to the states that may follow; a decision that ended stays as it ended.
MAY_BECOME = {
    # A permit may stand for a decision that was refused while it was held: used, it is sent.
    Decision.State.SENT: (Decision.State.WAITING, Decision.State.REFUSED),
    Decision.State.REFUSED: (Decision.State.WAITING,),
    Decision.State.LAPSED: (Decision.State.WAITING,),
    Decision.State.DONE: (Decision.State.WAITING, Decision.State.SENT),
    # Its contact was certainly not made, and may still be.
    Decision.State.WAITING: (Decision.State.SENT,),
}


def default(jurisdiction: str) -> str:
    """
    The text of the strategy that comes with Recoup for a jurisdiction, or for any.
    """
    try:
        return shipped(f"default-{jurisdiction.lower()}")
    except Invalid:
        return shipped("default-any")


def add(*, book: Book, source: str, by: Actor, at: datetime) -> StrategyVersion:
    """
    Keep a strategy as a new version, not yet in force. The same text again is the same version.

    :raises Invalid: with all problems of the text
    """
    strategy = read(source)
    digest = hashlib.sha256(source.encode()).hexdigest()
    mine = StrategyVersion.objects.filter(book=book, name=strategy.name)
    if same := mine.filter(digest=digest).order_by("-version").first():
        return same
    last = mine.order_by("-version").values_list("version", flat=True).first() or 0
    with record(
        StrategyAdded, by=by, at=at, book=book, name=strategy.name, version=last + 1, digest=digest
    ) as event:
        return event.about(
            StrategyVersion.objects.create(
                book=book, name=strategy.name, version=last + 1, source=source, digest=digest,
                added_at=at, added_by=str(by),
            )
        )  # fmt: skip


def activate(
    *, version: StrategyVersion, at: datetime, by: Actor | None = None,
    viewer: Viewer | None = None,
) -> StrategyVersion:  # fmt: skip
    """
    Put a version in force; the one before retires. A viewer needs the permission.

    It must have been flown over the book, or somebody must have approved it by name; the first of a
    book may be one that comes with Recoup (`flights.clearing`).

    :raises Refused: without the permission, or if nobody answers for it
    :raises Invalid: if the permanent holdout would shrink, if who was drawn into groups would not stay
        (`routing.check`), or if nobody says who does it
    """
    if viewer is not None:
        scopes.demand(viewer, scopes.ACTIVATE_STRATEGY)
        if version.book.creditor_id not in viewer.creditors:
            raise Refused(_("This book belongs to another creditor."), rules=("people.tenant",))
        by = viewer.actor()
    if by is None:
        raise Invalid(_("Say who activates the strategy."))
    _check_holdout(version)
    routing.check(version)
    if version.state == StrategyVersion.State.ACTIVE:
        return version
    cleared = clearing.demand(version=version, at=at)
    with record(
        StrategyActivated, by=by, at=at, book=version.book, name=version.name,
        version=version.version, digest=version.digest, cleared_by=cleared.by,
    ) as event:  # fmt: skip
        active = StrategyVersion.objects.filter(book=version.book, state="active")
        event.note(before=list(active.values_list("pk", flat=True)))
        active.update(state=StrategyVersion.State.RETIRED)
        StrategyVersion.objects.filter(pk=version.pk).update(
            state=StrategyVersion.State.ACTIVE, activated_at=at, activated_by=str(by)
        )
        version.refresh_from_db()
        return event.about(version)


def _check_holdout(version: StrategyVersion) -> None:
    earlier = StrategyVersion.objects.filter(book=version.book, activated_at__isnull=False)
    largest = max((read(row.source).holdout for row in earlier), default=0.0)
    share = read(version.source).holdout
    if share < largest:
        where = Problem("holdout", _("It was {before:g} before.").format(before=largest))
        raise Invalid(
            _("The permanent holdout cannot shrink from {before:g} to {now:g}.").format(
                before=largest, now=share
            ),
            problems=[where],
            hint=_("People in it would be contacted for the first time. Keep the larger share."),
        )


def decide(
    *, book: Book, on: date, facts: pl.DataFrame | Facts, by: Actor, at: datetime,
    columns: Columns | None = None, progress: Progress = quiet,
) -> Plan:  # fmt: skip
    """
    Decide for every case of the book what is done on a day, and write it down.

    `facts` are the rulebook's facts, one row per case and channel, as `gate.queries.facts_frame`
    gives them; a case without facts is not contacted. Once for each book and day: the same plan
    comes back. If it was cut off, doing it again finishes it with the same plan. With `columns` the book
    is decided for part by part, with the same answers, and `facts` gives those of a part.

    :raises Invalid: if no strategy is in force, or if it is not followed by parts
    """
    if done := Plan.objects.filter(book=book, on=on).first():
        return done
    version = in_force(book)
    stopped = arms.stopped(book=book, salt=read(version.source).salt)
    night = writing.planned(book=book, version=version, facts=facts, on=on, at=at, stopped=stopped,
                            columns=columns, progress=progress)  # fmt: skip
    path, told = night.path, night.record
    try:
        with record(PlanDecided, by=by, at=at, book=book, on=on, strategy=str(version)) as event:
            pointer = attach(path, rows=told.cases)
            plan = writing.write_plan(book=book, version=version, night=told, pointer=pointer,
                                      on=on, at=at)  # fmt: skip
            writing.write_decisions(plan=plan, version=version, chosen=night.chosen(),
                                    progress=progress)  # fmt: skip
            event.note(
                cases=plan.rows, chosen=plan.chosen, file=pointer, budgets=plan.budgets,
                prices=plan.prices, certificate=plan.certificate, refused=plan.refused,
                rules=plan.rules, rulebook=told.rulebook, stopped=stopped,
            )  # fmt: skip
            event.about(plan)
    except (IntegrityError, FileNotFoundError):
        # Two nights at once: the other one was first, and its file is the plan.
        if other := Plan.objects.filter(book=book, on=on).first():
            writing.keep_only(plan=other)
            return other
        raise
    writing.keep_only(plan=plan)
    return plan


def in_force(book: Book) -> StrategyVersion:
    """
    The version that decides for a book. :raises Invalid: if there is none
    """
    version = StrategyVersion.objects.filter(book=book, state="active").first()
    if version is None:
        raise Invalid(_("The book {book} has no strategy in force.").format(book=book.code),
                      hint=_("Add one and activate it."))  # fmt: skip
    return version


def demand_by_parts(*, book: Book) -> None:
    """
    Go on only if the strategy in force can be followed part by part.

    :raises Invalid: naming what is not followed and what to do, or if none is in force
    """
    demand_followed(read(in_force(book).source))


def mark(*, decisions: Sequence[int], state: str, by: Actor | None = None,
         at: datetime | None = None, book: Book | None = None) -> int:  # fmt: skip
    """
    Say what became of decisions; gives how many changed.

    Inside the operation of a later stage, which writes the event, `by` is left out; with it, this
    is an operation of its own.

    :raises Invalid: for a state that decisions do not end in
    """
    if state not in MAY_BECOME or state == Decision.State.WAITING:
        raise Invalid(_("A decision cannot be marked {state}.").format(state=state))
    if by is None:
        return _mark(decisions, state)
    if at is None:
        raise Invalid(_("Say when."))
    with record(DecisionsMarked, by=by, at=at, book=book, state=state) as event:
        count = _mark(decisions, state)
        event.note(count=count)
    return count


def _mark(decisions: Sequence[int], state: str) -> int:
    count, ids = 0, list(decisions)
    with transaction.atomic():
        for start in range(0, len(ids), 500):
            rows = unjoined(Decision).filter(pk__in=ids[start : start + 500])
            count += rows.filter(state__in=MAY_BECOME[Decision.State(state)]).update(state=state)
    return count


def reopen(*, decisions: Sequence[int]) -> int:
    """
    Let decisions wait again whose contact was certainly not made; gives how many.

    Called inside the contact's operation, which writes the event. One whose case has another
    action waiting by now lapses instead: what was chosen later stands.
    """
    rows = unjoined(Decision).filter(pk__in=list(decisions), state=Decision.State.SENT)
    waiting = unjoined(Decision).filter(state=Decision.State.WAITING, case__in=rows.values("case"))
    taken = set(waiting.values_list("case", flat=True))
    late = [row.pk for row in rows if row.case_id in taken]
    with transaction.atomic():
        unjoined(Decision).filter(pk__in=late).update(state=Decision.State.LAPSED)
        return _mark(decisions, Decision.State.WAITING)


def postpone(*, decision: int, until: datetime) -> bool:
    """
    Let a waiting decision wait longer; gives whether it still waited.

    Called inside the gate's operation, which writes the event.
    """
    rows = unjoined(Decision).filter(pk=decision, state=Decision.State.WAITING)
    return bool(rows.update(not_before=until))


def lapse(
    *, before: datetime, by: Actor, at: datetime, case: Case | None = None,
    book: Book | None = None,
) -> int:  # fmt: skip
    """
    Let waiting decisions of a case or book lapse: those whose window closed before an instant,
    or for a case all that still wait. Gives how many.
    """
    if (case is None) == (book is None):
        raise Invalid(_("Name a case or a book."))
    rows = Decision.objects.filter(state=Decision.State.WAITING)
    if case is not None:
        rows = rows.filter(case=case, plan__at__lte=before)
    else:
        rows = rows.filter(book=book, not_after__lte=before)
    ids = list(rows.values_list("pk", flat=True))
    if not ids:
        return 0
    with record(DecisionsLapsed, by=by, at=at, case=case, book=book, before=before) as event:
        count = _mark(ids, Decision.State.LAPSED)
        event.note(count=count)
    return count


def reconsider(*, case: Case, event: Event, by: Actor) -> None:
    """
    Something happened to a case: what waits for it lapses, and its next action is to be chosen anew.

    Inside the transaction of the event, and short: a row says what is to be chosen (`replan`), one
    for a case however many events there are.
    """
    said = {"position": event.position, "after": event.kind, "at": event.at}
    row, made = Reconsideration.objects.get_or_create(
        case=case, defaults={"book_id": case.book_id, **said}
    )
    waiting = Decision.objects.filter(case=case, state=Decision.State.WAITING)
    rows = list(waiting.filter(plan__at__lte=event.at))
    lapsed = []
    if rows:
        with record(DecisionsLapsed, by=by, at=event.at, case=case, before=event.at) as told:
            # One by one: what was just sent is not given back.
            lapsed = [each for each in rows if _mark([each.pk], Decision.State.LAPSED)]
            told.note(count=len(lapsed))
        counting.give_back(lapsed)
    superseded = [*row.superseded, *(each.pk for each in lapsed)]
    if lapsed or not made:
        unjoined(Reconsideration).filter(pk=row.pk).update(superseded=superseded, **said)
