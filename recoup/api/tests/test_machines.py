"""What machines of a lender and of carriers can do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from recoup.api import callbacks
from recoup.contact.operations.parcels import opt_out_url
from recoup.gate.models import OptOut
from recoup.intake.models import Placement
from recoup.repayment.models import Payment

ROW = {
    "account_ref": "A-1", "borrower_ref": "B-1", "product": "consumer", "currency": "CNY",
    "principal": "1200000", "overdue_since": "2026-10-01", "balance_principal": "1200000",
    "name": "王明", "phone": "13812341234", "contact_source": "contract",
    "lawful_basis": "contract",
}  # fmt: skip
PAID = {
    "book": "demo", "external_id": "bank-1", "reference": "L-C0001", "amount": 100_000,
    "value_on": "2026-11-20",
}  # fmt: skip


def test_health_needs_no_key(client: Client, db: None) -> None:
    said = client.get("/api/v1/health").json()

    assert said["status"] == "ok" and said["version"]


def test_the_description_is_json_without_assets_from_elsewhere(client: Client) -> None:
    said = client.get("/api/v1/openapi.json").json()

    assert "/api/v1/payments" in said["paths"]
    assert client.get("/api/v1/docs").status_code == 404


def test_rows_are_placed_once(machine: Any, book: Any) -> None:
    given = {"book": book.code, "as_of": "2026-11-23", "rows": [ROW]}

    first = machine.post("/api/v1/placements", given)
    second = machine.post("/api/v1/placements", given)

    assert first.status_code == 200, first.content
    assert (first.json()["rows_accepted"], first.json()["state"]) == (1, "accepted")
    assert first.json()["id"] == second.json()["id"]
    assert machine.get(f"/api/v1/placements/{first.json()['id']}").json() == second.json()
    assert Placement.objects.count() == 1


def test_a_wrong_row_is_refused_and_counted(machine: Any, book: Any) -> None:
    rows = [ROW, ROW | {"account_ref": "A-2", "principal": "much"}]

    said = machine.post(
        "/api/v1/placements", {"book": book.code, "as_of": "2026-11-23", "rows": rows}
    ).json()

    assert (said["rows_accepted"], said["rows_refused"]) == (1, 1)


def test_a_file_is_placed(machine: Any, book: Any, client: Client) -> None:
    columns = list(ROW)
    text = ",".join(columns) + "\n" + ",".join(ROW.values()) + "\n"
    mark = "frontier"
    fields = {"book": book.code, "as_of": "2026-11-23", "mapping": "recoup"}
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="accounts.csv"\r\n'
        f"Content-Type: text/csv\r\n\r\n{text}\r\n--{mark}--\r\n"
    )
    body, path = "".join(parts).encode(), "/api/v1/placements/file"

    answer = client.post(
        path, body, content_type=f"multipart/form-data; boundary={mark}",
        headers=machine.headers("POST", path, body),
    )  # fmt: skip

    assert answer.status_code == 200, answer.content
    assert answer.json()["rows_accepted"] == 1


def test_a_payment_told_twice_is_one(machine: Any, wang_ming: Any) -> None:
    first = machine.post("/api/v1/payments", PAID, **{"Idempotency-Key": "bank-1"})
    second = machine.post("/api/v1/payments", PAID)

    assert first.status_code == 200, first.content
    assert first.json() == second.json()
    assert (first.json()["state"], first.json()["loan"]) == ("posted", "L-C0001")
    assert Payment.objects.count() == 1


def test_the_same_identifier_with_another_amount_is_a_conflict(
    machine: Any, wang_ming: Any
) -> None:
    machine.post("/api/v1/payments", PAID)

    answer = machine.post("/api/v1/payments", PAID | {"amount": 5})

    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "wrong", [{"amount": 0}, {"amount": "ten"}, {"external_id": ""}, {"value_on": "soon"}]
)
def test_a_misshapen_payment_says_where(
    machine: Any, wang_ming: Any, wrong: dict[str, Any]
) -> None:
    answer = machine.post("/api/v1/payments", PAID | wrong)

    assert answer.status_code == 422
    assert next(iter(wrong)) in json.loads(answer.content)["problems"][0]["where"]


def test_cases_are_half_hidden(machine: Any, wang_ming: Any) -> None:
    said = machine.get("/api/v1/cases?stage=M2").json()

    assert [row["name"] for row in said["cases"]] == ["王*"]
    assert said["cases"][0]["overdue"] == 200_000
    assert machine.get(f"/api/v1/cases/{wang_ming.pk}").json()["borrower_ref"] == "C0001"
    assert "13812341234" not in machine.get("/api/v1/cases").content.decode()


def push(client: Client, book: Any, what: str, news: Any, token: str | None = None) -> Any:
    address = f"/api/v1/carriers/sms/{book.code}/{token or callbacks.token_of(book)}/{what}"
    return client.post(address, json.dumps(news), content_type="application/json")


@pytest.mark.parametrize("words", ["王明", "13812341234", "L-C0001", "c0001@example.com"])
def test_cases_are_searched_for_by_what_is_posted(machine: Any, wang_ming: Any, words: str) -> None:
    found = machine.post("/api/v1/cases/search", {"search": words})
    nobody = machine.post("/api/v1/cases/search", {"search": "李四"})

    assert [case["id"] for case in json.loads(found.content)["cases"]] == [wang_ming.pk]
    assert json.loads(nobody.content)["cases"] == []


def test_a_search_in_an_address_is_refused(machine: Any, wang_ming: Any) -> None:
    answer = machine.get("/api/v1/cases?search=13812341234")

    assert answer.status_code == 422
    assert "13812341234" not in answer.content.decode()


def test_a_gateway_pushes_a_reply_and_the_borrower_is_opted_out(
    client: Client, wang_ming: Any, book: Any
) -> None:
    news = [
        {
            "phone_number": "13812341234", "send_time": "2026-11-23 10:00:00", "content": "TD",
            "sign_name": "归诚", "dest_code": "1069", "sequence_id": "77",
        }
    ]  # fmt: skip

    answers = [push(client, book, "replies", news) for _ in range(2)]

    assert [answer.json()["code"] for answer in answers] == [0, 0]
    assert OptOut.objects.get().scope == "sms"


def test_a_push_with_a_wrong_token_is_not_found(client: Client, book: Any) -> None:
    assert push(client, book, "receipts", [], token="0" * 40).status_code == 404


def test_a_receipt_for_nothing_of_ours_is_taken_so_that_it_is_not_pushed_again(
    client: Client, book: Any
) -> None:
    news = [{"biz_id": "1^0", "out_id": "1", "success": True, "report_time": "2026-11-23 10:00:00"}]

    said = push(client, book, "receipts", news).json()

    assert (said["code"], said["taken"]) == (0, 0)


def test_an_opt_out_link_with_a_wrong_signature_is_not_found(client: Client, db: None) -> None:
    right = opt_out_url("01KAQ3ZJ8W0000000000000000").rpartition("/")[2]

    assert client.post(f"/api/v1/opt-out/{right[:-1]}x").status_code == 404
    assert client.get(f"/api/v1/opt-out/{right}").status_code == 200


def test_a_request_too_large_is_said_so(machine: Any, book: Any, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    answer = machine.post("/api/v1/payments", PAID | {"reference": "x" * 100})

    assert answer.status_code == 413
    assert "10 MB" in json.loads(answer.content)["title"]
