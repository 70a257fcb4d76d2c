"""Carriers in a process of their own."""

from __future__ import annotations

import json
import smtplib
from urllib.parse import urlsplit

from recoup.contact.carriers import DEMO_FILE
from recoup.synth.carriers.apart import Apart


def test_what_is_sent_to_carriers_elsewhere_is_read_here(data_dir):
    carriers = Apart(data_dir)
    try:
        address = json.loads((data_dir / DEMO_FILE).read_text())["email"]["url"]
        parts = urlsplit(address)
        with smtplib.SMTP(parts.hostname, parts.port) as server:
            server.sendmail(
                "us@example.com", ["wang@example.com"], "Message-ID: <key-1@x>\r\n\r\nhello\r\n"
            )
        received = carriers.received(since=0)
    finally:
        carriers.stop()

    assert [item.address for item in received] == ["wang@example.com"]
    assert not (data_dir / DEMO_FILE).exists()
