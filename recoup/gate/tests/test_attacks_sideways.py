"""Attacks that come from the side: from what changes meanwhile, from other books and agencies."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from recoup.gate import operations
from recoup.gate.models import Counter, OptOut, Permit, Refusal
from recoup.people.models import Agency, Book, Person, Sealed
from recoup.portfolio.models import Case, ContactPoint
from tests.cast import place

from .asking import ask, decision_for, ready, refused_by, rules_of, use

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def gate_ready(book: Any, system: Any, at: datetime) -> None:
    ready(book, system, at)


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
        _counters(at), channel="call", creditor=wang_ming.book.creditor_id, subject="x", number="n",
        case=wang_ming.pk, zones="Asia/Shanghai", at=at,
    )  # fmt: skip
    counters.ensure((wang_ming.book.creditor_id, claim) for claim in made)
    Counter.objects.filter(unit="attempt").update(used=6)
    before = dict(Counter.objects.values_list("key", "used"))

    taken = counters.reserve(made, at)

    assert taken is None
    assert dict(Counter.objects.values_list("key", "used")) == before


def _counters(at: datetime) -> Any:
    from recoup.rulebook import engine

    return engine.load("CN", at).counters_for({"channel": "call"}, at)


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
