"""Who may speak to the API. Each attack is drawn in its name."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django_scopes import scopes_disabled

from recoup.api import keys
from recoup.api.models import ApiKey
from recoup.kernel.errors import Invalid
from recoup.people.models import Creditor
from recoup.repayment.models import Payment

CASES = "/api/v1/cases"


def is_problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    said = json.loads(answer.content)
    assert said["title"] and said["hint"]
    return said


def test_a_signed_request_is_answered(machine: Any, wang_ming: Any) -> None:
    assert machine.get(CASES).status_code == 200


def test_an_unsigned_request_is_turned_away(client: Any, book: Any) -> None:
    assert "not signed" in is_problem(client.get(CASES), 401)["title"]


def test_a_wrong_secret_is_turned_away(machine: Any) -> None:
    machine.secret = "0" * 64

    assert is_problem(machine.get(CASES), 401)["rules"] == ["api.signature"]


def test_an_unknown_key_is_turned_away_in_the_same_words(machine: Any) -> None:
    machine.key = "0" * 26

    assert is_problem(machine.get(CASES), 401)["rules"] == ["api.signature"]


def test_a_request_made_again_is_a_replay(machine: Any) -> None:
    headers = machine.headers("GET", CASES, b"")
    assert machine.client.get(CASES, headers=headers).status_code == 200

    again = machine.client.get(CASES, headers=headers)

    assert is_problem(again, 401)["rules"] == ["api.replay"]


@pytest.mark.parametrize("shift", [-301, 301, -86400])
def test_a_stale_request_is_turned_away(machine: Any, shift: int) -> None:
    headers = machine.headers("GET", CASES, b"", **{"X-Recoup-Time": str(int(time.time()) + shift)})

    assert is_problem(machine.client.get(CASES, headers=headers), 401)["rules"] == ["api.time"]


def test_a_changed_path_breaks_the_signature(machine: Any) -> None:
    headers = machine.headers("GET", CASES, b"")

    answer = machine.client.get(f"{CASES}?stage=M3", headers=headers)

    assert is_problem(answer, 401)["rules"] == ["api.signature"]


def test_a_changed_body_breaks_the_signature(machine: Any) -> None:
    body = json.dumps({"book": "demo", "amount": 1}).encode()
    headers = machine.headers("POST", "/api/v1/payments", body)

    answer = machine.client.post(
        "/api/v1/payments", body.replace(b"1", b"9"), content_type="application/json",
        headers=headers,
    )  # fmt: skip

    assert is_problem(answer, 401)["rules"] == ["api.signature"]


def test_a_short_nonce_is_turned_away(machine: Any) -> None:
    headers = machine.headers("GET", CASES, b"", **{"X-Recoup-Nonce": "1"})

    assert is_problem(machine.client.get(CASES, headers=headers), 401)["rules"] == ["api.nonce"]


def test_a_revoked_key_is_turned_away(machine: Any, system: Any, at: Any, book: Any) -> None:
    keys.revoke_key(key=ApiKey.objects.get(pk=machine.key), by=system, at=at)

    is_problem(machine.get(CASES), 401)


def test_a_key_does_only_what_it_may(machine_of: Any, creditor: Any, book: Any) -> None:
    machine = machine_of(creditor, "payments")

    is_problem(machine.get(CASES), 403)


def test_a_scope_that_does_not_exist_is_said_so(machine_of: Any, creditor: Any) -> None:
    with pytest.raises(Invalid, match="no scope 'everything'"):
        machine_of(creditor, "everything")


def test_the_secret_is_nowhere_in_the_clear(machine: Any, creditor: Any) -> None:
    with scopes_disabled():
        row = ApiKey.objects.get(pk=machine.key)

    assert machine.secret.encode() not in bytes(row.secret)


def test_another_creditors_machine_sees_nothing_of_ours(
    machine_of: Any, wang_ming: Any, outsider: Any, book: Any
) -> None:
    stranger = machine_of(Creditor.objects.get(code="other"))

    assert stranger.get(CASES).json()["cases"] == []
    is_problem(stranger.get(f"{CASES}/{wang_ming.pk}"), 404)
    is_problem(stranger.get(f"{CASES}?book={book.code}"), 404)
    said = {
        "book": book.code, "external_id": "x", "reference": "L-C0001", "amount": 100,
        "value_on": "2026-11-22",
    }  # fmt: skip
    is_problem(stranger.post("/api/v1/payments", said), 404)
    rows = {"book": book.code, "as_of": "2026-11-23", "rows": []}
    is_problem(stranger.post("/api/v1/placements", rows), 404)


def test_a_key_that_asks_too_often_is_told_when_to_ask_again(
    machine: Any, wang_ming: Any, settings: Any, time_machine: Any
) -> None:
    settings.API_PER_MINUTE = 3
    time_machine.move_to("2026-11-23T02:00:00Z", tick=False)
    for _ in range(2):
        assert machine.get(CASES).status_code == 200
    time_machine.move_to("2026-11-23T02:00:20Z", tick=False)
    assert machine.get(CASES).status_code == 200

    refused = machine.get(CASES)

    is_problem(refused, 429)
    assert refused.headers["Retry-After"] == "40"
    time_machine.move_to("2026-11-23T02:00:59Z", tick=False)
    assert machine.get(CASES).headers["Retry-After"] == "1"
    time_machine.move_to("2026-11-23T02:01:00Z", tick=False)
    assert [machine.get(CASES).status_code for _ in range(3)] == [200, 200, 429]


def test_what_is_too_often_changes_nothing_and_may_be_done_later(
    machine: Any, wang_ming: Any, settings: Any, time_machine: Any
) -> None:
    settings.API_PER_MINUTE = 1
    time_machine.move_to("2026-11-23T02:00:00Z", tick=False)
    said = {
        "book": "demo", "external_id": "B1", "reference": "L-C0001", "amount": 100,
        "currency": "CNY", "value_on": "2026-11-23",
    }  # fmt: skip
    machine.get(CASES)

    assert machine.post("/api/v1/payments", said).status_code == 429
    with scopes_disabled():
        assert not Payment.objects.exists()

    time_machine.move_to("2026-11-23T02:01:00Z", tick=False)
    assert machine.post("/api/v1/payments", said).status_code == 200


def test_one_key_asking_too_often_does_not_slow_another_and_zero_is_no_limit(
    machine: Any, machine_of: Any, creditor: Any, wang_ming: Any, settings: Any
) -> None:
    settings.API_PER_MINUTE = 1
    other = machine_of(creditor)

    assert [machine.get(CASES).status_code for _ in range(2)] == [200, 429]
    assert other.get(CASES).status_code == 200
    settings.API_PER_MINUTE = 0
    assert [machine.get(CASES).status_code for _ in range(3)] == [200] * 3


@pytest.mark.django_db(transaction=True)
def test_of_two_requests_at_once_only_as_many_are_let_in_as_the_key_may_make(
    machine: Any, wang_ming: Any, settings: Any
) -> None:
    settings.API_PER_MINUTE = 2
    start, found = threading.Barrier(4), []

    def ask() -> None:
        try:
            headers = machine.headers("GET", CASES, b"")
            start.wait()
            found.append(Client().get(CASES, headers=headers).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == [200, 200, 429, 429]
