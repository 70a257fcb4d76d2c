"""At most once, whatever the carrier does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import connection

from recoup.contact import carriers as lines
from recoup.contact import operations, queries
from recoup.contact.channels.email.tests.test_mail import RETURNED
from recoup.contact.channels.sms import http
from recoup.contact.handing import handing
from recoup.contact.models import Attempt
from recoup.contact.operations import outbox
from recoup.contact.operations.parcels import opt_out_url
from recoup.gate import operations as gate
from recoup.gate.models import Permit
from recoup.journal.models import Event
from recoup.kernel.errors import Refused
from recoup.people import scopes
from recoup.strategy.models import Decision

S = Attempt.State


@contextmanager
def another_process_handing(book: Any) -> Iterator[None]:
    """Somebody else, on a connection of their own, hands contacts of the book over."""
    begun, done = threading.Event(), threading.Event()

    def work() -> None:
        with handing(book):
            begun.set()
            done.wait(30)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert begun.wait(30)
        yield
    finally:
        done.set()
        thread.join()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway is given up on after a third of a second."""
    monkeypatch.setattr(
        http.HttpSms.__init__, "__kwdefaults__", {"timeout": httpx.Timeout(0.3, connect=0.3)}
    )


def texts(carriers: Any) -> list[str]:
    return [row.text for row in carriers.received() if row.channel == "sms"]


def test_a_permit_becomes_one_message(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any
) -> None:
    permit = permit_for(wang_ming)

    attempt = operations.send(permit=permit, by=system, at=at)

    received = carriers.received()[0]
    assert attempt.state == S.ACCEPTED
    assert (received.key, received.provider_id) == (attempt.key, attempt.provider_id)
    assert received.address == "13812341234"
    assert received.text.startswith("【归诚】您好")
    assert attempt.segments == 2 and attempt.cost == 9
    permit.refresh_from_db()
    assert permit.state == Permit.State.USED
    assert Decision.objects.get().state == "sent"


def test_many_permits_become_one_message_each_with_few_events(
    carriers: Any, permit_for: Any, crowd: Any, system: Any, at: Any
) -> None:
    permits = [permit_for(case) for case in crowd(5)]
    before = Event.objects.count()

    attempts = operations.send_many(permits=permits, by=system, at=at)

    assert [row.permit_id for row in attempts] == [permit.pk for permit in permits]
    assert len({row.address for row in carriers.received()}) == 5
    kinds = list(Event.objects.filter(position__gt=before).values_list("kind", flat=True))
    assert sorted(kinds) == ["contact.handed_over", "contact.reserved", "gate.used"]


def test_a_permit_used_twice_sends_once(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any
) -> None:
    permit = permit_for(wang_ming)
    operations.send(permit=permit, by=system, at=at)

    with pytest.raises(Refused):
        operations.send(permit=permit, by=system, at=at)

    assert len(texts(carriers)) == 1
    assert operations.send_many(permits=[permit], by=system, at=at) == []


def test_the_journal_and_the_attempt_hold_no_number(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any
) -> None:
    attempt = operations.send(permit=permit_for(wang_ming), by=system, at=at)

    kept = json.dumps([str(vars(row)) for row in Event.objects.all()], ensure_ascii=False)
    kept += str(Attempt.objects.filter(pk=attempt.pk).values().get())
    assert "13812341234" not in kept
    assert "您好" not in kept


def test_a_carrier_that_accepts_and_cuts_the_line_leaves_it_unknown_then_clear(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any, book: Any
) -> None:
    carriers.sms.behave("accept_and_cut", times=1)
    attempt = operations.send(permit=permit_for(wang_ming), by=system, at=at)
    assert attempt.state == S.UNKNOWN

    recovered = operations.recover(book=book, by=system, at=at)

    attempt.refresh_from_db()
    assert attempt.state == S.ACCEPTED
    assert recovered.clear == 1 and recovered.unknown == 0
    assert len(texts(carriers)) == 1
    assert carriers.sms.requests == 1


def test_a_carrier_that_never_reads_is_given_it_again_under_the_same_key(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any, book: Any, impatient: None
) -> None:
    carriers.sms.behave("stall", times=1)
    attempt = operations.send(permit=permit_for(wang_ming), by=system, at=at)
    assert attempt.state == S.UNKNOWN and texts(carriers) == []

    operations.recover(book=book, by=system, at=at)

    attempt.refresh_from_db()
    assert attempt.state == S.ACCEPTED
    assert [row.key for row in carriers.received()] == [attempt.key]


def test_an_answer_500_is_unknown_not_failed(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any, book: Any
) -> None:
    carriers.sms.behave("error_500", times=1)

    attempt = operations.send(permit=permit_for(wang_ming), by=system, at=at)

    assert attempt.state == S.UNKNOWN
    viewer = scopes.system_viewer(book)
    assert list(queries.unknowns(viewer=viewer, book=book)) == [attempt]


def test_what_a_carrier_never_saw_stays_unknown_if_it_does_not_drop_second_keys(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any, book: Any, data_dir: Any
) -> None:
    addresses = json.loads((data_dir / "demo-carriers.json").read_text())
    addresses["sms"]["idempotent"] = False
    (data_dir / "demo-carriers.json").write_text(json.dumps(addresses))
    carriers.sms.behave("error_500", times=1)
    attempt = operations.send(permit=permit_for(wang_ming), by=system, at=at)

    for _ in range(2):
        operations.recover(book=book, by=system, at=at)

    attempt.refresh_from_db()
    assert attempt.state == S.UNKNOWN
    assert carriers.sms.requests == 1 and texts(carriers) == []


def test_an_unknown_contact_keeps_its_counter(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any
) -> None:
    permit = permit_for(wang_ming)
    carriers.sms.behave("error_500", times=1)

    operations.send(permit=permit, by=system, at=at)

    permit.refresh_from_db()
    assert permit.state == Permit.State.USED


def test_a_refused_number_fails_and_frees_its_counter(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any
) -> None:
    permit = permit_for(wang_ming)
    carriers.sms.refusal = "isv.MOBILE_NUMBER_ILLEGAL"
    carriers.sms.behave("refuse", times=1)

    attempt = operations.send(permit=permit, by=system, at=at)

    permit.refresh_from_db()
    assert attempt.state == S.FAILED
    assert permit.state == Permit.State.RELEASED
    event = Event.objects.get(kind="contact.outcomes")
    assert json.loads(event.data)["rows"][0][3] == "invalid_number"


def test_a_carrier_that_is_away_leaves_the_contacts_reserved_for_later(
    carriers: Any, permit_for: Any, crowd: Any, system: Any, at: Any, book: Any
) -> None:
    permits = [permit_for(case) for case in crowd(6)]
    carriers.sms.refusal = "isv.BUSINESS_LIMIT_CONTROL"
    carriers.sms.behave("refuse")

    attempts = operations.send_many(permits=permits, by=system, at=at)

    assert {row.state for row in attempts} == {S.RESERVED}
    assert carriers.sms.requests == 3  # the rest was not even tried
    carriers.sms.behave("ok")
    operations.recover(book=book, by=system, at=at)
    assert set(Attempt.objects.values_list("state", flat=True)) == {S.ACCEPTED}
    assert len(texts(carriers)) == 6


def test_the_gate_is_asked_again_at_the_moment_of_sending(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any
) -> None:
    permit = permit_for(wang_ming)
    gate.opt_out(borrower=wang_ming.borrower, scope="sms", source="desk", at=at, by=system)

    assert operations.send_many(permits=[permit], by=system, at=at) == []

    assert texts(carriers) == []
    assert Decision.objects.get().state in ("refused", "lapsed")


def test_an_outsider_sees_no_contact(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any, book: Any,
    outsider: Any, li_na: Any,
) -> None:  # fmt: skip
    attempt = operations.send(permit=permit_for(wang_ming), by=system, at=at)
    stranger, collector = scopes.viewer_of(outsider), scopes.viewer_of(li_na)

    assert list(queries.attempts(viewer=collector, case=wang_ming)) == [attempt]
    assert "您好" in queries.content(viewer=collector, attempt=attempt)[1]
    assert not queries.attempts(viewer=stranger, case=wang_ming).exists()
    assert not queries.unknowns(viewer=stranger, book=book).exists()
    assert not queries.replies(viewer=stranger, book=book).exists()
    with pytest.raises(Refused):
        queries.content(viewer=stranger, attempt=attempt)


def test_what_waited_is_not_sent_once_the_borrower_has_refused(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any, book: Any
) -> None:
    permit = permit_for(wang_ming)
    carriers.sms.behave("refuse", times=1)
    attempt = operations.send(permit=permit, by=system, at=at)
    gate.opt_out(borrower=wang_ming.borrower, scope="sms", source="reply:1", at=at, by=system)

    operations.recover(book=book, by=system, at=at)

    attempt.refresh_from_db()
    permit.refresh_from_db()
    assert attempt.state == S.FAILED and texts(carriers) == []
    assert attempt.problem == "not handed over: by now HOUSE-OPTOUT-002"
    assert permit.state == Permit.State.RELEASED


def test_what_waited_is_not_sent_after_hours(
    carriers: Any, permit_for: Any, crowd: Any, system: Any, at: Any, book: Any
) -> None:
    """
    reserved 21:50 ── carrier away ── recovered 22:01 ──✗   its decision waits until 8:00
    """
    late = at + timedelta(hours=11, minutes=50)
    permits = [permit_for(case, at=late) for case in crowd(2)]
    carriers.sms.refusal = "isv.BUSINESS_LIMIT_CONTROL"
    carriers.sms.behave("refuse")
    operations.send_many(permits=permits, by=system, at=late)
    carriers.sms.behave("ok")

    operations.recover(book=book, by=system, at=late + timedelta(minutes=11))

    assert texts(carriers) == []
    assert set(Attempt.objects.values_list("state", flat=True)) == {S.FAILED}
    assert set(Permit.objects.values_list("state", flat=True)) == {Permit.State.RELEASED}
    assert set(Decision.objects.values_list("state", flat=True)) == {"waiting"}


def test_what_takes_long_is_judged_by_the_time_it_then_is(
    carriers: Any, permit_for: Any, crowd: Any, system: Any, at: Any
) -> None:
    """
    used 21:59 ── the first lot took two minutes ── 22:01 ──✗ nobody of the second
    """
    late = at + timedelta(hours=11, minutes=59)
    permits = [permit_for(case, at=late) for case in crowd(3)]
    times = iter([late, late + timedelta(minutes=2)])

    attempts = operations.send_many(permits=permits, by=system, at=late, clock=lambda: next(times))

    assert {row.state for row in attempts} == {S.FAILED} and texts(carriers) == []


def test_what_a_living_process_hands_over_is_not_taken_for_a_crash(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any, book: Any
) -> None:
    attempt = operations.send(permit=permit_for(wang_ming), by=system, at=at)
    Attempt.objects.filter(pk=attempt.pk).update(state=S.HANDING, handed_at=at)

    with another_process_handing(book):
        soon = operations.recover(book=book, by=system, at=at + timedelta(minutes=1))
        hung = operations.recover(book=book, by=system, at=at + timedelta(minutes=21))

    assert (soon.interrupted, hung.interrupted) == (0, 1)


def test_what_was_found_dead_before_it_was_dated_becomes_unknown_too(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any, book: Any
) -> None:
    attempt = operations.send(permit=permit_for(wang_ming), by=system, at=at)
    Attempt.objects.filter(pk=attempt.pk).update(state=S.HANDING, handed_at=None)

    assert operations.recover(book=book, by=system, at=at).interrupted == 1


def test_a_carrier_that_says_it_failed_after_a_receipt_frees_nothing(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any, book: Any
) -> None:
    """
    receipt: delivered ── then: refused ──✗   it was delivered, and its slot is used
    """
    permit = permit_for(wang_ming)
    attempt = operations.send(permit=permit, by=system, at=at)
    operations.take_receipt(carrier=attempt.carrier, status=S.DELIVERED, at=at, key=attempt.key)
    said = outbox.Result(attempt, S.FAILED, problem="refused")

    outbox.record_results(lines.carrier_for(book, "sms"), [said], by=system, at=at)

    attempt.refresh_from_db()
    permit.refresh_from_db()
    assert (attempt.state, permit.state) == (S.DELIVERED, Permit.State.USED)
    assert attempt.provider_id


def test_an_interrupted_contact_is_listed_and_kept_when_nobody_can_be_asked(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any, book: Any, data_dir: Any
) -> None:
    attempt = operations.send(permit=permit_for(wang_ming), by=system, at=at)
    Attempt.objects.filter(pk=attempt.pk).update(state=S.HANDING)
    (data_dir / "demo-carriers.json").unlink()

    recovered = operations.recover(book=book, by=system, at=at)

    assert (recovered.interrupted, recovered.unknown) == (1, 1)
    assert queries.unknowns(viewer=scopes.system_viewer(book), book=book).get() == attempt


@pytest.mark.parametrize("channel", ["email", "letter"])
def test_every_channel_sends_under_a_permit(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any, channel: str
) -> None:
    attempt = operations.send(permit=permit_for(wang_ming, channel), by=system, at=at)

    assert attempt.state == S.ACCEPTED, attempt.problem
    assert [row.key for row in carriers.received()] == [attempt.key]


def test_a_print_houses_proof_becomes_a_receipt(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any, book: Any
) -> None:
    attempt = operations.send(permit=permit_for(wang_ming, "letter"), by=system, at=at)
    carriers.letters.tell(attempt.key, "delivered", "RR1CN")

    for _ in range(2):
        operations.collect(book=book, channel="letter", at=at)

    attempt.refresh_from_db()
    assert attempt.state == S.DELIVERED
    assert attempt.receipts.get().detail == "RR1CN"


def test_one_click_in_a_mail_ends_mail(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any, client: Any
) -> None:
    attempt = operations.send(permit=permit_for(wang_ming, "email"), by=system, at=at)
    address = "/" + opt_out_url(attempt.key).split("/", 3)[3]

    assert client.get(address).status_code == 200
    assert not wang_ming.borrower.opt_outs.exists()
    assert client.post(address).status_code == 200

    assert wang_ming.borrower.opt_outs.get().scope == "email"


def test_a_returned_mail_makes_it_undelivered(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any
) -> None:
    attempt = operations.send(permit=permit_for(wang_ming, "email"), by=system, at=at)
    raw = RETURNED.replace(b"<K1@recoup.invalid>", attempt.provider_id.encode())

    assert operations.take_bounce(carrier="demo-smtp", raw=raw, at=at)
    assert not operations.take_bounce(carrier="demo-smtp", raw=b"Subject: hello", at=at)

    attempt.refresh_from_db()
    assert attempt.state == S.UNDELIVERED
