"""
START HERE: the path of a case, from a lender's file to a figure.

A stage takes one thing, does one thing, hands on one thing. Four things say everything:
`take_in` is what happens to a file, `NIGHT` what a night does, `TICK` what a moment of the day
does. `ARROWS` are what follows an event in the same transaction. Each step can be run twice with
the same result, so a killed night or day is simply run again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from recoup.contact import operations as contact
from recoup.contact.carriers import ready_channels as contact_channels
from recoup.contact.events import Outcomes, ReplyTaken
from recoup.gate import operations as gate
from recoup.gate import queries as gate_queries
from recoup.gate.events import OptedOut, OptOutLifted, StopLifted, StopPlaced
from recoup.gate.models import Permit
from recoup.intake import queries as intake_queries
from recoup.intake.models import Placement
from recoup.journal import operations as journal
from recoup.journal import queries as journal_queries
from recoup.journal.kinds import Kind
from recoup.journal.models import Event
from recoup.kernel.actors import Actor
from recoup.kernel.clock import local_day
from recoup.kernel.errors import Failed
from recoup.kernel.progress import Progress, quiet
from recoup.people.models import Book
from recoup.portfolio import operations as portfolio
from recoup.portfolio import queries as portfolio_queries
from recoup.portfolio.divided import Columns
from recoup.portfolio.events import CaseMoved, CasesAdmitted
from recoup.portfolio.models import Case
from recoup.repayment import operations as repayment
from recoup.repayment.events import (
    PaymentMatched,
    PaymentReceived,
    PaymentReversed,
    PromiseMade,
)
from recoup.reporting import operations as reporting
from recoup.scoring import operations as scoring
from recoup.strategy import operations as strategy
from recoup.strategy import queries as strategy_queries

# How many contacts ask the gate, and are handed over, together; and the channels whose carriers keep
# receipts and replies until they are asked.
HANDFUL = 200
CHANNELS = ("sms", "letter")
# Outcomes of a contact after which what is next may be another thing: the person was heard, or can
# no longer be reached there.
NEWS = frozenset({"opened", "clicked", "read", "replied", "undelivered"})


@dataclass(frozen=True, slots=True)
class Moment:
    """What every step is told: the book, the day at its place, the instant, who acts."""

    book: Book
    on: date
    at: datetime
    by: Actor
    progress: Progress = quiet
    clock: Callable[[], datetime] | None = None
    engine: scoring.Engine = scoring.by_kernel
    columns: Columns | None = None

    @property
    def now(self) -> datetime:
        """The instant as long work goes on: by the clock, or still `at` where time is played."""
        return self.clock() if self.clock else self.at


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name, and what it does."""

    name: str
    run: Callable[[Moment], object]


Timed = Callable[[str], AbstractContextManager[None]]


def untimed(step: str) -> AbstractContextManager[None]:
    """Nobody asks how long it takes."""
    return nullcontext()


def _walk(steps: Sequence[Step], moment: Moment, timed: Timed) -> dict[str, Any]:
    answers = {}
    for step in steps:
        with timed(step.name):
            answers[step.name] = step.run(moment)
    return answers


# -- A file comes in ---------------------------------------------------------------------------
# Placement -> Case. Cases open only after the gate knows every opt-out that came with them.


def take_in(*, placement: Placement, by: Actor, at: datetime, progress: Progress = quiet) -> None:
    """
    Open the cases of an accepted placement and share them out to teams; the night gives them to
    people, when it knows what they are worth.

    Killed anywhere, run again: nobody is released for work before their refusals are known.
    """
    if not is_taken_in(placement):
        portfolio.open_placement(placement=placement, by=by, at=at, progress=progress)
        gate.take_restrictions(placement=placement, by=by, at=at, progress=progress)
        portfolio.admit(placement=placement, by=by, at=at)
        portfolio.share_out(book=placement.book, by=by, at=at)


def is_taken_in(placement: Placement) -> bool:
    """Whether the cases of a placement were released for work."""
    return journal_queries.happened(kind=CasesAdmitted, subject=f"Placement:{placement.pk}")


def take_in_waiting(moment: Moment) -> int:
    """Take in what came through the API, or was corrected at a desk; gives how many files."""
    waiting = [
        placement
        for placement in intake_queries.accepted(book=moment.book)
        if not is_taken_in(placement)
    ]
    for placement in waiting:
        take_in(placement=placement, by=moment.by, at=moment.at, progress=moment.progress)
    return len(waiting)


# -- Night: Case -> Score -> Decision -> Figure ---------------------------------------------------


def facts_of(moment: Moment) -> Any:
    """The rulebook's facts of the day, of the whole book or part by part."""
    if moment.columns is None:
        return gate_queries.facts_frame(book=moment.book, on=moment.on)
    return gate_queries.Facts(book=moment.book, on=moment.on)


NIGHT = [
    Step("take in", take_in_waiting),
    Step("share out", lambda m: portfolio.share_out(book=m.book, by=m.by, at=m.at)),
    Step("lapse", lambda m: strategy.lapse(book=m.book, before=m.at, by=m.by, at=m.at)),
    Step("age", lambda m: portfolio.age_book(
        book=m.book, on=m.on, by=m.by, at=m.at, progress=m.progress)),
    Step("marks", lambda m: gate.compute_marks(book=m.book, on=m.on, by=m.by, at=m.at)),
    Step("promises", lambda m: repayment.judge_promises(book=m.book, on=m.on, by=m.by, at=m.at)),
    Step("plans", lambda m: repayment.judge_plans(book=m.book, on=m.on, by=m.by, at=m.at)),
    Step("score", lambda m: scoring.score_book(
        book=m.book, on=m.on, by=m.by, at=m.at, progress=m.progress, engine=m.engine,
        columns=m.columns)),
    Step("assign", lambda m: strategy.assign_cases(
        book=m.book, on=m.on, vulnerable=gate_queries.vulnerable_cases(book=m.book, at=m.at),
        by=m.by, at=m.at, progress=m.progress)),
    Step("learn", lambda m: strategy.learn(book=m.book, on=m.on, by=m.by, at=m.at)),
    Step("decide", lambda m: strategy.decide(
        book=m.book, on=m.on, facts=facts_of(m), by=m.by, at=m.at, columns=m.columns,
        progress=m.progress)),
    Step("check log", lambda m: strategy.check_log(book=m.book, on=m.on, by=m.by, at=m.at)),
    Step("count", lambda m: reporting.count(
        book=m.book, on=m.on - timedelta(days=1), by=m.by, at=m.at)),
    Step("judge arms", lambda m: strategy.judge_arms(
        book=m.book, on=m.on, complaints=gate_queries.complaints_frame(book=m.book),
        by=m.by, at=m.at)),
    Step("judge routes", lambda m: strategy.judge_routes(
        book=m.book, on=m.on, by=m.by, at=m.at)),
]  # fmt: skip


def night(
    *, book: Book, on: date, at: datetime, by: Actor, progress: Progress = quiet,
    timed: Timed = untimed, engine: scoring.Engine = scoring.by_kernel,
    columns: Columns | None = None,
) -> dict[str, Any]:  # fmt: skip
    """
    Prepare a day: gives what each step answered, by its name. All engines of scores agree; with
    `columns` scores and decisions are made part by part, and are the same.

    :raises Invalid: before anything is done, if the strategy in force is not followed part by part
    """
    if columns is not None:
        strategy.demand_by_parts(book=book)
    moment = Moment(book=book, on=on, at=at, by=by, progress=progress, engine=engine,
                    columns=columns)  # fmt: skip
    return _walk(NIGHT, moment, timed)


# -- Day: Decision -> Permit -> Attempt -----------------------------------------------------------


def send_due(moment: Moment) -> int:
    """
    Ask the gate for every decision that is due now, and send what it permits.

    :raises NotConfigured: if no channel of the book has a carrier; the message names the setting
    """
    ready, missing = contact_channels(moment.book)
    if not ready:
        raise missing[0]
    # A crash between asking and sending left permits behind: they are used before any is asked for.
    sent = _send(gate_queries.unused(book=moment.book, at=moment.now), moment)
    held: set[int] = set()  # by another process that is about to send
    while due := strategy_queries.waiting(
        book=moment.book, at=(at := moment.now), limit=HANDFUL, channels=ready, but=held
    ):
        answers = gate.request_many(decisions=due, at=at, by=moment.by)
        held |= {d.pk for d, a in zip(due, answers, strict=True) if gate.is_held(a)}
        sent += _send([answer for answer in answers if isinstance(answer, Permit)], moment)
        moment.progress("send", sent)
    return sent


def _send(permits: Sequence[Permit], moment: Moment) -> int:
    if not permits:
        return 0
    sent = contact.send_many(permits=permits, by=moment.by, at=moment.now, clock=moment.clock)
    return len(sent)


def collect(moment: Moment) -> int:
    """Take in what carriers hold for us until we ask. A channel without a carrier holds nothing."""
    taken = 0
    for channel in CHANNELS:
        try:
            taken += contact.collect(book=moment.book, channel=channel, at=moment.at)
        except Failed as away:
            moment.progress(f"collect {channel}: {away.message}", 0)
    return taken


def choose_anew(moment: Moment) -> int:
    """Choose the next action of every case to which something happened; gives how many."""
    settled = 0
    while done := strategy.replan(
        book=moment.book, on=moment.on, at=(at := moment.now), by=moment.by,
        facts=lambda cases: gate_queries.facts_now(book=moment.book, cases=cases, at=at),
    ):  # fmt: skip
        settled += done
        moment.progress("choose anew", settled)
    return settled


TICK = [
    Step("take in", take_in_waiting),
    Step("expire", lambda m: gate.expire(at=m.at, by=m.by)),
    Step("recover", lambda m: contact.recover(book=m.book, by=m.by, at=m.at, clock=m.clock)),
    Step("collect", collect),
    Step("choose anew", choose_anew),
    Step("send", send_due),
]


def tick(
    *, book: Book, at: datetime, by: Actor, progress: Progress = quiet, timed: Timed = untimed,
    clock: Callable[[], datetime] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """
    One moment of the day: gives what each step answered, by its name.

    With a `clock` every handful of contacts is judged by the time it then is: a long tick must not
    go on sending after hours.
    """
    on = local_day(at, book.time_zone)
    moment = Moment(book=book, on=on, at=at, by=by, progress=progress, clock=clock)
    return _walk(TICK, moment, timed)


# -- What follows an event, in the same transaction ------------------------------------------------
# Each line: this happened -> so this is done.


def reconsider(event: Event) -> None:
    """
    What waited for this case is not done, as it was decided before this happened; what is next is
    chosen anew, in moments and not here (`choose_anew`).
    """
    if event.case is not None:
        _reconsider(event, [event.case])


def hear(event: Event) -> None:
    """The same for every case of a batch of receipts of which somebody was heard, or nobody can be."""
    rows = journal_queries.data_of(event)["rows"]
    _reconsider(event, sorted({row[0] for row in rows if row[3] in NEWS}))


def _reconsider(event: Event, cases: Sequence[int]) -> None:
    by = Actor.system(f"path {event.kind}")
    for case in Case.objects.select_related("book").filter(pk__in=cases).order_by("pk"):
        strategy.reconsider(case=case, event=event, by=by)


ARROWS: list[tuple[Kind, Callable[[Event], object]]] = [
    (PaymentReceived, reconsider),
    (PaymentMatched, reconsider),
    (PaymentReversed, reconsider),
    (PromiseMade, reconsider),
    (StopPlaced, reconsider),
    (StopLifted, reconsider),
    (OptedOut, reconsider),
    (OptOutLifted, reconsider),
    (CaseMoved, reconsider),
    (ReplyTaken, reconsider),
    (Outcomes, hear),
]


def lay() -> None:
    """Hang the arrows, and what hides names, on the journal. Called once, when the site starts."""
    journal.HIDERS[:] = [portfolio_queries.hide_names]
    journal.ARROWS.clear()
    for kind, operation in ARROWS:
        journal.ARROWS.setdefault(kind.name, []).append(operation)
