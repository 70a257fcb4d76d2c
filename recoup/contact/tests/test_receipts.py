"""Receipts come twice, late and in any order; delivered is final."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from typing import Any

import pytest

from recoup.contact import operations
from recoup.contact.models import Attempt, Receipt
from recoup.journal.models import Event
from recoup.kernel.errors import Invalid

S = Attempt.State
CARRIER = "demo-http"


@pytest.fixture
def sent(carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any) -> Attempt:
    return operations.send(permit=permit_for(wang_ming), by=system, at=at)


def outcomes() -> list[str]:
    events = Event.objects.filter(kind="contact.outcomes").order_by("position")
    return [row[3] for event in events for row in json.loads(event.data)["rows"]]


def test_a_receipt_by_the_carriers_id_delivers(sent: Attempt, at: Any) -> None:
    operations.take_receipt(
        carrier=CARRIER, provider_id=sent.provider_id, status="delivered", at=at
    )

    sent.refresh_from_db()
    assert sent.state == S.DELIVERED
    assert outcomes() == ["delivered"]


def test_the_same_receipt_twice_is_one(sent: Attempt, at: Any) -> None:
    for _ in range(2):
        operations.take_receipt(carrier=CARRIER, key=sent.key, status="delivered", at=at)

    assert Receipt.objects.count() == 1
    assert outcomes() == ["delivered"]


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["accepted", "undelivered", "delivered"]))
)
def test_in_any_order_delivered_is_final(sent: Attempt, at: Any, order: tuple[str, ...]) -> None:
    for minute, status in enumerate(order):
        operations.take_receipt(
            carrier=CARRIER, key=sent.key, status=status, at=at + timedelta(minutes=minute)
        )

    sent.refresh_from_db()
    assert sent.state == S.DELIVERED
    assert Receipt.objects.count() == 3


def test_a_receipt_faster_than_the_answer_stays(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any, book: Any
) -> None:
    carriers.sms.behave("accept_and_cut", times=1)
    attempt = operations.send(permit=permit_for(wang_ming), by=system, at=at)
    operations.take_receipt(carrier=CARRIER, key=attempt.key, status="delivered", at=at)

    operations.recover(book=book, by=system, at=at)

    attempt.refresh_from_db()
    assert attempt.state == S.DELIVERED


def test_a_receipt_for_nothing_of_ours_is_said_so(sent: Attempt, at: Any) -> None:
    with pytest.raises(Invalid, match="nothing that was sent"):
        operations.take_receipt(carrier=CARRIER, key="other", status="delivered", at=at)
    with pytest.raises(Invalid, match="is not a status"):
        operations.take_receipt(carrier=CARRIER, key=sent.key, status="eaten", at=at)
    with pytest.raises(Invalid):
        operations.take_receipt(carrier="http", key=sent.key, status="delivered", at=at)


def test_a_person_settles_what_is_unknown_and_says_how_they_know(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any
) -> None:
    carriers.sms.behave("error_500", times=1)
    attempt = operations.send(permit=permit_for(wang_ming), by=system, at=at)

    with pytest.raises(Invalid, match="how you know"):
        operations.settle(attempt=attempt, state="delivered", reason=" ", by=system, at=at)
    operations.settle(attempt=attempt, state="failed", reason="运营商书面答复", by=system, at=at)

    assert attempt.state == S.FAILED
    with pytest.raises(Invalid, match="not unknown any more"):
        operations.settle(attempt=attempt, state="delivered", reason="again", by=system, at=at)
