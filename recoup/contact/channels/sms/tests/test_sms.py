"""Text messages: signatures, parts, and two protocols against servers on the loopback."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.contact.channels.base import (
    BadAddress,
    Incoming,
    Parcel,
    Report,
    Sender,
    Status,
    Unclear,
)
from recoup.contact.channels.sms.http import HttpSms
from recoup.contact.channels.sms.segments import cut, octets
from recoup.contact.channels.sms.signing import form, signed_headers
from recoup.contact.channels.sms.smpp import SmppSms
from recoup.kernel.clock import now
from recoup.kernel.errors import Failed, NotConfigured
from recoup.people import operations as people
from recoup.synth.carriers.log import Log
from recoup.synth.carriers.sms_gateway import SmsGateway
from recoup.synth.carriers.smsc import Smsc

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PHONE = "13812341234"
LONG = "您有一项服务事项待您本人确认。" * 8  # 120 letters, two parts


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    kept = Log(tmp_path / "log.sqlite3", now)
    yield kept
    kept.close()


@pytest.fixture
def parcel(book: Any) -> Any:
    """A message to 王明's number, or to another."""

    def make(text: str = "您好", *, key: str = "K1", phone: str = PHONE, **more: Any) -> Parcel:
        sealed = people.seal(creditor=book.creditor, fields=[("phone", phone)], at=AT).sealed[0]
        sender = Sender(name="归诚消费金融", address="10690000", signature="归诚")
        return Parcel(
            key=key, to=sealed, text=text, sender=sender, at=AT, on=date(2026, 11, 23), **more
        )

    return make


def test_the_signature_is_the_one_in_aliyuns_documentation() -> None:
    headers = signed_headers(
        key_id="YourAccessKeyId", secret="YourAccessKeySecret",
        host="ecs.cn-shanghai.aliyuncs.com", action="RunInstances", version="2014-05-26",
        date="2023-10-26T10:22:32Z", nonce="3156853299f313e23d1673dc12e1703d",
        query=form(
            {
                "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
                "RegionId": "cn-shanghai",
            }
        ),
    )  # fmt: skip

    assert headers["Authorization"].endswith(
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


@pytest.mark.parametrize(
    ("text", "parts"),
    [("尊" * 70, 1), ("尊" * 71, 2), ("尊" * 134, 2), ("尊" * 135, 3), ("a" * 160, 1),
     ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2), ("", 1)],
)  # fmt: skip
def test_how_many_parts_a_text_has(text: str, parts: int) -> None:
    assert len(cut(text).parts) == parts


@given(st.text(alphabet="尊a€😀[ \n", max_size=400))
def test_parts_join_to_the_text_and_fit(text: str) -> None:
    found = cut(text)

    assert "".join(found.parts) == text
    most = {(True, True): 140, (True, False): 134, (False, True): 160, (False, False): 153}
    for part in found.parts:
        assert len(octets(part, ucs2=found.ucs2)) <= most[found.ucs2, len(found.parts) == 1]


# -- The HTTP gateway ------------------------------------------------------------------------------
@pytest.fixture
def gateway(log: Log) -> Iterator[SmsGateway]:
    server = SmsGateway(log, key_id="id", secret="secret")
    server.start()
    yield server
    server.stop()


def http_to(gateway: SmsGateway, **changed: Any) -> HttpSms:
    fields: dict[str, Any] = {
        "carrier": "http", "url": gateway.url, "key_id": "id", "secret": "secret",
        "templates": {"*": "SMS_1"}, "price": Decimal("4.5"), "idempotent": True,
    }  # fmt: skip
    return HttpSms(**(fields | changed))


def test_the_same_key_twice_is_one_message(gateway: SmsGateway, parcel: Any, log: Log) -> None:
    channel = http_to(gateway)

    first, second = channel.hand_over(parcel()), channel.hand_over(parcel())

    assert first.provider_id == second.provider_id
    assert [row.text for row in log.since()] == ["【归诚】您好"]
    channel.close()


def test_a_signature_in_the_text_is_not_put_there_twice(
    gateway: SmsGateway, parcel: Any, log: Log
) -> None:
    http_to(gateway).hand_over(parcel("【归诚】您好"))

    assert log.since()[0].text == "【归诚】您好"


def test_a_wrong_secret_is_refused_for_good(gateway: SmsGateway, parcel: Any) -> None:
    with pytest.raises(Failed, match="SignatureDoesNotMatch") as refused:
        http_to(gateway, secret="other").hand_over(parcel())

    assert refused.value.permanent and not isinstance(refused.value, Unclear)


def test_a_gateway_that_is_not_there_took_nothing(gateway: SmsGateway, parcel: Any) -> None:
    with pytest.raises(Failed, match="cannot be reached") as failed:
        http_to(gateway, url="http://127.0.0.1:9/").hand_over(parcel())

    assert not failed.value.permanent and not isinstance(failed.value, Unclear)


def test_a_landline_is_a_bad_address(gateway: SmsGateway, parcel: Any) -> None:
    with pytest.raises(BadAddress) as bad:
        http_to(gateway).hand_over(parcel(phone="0571-88886666"))

    assert "88886666" not in str(bad.value)


def test_a_template_that_the_gateway_does_not_know_names_the_setting(
    gateway: SmsGateway, parcel: Any
) -> None:
    with pytest.raises(NotConfigured, match="RECOUP_SMS_HTTP_TEMPLATES"):
        http_to(gateway, templates={"other": "SMS_2"}).hand_over(parcel(template="cn-sms"))


def test_asking_finds_by_our_key_and_never_seen_is_said_so(
    gateway: SmsGateway, parcel: Any, log: Log
) -> None:
    channel = http_to(gateway)
    handed = channel.hand_over(parcel())
    log.settle(handed.provider_id, "delivered")

    assert channel.ask(parcel(), provider_id="").status == Status.DELIVERED
    assert channel.ask(parcel(key="K2"), provider_id="").status == Status.NEVER_SEEN


def test_a_parcel_prints_nothing_but_its_key(parcel: Any) -> None:
    assert repr(parcel("秘密")) == "Parcel(key='K1')"


# -- SMPP ------------------------------------------------------------------------------------------
@pytest.fixture
def centre(log: Log) -> Iterator[Smsc]:
    server = Smsc(log)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def smpp(centre: Smsc) -> Iterator[SmppSms]:
    url = urlsplit(centre.url)
    channel = SmppSms(
        carrier="smpp", host="127.0.0.1", port=url.port or 0, system_id="recoup",
        password="secret", price=Decimal(5), timeout=2,
    )  # fmt: skip
    yield channel
    channel.close()


@pytest.mark.parametrize("text", ["您好", LONG, "Hello [you]", "a" * 300])
def test_a_text_arrives_whole_over_smpp(smpp: SmppSms, parcel: Any, log: Log, text: str) -> None:
    handed = smpp.hand_over(parcel(text))

    row = log.since()[0]
    assert row.text == f"【归诚】{text}"
    assert row.address == "8613812341234"
    assert (row.provider_id, handed.segments) == (handed.provider_id, len(cut(row.text).parts))
    assert handed.cost == 5 * handed.segments


def test_a_receipt_comes_over_smpp_once_it_is_acknowledged(
    smpp: SmppSms, centre: Smsc, parcel: Any
) -> None:
    handed = smpp.hand_over(parcel(LONG))
    centre.deliver_receipt(handed.provider_id, "delivered")
    taken: list[Report | Incoming] = []

    assert smpp.collect(taken.append) == 1
    assert smpp.collect(taken.append) == 0

    assert taken == [Report(handed.provider_id, Status.DELIVERED, "DELIVRD 000")]


def test_a_receipt_not_taken_comes_again(smpp: SmppSms, centre: Smsc, parcel: Any) -> None:
    handed = smpp.hand_over(parcel())
    centre.deliver_receipt(handed.provider_id, "undelivered")

    def crash(report: object) -> None:
        raise RuntimeError("the database is away")

    with pytest.raises(RuntimeError):
        smpp.collect(crash)
    smpp.close()
    taken: list[Any] = []
    for _ in range(20):  # the centre notices the closed connection on a thread of its own
        smpp.collect(taken.append)
        if taken:
            break

    assert [report.status for report in taken] == [Status.UNDELIVERED]


def test_a_message_from_a_phone_comes_over_smpp(smpp: SmppSms, centre: Smsc) -> None:
    centre.mobile_originated("8613812341234", "退订")
    taken: list[Any] = []

    smpp.collect(taken.append)

    assert (taken[0].sender, taken[0].text) == ("+8613812341234", "退订")


def test_two_real_replies_never_share_a_name(smpp: SmppSms, centre: Smsc) -> None:
    # "plumless" and "buckeroo" are a known pair with one CRC-32.
    taken: list[Any] = []
    for _ in range(2):
        for number in ("8613812341234", "8613812341235"):
            for text in ("plumless", "buckeroo", "退订", "退订"):
                centre.mobile_originated(number, text)
        smpp.collect(taken.append)
        smpp.close()  # the next bind counts from one again

    assert len(taken) == 16
    assert len({message.provider_id for message in taken}) == 16


def test_the_name_of_a_reply_says_nothing_of_who_wrote_it_or_what(
    smpp: SmppSms, centre: Smsc
) -> None:
    centre.mobile_originated("8613812341234", "退订")
    taken: list[Any] = []

    smpp.collect(taken.append)

    assert re.fullmatch(r"smpp-[0-9a-f]{64}", taken[0].provider_id)


def test_a_line_cut_after_the_message_left_is_unclear(
    smpp: SmppSms, centre: Smsc, parcel: Any, log: Log
) -> None:
    centre.cut_after = 1

    with pytest.raises(Unclear):
        smpp.hand_over(parcel())

    assert len(log.since()) == 1
    assert smpp.ask(parcel(), provider_id="").status == Status.UNKNOWN
    assert smpp.hand_over(parcel(key="K2")).provider_id  # a new bind for the next one


def test_a_centre_that_is_busy_took_nothing(smpp: SmppSms, centre: Smsc, parcel: Any) -> None:
    centre.busy = 1

    with pytest.raises(Failed, match="status 88") as failed:
        smpp.hand_over(parcel())

    assert not failed.value.permanent and not isinstance(failed.value, Unclear)


def test_a_centre_is_asked_by_its_id(smpp: SmppSms, centre: Smsc, parcel: Any, log: Log) -> None:
    handed = smpp.hand_over(parcel())
    log.settle(handed.provider_id, "delivered")

    assert smpp.ask(parcel(), provider_id=handed.provider_id).status == Status.DELIVERED
    assert smpp.ask(parcel(), provider_id="ffffffff").status == Status.UNKNOWN


def test_a_wrong_password_is_said_so_and_nothing_was_taken(centre: Smsc, parcel: Any) -> None:
    port = urlsplit(centre.url).port or 0
    channel = SmppSms(
        carrier="smpp", host="127.0.0.1", port=port, system_id="recoup", password="no",
        price=Decimal(5), timeout=2,
    )  # fmt: skip

    with pytest.raises(Failed, match="RECOUP_SMS_SMPP_URL"):
        channel.hand_over(parcel())
