"""
Several diallers at the real gate, on a real database, with clocks that jump: no cap is ever broken.

    ask ─▶ permit ─▶ use, settle, release, expire       clock: minutes, midnight, a week, backwards
                                  │
                                  ▼ after every step
           caps counted from the rows of permits alone, with the numbers of the law written here
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from recoup.gate import operations, queries
from recoup.gate.counters import CONNECTED, UNCONNECTED
from recoup.gate.models import Permit, Refusal, Template
from recoup.kernel.actors import Actor, ActorKind
from recoup.kernel.errors import Refused
from recoup.people import operations as people
from recoup.people import scopes
from tests.cast import place

from .asking import ready

pytestmark = pytest.mark.django_db
IS_LONG = os.environ.get("RECOUP_LONG_TESTS") == "1"
SETUP = datetime(2026, 10, 1, 2, 0, tzinfo=UTC)
SOUND = {"recording_ready": True}
OUTCOMES = ("no_answer", "busy", "no_answer", "right_party", "sent", "")
US_PAPERS = ("validation_notice", "electronic_procedure", "call_script")
# Weeks in which clocks go back in America, forward there, and one in which none changes.
STARTS = [
    datetime(2026, 10, 30, 15, 0, tzinfo=UTC), datetime(2027, 3, 12, 15, 0, tzinfo=UTC),
    datetime(2026, 11, 23, 2, 0, tzinfo=UTC), datetime(2026, 11, 23, 15, 57, tzinfo=UTC),
]  # fmt: skip
AHEAD = [
    timedelta(seconds=1), timedelta(minutes=1), timedelta(minutes=9), timedelta(minutes=11),
    timedelta(hours=1), timedelta(hours=8), timedelta(hours=23), timedelta(days=1),
    timedelta(days=6, hours=23, minutes=55), timedelta(days=7) - timedelta(seconds=1),
    timedelta(days=7),
]  # fmt: skip
BACK = [timedelta(minutes=2), timedelta(hours=1), timedelta(days=1), timedelta(days=7)]
DIALLERS = [Actor(ActorKind.SYSTEM, name) for name in ("dialler-1", "dialler-2", "agency")]

Times = list[datetime]


# -- The oracle: plain counting ------------------------------------------------------------------
def by_day(times: Times, zones: list[str]) -> int:
    """The most on one calendar day of any of the zones."""
    days = [[at.astimezone(ZoneInfo(zone)).date() for at in times] for zone in zones]
    return max((some.count(day) for some in days for day in some), default=0)


def by_days(times: Times, zones: list[str], days: int) -> int:
    """The most on so many calendar days in a row, in any of the zones."""
    most = 0
    for zone in zones:
        dates = [at.astimezone(ZoneInfo(zone)).date().toordinal() for at in times]
        most = max([most, *(sum(0 <= d - first < days for d in dates) for first in dates)])
    return most


def by_window(times: Times, days: int) -> int:
    """The most in any window of so many times 24 hours."""
    span = timedelta(days=days)
    return max(
        (sum(timedelta(0) <= at - first < span for at in times) for first in times), default=0
    )


def made(**which: Any) -> list[Permit]:
    """The contacts that were made, or still can be."""
    return list(Permit.objects.filter(state__in=("issued", "used"), **which).order_by("pk"))


def times(permits: list[Permit], without: frozenset[str] = frozenset()) -> Times:
    """When, without those that came to some outcomes."""
    return [row.used_at or row.issued_at for row in permits if row.settled_as not in without]


# -- The machine ---------------------------------------------------------------------------------
class AtTheGate(RuleBasedStateMachine):
    """Diallers, a clock, and one person with two cases."""

    cases: ClassVar[list[Any]] = []
    channels: ClassVar[tuple[str, ...]] = ()
    zones: ClassVar[list[str]] = []

    def __init__(self) -> None:
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.permits: list[Permit] = []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)

    @initialize(at=st.sampled_from(STARTS), data=st.data())
    def begin(self, at: datetime, data: Any) -> None:
        self.at = at
        zones = data.draw(st.sampled_from(self.zones))
        self.here = zones.split(",")
        for case in self.cases:
            case.borrower.time_zones = zones
            case.borrower.save()
            operations.consent(borrower=case.borrower, purpose="hours", value="00:00-24:00",
                               source="test", at=SETUP, by=DIALLERS[0])  # fmt: skip

    def wish(self, case: int, channel: int) -> operations.Wish:
        one = self.cases[case % len(self.cases)]
        by = self.channels[channel % len(self.channels)]
        medium = {"letter": "address", "email": "email"}.get(by, "phone")
        point = one.borrower.contact_points.get(medium=medium, party="debtor")
        return operations.Wish(one, by, point.pk)

    @rule(case=st.integers(0, 1), channel=st.integers(0, 9), who=st.integers(0, 2),
          wait=st.sampled_from((0, 0, 0, 5, 9)), outcome=st.sampled_from(OUTCOMES))  # fmt: skip
    def contact(self, case: int, channel: int, who: int, wait: int, outcome: str) -> None:
        """Ask, and make the contact at once or in some minutes."""
        self.ask([self.wish(case, channel)], who)
        if self.permits and self.permits[-1].issued_at == self.at:
            self.at += timedelta(minutes=wait)
            self.use(len(self.permits) - 1, outcome)

    @rule(case=st.integers(0, 1), channel=st.integers(0, 9), many=st.integers(3, 9),
          every=st.sampled_from((1, 11, 60, 26 * 60)), outcome=st.sampled_from(OUTCOMES[:4]))  # fmt: skip
    def row(self, case: int, channel: int, many: int, every: int, outcome: str) -> None:
        """One contact after another, as a dialler does that is left alone."""
        for _ in range(many):
            self.contact(case, channel, 0, 0, outcome)
            self.at += timedelta(minutes=every)

    @rule(cases=st.lists(st.integers(0, 1), min_size=1, max_size=4), channel=st.integers(0, 9),
          who=st.integers(0, 2))  # fmt: skip
    def batch(self, cases: list[int], channel: int, who: int) -> None:
        """Ask for several at once."""
        self.ask([self.wish(case, channel) for case in cases], who)

    def ask(self, wishes: list[operations.Wish], who: int) -> None:
        answers = operations.request_contacts(
            wishes=wishes, at=self.at, by=DIALLERS[who], session=SOUND
        )
        self.permits += [one for one in answers if isinstance(one, Permit)]
        for one in answers:
            assert isinstance(one, Permit) or one.rules, "refused without a rule"

    def some(self, which: int) -> Permit:
        return Permit.objects.get(pk=self.permits[which % len(self.permits)].pk)

    @precondition(lambda self: self.permits)
    @rule(which=st.integers(0, 60), outcome=st.sampled_from(OUTCOMES))
    def use(self, which: int, outcome: str) -> None:
        """Use some permit, old or new, and perhaps learn what came of it."""
        row = self.some(which)
        try:
            used = operations.use(
                permit=row.pk, text=queries.fill(row)[1] if row.template else "",
                channel=row.channel, contact_point=row.contact_point_id, at=self.at,
                by=DIALLERS[0], session=SOUND,
            )  # fmt: skip
        except Refused:
            return
        if outcome:
            operations.settle_counters(permit=used, outcome=outcome, at=self.at)

    @precondition(lambda self: self.permits)
    @rule(which=st.integers(0, 60), outcome=st.sampled_from(OUTCOMES[:-1]))
    def settle(self, which: int, outcome: str) -> None:
        """Learn late, or twice, what came of a call."""
        operations.settle_counters(permit=self.some(which), outcome=outcome, at=self.at)

    @precondition(lambda self: self.permits)
    @rule(which=st.integers(0, 60))
    def release(self, which: int) -> None:
        """Give a permit back, whatever became of it."""
        operations.release(permit=self.some(which), at=self.at)

    @rule()
    def expire(self) -> None:
        """Let what ran out lapse."""
        operations.expire(at=self.at)

    @rule(step=st.sampled_from(AHEAD))
    def forward(self, step: timedelta) -> None:
        """Time passes."""
        self.at += step

    @rule(zone=st.integers(0, 1), near=st.sampled_from((-60, -1, 0, 1)))
    def midnight(self, zone: int, near: int) -> None:
        """It is nearly midnight, or just past it, somewhere the person may be."""
        place = ZoneInfo(self.here[zone % len(self.here)])
        local = self.at.astimezone(place).replace(hour=0, minute=0, second=0, tzinfo=None)
        night = (local + timedelta(days=1)).replace(tzinfo=place)
        self.at = max(self.at, night.astimezone(UTC) + timedelta(seconds=near))

    @precondition(lambda self: self.permits)
    @rule(which=st.integers(0, 60), near=st.sampled_from((-1, 0, 1, 300)),
          wait=st.sampled_from((0, 9)), late=st.booleans())  # fmt: skip
    def a_week_later(self, which: int, near: int, wait: int, late: bool) -> None:
        """The same again just when its window ends; perhaps the first comes back only then."""
        before = self.some(which)
        wishes = [operations.Wish(before.case, before.channel, before.contact_point_id)]
        for _ in range(2):
            self.at = max(self.at, before.issued_at + timedelta(days=7, seconds=near))
            self.ask(wishes, 0)
            if self.permits[-1].issued_at == self.at:
                self.at += timedelta(minutes=wait)
                self.use(len(self.permits) - 1, "no_answer")
            if late:
                operations.release(permit=before, at=self.at)
            self.at += timedelta(hours=1)
            before = before if late else self.some(len(self.permits) - 1)

    @rule(step=st.sampled_from(BACK), case=st.integers(0, 1), channel=st.integers(0, 9),
          which=st.integers(0, 60), stays=st.integers(0, 9))  # fmt: skip
    def back(self, step: timedelta, case: int, channel: int, which: int, stays: int) -> None:
        """Somebody sets the clock back, asks, and tries an old permit; mostly it is set right."""
        now, self.at = self.at, self.at - step
        self.contact(case, channel, 0, 0, "no_answer")
        if self.permits:
            self.use(which, "no_answer")
        if stays:
            self.at = max(now, self.at)

    @invariant()
    def no_cap_is_broken(self) -> None:
        """Every cap, counted anew."""
        if hasattr(self, "at"):
            over = [(what, most, cap) for what, most, cap in self.caps() if most > cap]
            assert not over, "\n".join(map(str, [*over, *self.told()]))

    def told(self) -> list[str]:
        """All permits, in the order in which they were given."""
        rows = [Permit.objects.get(pk=one.pk) for one in self.permits]
        return [
            f"{row.case_id} {row.channel} {row.state} {row.issued_at:%d %H:%M:%S} "
            f"{row.used_at:%d %H:%M:%S} {row.settled_as}" if row.used_at else
            f"{row.case_id} {row.channel} {row.state} {row.issued_at:%d %H:%M:%S}"
            for row in rows
        ]  # fmt: skip

    def caps(self) -> Iterator[tuple[str, int, int]]:
        raise NotImplementedError


class InChina(AtTheGate):
    """The caps of China: of one person over two books, with agencies; letters by the house."""

    channels = ("call", "call", "sms", "letter", "email")
    zones: ClassVar = [
        "Asia/Shanghai", "Asia/Shanghai,Asia/Tokyo", "Europe/London,America/New_York",
        "Pacific/Kiritimati,Pacific/Pago_Pago",
    ]  # fmt: skip

    def caps(self) -> Iterator[tuple[str, int, int]]:
        calls = made(channel="call")
        yield "effective calls a day", by_day(times(calls, UNCONNECTED), self.here), 3
        yield "unconnected calls a day", by_day(times(calls, CONNECTED), self.here), 6
        yield "texts a day", by_day(times(made(channel="sms")), self.here), 2
        yield "e-mails a day", by_day(times(made(channel="email")), self.here), 1
        letters = times(made(channel="letter"))
        yield "letters in seven days", by_window(letters, 7), 1
        yield "letters on seven days", by_days(letters, self.here, 7), 1


class InAmerica(AtTheGate):
    """The caps of America: of one debt each, in the state that `region` names."""

    channels = ("call", "call", "call", "sms", "letter")
    zones: ClassVar = ["America/New_York", "America/New_York,America/Los_Angeles"]
    a_week: ClassVar[int] = 0  # of the state or city, and what it counts
    counted: ClassVar[tuple[str, ...]] = ()

    def caps(self) -> Iterator[tuple[str, int, int]]:
        for case in self.cases:
            calls = made(channel="call", case=case)
            yield "calls in seven days", by_window(times(calls), 7), 7
            yield "calls on seven days", by_days(times(calls), self.here, 7), 7
            yield "calls after a talk", self.after_a_talk(calls), 0
            if self.counted:
                some = times(made(case=case, channel__in=self.counted))
                yield "of the state in seven days", by_window(some, 7), self.a_week
                yield "of the state on seven days", by_days(some, self.here, 7), self.a_week
        texts = times(made(channel__in=("sms", "email")))
        yield "messages in seven days", by_window(texts, 7), 3

    def after_a_talk(self, calls: list[Permit]) -> int:
        """Calls placed within seven days, by calendar or by the clock, after somebody talked."""
        wrong = 0
        for talk in calls:
            if talk.settled_as in CONNECTED and talk.used_at:
                for at in times(calls):
                    pair = [talk.used_at, at]
                    near = by_window(pair, 7) > 1 or by_days(pair, self.here, 7) > 1
                    wrong += at > talk.used_at and near
        return wrong


class InMassachusetts(InAmerica):
    a_week, counted = 2, ("call", "sms")


class InTheCity(InAmerica):
    a_week, counted = 3, ("call", "sms", "letter")


def machine(base: type[AtTheGate], cases: list[Any]) -> type[AtTheGate]:
    return type(base.__name__, (base,), {"cases": cases})


PROFILE = settings(
    max_examples=200 if IS_LONG else 4, stateful_step_count=60, deadline=None, derandomize=not IS_LONG,
    suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate],
)  # fmt: skip


@pytest.fixture
def china(book: Any, system: Any) -> Iterator[list[Any]]:
    """王明 in two books of one lender."""
    second = people.open_book(
        creditor=book.creditor, code="two", name="二", mode="demo", opened_on=SETUP.date(),
        by=system, at=SETUP,
    )  # fmt: skip
    ready(book, system, SETUP)
    operations.register_sender(
        creditor=book.creditor, channel="call", address="95012345", by=system, at=SETUP
    )
    with scopes.acting_for(book):
        yield [place(book=one, as_of=SETUP.date()) for one in (book, second)]


@pytest.fixture
def america(creditor: Any, system: Any) -> Iterator[Callable[[str], list[Any]]]:
    """Two debts of one person, bought and collected in a state."""
    creditor.kind, creditor.complaint_phone = "debt_buyer", "800-555-0100"
    creditor.save()
    book = people.open_book(
        creditor=creditor, code="us", name="US", mode="demo", opened_on=SETUP.date(), by=system,
        at=SETUP, jurisdiction="US", currency="USD", time_zone="America/New_York",
    )  # fmt: skip

    def living_in(region: str) -> list[Any]:
        operations.install_templates(book=book, by=system, at=SETUP)
        Template.objects.filter(state="approved").update(approved_by="he")
        for channel in ("sms", "call"):
            operations.register_sender(
                creditor=creditor, channel=channel, address="55501", by=system, at=SETUP
            )
        for word in US_PAPERS:
            operations.declare(word=word, of=creditor, source="test", by=system, at=SETUP)
        other = people.open_book(
            creditor=creditor, code="us2", name="US 2", mode="demo", opened_on=SETUP.date(),
            by=system, at=SETUP, jurisdiction="US", currency="USD", time_zone="America/New_York",
        )  # fmt: skip
        cases = [place(book=one, as_of=SETUP.date()) for one in (book, other)]
        for case in cases:
            case.borrower.region, case.borrower.language = region, "en"
            case.borrower.save()
            for purpose in ("sms", "electronic", "email"):
                operations.consent(
                    borrower=case.borrower, purpose=purpose, source="test", by=system, at=SETUP
                )
        return cases

    with scopes.acting_for(book):
        yield living_in


def test_no_sequence_breaks_a_cap_of_china(china):
    run(lambda: machine(InChina, china)(), settings=PROFILE)


@pytest.mark.parametrize(
    ("base", "region"), [(InAmerica, "IL"), (InMassachusetts, "MA"), (InTheCity, "NYC")]
)
def test_no_sequence_breaks_a_cap_of_america(america, base, region):
    cases = america(region)

    run(lambda: machine(base, cases)(), settings=PROFILE)


# -- The machine itself --------------------------------------------------------------------------
def test_ordinary_days_in_the_machine_do_allow_contacts(china):
    """A machine at whose gate nobody gets through would find nothing."""
    one = machine(InChina, china)()
    try:
        one.at, one.here = STARTS[2], ["Asia/Shanghai"]
        for n in range(8):
            one.contact(n, 0, n % 3, 0, "no_answer")
        assert [len(made(channel="call")), Refusal.objects.count()] == [6, 2]
    finally:
        one.teardown()


def test_the_oracle_counts_by_day_by_days_and_by_window():
    def at(text: str) -> datetime:
        return datetime.fromisoformat(f"{text}+00:00")

    night = [at("2026-11-23T15:59"), at("2026-11-23T16:01")]
    assert by_day(night, ["Asia/Shanghai"]) == 1 and by_day(night, ["Asia/Tokyo"]) == 2
    # The week in which American clocks go back has 169 hours.
    week = [at("2026-10-30T04:10"), at("2026-11-06T04:50")]
    assert by_window(week, 7) == 1 and by_days(week, ["America/New_York"], 7) == 2
