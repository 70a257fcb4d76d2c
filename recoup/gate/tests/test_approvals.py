"""Rules set aside by a named person, and what is put on file for the rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from recoup.gate import operations
from recoup.gate.models import Permit
from recoup.journal import queries as journal
from recoup.journal.models import Event
from recoup.kernel.errors import Invalid, Refused
from recoup.people import scopes

from .asking import ON_FILE, ask, ready, rules_of, use

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Messages as they stand in the code, whatever the catalogue says."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def gate_ready(book: Any, system: Any, at: datetime) -> None:
    ready(book, system, at)


@pytest.fixture
def officer(compliance: Any) -> Any:
    return scopes.viewer_of(compliance)


@pytest.fixture
def collector(li_na: Any) -> Any:
    return scopes.viewer_of(li_na)


def wish(collector: Any, case: Any, at: datetime, *rules: str, channel: str = "sms") -> Any:
    return operations.ask_approval(
        viewer=collector, case=case, channel=channel, rules=rules, reason="客户来电要求回复",
        until=at + timedelta(hours=2), at=at,
    )  # fmt: skip


def test_an_officers_leave_lets_one_contact_pass_a_rule_and_says_so(
    wang_ming, collector, officer, system, at
):
    """
    22:30 ──✗ CN-TIME-001, -002      asked, given by another      22:31 ──▷ permit, both named
    """
    late = at + timedelta(hours=12, minutes=30)
    assert rules_of(ask(wang_ming, "sms", at=late, by=system)) == ["CN-TIME-001", "CN-TIME-002"]
    approval = wish(collector, wang_ming, late, "CN-TIME-001", "CN-TIME-002")
    assert approval.role == "compliance"
    operations.decide_approval(
        viewer=officer, approval=approval, give=True, answer="客户本人要求", at=late
    )

    permit = ask(wang_ming, "sms", at=late + timedelta(minutes=1), by=system)

    assert isinstance(permit, Permit)
    told = {entry["rule"]: entry["by"] for entry in permit.verdict["exempted"]}
    assert told == dict.fromkeys(("CN-TIME-001", "CN-TIME-002"), f"approval:{approval.pk}")
    assert use(permit, at=late + timedelta(minutes=2), by=system).state == "used"


def test_an_approval_ends(wang_ming, collector, officer, system, at):
    late = at + timedelta(hours=12, minutes=30)
    approval = wish(collector, wang_ming, late, "CN-TIME-001", "CN-TIME-002")
    operations.decide_approval(viewer=officer, approval=approval, give=True, answer="可", at=late)

    assert rules_of(ask(wang_ming, "sms", at=late + timedelta(hours=3), by=system))


def test_an_approval_of_one_channel_is_none_of_another(wang_ming, collector, officer, system, at):
    late = at + timedelta(hours=12, minutes=30)
    approval = wish(collector, wang_ming, late, "CN-TIME-001", "CN-TIME-002")
    operations.decide_approval(viewer=officer, approval=approval, give=True, answer="可", at=late)

    assert rules_of(ask(wang_ming, "email", at=late, by=system))


def test_a_cap_that_was_set_aside_is_passed_and_counted(wang_ming, collector, officer, system, at):
    for _ in range(2):
        ask(wang_ming, "sms", at=at, by=system)
    approval = wish(collector, wang_ming, at, "CN-FREQ-005")
    operations.decide_approval(viewer=officer, approval=approval, give=True, answer="可", at=at)

    third = ask(wang_ming, "sms", at=at + timedelta(minutes=1), by=system)
    fourth = ask(wang_ming, "sms", at=at + timedelta(minutes=2), by=system)

    assert isinstance(third, Permit) and isinstance(fourth, Permit)
    assert fourth.facts["contacts_in_window"] == 3


def test_nobody_sets_a_law_aside(wang_ming, collector, at):
    with pytest.raises(Invalid) as error:
        wish(collector, wang_ming, at, "CN-DATA-001", "HOUSE-CLOCK-001", "NO-SUCH-RULE")

    assert [problem.what for problem in error.value.problems] == [
        "is law: nobody may set it aside.", "is law: nobody may set it aside.", "is not in force.",
    ]  # fmt: skip


def test_nobody_approves_their_own_wish_or_without_the_role(
    wang_ming, collector, officer, system, at
):
    own = wish(officer, wang_ming, at, "CN-TIME-001")
    with pytest.raises(Refused, match="asked for"):
        operations.decide_approval(viewer=officer, approval=own, give=True, answer="可", at=at)
    with pytest.raises(Refused, match="may not"):
        operations.decide_approval(viewer=collector, approval=own, give=True, answer="可", at=at)


def test_a_wish_is_decided_once(wang_ming, collector, officer, at):
    approval = wish(collector, wang_ming, at, "CN-TIME-001")
    operations.decide_approval(viewer=officer, approval=approval, give=False, answer="否", at=at)

    with pytest.raises(Invalid, match="decided already"):
        operations.decide_approval(viewer=officer, approval=approval, give=True, answer="可", at=at)
    told = journal.data_of(Event.objects.filter(kind="gate.approval_decided").latest("position"))
    assert told["state"] == "denied"


def test_a_wish_for_more_than_a_week_is_refused(wang_ming, collector, at):
    with pytest.raises(Invalid, match="week"):
        operations.ask_approval(
            viewer=collector, case=wang_ming, channel="sms", rules=["CN-TIME-001"], reason="急",
            until=at + timedelta(days=8), at=at,
        )  # fmt: skip


def test_what_is_declared_of_a_creditor_a_case_or_a_point_reaches_the_rules(
    wang_ming, system, at, book
):
    point = wang_ming.borrower.contact_points.get(medium="phone")
    operations.declare(word="licence", of=book.creditor, source="执照", by=system, at=at)
    operations.declare(word="transferred", of=wang_ming, source="转让协议", by=system, at=at)
    operations.declare(word="landline", of=point, source="合同", by=system, at=at)

    permit = ask(wang_ming, "sms", at=at, by=system)

    assert set(permit.facts["papers"]) - set(ON_FILE) == {"licence"}
    assert {"landline", "transferred"} <= set(permit.facts["marks"])


def test_what_is_off_file_or_past_its_end_counts_no_more(wang_ming, system, at, book):
    row = operations.declare(word="licence", of=book.creditor, source="执照", by=system, at=at)
    operations.declare(
        word="board_policy", of=book, source="决议", until=at + timedelta(minutes=5), by=system,
        at=at,
    )  # fmt: skip
    operations.withdraw_declared(declared=row, reason="已吊销", by=system, at=at)

    permit = ask(wang_ming, "sms", at=at + timedelta(minutes=6), by=system)

    assert set(permit.facts["papers"]) == set(ON_FILE)


def test_a_word_that_no_rule_knows_is_not_declared(wang_ming, system, at):
    with pytest.raises(Invalid, match="neither"):
        operations.declare(word="vip", of=wang_ming, source="x", by=system, at=at)


def test_a_contact_asked_for_from_outside_is_one_permit_for_one_key(wang_ming, system, at):
    operations.register_sender(
        creditor=wang_ming.book.creditor, channel="call", address="95012345", by=system, at=at
    )
    point = wang_ming.borrower.contact_points.get(medium="phone").pk
    ready_to_record = {"recording_ready": True}

    first, again = (
        operations.request_contact(
            case=wang_ming, channel="call", contact_point=point, key="dialler-1", at=at,
            by=system, session=ready_to_record,
        )
        for _ in range(2)
    )  # fmt: skip

    assert isinstance(first, Permit) and first.pk == again.pk and first.decision_id is None
    with pytest.raises(Invalid, match="another contact"):
        operations.request_contact(
            case=wang_ming, channel="sms", contact_point=point, key="dialler-1", at=at, by=system
        )


def test_a_permit_whose_facts_were_edited_is_forged(wang_ming, system, at):
    permit = ask(wang_ming, "sms", at=at, by=system)
    Permit.objects.filter(pk=permit.pk).update(facts={**permit.facts, "balance": 1})

    with pytest.raises(Refused, match="forged"):
        use(permit, at=at, by=system)


def test_some_contacts_asked_for_at_once_are_one_event_and_each_key_one_permit(
    wang_ming, system, at, book
):
    operations.register_sender(
        creditor=book.creditor, channel="call", address="95012345", by=system, at=at
    )
    point = wang_ming.borrower.contact_points.get(medium="phone").pk
    wishes = [operations.Wish(wang_ming, "call", point, f"round-{n}") for n in range(5)]
    session = {"recording_ready": True}

    first = operations.request_contacts(wishes=wishes[:2], at=at, by=system, session=session)
    again = operations.request_contacts(wishes=wishes, at=at, by=system, session=session)

    assert [row.pk for row in again[:2]] == [row.pk for row in first]
    assert isinstance(again[2], Permit)
    assert [rules_of(answer) for answer in again[3:]] == [["CN-FREQ-001", "CN-FREQ-002"]] * 2
    assert Event.objects.filter(kind="gate.asked").count() == 2
    with pytest.raises(Invalid, match="another contact"):
        operations.request_contacts(
            wishes=[operations.Wish(wang_ming, "robot_call", point, "round-0")], at=at, by=system
        )


def test_leave_that_was_taken_back_sets_nothing_aside(wang_ming, collector, officer, system, at):
    """
    given 22:30 ── taken back 22:31 ──✗ 22:32 the rules bind again
    """
    late = at + timedelta(hours=12, minutes=30)
    approval = wish(collector, wang_ming, late, "CN-TIME-001", "CN-TIME-002")
    operations.decide_approval(viewer=officer, approval=approval, give=True, answer="可", at=late)
    with pytest.raises(Refused):
        operations.revoke_approval(viewer=collector, approval=approval, reason="x", at=late)

    operations.revoke_approval(viewer=officer, approval=approval, reason="客户已撤回", at=late)

    assert rules_of(ask(wang_ming, "sms", at=late + timedelta(minutes=2), by=system)) == [
        "CN-TIME-001", "CN-TIME-002",
    ]  # fmt: skip
    with pytest.raises(Invalid, match="does not stand"):
        operations.revoke_approval(viewer=officer, approval=approval, reason="x", at=late)
