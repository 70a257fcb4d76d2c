"""The carriers of a demo: what they write down, and how they speak to Recoup."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recoup.api import callbacks
from recoup.contact import operations
from recoup.contact.models import Attempt, Reply
from recoup.gate import operations as gate
from recoup.gate.models import OptOut
from recoup.gate.tests import asking
from recoup.people import scopes
from recoup.synth import carriers as street
from tests.cast import place

PHONE = "13812341234"


@pytest.fixture
def carriers(data_dir: Path) -> Iterator[street.Carriers]:
    with street.start(home=data_dir) as running:
        yield running


def sent(book: Any, case: Any, by: Any, at: Any) -> Attempt:
    asking.ready(book, by, at)
    permit = gate.request(decision=asking.decision_for(case, "sms", at=at), at=at, by=by)
    return operations.send(permit=permit, by=by, at=at)


def test_addresses_are_written_while_they_run(data_dir: Path) -> None:
    with street.start(home=data_dir) as running:
        said = json.loads((data_dir / "demo-carriers.json").read_text())
        assert set(said) == {"sms", "email", "letter"}
        assert said["sms"]["url"] == running.sms.url
        assert (data_dir / "demo-carriers.json").stat().st_mode & 0o077 == 0

    assert not (data_dir / "demo-carriers.json").exists()


def test_what_was_received_is_there_after_a_restart(
    data_dir: Path, book: Any, wang_ming: Any, system: Any, at: Any
) -> None:
    with street.start(home=data_dir):
        attempt = sent(book, wang_ming, system, at)

    with street.start(home=data_dir) as again:
        rows = again.received()
        assert [row.key for row in rows] == [attempt.key]
        assert again.received(rows[-1].number) == []


def test_they_speak_in_this_process(
    carriers: street.Carriers, book: Any, wang_ming: Any, system: Any, at: Any
) -> None:
    attempt = sent(book, wang_ming, system, at)

    carriers.deliver_receipt(provider_id=attempt.provider_id, delivered=True, at=at, book=book)
    carriers.mobile_originated(PHONE, "TD", at=at, book=book)

    attempt.refresh_from_db()
    assert attempt.state == "delivered"
    assert OptOut.objects.get().scope == "sms"


@pytest.mark.django_db(transaction=True)
def test_they_push_to_the_api_as_a_gateway_does(
    data_dir: Path, live_server: Any, creditor: Any, system: Any, at: Any
) -> None:
    from recoup.people import operations as people

    book = people.open_book(
        creditor=creditor, code="demo", name="演示账本", mode="demo", opened_on=at.date(),
        by=system, at=at,
    )  # fmt: skip
    path = callbacks.address_of(book).split("/", 3)[3]
    with (
        scopes.acting_for(book),
        street.start(home=data_dir, callback=f"{live_server.url}/{path}") as carriers,
    ):
        attempt = sent(book, place(book=book, phone=PHONE), system, at)

        carriers.deliver_receipt(provider_id=attempt.provider_id, delivered=True, at=at)
        carriers.mobile_originated(PHONE, "周五还", at=at)

        attempt.refresh_from_db()
        assert attempt.state == "delivered"
        assert Reply.objects.get().meaning == "waiting"
