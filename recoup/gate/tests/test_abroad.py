"""Permits in other countries: the counters of their laws, kept by the gate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from recoup.gate import operations, queries
from recoup.gate.models import Permit, Refusal
from recoup.people import operations as people
from recoup.people import scopes
from recoup.rulebook import engine
from tests.cast import place

from .asking import decision_for, plan_of, rules_of

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # 11:00 in Chicago, 12:00 in Boston
PAPERS = ("validation_notice", "electronic_procedure", "call_script")
CAST: dict[str, Any] = {"time_zones": "America/Chicago", "as_of": AT.date()}
RECORDED = {"recording_ready": True}
WEEK = timedelta(days=7)


@pytest.fixture
def america(creditor: Any, system: Any) -> Iterator[Any]:
    """A book in the United States, of a lender who bought its debts, ready to send."""
    creditor.kind, creditor.complaint_phone = "debt_buyer", "800-555-0100"
    creditor.save()
    row = people.open_book(
        creditor=creditor, code="us", name="US", mode="demo", opened_on=date(2026, 11, 1),
        by=system, at=AT, jurisdiction="US", currency="USD", time_zone="America/New_York",
    )  # fmt: skip
    with scopes.acting_for(row):
        operations.install_templates(book=row, by=system, at=AT)
        operations.register_sender(
            creditor=creditor, channel="sms", address="55501", by=system, at=AT
        )
        operations.register_sender(
            creditor=creditor, channel="call", address="5550100", by=system, at=AT
        )
        for word in PAPERS:
            operations.declare(word=word, of=creditor, source="test", by=system, at=AT)
        yield row


def debtor(book: Any, by: Any, *, region: str, **more: Any) -> Any:
    """Somebody who owes in a state, and agreed to messages."""
    case = place(book=book, **{**CAST, **more})
    case.borrower.region, case.borrower.language = region, "en"
    case.borrower.save()
    operations.consent(borrower=case.borrower, purpose="sms", source="test", by=by, at=AT)
    return case


def ask(case: Any, channel: str, *, at: datetime, by: Any) -> Permit | Refusal:
    plan = plan_of(case.book, AT)
    decision = decision_for(case, channel, at=at, template="", plan=plan)
    return operations.request(decision=decision, at=at, by=by, session=RECORDED)


def call(case: Any, *, at: datetime, by: Any, outcome: str) -> Permit:
    """A call that was permitted, placed, and came to something."""
    permit = ask(case, "call", at=at, by=by)
    assert isinstance(permit, Permit), rules_of(permit)
    used = operations.use(
        permit=permit.pk, text="", channel="call", contact_point=permit.contact_point_id,
        at=at, by=by, session=RECORDED,
    )  # fmt: skip
    operations.settle_counters(permit=used, outcome=outcome, at=at, by=by)
    return used


def test_a_message_names_who_collects_and_for_what(america, system):
    permit = ask(debtor(america, system, region="IL"), "sms", at=AT, by=system)

    assert isinstance(permit, Permit), rules_of(permit)
    text = queries.fill(permit)[1]
    assert "attempt to collect a debt" in text and "STOP" in text
    assert "12,000" not in text


def test_the_second_message_of_the_day_waits_for_the_morning(america, system):
    case = debtor(america, system, region="IL")
    ask(case, "sms", at=AT, by=system)

    second = ask(case, "sms", at=AT + timedelta(hours=1), by=system)

    assert rules_of(second) == ["HOUSE-CAP-001"]
    assert second.until == datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


def test_the_fourth_message_waits_until_the_first_is_seven_days_old(america, system):
    case = debtor(america, system, region="IL")
    for day in range(3):
        assert isinstance(ask(case, "sms", at=AT + timedelta(days=day), by=system), Permit)

    fourth = ask(case, "sms", at=AT + timedelta(days=3), by=system)

    assert rules_of(fourth) == ["US-FREQ-005"]
    assert fourth.until == AT + WEEK
    assert isinstance(ask(case, "sms", at=fourth.until, by=system), Permit)


def test_seven_calls_in_seven_days_and_no_eighth(america, system):
    case = debtor(america, system, region="IL")
    for hour in range(7):
        call(case, at=AT + timedelta(hours=hour), by=system, outcome="no_answer")

    eighth = ask(case, "call", at=AT + timedelta(hours=8), by=system)

    assert rules_of(eighth) == ["US-FREQ-001"]
    assert eighth.until == AT + WEEK


def test_a_week_passes_after_a_conversation_and_none_after_no_answer(america, system):
    case = debtor(america, system, region="IL")
    call(case, at=AT, by=system, outcome="no_answer")
    call(case, at=AT + timedelta(hours=1), by=system, outcome="right_party")

    again = ask(case, "call", at=AT + timedelta(days=6), by=system)

    assert rules_of(again) == ["US-FREQ-002"]
    assert again.until == AT + timedelta(hours=1) + WEEK


def test_of_two_full_windows_the_later_says_when(america, system):
    case = debtor(america, system, region="MA", time_zones="America/New_York")
    call(case, at=AT, by=system, outcome="no_answer")
    call(case, at=AT + timedelta(hours=2), by=system, outcome="right_party")

    third = ask(case, "call", at=AT + timedelta(days=1), by=system)

    # Massachusetts has room again when the first is a week old, Regulation F when the talk is.
    assert rules_of(third) == ["US-FREQ-002", "US-MA-FREQ-001"]
    assert third.until == AT + timedelta(hours=2) + WEEK


def test_a_creditor_of_its_own_debts_is_outside_seven_in_seven(america, system):
    america.creditor.kind = "bank"
    america.creditor.save()
    case = debtor(america, system, region="IL")
    for hour in range(8):
        call(case, at=AT + timedelta(hours=hour), by=system, outcome="no_answer")


def test_a_lender_of_unknown_kind_may_have_bought_its_debts(america, system):
    america.creditor.kind = ""
    america.creditor.save()
    case = debtor(america, system, region="IL")
    late = datetime(2026, 11, 24, 3, 1, tzinfo=UTC)  # 21:01 in Chicago

    assert rules_of(ask(case, "sms", at=late, by=system)) == ["US-TIME-001"]


def test_a_debtor_who_may_be_in_the_city_is_bound_by_it(america, system):
    case = debtor(america, system, region="NY", time_zones="America/New_York")
    for day in range(3):
        call(case, at=AT + timedelta(days=day), by=system, outcome="no_answer")

    fourth = ask(case, "call", at=AT + timedelta(days=3), by=system)

    assert rules_of(fourth) == ["US-NYC-FREQ-001"]


def test_where_somebody_lives_must_be_known(america, system):
    refused = ask(debtor(america, system, region=""), "sms", at=AT, by=system)

    assert {"US-CA-001"} <= set(rules_of(refused))


def test_what_a_night_is_told_of_a_book_is_what_the_gate_answers(america, system):
    cases = [
        debtor(america, system, region=region, reference=f"C{n}")
        for n, region in enumerate(("IL", "MA", "NY", ""))
    ]
    for day in range(3):
        for case in cases:
            ask(case, "sms", at=AT + timedelta(days=day), by=system)
    on = AT + timedelta(days=3)

    frame = queries.facts_frame(book=america, on=on.date()).sort("case", "channel")
    rulebook = engine.load("US", on)

    for place_, row in enumerate(frame.iter_rows(named=True)):
        if row["channel"] != "sms":  # an answer to another channel would be counted with it
            continue
        case = next(case for case in cases if case.pk == row["case"])
        told = rulebook.judge_frame(frame, on).verdict(place_)
        answer = ask(case, row["channel"], at=on, by=system)
        asked = [] if isinstance(answer, Permit) else rules_of(answer)
        assert [one.id for one in told.fired] == asked, (row["channel"], case.borrower.region)


def test_a_british_letter_tells_arrears_balance_and_where_to_find_help(creditor, system):
    at = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    creditor.kind, creditor.complaint_phone = "bank", "0800 000 000"
    creditor.save()
    row = people.open_book(
        creditor=creditor, code="gb", name="GB", mode="demo", opened_on=date(2026, 11, 1),
        by=system, at=at, jurisdiction="GB", currency="GBP", time_zone="Europe/London",
    )  # fmt: skip
    with scopes.acting_for(row):
        operations.install_templates(book=row, by=system, at=at)
        case = place(book=row, time_zones="Europe/London", as_of=at.date())
        case.borrower.language = "en"
        case.borrower.save()

        sunday = ask(case, "email", at=at - timedelta(days=1), by=system)
        permit = ask(case, "letter", at=at, by=system)

    assert isinstance(permit, Permit), rules_of(permit)
    text = queries.fill(permit)[1]
    assert "debt advice" in text and "arrears" in text and "12,000.00" in text
    assert rules_of(sunday) == ["UK-TIME-001"]
    assert sunday.until == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
