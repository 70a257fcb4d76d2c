"""Attacks on the only door, each drawn as it would be tried."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recoup.gate import operations, queries
from recoup.gate.models import Counter, OptOut, Permit, Refusal
from recoup.kernel.errors import Refused
from recoup.people.models import Agency, Book, Person, Sealed
from recoup.portfolio.models import Case, ContactPoint
from tests.cast import place

from .asking import decision_for, ready

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def gate_ready(book: Any, system: Any, at: datetime) -> None:
    ready(book, system, at)


def ask(case: Any, channel: str, *, at: datetime, by: Any, **more: Any) -> Permit | Refusal:
    return operations.request(decision=decision_for(case, channel, at=at, **more), at=at, by=by)


def use(permit: Permit, *, at: datetime, by: Any, **changed: Any) -> Permit:
    told = {
        "permit": permit.pk, "text": queries.fill(permit)[1], "channel": permit.channel,
        "contact_point": permit.contact_point_id,
    }  # fmt: skip
    return operations.use(**{**told, **changed}, at=at, by=by)


def refused_by(permit: Permit, *, at: datetime, by: Any, **changed: Any) -> tuple[str, ...]:
    with pytest.raises(Refused) as error:
        use(permit, at=at, by=by, **changed)
    return error.value.rules


def rules_of(answer: Permit | Refusal) -> list[str]:
    assert isinstance(answer, Refusal)
    return [rule["id"] for rule in answer.rules]


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


@pytest.mark.parametrize("scope", ["sms", "all", "phone", "point"])
def test_a_refusal_between_permit_and_use_stops_the_message(wang_ming, system, at, scope):
    """
    gate ──permit──▶ queue ── 王明: "TD" ──▶ use ✗
    """
    permit = ask(wang_ming, "sms", at=at, by=system)
    scope = f"point:{permit.contact_point_id}" if scope == "point" else scope
    operations.opt_out(borrower=wang_ming.borrower, scope=scope, source="sms", at=at, by=system)

    rules = refused_by(permit, at=at + timedelta(seconds=1), by=system)

    assert len(rules) == 1 and rules[0].startswith("HOUSE-OPTOUT-")


def test_a_stop_between_permit_and_use_stops_the_message(wang_ming, system, at):
    """
    gate ──permit──▶ queue ── complaint ──▶ use ✗
    """
    permit = ask(wang_ming, "sms", at=at, by=system)
    operations.stop(case=wang_ming, reason="complaint", source="12378", by=system, at=at)

    assert refused_by(permit, at=at, by=system) == ("HOUSE-HOLD-COMPLAINT",)


def test_a_recall_or_payment_between_permit_and_use_stops_the_message(wang_ming, system, at):
    """
    gate ──permit──▶ queue ── settled ──▶ use ✗
    """
    permit = ask(wang_ming, "sms", at=at, by=system)
    Case.objects.filter(pk=wang_ming.pk).update(owed=0)

    assert refused_by(permit, at=at, by=system) == ("CN-STOP-006",)


def test_a_withdrawn_template_is_not_sent(wang_ming, system, at):
    """
    gate ──permit──▶ queue ── template withdrawn ──▶ use ✗
    """
    permit = ask(wang_ming, "sms", at=at, by=system)
    permit.template.state = "withdrawn"
    permit.template.save()

    assert refused_by(permit, at=at, by=system) == ("HOUSE-TEMPLATE-001",)


def test_no_later_outcome_undoes_a_refusal(wang_ming, system, at):
    """
    "TD" ──▶ opt-out ── delivered, replied, settled ──▶ the opt-out stands
    """
    permit = ask(wang_ming, "sms", at=at, by=system)
    use(permit, at=at, by=system)
    operations.opt_out(borrower=wang_ming.borrower, scope="sms", source="sms", at=at, by=system)

    for outcome in ("delivered", "replied", "promise"):
        operations.settle_counters(permit=permit, outcome=outcome, at=at, by=system)
    operations.release(permit=permit, at=at, by=system)
    operations.consent(borrower=wang_ming.borrower, purpose="sms", source="call", at=at, by=system)

    assert rules_of(ask(wang_ming, "sms", at=at, by=system)) == ["HOUSE-OPTOUT-002"]


def test_a_refusal_holds_in_every_book_where_the_person_stands(wang_ming, live_book, system, at):
    """
    book A: 王明 ── "TD" ──▶ opt-out
    book B: 王明 (another row, the same identity number) ──▶ sms ✗
    """
    twin = twin_of(wang_ming, live_book)
    operations.opt_out(borrower=wang_ming.borrower, scope="all", source="sms", at=at, by=system)

    assert rules_of(ask(twin, "sms", at=at, by=system)) == ["HOUSE-OPTOUT-001"]


def test_a_refusal_of_one_number_holds_wherever_the_number_stands(wang_ming, live_book, system, at):
    """
    book A: point 7 = 138…1234 ── refused
    book B: point 9 = 138…1234 ──▶ sms ✗
    """
    twin = twin_of(wang_ming, live_book)
    number = wang_ming.borrower.contact_points.get(medium="phone")
    operations.opt_out(
        borrower=wang_ming.borrower, scope=f"point:{number.pk}", source="call", at=at, by=system
    )

    assert rules_of(ask(twin, "sms", at=at, by=system)) == ["HOUSE-OPTOUT-003"]


def twin_of(case: Case, book: Book) -> Case:
    """The same natural person in another book: another row in the vault, the same numbers."""
    return place(book=book, reference="C0001", name="王明")


def test_two_agencies_of_one_lender_share_the_counters(wang_ming, live_book, system, at):
    """
    恒远  ──call──▶ 王明 (book A)  ┐
    中正  ──call──▶ 王明 (book B)  ┴─▶ one counter: the fourth ✗
    """
    twin = twin_of(wang_ming, live_book)
    for case, code in ((wang_ming, "hengyuan"), (twin, "zhongzheng")):
        agency = Agency.objects.create(code=code, name=code)
        agency.creditors.add(case.book.creditor)
        Case.objects.filter(pk=case.pk).update(agency=agency)
    operations.register_sender(
        creditor=live_book.creditor, channel="call", address="95012345", by=system, at=at
    )
    answers = [
        operations.request(
            decision=decision_for(case, "call", at=at), at=at, by=system,
            session={"recording_ready": True},
        )
        for case in (wang_ming, twin, wang_ming, twin)
    ]  # fmt: skip

    assert [type(one) for one in answers] == [Permit, Permit, Permit, Refusal]
    assert rules_of(answers[3]) == ["CN-FREQ-001", "CN-FREQ-002"]
    assert Person.objects.count() == 2


def test_an_agency_that_is_not_on_the_list_is_refused(wang_ming, system, at):
    """
    agency of another lender ──▶ 王明 ✗
    """
    stranger = Agency.objects.create(code="stranger", name="外人")
    Case.objects.filter(pk=wang_ming.pk).update(agency=stranger)

    assert rules_of(ask(wang_ming, "sms", at=at, by=system)) == ["CN-OUT-001"]


def test_a_permit_of_a_demo_book_does_not_become_a_live_one(wang_ming, live_book, system, at):
    """
    permit(demo) ──UPDATE book = live──▶ signature covers book and mode ✗
    book(demo)   ──UPDATE mode = live──▶ ✗
    """
    permit = ask(wang_ming, "sms", at=at, by=system)
    Permit.objects.filter(pk=permit.pk).update(book=live_book)
    assert refused_by(permit, at=at, by=system) == ("gate.signature",)

    Permit.objects.filter(pk=permit.pk).update(book=wang_ming.book)
    Book.objects.filter(pk=wang_ming.book_id).update(mode="live")
    assert refused_by(permit, at=at, by=system) == ("gate.signature",)


def test_a_channel_cannot_claim_more_than_its_session(wang_ming, system, at):
    """
    session={"contacts_in_window": 0, "opt_outs": []} ──▶ only what a channel can know is heard
    """
    operations.opt_out(borrower=wang_ming.borrower, scope="all", source="sms", at=at, by=system)

    answer = operations.request(
        decision=decision_for(wang_ming, "sms", at=at), at=at, by=system,
        session={"opt_outs": [], "discloses_debt": False, "stops": []},
    )  # fmt: skip

    assert rules_of(answer) == ["HOUSE-OPTOUT-001"]


def test_a_number_without_a_lawful_source_is_not_used(wang_ming, system, at):
    """
    bought list ──▶ contact point (source unknown) ──▶ sms ✗
    """
    ContactPoint.objects.filter(borrower=wang_ming.borrower).update(source="unknown")

    assert rules_of(ask(wang_ming, "sms", at=at, by=system)) == ["CN-DATA-009"]


def test_if_one_counter_is_full_the_others_are_given_back(wang_ming, system, at):
    """
    reserve ┬ effective_call ██░ +1 ┐
            ├ attempt        ██████ ✗ full ──▶ all three as before
            └ channel.call   ██░ +1 ┘
    """
    from recoup.gate import counters

    made = counters.claims(
        channel="call", creditor=wang_ming.book.creditor_id, subject="x", number="n",
        case=wang_ming.pk, zones="Asia/Shanghai", at=at, parameters=_parameters(at),
    )  # fmt: skip
    counters.ensure((wang_ming.book.creditor_id, claim) for claim in made)
    Counter.objects.filter(unit="attempt").update(used=6)
    before = dict(Counter.objects.values_list("key", "used"))

    taken = counters.reserve(made, at)

    assert taken is None
    assert dict(Counter.objects.values_list("key", "used")) == before


def _parameters(at: datetime) -> Any:
    from recoup.rulebook import engine

    return engine.load("CN", at).parameters


def test_an_erased_person_shares_no_counter_with_a_stranger(wang_ming, system, at):
    """
    erased: blind indexes are "" ──▶ two erased persons are not "the same empty number"
    """
    other = place(book=wang_ming.book, reference="C0002", name="李强")
    Sealed.objects.filter(
        person__in=[wang_ming.borrower.person_id, other.borrower.person_id]
    ).update(index="")
    for _ in range(2):
        ask(wang_ming, "sms", at=at, by=system)

    assert isinstance(ask(other, "sms", at=at, by=system), Permit)
    assert OptOut.objects.count() == 0
