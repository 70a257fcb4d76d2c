"""Who collects, and whether the debtor is lost: facts that the rules of third persons read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from recoup.contact import operations as contact
from recoup.gate import operations, queries
from recoup.gate.gather import Ask, gather
from recoup.gate.models import Permit
from recoup.people import operations as people
from recoup.portfolio.models import ContactPoint

from .asking import ready

pytestmark = pytest.mark.django_db
SESSION = {"recording_ready": True}


@pytest.fixture(autouse=True)
def gate_ready(book: Any, system: Any, at: datetime) -> None:
    ready(book, system, at)
    operations.register_sender(
        creditor=book.creditor, channel="call", address="95012345", by=system, at=at
    )


@pytest.fixture
def mother(wang_ming: Any, book: Any, at: datetime) -> ContactPoint:
    """王明's mother, whom he named."""
    vault = people.seal(creditor=book.creditor, fields=[("phone", "16400000001")], at=at)
    sealed = vault.sealed[0]
    return ContactPoint.objects.create(
        borrower=wang_ming.borrower, medium="phone", party="contact_person", sealed=sealed,
        masked=sealed.masked, source="debtor_authorised", lawful_basis="consent", state="verified",
    )  # fmt: skip


def facts(case: Any, point: ContactPoint, at: datetime) -> dict[str, Any]:
    return gather([Ask(case.pk, "call", point.pk, "")], at=at)[0].facts


def call(case: Any, outcome: str, *, at: datetime, by: Any) -> None:
    point = case.borrower.contact_points.get(medium="phone", party="debtor").pk
    permit = operations.request_contact(
        case=case, channel="call", contact_point=point, at=at, by=by, session=SESSION
    )
    assert isinstance(permit, Permit), permit.rules
    attempt = contact.begin_call(permit=permit, by=by, at=at, session=SESSION)
    contact.end_call(attempt=attempt, outcome=outcome, by=by, at=at)


def test_the_day_after_three_calls_in_a_row_failed_the_debtor_is_lost(
    wang_ming, mother, system, at
):
    for n, outcome in enumerate(("right_party", "no_answer", "busy", "no_answer")):
        call(wang_ming, outcome, at=at + timedelta(minutes=n), by=system)

    today = facts(wang_ming, mother, at + timedelta(hours=1))
    tomorrow = facts(wang_ming, mother, at + timedelta(days=1))

    midnight = (at + timedelta(hours=14)).replace(hour=16, minute=0)  # in Shanghai
    assert today["debtor_lost"] is False
    assert today["debtor_lost_from"] == tomorrow["debtor_lost_from"] == midnight
    assert tomorrow["debtor_lost"] is True


def test_a_call_that_reached_the_debtor_begins_anew(wang_ming, mother, system, at):
    for n, outcome in enumerate(("no_answer", "busy", "no_answer", "refused", "busy")):
        call(wang_ming, outcome, at=at + timedelta(minutes=n), by=system)

    assert facts(wang_ming, mother, at + timedelta(days=1))["debtor_lost"] is False


def test_a_dead_number_is_lost_at_once_and_no_number_is_not_known(wang_ming, mother, system, at):
    own = wang_ming.borrower.contact_points.filter(medium="phone", party="debtor")
    own.update(state="invalid")
    dead = facts(wang_ming, mother, at)
    operations.declare(word="landline", of=own.get(), source="合同", by=system, at=at)

    assert dead["debtor_lost"] is True
    assert "debtor_lost" not in facts(wang_ming, mother, at)


def test_it_is_asked_for_contact_persons_only(wang_ming, mother, at):
    own = wang_ming.borrower.contact_points.get(medium="phone", party="debtor")

    assert "debtor_lost" not in facts(wang_ming, own, at)


def test_who_collects_is_the_agency_of_the_case(wang_ming, book, system, at, today):
    own = wang_ming.borrower.contact_points.get(medium="phone", party="debtor")
    unsaid = facts(wang_ming, own, at)["collector"]
    book.creditor.kind = "bank"
    book.creditor.save()
    before = facts(wang_ming, own, at)["collector"]
    agency = people.add_agency(code="a", name="恒远", creditor=book.creditor, by=system, at=at)
    wang_ming.agency = agency
    wang_ming.save()

    frame = queries.facts_frame(book=book, on=today)

    # Of whom nobody has said what they are, they may have bought the debt.
    assert (unsaid, before) == ("debt_buyer", "creditor")
    assert facts(wang_ming, own, at)["collector"] == "agency"
    assert set(frame["collector"]) == {"agency"}


def test_the_frame_knows_a_lost_debtor_where_a_contact_person_would_be_asked(
    wang_ming, mother, book, system, at, today
):
    wang_ming.borrower.contact_points.filter(medium="phone", party="debtor").update(state="invalid")

    row = queries.facts_frame(book=book, on=today).filter(channel="sms").row(0, named=True)

    assert row["party"] == "contact_person" and row["contact_point"] == mother.pk
    assert row["debtor_lost"] is True and row["debtor_lost_from"] is not None
