"""Attacks on the only door, each drawn as it would be tried."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recoup.gate import operations, queries
from recoup.gate.models import Permit
from recoup.kernel.errors import Refused
from tests.cast import place

from .asking import ask, ready, refused_by, rules_of, use

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def gate_ready(book: Any, system: Any, at: datetime) -> None:
    ready(book, system, at)


def test_a_permit_is_not_used_twice(wang_ming, system, at):
    """
    gate ──permit──▶ sms ──▶ 王明
              └────▶ sms ──✗ the same permit again
    """
    permit = ask(wang_ming, "sms", at=at, by=system)
    use(permit, at=at, by=system)

    assert refused_by(permit, at=at, by=system) == ("gate.used",)


def test_a_permit_is_not_used_twice_in_one_batch(wang_ming, system, at):
    """
    use_many [ permit, permit ] ──▶ one message, one refusal
    """
    permit = ask(wang_ming, "sms", at=at, by=system)
    one = operations.Use(permit.pk, queries.fill(permit)[1], "sms", permit.contact_point_id)

    answers = operations.use_many(uses=[one, one], at=at, by=system)

    assert isinstance(answers[0], Permit) and isinstance(answers[1], Refused)


def test_an_invented_permit_is_refused(wang_ming, system, at):
    """
    attacker ──"01ARZ3NDEKTSV4RRFFQ69G5FAV"──✗ no such row
    """
    number = wang_ming.borrower.contact_points.get(medium="phone")

    with pytest.raises(Refused) as error:
        operations.use(
            permit="01ARZ3NDEKTSV4RRFFQ69G5FAV", text="", channel="sms", at=at, by=system,
            contact_point=number.pk,
        )  # fmt: skip

    assert error.value.rules == ("gate.unknown",)


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": datetime(2027, 1, 1, tzinfo=UTC)},
        {"signature": "0" * 64},
        {"channel": "email"},
        {"text_digest": "0" * 64},
        {"counters": []},
        {"verdict": {"outcome": "allow"}},
        {"rulebook": "0" * 64},
    ],
)
def test_a_permit_changed_in_the_database_is_forged(wang_ming, system, at, change):
    """
    attacker ──UPDATE gate_permit SET ...──▶ row ≠ signature ──✗
    """
    permit = ask(wang_ming, "sms", at=at, by=system)
    Permit.objects.filter(pk=permit.pk).update(**change)

    assert refused_by(permit, at=at, by=system) == ("gate.signature",)


def test_a_permit_signed_with_another_key_is_forged(wang_ming, system, at, settings):
    """
    attacker's own key ──HMAC──▶ signature ≠ ours ──✗
    """
    ours = settings.PERMIT_KEY
    settings.PERMIT_KEY = "f" * 64
    permit = ask(wang_ming, "sms", at=at, by=system)
    settings.PERMIT_KEY = ours

    assert refused_by(permit, at=at, by=system) == ("gate.signature",)


def test_an_expired_permit_is_refused(wang_ming, system, at):
    """
    10:00 permit ─ ─ ─ ─ 10:10 ✗
    """
    permit = ask(wang_ming, "sms", at=at, by=system)

    assert refused_by(permit, at=at + timedelta(minutes=10), by=system) == ("gate.expired",)


def test_a_permit_for_one_channel_opens_no_other(wang_ming, system, at):
    """
    permit(sms) ──▶ email ✗
    """
    permit = ask(wang_ming, "sms", at=at, by=system)

    assert refused_by(permit, at=at, by=system, channel="email") == ("gate.channel",)


def test_a_permit_for_one_number_opens_no_other(wang_ming, system, at):
    """
    permit(138****1234) ──▶ 李强's number ✗
    """
    other = place(book=wang_ming.book, reference="C0002", name="李强")
    number = other.borrower.contact_points.get(medium="phone")
    permit = ask(wang_ming, "sms", at=at, by=system)

    assert refused_by(permit, at=at, by=system, contact_point=number.pk) == ("gate.contact_point",)


def test_a_permit_is_not_asked_for_somebody_elses_number(wang_ming, system, at):
    """
    decision(case of 王明, number of 李强) ──✗ whose number it is, is not known
    """
    other = place(book=wang_ming.book, reference="C0002", name="李强")
    number = other.borrower.contact_points.get(medium="phone")

    assert "CN-PARTY-001" in rules_of(ask(wang_ming, "sms", at=at, by=system, point=number))


def test_a_changed_text_is_refused(wang_ming, system, at):
    """
    permit(text A) ──▶ "您已逾期,请还款" ✗
    """
    permit = ask(wang_ming, "sms", at=at, by=system)

    assert refused_by(permit, at=at, by=system, text="您已逾期,请还款") == ("gate.text",)
    assert refused_by(permit, at=at, by=system, text="") == ("gate.text",)


def test_a_template_edited_after_the_permit_is_not_sent(wang_ming, system, at):
    """
    permit ──▶ attacker edits the template's row ──▶ filled text ≠ digest ✗
    """
    permit = ask(wang_ming, "sms", at=at, by=system)
    permit.template.text = "【{institution}】您已逾期。回复TD退订"
    permit.template.save()
    permit.refresh_from_db()

    assert refused_by(permit, at=at, by=system) == ("gate.text",)


def test_a_template_approved_by_a_row_edit_still_tells_nothing_of_a_debt(wang_ming, system, at):
    """
    attacker ──UPDATE gate_template SET state='approved'──▶ the filled text is read again ✗
    """
    row = operations.add_template(
        code="bad", channel="sms", jurisdiction="CN", language="zh-hans", by=system, at=at,
        text="【{institution}】您已逾期{days_past_due}天。回复TD退订",
    )  # fmt: skip
    type(row).objects.update(state="approved", approved_by="attacker", discloses_debt=False)

    assert rules_of(ask(wang_ming, "sms", at=at, by=system, template="bad")) == ["CN-SAY-N08"]


def test_a_clock_set_back_opens_no_second_day(wang_ming, system, at):
    """
    10:00 ██ (cap used up) ── clock set to yesterday ──✗
    """
    for _ in range(2):
        ask(wang_ming, "sms", at=at, by=system)

    assert rules_of(ask(wang_ming, "sms", at=at - timedelta(days=1), by=system)) == [
        "HOUSE-CLOCK-001"
    ]


def test_a_permit_is_not_used_before_it_was_issued(wang_ming, system, at):
    """
    issued 10:00, clock set to 09:00 ──✗
    """
    permit = ask(wang_ming, "sms", at=at, by=system)

    assert refused_by(permit, at=at - timedelta(hours=1), by=system) == ("gate.clock",)


def test_a_permit_of_2159_is_not_used_at_2200(wang_ming, system, at):
    """
    21:59 permit ──▶ 22:00 ✗ quiet hours
    """
    evening = datetime(2026, 11, 23, 13, 59, tzinfo=UTC)
    permit = ask(wang_ming, "sms", at=evening, by=system)

    late = refused_by(permit, at=evening + timedelta(minutes=1), by=system)

    assert late == ("CN-TIME-001", "CN-TIME-002")
    assert rules_of(ask(wang_ming, "sms", at=evening + timedelta(minutes=1), by=system)) == [
        "CN-TIME-001", "CN-TIME-002",
    ]  # fmt: skip


def test_midnight_opens_a_new_day_and_closes_the_permits_of_the_old(wang_ming, system, at):
    """
    23:58 ██ ── 23:59 ✗ ── 00:00 ██ (the debtor agreed to nights)
                 permit of 23:59 ──▶ 00:00 ✗ counted for yesterday
    """
    operations.consent(
        borrower=wang_ming.borrower, purpose="hours", value="00:00-24:00", source="portal", at=at,
        by=system,
    )  # fmt: skip
    late = datetime(2026, 11, 23, 15, 58, tzinfo=UTC)
    first, second = (ask(wang_ming, "sms", at=late, by=system) for _ in range(2))

    assert rules_of(ask(wang_ming, "sms", at=late + timedelta(minutes=1), by=system)) == [
        "CN-FREQ-005"
    ]
    assert second.expires_at == datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    use(first, at=late + timedelta(minutes=1), by=system)
    assert refused_by(second, at=late + timedelta(minutes=2), by=system) == ("gate.expired",)
    assert isinstance(ask(wang_ming, "sms", at=late + timedelta(minutes=2), by=system), Permit)


@pytest.mark.parametrize("zones", ["", "Asia/Atlantis", "Asia/Shanghai,Mars/Base"])
def test_a_debtor_without_a_time_zone_is_not_contacted(wang_ming, system, at, zones):
    """
    time zone ? ──✗ a missing fact refuses
    """
    wang_ming.borrower.time_zones = zones
    wang_ming.borrower.save()

    assert rules_of(ask(wang_ming, "sms", at=at, by=system)) == ["CN-TIME-001", "CN-TIME-002"]


def test_a_rule_that_raises_refuses_and_somebody_is_told(
    wang_ming, system, at, monkeypatch, caplog
):
    """
    the rule breaks ──✗ refused, an event, a critical line in the log; never a contact
    """
    from dataclasses import replace

    from recoup.gate import judging
    from recoup.journal.models import Event
    from recoup.people.law import law_of

    def breaks(f, p):
        """Break."""
        raise ZeroDivisionError

    def broken(book, at):
        whole = law_of(book, at)
        rules = tuple(
            replace(rule, function=breaks) if rule.id == "HOUSE-POINT-001" else rule
            for rule in whole.rules
        )
        return replace(whole, rules=rules)

    monkeypatch.setattr(judging, "law_of", broken)

    answer = ask(wang_ming, "sms", at=at, by=system)

    assert rules_of(answer) == ["HOUSE-POINT-001"]
    event = Event.objects.get(kind="gate.rules_broke")
    assert "HOUSE-POINT-001" in event.data
    assert any(record.levelname == "CRITICAL" for record in caplog.records)
