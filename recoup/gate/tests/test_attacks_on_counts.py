"""Attacks on the counts: slots that come free too early, days that nobody counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recoup.gate import operations
from recoup.gate.models import Permit
from recoup.people import scopes

from .asking import ask, decision_for, plan_of, ready, refused_by, rules_of, use

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def gate_ready(book: Any, system: Any, at: datetime) -> None:
    ready(book, system, at)
    operations.register_sender(
        creditor=book.creditor, channel="call", address="95012345", by=system, at=at
    )


def agree(case: Any, purpose: str, value: str, *, at: datetime, by: Any) -> None:
    operations.consent(
        borrower=case.borrower, purpose=purpose, value=value, source="portal", at=at, by=by
    )


def write(case: Any, when: datetime, by: Any) -> Any:
    """The answer to a wish to write a letter, each under a plan of its own."""
    day = case.book.opened_on
    plan = plan_of(case.book, datetime(day.year, day.month, day.day, tzinfo=UTC))
    return ask(case, "letter", at=when, by=by, plan=plan)


def leave(case: Any, channel: str, *rules: str, at: datetime, who: Any, officer: Any) -> None:
    """A collector's wish to set rules aside, given by an officer."""
    approval = operations.ask_approval(
        viewer=scopes.viewer_of(who), case=case, channel=channel, rules=rules, reason="客户来电",
        until=at + timedelta(hours=2), at=at,
    )  # fmt: skip
    operations.decide_approval(
        viewer=scopes.viewer_of(officer), approval=approval, give=True, answer="可", at=at
    )


def test_a_permit_that_ran_out_long_ago_frees_nobody_elses_slot(wang_ming, system, at):
    """
    day 0 permit (never used) ── day 7 ██ another letter ── the first is expired only now
                                                         └─▶ day 8 ✗ the slot is the other's
    """
    write(wang_ming, at, system)
    assert isinstance(write(wang_ming, at + WEEK, system), Permit)

    assert operations.expire(at=at + WEEK + MINUTE, by=system) == 1

    third = write(wang_ming, at + timedelta(days=8), system)
    assert rules_of(third) == ["CN-FREQ-005"]


def test_a_letter_given_back_late_frees_nobody_elses_slot(wang_ming, system, at):
    """
    day 0 letter used ── day 7 ██ another ── the first comes back from the post: given back
                                          └─▶ day 8 ✗
    """
    first = write(wang_ming, at, system)
    use(first, at=at + MINUTE, by=system)
    late = at + WEEK + 2 * MINUTE
    assert isinstance(write(wang_ming, late, system), Permit)

    assert operations.release(permit=first, at=late + MINUTE, by=system)

    third = write(wang_ming, at + timedelta(days=8), system)
    assert rules_of(third) == ["CN-FREQ-005"]


def test_a_letter_given_back_in_time_frees_its_own_slot(wang_ming, system, at):
    """
    day 0 letter used ── not made after all ── given back ──▶ another ▷
    """
    first = write(wang_ming, at, system)
    use(first, at=at + MINUTE, by=system)

    assert operations.release(permit=first, at=at + 2 * MINUTE, by=system)

    assert isinstance(write(wang_ming, at + 3 * MINUTE, system), Permit)


def test_a_window_runs_from_the_contact_and_not_from_its_permit(wang_ming, system, at):
    """
    permit 10:00, letter 10:09 ── a week later 10:05 ✗ ── 10:09 ▷
    """
    use(write(wang_ming, at, system), at=at + 9 * MINUTE, by=system)

    early = write(wang_ming, at + WEEK + 5 * MINUTE, system)

    assert rules_of(early) == ["CN-FREQ-005"] and early.until == at + WEEK + 9 * MINUTE
    assert isinstance(write(wang_ming, early.until, system), Permit)


def test_midnight_in_one_of_two_zones_closes_the_permits_of_the_day(wang_ming, system, at):
    """
    Shanghai 22:55, Tokyo 23:55 ── permit ── Tokyo 00:00 ✗ that day did not count it
    """
    agree(wang_ming, "hours", "00:00-24:00", at=at, by=system)
    wang_ming.borrower.time_zones = "Asia/Shanghai,Asia/Tokyo"
    wang_ming.borrower.save()
    late = datetime(2026, 11, 23, 14, 55, tzinfo=UTC)

    permit = ask(wang_ming, "sms", at=late, by=system)

    assert permit.expires_at == datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
    assert refused_by(permit, at=late + 5 * MINUTE, by=system) == ("gate.expired",)


def test_leave_to_write_at_night_is_no_leave_to_write_more(
    wang_ming, li_na, compliance, system, at
):
    """
    22:30, quiet hours set aside by an officer ── three texts in one batch ── the third ✗ the cap
    """
    late = at + timedelta(hours=12, minutes=30)
    leave(wang_ming, "sms", "CN-TIME-001", "CN-TIME-002", at=late, who=li_na, officer=compliance)
    plans = [plan_of(wang_ming.book, at) for _ in range(3)]
    decisions = [decision_for(wang_ming, "sms", at=late, plan=plan) for plan in plans]

    answers = operations.request_many(decisions=decisions, at=late, by=system)

    assert [isinstance(one, Permit) for one in answers] == [True, True, False]
    assert rules_of(answers[2]) == ["CN-FREQ-005"]


def test_a_letter_over_the_cap_by_leave_counts_for_those_after_it(
    wang_ming, li_na, compliance, system, at
):
    """
    day 0 ██ ── day 3 ██ by leave ── day 7 ✗ the one of day 3 is in the window ── day 10 ▷
    """
    write(wang_ming, at, system)
    third = at + timedelta(days=3)
    leave(wang_ming, "letter", "CN-FREQ-005", at=third, who=li_na, officer=compliance)
    assert isinstance(write(wang_ming, third, system), Permit)

    assert rules_of(write(wang_ming, at + WEEK, system)) == ["CN-FREQ-005"]
    assert isinstance(write(wang_ming, third + WEEK, system), Permit)


def test_who_agreed_to_more_attempts_may_be_called_a_seventh_time(wang_ming, system, at):
    """
    six calls nobody answered ── ✗ ── agreed otherwise ── the seventh ▷, counted
    """
    ready_to_call = {"session": {"recording_ready": True}}

    def call(minute: int) -> Any:
        when = at + minute * MINUTE
        decision = decision_for(wang_ming, "call", at=when, template="")
        answer = operations.request(decision=decision, at=when, by=system, **ready_to_call)
        if isinstance(answer, Permit):
            used = use(answer, at=when, by=system, text="", **ready_to_call)
            operations.settle_counters(permit=used, outcome="no_answer", at=when, by=system)
        return answer

    assert all(isinstance(call(n), Permit) for n in range(6))
    assert rules_of(call(6)) == ["CN-FREQ-003"]
    agree(wang_ming, "attempts", "", at=at, by=system)

    seventh, eighth = call(7), call(8)

    assert isinstance(seventh, Permit) and isinstance(eighth, Permit)
    assert eighth.facts["unconnected_today"] == 7
