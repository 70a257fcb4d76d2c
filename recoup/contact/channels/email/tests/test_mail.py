"""E-mail against a mail server on the loopback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from recoup.contact.channels.base import BadAddress, Parcel, Sender, Unclear
from recoup.contact.channels.email.bounces import read_bounce
from recoup.contact.channels.email.smtp import SmtpMail, written
from recoup.kernel.clock import now
from recoup.kernel.errors import Failed
from recoup.people import operations as people
from recoup.synth.carriers.log import Log
from recoup.synth.carriers.smtp_sink import SmtpSink

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
RETURNED = b"""From: mailer-daemon@example.com
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

It did not arrive.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; example.com

Final-Recipient: rfc822; wang@example.com
Action: failed
Status: 5.1.1
--b
Content-Type: text/rfc822-headers

Message-ID: <K1@recoup.invalid>
Subject: hello
--b--
"""


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[SmtpSink]:
    log = Log(tmp_path / "log.sqlite3", now)
    server = SmtpSink(log)
    server.start()
    yield server
    server.stop()
    log.close()


@pytest.fixture
def channel(sink: SmtpSink) -> Iterator[SmtpMail]:
    mail = SmtpMail(
        carrier="smtp", host="127.0.0.1", port=sink.address[1], sender="a@recoup.invalid",
        price=Decimal("0.2"), starttls=False, timeout=3,
    )  # fmt: skip
    yield mail
    mail.close()


@pytest.fixture
def parcel(book: Any) -> Any:
    def make(address: str = "wang@example.com", key: str = "K1") -> Parcel:
        sealed = people.seal(creditor=book.creditor, fields=[("email", address)], at=AT).sealed[0]
        return Parcel(
            key=key, to=sealed, subject="请您查看", text="您好:\n\n<b>事项</b>待确认。",
            sender=Sender(name="归诚"), at=AT, on=date(2026, 11, 23),
            opt_out_url="https://recoup.invalid/api/v1/opt-out/x",
        )  # fmt: skip

    return make


def test_a_mail_arrives_under_our_key(channel: SmtpMail, sink: SmtpSink, parcel: Any) -> None:
    handed = channel.hand_over(parcel())

    row = sink.log.since()[0]
    assert (row.key, row.provider_id) == ("K1", handed.provider_id)
    assert handed.provider_id == "<K1@recoup.invalid>"
    assert (row.address, row.subject) == ("wang@example.com", "请您查看")
    assert "事项" in row.text


def test_a_mail_can_be_refused_with_one_click_and_carries_no_markup_of_the_text(
    parcel: Any,
) -> None:
    raw = written(parcel(), to="wang@example.com", sender="归诚 <a@recoup.invalid>").as_bytes()

    mail = message_from_bytes(raw, policy=default)
    html = mail.get_body(preferencelist=("html",))
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "<https://recoup.invalid/api/v1/opt-out/x>" in mail["List-Unsubscribe"]
    assert html is not None and "&lt;b&gt;" in html.get_content()


def test_the_connection_is_kept_for_the_next(
    channel: SmtpMail, sink: SmtpSink, parcel: Any
) -> None:
    for n in range(3):
        channel.hand_over(parcel(key=f"K{n}"))

    assert len(sink.log.since()) == 3


@pytest.mark.parametrize("address", ["wang", "a@b.com\r\nBcc: x@y.com", "a@b.com, c@d.com"])
def test_what_is_no_single_address_is_bad(channel: SmtpMail, parcel: Any, address: str) -> None:
    with pytest.raises(BadAddress):
        channel.hand_over(parcel(address))


def test_a_mailbox_that_does_not_exist_is_bad_and_is_not_named(
    channel: SmtpMail, sink: SmtpSink, parcel: Any
) -> None:
    sink.refused.add("wang@example.com")

    with pytest.raises(BadAddress) as bad:
        channel.hand_over(parcel())

    assert "wang" not in str(bad.value)
    assert channel.hand_over(parcel("li@example.com", "K2"))


def test_a_line_cut_after_the_data_is_unclear(
    channel: SmtpMail, sink: SmtpSink, parcel: Any
) -> None:
    sink.cut_after_data = 1

    with pytest.raises(Unclear):
        channel.hand_over(parcel())

    assert len(sink.log.since()) == 1


def test_a_server_without_encryption_is_not_used_unless_told(sink: SmtpSink, parcel: Any) -> None:
    channel = SmtpMail(
        carrier="smtp", host="127.0.0.1", port=sink.address[1], sender="a@recoup.invalid",
        price=Decimal(0), timeout=3,
    )  # fmt: skip

    with pytest.raises(Failed, match="no trustworthy encryption"):
        channel.hand_over(parcel())

    assert sink.log.since() == []


def test_a_returned_mail_says_which_and_why() -> None:
    found = read_bounce(RETURNED)

    assert found is not None
    assert (found.message_id, found.permanent, found.code) == ("<K1@recoup.invalid>", True, "5.1.1")
    assert read_bounce(b"Subject: hello\n\nhow are you") is None
