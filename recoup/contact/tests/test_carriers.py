"""A demo book meets only simulators, a live book only real carriers; tested from both sides."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recoup.contact import carriers as chosen
from recoup.contact import operations
from recoup.kernel.errors import Failed, NotConfigured
from recoup.people import scopes

REAL = {
    "SMS_CARRIER": "http", "SMS_HTTP_URL": "https://dysmsapi.aliyuncs.com/",
    "SMS_HTTP_KEY_ID": "id", "SMS_HTTP_SECRET": "secret", "SMS_HTTP_TEMPLATES": {"*": "SMS_1"},
    "SMTP_URL": "smtp://mail.example.com:587", "MAIL_FROM": "a@example.com",
}  # fmt: skip


@pytest.fixture
def real(settings: Any, data_dir: Any) -> None:
    """Settings of a house with real carriers."""
    for name, value in REAL.items():
        setattr(settings, name, value)
    settings.LETTER_FOLDER = str(data_dir / "real-letters")


@pytest.mark.parametrize("channel", chosen.CHANNELS)
def test_a_demo_book_never_takes_a_carrier_from_settings(
    real: None, book: Any, channel: str
) -> None:
    with pytest.raises(NotConfigured, match="simulated carrier"):
        chosen.carrier_for(book, channel)


@pytest.mark.parametrize("channel", chosen.CHANNELS)
def test_a_live_book_never_takes_a_simulator(carriers: Any, live_book: Any, channel: str) -> None:
    with pytest.raises(NotConfigured, match="Set RECOUP_"):
        chosen.carrier_for(live_book, channel)


@pytest.mark.parametrize("channel", chosen.CHANNELS)
def test_each_book_has_its_own_carrier(
    real: None, carriers: Any, book: Any, live_book: Any, channel: str
) -> None:
    demo, live = chosen.carrier_for(book, channel), chosen.carrier_for(live_book, channel)

    assert demo.carrier == f"demo-{live.carrier}"
    assert "127.0.0.1" not in json.dumps(str(vars(live)))


@pytest.mark.parametrize("url", ["http://10.0.0.5/", "https://dysmsapi.aliyuncs.com/", ""])
def test_a_simulator_elsewhere_is_refused(book: Any, data_dir: Any, url: str) -> None:
    config = {"sms": {"kind": "http", "url": url, "key_id": "", "secret": "", "templates": {}}}
    (data_dir / "demo-carriers.json").write_text(json.dumps(config))

    with pytest.raises(Failed, match="not on this machine"):
        chosen.carrier_for(book, "sms")


def test_a_demo_print_house_outside_the_data_folder_is_refused(
    book: Any, data_dir: Any, tmp_path_factory: Any
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    config = {"letter": {"kind": "print_house", "folder": str(elsewhere)}}
    (data_dir / "demo-carriers.json").write_text(json.dumps(config))

    with pytest.raises(Failed, match="not on this machine"):
        chosen.carrier_for(book, "letter")


def test_a_live_book_pointed_at_a_simulator_is_refused(
    real: None, carriers: Any, live_book: Any, settings: Any
) -> None:
    settings.SMS_HTTP_URL = carriers.sms.url

    with pytest.raises(Failed, match="simulator"):
        chosen.carrier_for(live_book, "sms")


def test_a_live_book_without_a_carrier_sends_nothing_and_names_the_setting(
    carriers: Any, permit_for: Any, wang_ming: Any, system: Any, at: Any, book: Any
) -> None:
    permit = permit_for(wang_ming)
    type(book).objects.filter(pk=book.pk).update(mode="live")

    with pytest.raises(NotConfigured) as missing:
        operations.send_many(permits=[permit], by=system, at=at)

    assert missing.value.setting == "RECOUP_SMS_CARRIER"
    permit.refresh_from_db()
    assert permit.state == "issued" and carriers.received() == []


def test_no_channel_of_that_name_is_a_sentence(book: Any) -> None:
    with pytest.raises(NotConfigured, match="no channel 'pigeon'"):
        chosen.carrier_for(book, "pigeon")


def test_what_a_price_makes(carriers: Any, book: Any) -> None:
    with scopes.acting_for(book):
        channel = chosen.carrier_for(book, "sms")

    assert [channel.cost(n) for n in (1, 2, 3)] == [5, 9, 14]  # 4.5 fen each
