"""Agencies and diallers outside pass the same gate."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recoup.api import keys, permits
from recoup.contact.models import Attempt
from recoup.gate import operations as gate
from recoup.gate.models import Counter, Permit
from recoup.gate.tests import asking
from recoup.journal.models import Event
from recoup.people import operations as people
from tests.cast import place

from .conftest import Machine

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
READY = {"recording_ready": True, "identity_confirmed": False}


@pytest.fixture(autouse=True)
def ten_in_the_morning(monkeypatch: pytest.MonkeyPatch, book: Any, system: Any) -> None:
    monkeypatch.setattr(permits, "now", lambda: AT)
    asking.ready(book, system, AT)
    gate.register_sender(
        creditor=book.creditor, channel="call", address="95012345", by=system, at=AT
    )


@pytest.fixture
def hengyuan(book: Any, system: Any) -> Any:
    return people.add_agency(code="hengyuan", name="恒远", creditor=book.creditor, by=system, at=AT)


@pytest.fixture
def theirs(book: Any, hengyuan: Any) -> Any:
    """A case that is placed with the agency."""
    case = place(book=book, reference="C2", phone="13900001111")
    case.agency = hengyuan
    case.save()
    return case


@pytest.fixture
def dialler(client: Any, creditor: Any, hengyuan: Any, system: Any) -> Machine:
    row, secret = keys.add_key(
        creditor=creditor, name="hengyuan", may=["permits"], agency=hengyuan, by=system, at=AT
    )
    return Machine(client, row.pk, secret)


def wish(case: Any, channel: str = "call") -> dict[str, Any]:
    point = case.borrower.contact_points.get(medium="phone")
    return {
        "case": case.pk, "channel": channel, "contact_point": point.pk, "session": READY,
    }  # fmt: skip


def ask(machine: Machine, case: Any, key: str = "call-0001", channel: str = "call") -> Any:
    return machine.post("/api/v1/permits", wish(case, channel), **{"Idempotency-Key": key})


def test_a_call_of_an_agency_from_leave_to_outcome(dialler: Machine, theirs: Any) -> None:
    """
    asked ── permit ── begun ── connected      one attempt, one effective call counted
    """
    given = ask(dialler, theirs).json()
    assert given["outcome"] == "allow", given
    assert "recording" in given["record"]
    path, token = f"/api/v1/permits/{given['permit']}", {"token": given["token"]}

    begun = dialler.post(f"{path}/begin", token | {"session": READY})
    ended = dialler.post(f"{path}/end", token | {"outcome": "connected", "seconds": 80})
    again = dialler.post(f"{path}/end", token | {"outcome": "connected", "seconds": 80})

    assert (begun.status_code, ended.status_code, again.status_code) == (200, 200, 200)
    assert Attempt.objects.get().state == "delivered"
    assert Counter.objects.get(unit="effective_call").used == 1
    assert Counter.objects.get(unit="attempt").used == 0
    other = dialler.post(f"{path}/end", token | {"outcome": "no_answer"})
    assert other.status_code == 422


def test_the_same_key_is_the_same_permit(dialler: Machine, theirs: Any) -> None:
    first, second = ask(dialler, theirs).json(), ask(dialler, theirs).json()

    assert first["permit"] == second["permit"] and Permit.objects.count() == 1


def test_the_fourth_effective_call_of_the_day_is_refused_for_lender_and_agency_together(
    dialler: Machine, theirs: Any, system: Any
) -> None:
    point = theirs.borrower.contact_points.get(medium="phone").pk
    for n in range(3):
        answer = gate.request_contact(
            case=theirs, channel="call", contact_point=point, key=f"lender-{n}", at=AT, by=system,
            session=READY,
        )  # fmt: skip
        assert isinstance(answer, Permit)

    told = ask(dialler, theirs).json()

    assert told["outcome"] == "wait" and told["until"]
    assert {rule["id"] for rule in told["rules"]} == {"CN-FREQ-001", "CN-FREQ-002"}
    assert all(rule["source"]["title"] for rule in told["rules"])


def test_a_case_that_is_not_placed_with_the_agency_is_not_there(
    dialler: Machine, wang_ming: Any
) -> None:
    assert ask(dialler, wang_ming).status_code == 404
    assert dialler.get(f"/api/v1/cases/{wang_ming.pk}/points").status_code == 404


def test_an_agency_off_the_list_is_refused(
    dialler: Machine, theirs: Any, hengyuan: Any, creditor: Any, system: Any
) -> None:
    people.unlist_agency(agency=hengyuan, creditor=creditor, by=system, at=AT)

    told = ask(dialler, theirs).json()

    assert "CN-OUT-001" in {rule["id"] for rule in told["rules"]}


def test_a_permit_is_begun_once_and_only_with_its_token(dialler: Machine, theirs: Any) -> None:
    given = ask(dialler, theirs).json()
    path, right = f"/api/v1/permits/{given['permit']}", {"token": given["token"], "session": READY}

    forged = dialler.post(f"{path}/begin", right | {"token": given["token"][:-1] + "x"})
    first = dialler.post(f"{path}/begin", right)
    second = dialler.post(f"{path}/begin", right)

    assert (forged.status_code, first.status_code, second.status_code) == (403, 200, 403)
    assert second.json()["rules"] == ["gate.used"]


def test_a_permit_of_one_key_is_not_there_for_another(
    dialler: Machine, theirs: Any, machine_of: Any, creditor: Any
) -> None:
    given = ask(dialler, theirs).json()
    other = machine_of(creditor, "permits")

    told = other.post(
        f"/api/v1/permits/{given['permit']}/begin", {"token": given["token"], "session": READY}
    )

    assert told.status_code == 404


def test_a_call_that_was_not_made_gives_its_slots_back(dialler: Machine, theirs: Any) -> None:
    given = ask(dialler, theirs).json()
    path, token = f"/api/v1/permits/{given['permit']}", {"token": given["token"]}

    assert dialler.post(f"{path}/release", token).json()["state"] == "released"
    assert not Counter.objects.filter(used__gt=0).exists()
    assert dialler.post(f"{path}/begin", token | {"session": READY}).status_code == 403


def test_without_a_key_of_its_own_a_wish_is_not_heard(dialler: Machine, theirs: Any) -> None:
    assert dialler.post("/api/v1/permits", wish(theirs)).status_code == 422


def test_a_call_that_is_not_recorded_is_refused(dialler: Machine, theirs: Any) -> None:
    given = wish(theirs) | {"session": {}}

    told = dialler.post("/api/v1/permits", given, **{"Idempotency-Key": "call-0002"}).json()

    assert "CN-CALL-001" in {rule["id"] for rule in told["rules"]}


def test_facts_are_judged_without_reserving_anything(dialler: Machine) -> None:
    said = dialler.post(
        "/api/v1/verdicts", {"jurisdiction": "CN", "facts": {"channel": "sms"}}
    ).json()
    odd = dialler.post("/api/v1/verdicts", {"jurisdiction": "CN", "facts": {"mood": "bad"}})

    assert said["outcome"] == "refuse" and len(said["rules"]) > 10
    assert odd.status_code == 422 and Permit.objects.count() == 0


# -- Attacks --------------------------------------------------------------------------------------
def test_a_key_sent_again_after_ten_minutes_gives_no_leave(
    dialler: Machine, theirs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    permit ── ten minutes ── the same Idempotency-Key        "expired", though nobody swept it yet
    """
    first = ask(dialler, theirs).json()
    monkeypatch.setattr(permits, "now", lambda: AT + timedelta(minutes=10))

    again = ask(dialler, theirs).json()

    assert (first["outcome"], again["outcome"]) == ("allow", "expired")
    assert again["permit"] == first["permit"]


def test_a_key_is_not_used_again_for_another_text(dialler: Machine, theirs: Any) -> None:
    texts = [
        wish(theirs, "sms") | {"template": code} for code in ("cn-sms-reminder", "cn-sms-plan")
    ]

    told = [dialler.post("/api/v1/permits", w, **{"Idempotency-Key": "sms-0001"}) for w in texts]

    assert [answer.status_code for answer in told] == [200, 422], told[0].json()
    assert told[0].json()["outcome"] == "allow"


def test_a_case_that_went_to_another_agency_is_not_called_by_the_first(
    dialler: Machine, theirs: Any, book: Any, system: Any
) -> None:
    """
    permit of 恒远 ── the case is placed with another ── begin        404, and nothing is used
    """
    given = ask(dialler, theirs).json()
    theirs.agency = people.add_agency(
        code="other", name="另一家", creditor=book.creditor, by=system, at=AT
    )
    theirs.save()

    told = dialler.post(
        f"/api/v1/permits/{given['permit']}/begin", {"token": given["token"], "session": READY}
    )

    assert told.status_code == 404 and not Attempt.objects.exists()


def test_a_call_that_has_begun_keeps_its_slots_whoever_releases_it(
    dialler: Machine, theirs: Any
) -> None:
    """
    release ── looks: not begun ──────────────────── gives back ── nothing
    begin   ────────────────────── used, counted ──
    """
    given = ask(dialler, theirs).json()
    dialler.post(
        f"/api/v1/permits/{given['permit']}/begin", {"token": given["token"], "session": READY}
    )

    assert not gate.release(permit=given["permit"], at=AT, only_unused=True)
    assert Permit.objects.get().state == "used"
    assert Counter.objects.get(unit="effective_call").used == 1


def test_a_call_that_the_law_refuses_when_it_begins_is_on_record(
    dialler: Machine, theirs: Any
) -> None:
    given = ask(dialler, theirs).json()

    told = dialler.post(f"/api/v1/permits/{given['permit']}/begin", {"token": given["token"]})

    assert told.status_code == 403 and told.json()["rules"] == ["CN-CALL-001"]
    used = json.loads(Event.objects.get(kind="gate.used").data)
    assert used["refused"] == [[given["permit"], ["CN-CALL-001"]]]
    assert not Counter.objects.filter(used__gt=0).exists() and not Attempt.objects.exists()


@pytest.mark.parametrize(
    "odd", [{"channel": "fax"}, {"channel": ""}, {"contact_point": 2**63}, {"case": 10**30}]
)
def test_a_wish_of_another_shape_is_told_so(dialler: Machine, theirs: Any, odd: Any) -> None:
    told = dialler.post("/api/v1/permits", wish(theirs) | odd, **{"Idempotency-Key": "call-0001"})

    assert told.status_code == 422


def test_half_a_character_is_no_token_and_a_call_lasts_a_day_at_most(
    dialler: Machine, theirs: Any
) -> None:
    given = ask(dialler, theirs).json()
    path = f"/api/v1/permits/{given['permit']}"
    body = b'{"token": "\\ud800"}'
    headers = dialler.headers("POST", f"{path}/begin", body)
    half = dialler.client.post(
        f"{path}/begin", body, content_type="application/json", headers=headers
    )
    dialler.post(f"{path}/begin", {"token": given["token"], "session": READY})
    long = {"token": given["token"], "outcome": "connected", "seconds": 10**30}

    assert half.status_code == 403
    assert dialler.post(f"{path}/end", long).status_code == 422


@pytest.mark.parametrize(
    "said",
    [
        {"facts": {"balance": "much"}}, {"facts": {"balance": 10**30}}, {"facts": {"stops": "no"}},
        {"facts": {"stops": ["disputed"]}}, {"facts": {"stops": [["dispute"]]}},
        {"facts": {"placement_open": "false"}}, {"facts": {"birth_year": True}},
        {"facts": {"stops_until": "2026-13-01"}}, {"facts": {"stops_until": "2026-12-01"}},
        {"facts": {"time_zones": 8}}, {"facts": {}, "at": "9999-12-31T23:59:59Z"},
    ],
)  # fmt: skip
def test_facts_of_another_kind_are_told_and_not_judged(dialler: Machine, said: Any) -> None:
    told = dialler.post("/api/v1/verdicts", {"jurisdiction": "CN"} | said)

    assert told.status_code == 422
