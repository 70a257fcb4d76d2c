"""Simulated calls: every one asks the gate, is made once, and leaves what a desk would write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from recoup.contact import operations as contact
from recoup.contact.models import Attempt
from recoup.gate import operations as gate
from recoup.gate.models import Counter, OptOut, Permit, Refusal, Stop
from recoup.gate.tests import asking
from recoup.kernel.clock import at_local
from recoup.people import operations as people
from recoup.portfolio import operations as portfolio
from recoup.portfolio.models import Case
from recoup.repayment.models import Promise
from recoup.simulator.answers import Answers, Outcome
from recoup.simulator.population import Population
from recoup.strategy.models import Decision
from recoup.synth import world_book
from recoup.synth.dialler import Dialler
from tests.cast import place

ON = date(2026, 11, 23)  # a Monday
CROWD = 6
pytestmark = pytest.mark.django_db(transaction=True)
Answered = Callable[..., None]


@pytest.fixture
def crowd(book: Any, team: Any, system: Any, at: datetime) -> list[Case]:
    """So many borrowers of a furnished house, a hundred days late."""
    asking.ready(book, system, at)
    gate.register_sender(
        creditor=book.creditor, channel="call", address="95012345", by=system, at=at
    )
    return [
        place(
            book=book, team=team, reference=f"B{n:09d}", name=f"王{n}", phone=f"1540000{n:04d}",
            days_past_due=100,
        )
        for n in range(CROWD)
    ]  # fmt: skip


@pytest.fixture
def placed(crowd: list[Case], book: Any, system: Any, at: datetime) -> list[Case]:
    """The same, placed with an agency."""
    agency = people.add_agency(
        code="hengyuan", name="恒远", creditor=book.creditor, by=system, at=at
    )
    cases = [case.pk for case in crowd]
    portfolio.place_out(book=book, cases=cases, agency=agency, by=system, at=at)
    return crowd


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> Answered:
    """Every call ends like this."""

    def fix(outcome: Outcome, *, complains: bool = False, opts_out: bool = False) -> None:
        def answer(self: Population, *, index: Any, **_: Any) -> Answers:
            n = len(index)
            none, zero = np.zeros(n, dtype=np.int8), np.zeros(n, dtype=np.float32)
            return Answers(
                np.full(n, outcome, dtype=np.int8), none, zero, zero,
                np.full(n, complains), np.full(n, opts_out),
            )  # fmt: skip

        monkeypatch.setattr(Population, "contact", answer)

    return fix


def dialler(book: Any, on: date = ON) -> Dialler:
    known = world_book.meet(book=book, seed=7, carried={})
    return Dialler(book=book, known=known, seed=7, on=on)


def hour(number: int, minute: int = 0, on: date = ON) -> datetime:
    from datetime import time

    return at_local(on, time(number, minute), "Asia/Shanghai")


def whole_day(book: Any) -> Dialler:
    calls = dialler(book)
    for number in range(8, 22):
        calls.ring(at=hour(number))
    return calls


def task_for(case: Case, at: datetime) -> Decision:
    row = asking.decision_for(case, "sms", at=at, template="")
    Decision.objects.filter(pk=row.pk).update(
        channel="task", contact_point=None, not_before=hour(9), not_after=hour(18)
    )
    return row


def test_an_agency_used_to_five_conversations_a_day_is_stopped_after_three(
    placed: list[Case], book: Any, answered: Answered
) -> None:
    answered(Outcome.RIGHT_PARTY)

    whole_day(book)

    assert {row.used for row in Counter.objects.filter(unit="effective_call")} == {3}
    assert Attempt.objects.filter(channel="call").count() == 3 * CROWD
    refused = [[rule["id"] for rule in row.rules] for row in Refusal.objects.all()]
    assert refused == [["CN-FREQ-001", "CN-FREQ-002"]] * CROWD


def test_before_the_standard_five_were_had(
    placed: list[Case], book: Any, answered: Answered, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recoup.rulebook import engine

    load = engine.load
    monkeypatch.setattr(
        engine, "load", lambda country, at, **more: load(country, datetime(2025, 2, 3, tzinfo=at.tzinfo), **more)
    )  # fmt: skip
    answered(Outcome.RIGHT_PARTY)

    whole_day(book)

    assert Attempt.objects.filter(channel="call").count() == 5 * CROWD
    facts = Permit.objects.order_by("-pk").values_list("facts", flat=True).first()
    assert facts["effective_calls_today"] == 4
    assert not Refusal.objects.exists()


def test_a_task_is_rung_until_the_borrower_answers_and_is_done_then(
    crowd: list[Case], book: Any, answered: Answered, at: datetime
) -> None:
    task = task_for(crowd[0], at)
    calls = dialler(book)
    answered(Outcome.NO_ANSWER)
    calls.ring(at=hour(9))
    calls.ring(at=hour(10))
    task.refresh_from_db()
    before = task.state
    answered(Outcome.REFUSED)
    calls.ring(at=hour(11))
    calls.ring(at=hour(12))

    task.refresh_from_db()
    assert (before, task.state) == ("waiting", "done")
    told = Attempt.objects.order_by("reserved_at").values_list("permit__settled_as", flat=True)
    assert list(told) == ["no_answer", "no_answer", "refused"]


def test_a_round_played_again_calls_nobody_twice(
    placed: list[Case], book: Any, answered: Answered
) -> None:
    answered(Outcome.BUSY)
    whole_day(book)
    calls = sorted(Attempt.objects.values_list("key", "permit__settled_as", "settled_at"))
    refusals = Refusal.objects.count()

    whole_day(book)

    assert calls
    assert sorted(Attempt.objects.values_list("key", "permit__settled_as", "settled_at")) == calls
    assert Refusal.objects.count() == refusals


@pytest.mark.parametrize("broken", ["begin_calls", "end_calls"])
def test_a_round_that_was_cut_short_is_finished(
    placed: list[Case], book: Any, answered: Answered, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    answered(Outcome.PROMISE)

    def killed(**_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(contact, broken, killed)
        with pytest.raises(KeyboardInterrupt):
            dialler(book).ring(at=hour(9))
    left = set(Permit.objects.values_list("settled_as", flat=True))

    dialler(book).ring(at=hour(9))
    dialler(book).ring(at=hour(9))

    assert left == {""}
    assert set(Permit.objects.values_list("settled_as", flat=True)) == {"promise"}
    assert Promise.objects.count() == Permit.objects.count() == CROWD
    assert set(Promise.objects.values_list("channel", "state")) == {("call", "open")}


def test_nobody_is_called_on_a_weekend_or_out_of_hours(
    placed: list[Case], book: Any, answered: Answered
) -> None:
    answered(Outcome.RIGHT_PARTY)
    sunday = ON - timedelta(days=1)

    dialler(book, sunday).ring(at=hour(10, on=sunday))
    dialler(book).ring(at=hour(8, 30))
    dialler(book).ring(at=hour(21))

    assert not Permit.objects.exists() and not Refusal.objects.exists()


def test_a_complaint_and_a_refusal_on_the_telephone_are_written_down(
    placed: list[Case], book: Any, answered: Answered
) -> None:
    answered(Outcome.RIGHT_PARTY, complains=True)
    dialler(book).ring(at=hour(9))
    answered(Outcome.RIGHT_PARTY, opts_out=True)
    Stop.objects.all().delete()
    dialler(book).ring(at=hour(10))
    dialler(book).ring(at=hour(11))

    assert OptOut.objects.filter(scope="call").exists()
    assert {row.rules[0]["id"] for row in Refusal.objects.all()} <= {
        "HOUSE-OPTOUT-002", "CN-STOP-006", "HOUSE-HOLD-HARDSHIP", "HOUSE-HOLD-DISPUTE",
    }  # fmt: skip


def test_a_dead_number_is_not_dialled_again(
    placed: list[Case], book: Any, answered: Answered
) -> None:
    answered(Outcome.INVALID_NUMBER)

    whole_day(book)

    assert Attempt.objects.count() == CROWD


def test_a_call_costs_by_the_minute(
    placed: list[Case], book: Any, answered: Answered, settings: Any
) -> None:
    settings.CALL_PRICE = "10"
    answered(Outcome.RIGHT_PARTY)

    dialler(book).ring(at=hour(9))

    made = list(Attempt.objects.values_list("segments", "cost"))
    assert made and all(cost == 10 * minutes >= 10 for minutes, cost in made)
