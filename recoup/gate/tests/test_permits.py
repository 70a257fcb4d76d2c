"""Permits: asked for, refused, used, given back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recoup.gate import operations, queries
from recoup.gate.models import Counter, Permit, Refusal
from recoup.journal import queries as journal
from recoup.journal.models import Event
from recoup.strategy.models import Decision
from tests.cast import place

from .asking import ask, decision_for, plan_of, ready, refused_by, rules_of, use

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def gate_ready(book: Any, system: Any, at: datetime) -> None:
    ready(book, system, at)


@pytest.mark.parametrize("channel", ["sms", "email", "letter"])
def test_an_open_case_gets_a_permit_that_can_be_used(wang_ming, system, at, channel):
    permit = ask(wang_ming, channel, at=at, by=system)

    used = use(permit, at=at + timedelta(minutes=9), by=system)

    assert (used.state, used.used_at) == ("used", at + timedelta(minutes=9))


def test_a_message_names_the_lender_and_nothing_of_the_debt(wang_ming, system, at):
    _, text = queries.fill(ask(wang_ming, "sms", at=at, by=system))

    assert "归诚消费金融" in text and "TD" in text
    assert "逾期" not in text and "12,000" not in text and "王" not in text


def test_a_letter_holds_what_the_card_measures_ask_for(wang_ming, system, at):
    wang_ming.loans.update(product="credit_card")

    permit = ask(wang_ming, "letter", at=at, by=system)

    assert isinstance(permit, Permit)
    text = queries.fill(permit)[1]
    assert "CNY 12,000.00" in text and "专用章" in text and "400-800-1234" in text
    assert permit.verdict["exempted"] == [{"rule": "CN-SAY-N08", "by": "HOUSE-LETTER-001"}]


def test_the_third_message_of_the_day_is_refused_with_the_house_rule(wang_ming, system, at):
    permits = [ask(wang_ming, "sms", at=at, by=system) for _ in range(2)]

    third = ask(wang_ming, "sms", at=at, by=system)

    assert all(isinstance(one, Permit) for one in permits)
    assert isinstance(third, Refusal)
    assert [rule["id"] for rule in third.rules] == ["CN-FREQ-005"]
    assert (third.outcome, third.until) == ("wait", datetime(2026, 11, 24, 0, 0, tzinfo=UTC))
    assert third.facts["contacts_in_window"] == 2


def test_the_last_slot_within_one_batch_goes_to_the_first(wang_ming, book, system, at):
    decisions = [decision_for(wang_ming, "sms", at=at) for _ in range(4)]

    answers = operations.request_many(decisions=decisions, at=at, by=system)

    assert [type(one) for one in answers] == [Permit, Permit, Refusal, Refusal]
    assert [rule["id"] for rule in answers[2].rules] == ["CN-FREQ-005"]


def test_a_batch_is_one_event_with_ids_and_counts(book, team, system, at):
    plan, cases = (
        plan_of(book, at),
        [place(book=book, team=team, reference=f"B{n}") for n in range(3)],
    )
    cases[1].borrower.time_zones = ""
    cases[1].borrower.save()
    before = Event.objects.count()

    operations.request_many(
        decisions=[decision_for(case, "sms", at=at, plan=plan) for case in cases], at=at, by=system
    )

    assert Event.objects.count() == before + 1
    told = journal.data_of(Event.objects.latest("position"))
    assert (told["permits"], told["refusals"]) == (2, 1)
    assert told["rules"] == {"CN-TIME-001": 1, "CN-TIME-002": 1}


def test_a_refusal_lists_every_rule_with_its_source(wang_ming, system, at):
    operations.stop(case=wang_ming, reason="dispute", source="call", by=system, at=at)
    night = at + timedelta(hours=13)  # 23:00 in Shanghai

    refusal = ask(wang_ming, "sms", at=night, by=system)

    assert [rule["id"] for rule in refusal.rules] == [
        "CN-TIME-001", "CN-TIME-002", "HOUSE-HOLD-DISPUTE",
    ]  # fmt: skip
    assert refusal.rules[0]["source"]["issuer"] == "中国银行业协会"
    assert refusal.rules[0]["force"] == "SELF-MUST"


def test_a_draft_needs_approval(wang_ming, system, at):
    operations.add_template(
        code="new", channel="sms", jurisdiction="CN", language="zh-hans", by=system, at=at,
        text="【{institution}】您好。回复TD退订",
    )  # fmt: skip

    answer = ask(wang_ming, "sms", at=at, by=system, template="new")

    assert isinstance(answer, Refusal) and answer.outcome == "needs_approval"


def test_without_a_template_named_the_first_approved_one_is_used(wang_ming, system, at):
    permit = ask(wang_ming, "sms", at=at, by=system, template="")

    assert permit.template.state == "approved" and permit.template.language == "zh-hans"


def test_one_decision_gets_one_permit(wang_ming, system, at):
    decision = decision_for(wang_ming, "sms", at=at)
    first = operations.request(decision=decision, at=at, by=system)

    second = operations.request(decision=decision, at=at, by=system)
    operations.release(permit=first, at=at, by=system)
    third = operations.request(decision=decision, at=at, by=system)

    assert [rule["id"] for rule in second.rules] == ["HOUSE-DECISION-001"]
    assert isinstance(third, Permit)


def test_a_released_permit_gives_its_slots_back_once(wang_ming, system, at):
    permit = ask(wang_ming, "sms", at=at, by=system)

    given = [operations.release(permit=permit, at=at, by=system) for _ in range(2)]

    assert given == [True, False]
    assert set(Counter.objects.values_list("used", flat=True)) == {0}


def test_a_permit_that_runs_out_frees_its_slots(wang_ming, system, at):
    ask(wang_ming, "sms", at=at, by=system)

    early = operations.expire(at=at + timedelta(minutes=9, seconds=59), by=system)
    late = operations.expire(at=at + timedelta(minutes=10), by=system)

    assert (early, late) == (0, 1)
    assert set(Counter.objects.values_list("used", flat=True)) == {0}


def test_a_second_letter_waits_until_the_first_is_seven_days_old(wang_ming, system, at):
    ask(wang_ming, "letter", at=at, by=system)
    week = timedelta(days=7)

    early = ask(wang_ming, "letter", at=at + week - timedelta(seconds=1), by=system)
    late = ask(wang_ming, "letter", at=at + week, by=system)

    assert [rule["id"] for rule in early.rules] == ["CN-FREQ-005"]
    assert early.until == at + week
    assert isinstance(late, Permit)


def call(case: Any, at: datetime, by: Any) -> Permit | Refusal:
    return operations.request(
        decision=decision_for(case, "call", at=at), at=at, by=by, session={"recording_ready": True}
    )


def connect(permit: Permit, outcome: str, at: datetime, by: Any) -> None:
    operations.use(permit=permit.pk, text="", channel="call", at=at, by=by,
                   contact_point=permit.contact_point_id,
                   session={"recording_ready": True})  # fmt: skip
    permit.refresh_from_db()
    operations.settle_counters(permit=permit, outcome=outcome, at=at, by=by)


@pytest.fixture
def caller(book: Any, system: Any, at: datetime) -> None:
    operations.register_sender(
        creditor=book.creditor, channel="call", address="95012345", by=system, at=at
    )


def test_the_fourth_effective_call_of_the_day_is_refused(wang_ming, system, at, caller):
    for _ in range(3):
        connect(call(wang_ming, at, system), "connected", at, system)

    fourth = call(wang_ming, at, system)

    assert {rule["id"] for rule in fourth.rules} == {"CN-FREQ-001", "CN-FREQ-002"}


def test_six_unanswered_calls_use_up_the_number_and_not_the_person(wang_ming, system, at, caller):
    for _ in range(6):
        connect(call(wang_ming, at, system), "no_answer", at, system)

    seventh = call(wang_ming, at, system)

    assert {rule["id"] for rule in seventh.rules} == {"CN-FREQ-003"}


def test_an_outcome_is_settled_once(wang_ming, system, at, caller):
    permit = call(wang_ming, at, system)
    connect(permit, "no_answer", at, system)

    again = operations.settle_counters(permit=permit, outcome="connected", at=at, by=system)

    assert again is False
    attempts = Counter.objects.get(unit="attempt")
    assert attempts.used == 1


def test_a_call_that_cannot_be_recorded_is_refused(wang_ming, system, at, caller):
    refusal = ask(wang_ming, "call", at=at, by=system)

    assert [rule["id"] for rule in refusal.rules] == ["CN-CALL-001"]


def test_a_book_of_a_land_without_a_rulebook_contacts_nobody(wang_ming, book, system, at):
    book.jurisdiction = "ZZ"
    book.save()

    refusal = ask(wang_ming, "sms", at=at, by=system)

    assert isinstance(refusal, Refusal)
    assert [rule["id"] for rule in refusal.rules] == ["HOUSE-RULEBOOK-001"]


def test_a_batch_of_two_hundred_takes_few_queries(
    book, team, system, at, django_assert_max_num_queries
):
    plan = plan_of(book, at)
    decisions = [
        decision_for(place(book=book, team=team, reference=f"Q{n}"), "sms", at=at, plan=plan)
        for n in range(40)
    ]

    with django_assert_max_num_queries(40 + 40 * 2):
        operations.request_many(decisions=decisions, at=at, by=system)


def test_a_permit_that_the_law_forbids_by_now_gives_its_slot_back_and_its_decision_waits(
    wang_ming, system, at
):
    """
    issued 21:55 ── used 22:01 ──✗   slot free again, decision waits until 8:00
    """
    late = at + timedelta(hours=11, minutes=55)
    decision = decision_for(wang_ming, "sms", at=late)
    Decision.objects.filter(pk=decision.pk).update(not_after=late + timedelta(days=1))
    permit = operations.request(decision=decision, at=late, by=system)
    taken = Counter.objects.filter(key__in=permit.counters, used__gt=0).count()

    assert "CN-TIME-001" in refused_by(permit, at=late + timedelta(minutes=6), by=system)

    permit.refresh_from_db()
    decision.refresh_from_db()
    assert taken and not Counter.objects.filter(key__in=permit.counters, used__gt=0).exists()
    assert permit.state == Permit.State.RELEASED
    assert decision.state == "waiting"
    assert decision.not_before == at + timedelta(hours=22)


def test_a_permit_that_somebody_else_used_leaves_its_decision_sent(wang_ming, system, at):
    permit = ask(wang_ming, "sms", at=at, by=system)
    use(permit, at=at, by=system)

    refused_by(permit, at=at, by=system)

    assert Decision.objects.get(pk=permit.decision_id).state == "sent"


def test_a_clock_that_went_back_makes_wait_not_end(wang_ming, system, at):
    """
    permit 10:00 ── clock set to 9:00 ── asked ──▷ waits until 10:00
    """
    ask(wang_ming, "sms", at=at, by=system)
    earlier = at - timedelta(hours=1)

    answer = ask(wang_ming, "sms", at=earlier, by=system)

    assert rules_of(answer) == ["HOUSE-CLOCK-001"]
    assert (answer.outcome, answer.until) == ("wait", at)
    assert Decision.objects.get(pk=answer.decision_id).state == "waiting"


def test_permits_left_by_a_crash_wait_for_a_clock_that_went_back(wang_ming, system, at, book):
    permit = ask(wang_ming, "sms", at=at, by=system)

    assert queries.unused(book=book, at=at - timedelta(minutes=1)) == []
    assert queries.unused(book=book, at=at) == [permit]
