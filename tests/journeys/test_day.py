"""A day on the path: what is due asks the gate, and what the gate says is heeded."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from recoup import path
from recoup.contact.models import Attempt
from recoup.gate import operations as gate
from recoup.gate.models import Permit, Refusal
from recoup.kernel.clock import at_local
from recoup.kernel.errors import NotConfigured
from recoup.people import scopes
from recoup.portfolio.models import Borrower
from recoup.strategy import operations as strategy
from recoup.strategy import queries as strategy_queries
from recoup.strategy.models import Decision
from recoup.synth import carriers, demo
from tests.cast import place

DAY = date(2026, 11, 23)
pytestmark = pytest.mark.django_db(transaction=True)


def at(hour, minute=0, zone="Asia/Shanghai"):
    return at_local(DAY, time(hour, minute), zone)


@pytest.fixture
def world(book, data_dir):
    played = carriers.start(home=data_dir)
    yield played
    played.stop()


@pytest.fixture
def decided(book, team, system, world):
    """Forty borrowers, furnished and decided for."""
    book.creditor.complaint_phone = "400-000-0000"
    book.creditor.save()
    demo.furnish(book=book, by=system, at=at(1), password="correct horse")
    cases = [
        place(book=book, team=team, reference=f"C{n:04d}", days_past_due=20) for n in range(40)
    ]
    version = strategy.add(book=book, source=strategy.default("CN"), by=system, at=at(1))
    strategy.activate(version=version, by=system, at=at(1))
    path.night(book=book, on=DAY, at=at(2), by=system)
    return cases


def contacts(**where):
    return Decision.objects.exclude(channel="task").filter(**where)


def test_a_day_sends_what_was_decided_and_asks_once(book, decided, system, world):
    for hour in (9, 10, 12, 18):
        path.tick(book=book, at=at(hour, 45), by=system)

    assert contacts(state="waiting").count() == 0
    assert Attempt.objects.count() == contacts(state="sent").count() > 20
    assert len(world.received(since=0)) == Attempt.objects.count()
    again = path.tick(book=book, at=at(18, 50), by=system)
    assert again["send"] == 0


def test_what_waits_for_who_opts_out_lapses_at_once(book, decided, system, world):
    before = contacts(state="waiting").count()
    for case in decided:
        gate.opt_out(borrower=case.borrower, scope="all", source="test", at=at(8), by=system)

    assert contacts(state="lapsed").count() == before > 0
    assert path.tick(book=book, at=at(10), by=system)["send"] == 0
    assert world.received(since=0) == []


def test_what_the_gate_refuses_is_not_asked_for_again(book, decided, system, world):
    Borrower.objects.update(time_zones="")

    assert path.tick(book=book, at=at(10), by=system)["send"] == 0

    assert world.received(since=0) == []
    assert Refusal.objects.count() == contacts(state="refused").count() > 0
    assert strategy_queries.waiting(book=book, at=at(10)) == []


def test_permits_that_a_crash_left_unused_are_used_by_the_next_tick(book, decided, system, world):
    """
    gate: permit --- [crash] --- contact        asked again the decision would be refused as spent
    """
    due = strategy_queries.waiting(book=book, at=at(10), limit=5)
    permits = gate.request_many(decisions=due, at=at(10), by=system)
    assert {type(row) for row in permits} == {Permit}

    path.tick(book=book, at=at(10, 5), by=system)

    used = Permit.objects.filter(pk__in=[row.pk for row in permits], state="used")
    assert used.count() == len(due)


def test_permits_that_ran_out_unused_are_asked_for_again(book, decided, system, world):
    due = strategy_queries.waiting(book=book, at=at(10), limit=5)
    gate.request_many(decisions=due, at=at(10), by=system)

    path.tick(book=book, at=at(10) + timedelta(minutes=40), by=system)

    states = set(
        Decision.objects.filter(pk__in=[d.pk for d in due]).values_list("state", flat=True)
    )
    assert states == {"sent"}


def test_a_live_book_without_a_carrier_sends_nothing_and_names_the_setting(live_book, system):
    with scopes.acting_for(live_book), pytest.raises(NotConfigured, match="RECOUP_"):
        path.tick(book=live_book, at=at(10), by=system)


def test_nothing_is_sent_at_night(book, decided, system, world):
    Decision.objects.update(not_before=at(1), not_after=at(23, 59))

    path.tick(book=book, at=at(22), by=system)

    assert world.received(since=0) == []
    assert (
        contacts(state="waiting").count() == 0
        or contacts(state="waiting", not_before__gt=at(22)).exists()
    )
