"""
Simulated collectors and an agency's dialler, who call the borrowers of a demo book.

    calls = Dialler(book=book, known=known, seed=7, on=day)
    calls.ring(at=instant)         # as often as wanted in the day

On working days, Monday to Friday, collectors take the tasks of the strategy, best first, and ring
until the borrower answers; an agency's dialler goes round the cases placed with it, and rings each
as often as such houses did before there was a limit. Every call asks the gate. Whoever was refused
is not asked about again that day.

A round is one transaction for its permits, one for its beginnings and one for its ends, and what
was done stands in the record: a round that was cut short is finished, and one that was finished is
not played again. The numbers are in `simulator/parameters.yaml`, most of them assumptions.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np
from django.db.models import QuerySet

from recoup.contact import operations as contact
from recoup.contact.models import Attempt
from recoup.gate import operations as gate
from recoup.gate.models import Permit, Refusal
from recoup.kernel.actors import Actor
from recoup.kernel.clock import day_bounds, zone
from recoup.people import scopes
from recoup.people.models import Book
from recoup.portfolio.models import Case, ContactPoint
from recoup.portfolio.states import WORKED
from recoup.simulator.answers import OUTCOMES
from recoup.strategy import operations as strategy
from recoup.strategy import queries as strategy_queries
from recoup.synth.dialler_talk import Heard, tell
from recoup.synth.world_book import Known, day_number

SATURDAY = 5
# A dialler records; whom it has reached it finds out in the call, and says nothing of a debt before.
READY = {"recording_ready": True}
TALKED = frozenset({"right_party", "promise", "refused"})
REACHED = TALKED | {"wrong_party"}
ROUND = timedelta(minutes=5)  # when the calls of a round count as ended


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a name for keys, the hours, and the minutes after the round begins."""

    name: str
    actor: Actor
    begins: int
    ends: int
    later: timedelta


@dataclass(slots=True)
class Line:
    """One call that is wanted: the case, its number, and the task that it is for, if any."""

    case: Case
    point: int
    task: int | None = None


@dataclass(slots=True)
class Rung:
    """Counts of what came of the calls; `unrecorded` is what a rule or state forbade to write."""

    asked: int = 0
    refused: int = 0
    calls: int = 0
    talks: int = 0
    promises: int = 0
    stops: int = 0
    unrecorded: int = 0


@dataclass(slots=True)
class Sofar:
    """What the record says of one case on the day, before a round."""

    tries: int = 0
    talks: int = 0
    last: str = ""


COLLECTORS = Caller(
    "own", Actor.system("simulated collectors"), begins=9, ends=18, later=timedelta(0)
)
# Agencies ring into the evening; ten o'clock is the law's.
AGENCY = Caller(
    "agency", Actor.system("simulated dialler"), begins=9, ends=21, later=timedelta(minutes=5)
)


@dataclass(slots=True)
class Dialler:
    """Calls the borrowers of a demo book on one day. `rung` counts all rounds."""

    book: Book
    known: Known
    seed: int
    on: date
    rung: Rung = field(default_factory=Rung)
    _list: list[Case] | None = None

    def ring(self, *, at: datetime) -> Rung:
        """One round of calls of everybody who works at this hour."""
        hour = at.astimezone(zone(self.book.time_zone)).hour
        for caller in (COLLECTORS, AGENCY):
            if self.on.weekday() < SATURDAY and caller.begins <= hour < caller.ends:
                self._round(caller, at + caller.later)
        return self.rung

    def _round(self, caller: Caller, at: datetime) -> None:
        made = self._permits()
        permits = [row for row in made if row.issued_at == at]
        later = any(row.issued_at > at for row in made)
        if not permits and not later and not self._refusals().filter(at=at).exists():
            permits = self._ask(caller, made, at)
        if permits:
            self._call(caller, permits, at)

    def _permits(self) -> list[Permit]:
        """The permits of the day's calls."""
        # As a range, which the index of keys answers; ";" follows ":".
        mine = Permit.objects.filter(
            request_key__gt=f"demo:{self.on}:", request_key__lt=f"demo:{self.on};", book=self.book
        )
        return list(mine.defer("facts", "verdict").order_by("issued_at", "request_key"))

    def _refusals(self) -> QuerySet[Refusal]:
        start, end = day_bounds(self.on, self.book.time_zone)
        return Refusal.objects.filter(book=self.book, channel="call", at__gte=start, at__lt=end)

    # -- Whom to call ----------------------------------------------------------------------------
    def _ask(self, caller: Caller, made: Sequence[Permit], at: datetime) -> list[Permit]:
        sofar: dict[int, Sofar] = defaultdict(Sofar)
        for row in made:
            one = sofar[row.case_id]
            one.tries += 1
            one.talks += row.settled_as in REACHED
            one.last = row.settled_as
        for case in self._refusals().values_list("case", flat=True):
            sofar[case].last = "not allowed"
        lines = (self._tasks if caller is COLLECTORS else self._placed)(sofar, at)
        wishes = [
            gate.Wish(
                line.case, "call", line.point,
                f"demo:{self.on}:{line.case.pk}:{sofar[line.case.pk].tries}",
            )
            for line in lines
        ]  # fmt: skip
        if not wishes:
            return []
        answers = gate.request_contacts(wishes=wishes, at=at, by=caller.actor, session=READY)
        permits = [answer for answer in answers if isinstance(answer, Permit)]
        self.rung.asked += len(answers)
        self.rung.refused += len(answers) - len(permits)
        return permits

    def _tasks(self, sofar: dict[int, Sofar], at: datetime) -> list[Line]:
        """Tasks that wait, best first, whose borrower did not answer yet."""
        viewer = scopes.system_viewer(self.book, name="simulated collectors")
        most = self._number("calls.task_tries")
        rows = strategy_queries.queue(viewer=viewer, on=self.on).filter(
            book=self.book, not_before__lte=at, not_after__gt=at
        )
        wanted: dict[int, tuple[Case, int]] = {}
        for task in rows:
            one = sofar[task.case_id]
            if one.tries < most and one.last not in TALKED | {"not allowed"}:
                wanted.setdefault(task.case_id, (task.case, task.pk))
        return self._lines([(case, task) for case, task in wanted.values()])

    def _placed(self, sofar: dict[int, Sofar], at: datetime) -> list[Line]:
        """The day's part of the cases placed out, those rung least first."""
        tries, talks = self._number("calls.tries"), self._number("calls.talks")
        wanted = [
            case for case in self._part(tries)
            if sofar[case.pk].tries < tries and sofar[case.pk].talks < talks
            and sofar[case.pk].last not in ("promise", "not allowed")
        ]  # fmt: skip
        wanted.sort(key=lambda case: sofar[case.pk].tries)
        return self._lines([(case, None) for case in wanted])

    def _part(self, tries: int) -> list[Case]:
        """The cases placed out that are called today: all in turn, day by day."""
        if self._list is None:
            rows = Case.objects.filter(
                book=self.book, agency__isnull=False, state__in=WORKED, overdue__gt=0
            )
            everybody = list(rows.select_related("book__creditor").order_by("pk"))
            size = -(-self._most() * (AGENCY.ends - AGENCY.begins) // tries)
            days = day_number(self.on) // 7 * SATURDAY + self.on.weekday()
            start = days * size % len(everybody) if everybody else 0
            self._list = (everybody[start:] + everybody[:start])[:size]
        return self._list

    def _lines(self, wanted: Sequence[tuple[Case, int | None]]) -> list[Line]:
        """As many as there are lines, each to the best number that still works."""
        rows = ContactPoint.objects.filter(
            borrower__in=[case.borrower_id for case, _ in wanted], medium="phone", party="debtor"
        ).exclude(state="invalid")
        known = list(rows.order_by("-preferred", "pk").values_list("borrower", "pk"))
        dead = set(
            Permit.objects.filter(
                contact_point__in=[pk for _, pk in known], settled_as="invalid_number"
            ).values_list("contact_point", flat=True)
        )
        points: dict[int, int] = {}
        for borrower, pk in known:
            if pk not in dead:
                points.setdefault(borrower, pk)
        lines = [
            Line(case, points[case.borrower_id], task)
            for case, task in wanted if case.borrower_id in points
        ]  # fmt: skip
        return lines[: self._most()]

    def _most(self) -> int:
        most = self._number("calls.lines") * len(self.known.cases) // 1000
        return max(most, self._number("calls.least_lines"))

    def _number(self, name: str) -> int:
        return int(self.known.population.parameters[name])

    # -- What comes of it --------------------------------------------------------------------------
    def _call(self, caller: Caller, permits: Sequence[Permit], at: datetime) -> None:
        issued = [row for row in permits if row.state == Permit.State.ISSUED]
        contact.begin_calls(permits=issued, by=caller.actor, at=at, session=READY)
        rows = Attempt.objects.filter(permit__in=[row.pk for row in permits])
        # By our own keys, not by the permits' ids, which no seed draws: the same demo twice is the same.
        attempts = list(rows.select_related("permit", "book").order_by("permit__request_key"))
        places = self.known.places(np.array([row.case_id for row in attempts], dtype=np.int64))
        here = [row for row, place in zip(attempts, places, strict=True) if place >= 0]
        # Who paid everything since the morning is asleep in the world: nobody answers.
        away = [row for row, place in zip(attempts, places, strict=True) if place < 0]
        heard = self._answers(here, places[places >= 0], at) if here else []
        ended = [contact.Ended(one.attempt, one.outcome, one.seconds) for one in heard]
        ended += [contact.Ended(row, "no_answer") for row in away]
        contact.end_calls(ended=ended, by=caller.actor, at=at + ROUND)
        self._close_tasks(caller, [one for one in heard if one.outcome in TALKED], at + ROUND)
        promises, stops, unrecorded = tell(
            heard, book=self.book, known=self.known, on=self.on, at=at + ROUND, by=caller.actor,
            rng=self._rng(at, 1),
        )  # fmt: skip
        counts = Counter(one.outcome for one in ended)
        self.rung.calls += len(ended)
        self.rung.talks += sum(counts[outcome] for outcome in TALKED)
        self.rung.promises += promises
        self.rung.stops += stops
        self.rung.unrecorded += unrecorded

    def _answers(self, attempts: Sequence[Attempt], index: np.ndarray, at: datetime) -> list[Heard]:
        """How each borrower answers; what was recorded of a call before stands."""
        rng = self._rng(at, 0)
        hour = at.astimezone(zone(self.book.time_zone)).hour
        given = self.known.population.contact(
            index=index, channel="call", tone="reminder", hour=np.full(len(index), hour), rng=rng,
        )  # fmt: skip
        minutes = rng.exponential(
            self.known.population.parameters["calls.talk_minutes"], len(index)
        )
        draws = rng.random(len(index))
        heard = []
        for i, attempt in enumerate(attempts):
            outcome = attempt.permit.settled_as or OUTCOMES[int(given.outcome[i])]
            talk = outcome in TALKED
            heard.append(Heard(
                attempt=attempt, outcome=outcome, place=int(index[i]),
                seconds=int(60 * minutes[i]) + 20 if talk else 20 * (outcome in REACHED),
                draw=float(draws[i]), complains=bool(given.complains[i]) and talk,
                opts_out=bool(given.opts_out[i]) and talk,
            ))  # fmt: skip
        return heard

    def _close_tasks(self, caller: Caller, talked: Iterable[Heard], at: datetime) -> None:
        """The tasks of whoever was spoken to are done."""
        if caller is not COLLECTORS:
            return
        cases = [one.attempt.case_id for one in talked]
        viewer = scopes.system_viewer(self.book, name="simulated collectors")
        rows = strategy_queries.queue(viewer=viewer, on=self.on).filter(case__in=cases)
        if tasks := list(rows.values_list("pk", flat=True)):
            strategy.mark(decisions=tasks, state="done", by=caller.actor, at=at, book=self.book)

    def _rng(self, at: datetime, nth: int) -> np.random.Generator:
        minute = int(at.timestamp()) // 60
        return np.random.default_rng([self.seed, day_number(self.on), minute, nth])
