"""The carriers of a demo together: start them, see what they received, let them speak."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from recoup.contact import operations as contact
from recoup.contact.carriers import DEMO_FILE
from recoup.kernel.clock import now
from recoup.kernel.errors import Failed
from recoup.people import scopes
from recoup.people.models import Book
from recoup.synth.carriers.log import Delivered, Log
from recoup.synth.carriers.print_house import PrintHouse
from recoup.synth.carriers.sms_gateway import SmsGateway
from recoup.synth.carriers.smsc import Smsc
from recoup.synth.carriers.smtp_sink import SmtpSink

CHINA = ZoneInfo("Asia/Shanghai")
MAIL_FROM = "service@recoup.invalid"


class Carriers:
    """
    A text-message gateway, a message centre, a mail server and a print house, all on this machine.

    `callback` is the address of Recoup's own callbacks for a book (see docs/api.md); where it is
    empty, receipts and replies are handed to `contact.operations` in this process.
    """

    def __init__(self, home: Path, *, callback: str = "") -> None:
        self.home, self.callback = Path(home), callback
        self.log = Log(self.home / "demo-carriers.sqlite3", now)
        self.sms = SmsGateway(self.log, key_id="demo", secret=secrets.token_hex(16))
        self.smpp = Smsc(self.log)
        self.mail = SmtpSink(self.log)
        self.letters = PrintHouse(self.log, self.home / "print-house")

    def start(self) -> None:
        """Open all doors and write down where they are."""
        for server in (self.sms, self.smpp, self.mail):
            server.start()
        self._announce()

    def stop(self) -> None:
        """Close all doors and take the addresses away."""
        (self.home / DEMO_FILE).unlink(missing_ok=True)
        for server in (self.sms, self.smpp, self.mail):
            server.stop()
        self.log.close()

    def __enter__(self) -> Carriers:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _announce(self) -> None:
        addresses = {
            "sms": {
                "kind": "http", "url": self.sms.url, "key_id": self.sms.key_id,
                "secret": self.sms.secret, "templates": {"*": "SMS_DEMO"}, "idempotent": True,
                "price": "4.5",
            },
            "email": {"kind": "smtp", "url": self.mail.url, "from": MAIL_FROM, "price": "0.2"},
            "letter": {
                "kind": "print_house", "folder": str(self.letters.folder), "price": "300",
            },
        }  # fmt: skip
        path = self.home / DEMO_FILE
        part = path.with_suffix(".part")
        part.write_text(json.dumps(addresses, indent=1), encoding="utf-8")
        os.chmod(part, 0o600)  # noqa: PTH101
        part.replace(path)

    def received(self, since: int = 0) -> list[Delivered]:
        """What came after a number, in order; the last one's `number` resumes there."""
        self.letters.fetch()
        return self.log.since(since)

    def deliver_receipt(
        self, *, provider_id: str, delivered: bool, at: datetime, book: Book | None = None
    ) -> None:
        """Tell Recoup what became of a message or letter, as its carrier would."""
        status = "delivered" if delivered else "undelivered"
        self.log.settle(provider_id, status)
        row = self.log.by_id("sms", provider_id)
        if self.callback and row is not None:
            self._push("receipts", [_report(row, delivered, at)])
            return
        channel = next(
            (name for name in ("sms", "email", "letter") if self.log.by_id(name, provider_id)), ""
        )
        kind = {"sms": "http", "email": "smtp", "letter": "print_house"}.get(channel, "")
        news = contact.News(status=status, at=at, provider_id=provider_id, detail=status.upper())
        with scopes.acting_for(_known(book)):
            contact.take_receipts(carrier=f"demo-{kind}", news=[news], at=at)

    def mobile_originated(
        self, number: str, text: str, *, at: datetime, book: Book | None = None
    ) -> None:
        """Somebody writes back."""
        name = secrets.token_hex(8)
        if self.callback:
            said = {
                "phone_number": number, "content": text, "send_time": _china(at),
                "sign_name": "", "dest_code": "10690000", "sequence_id": name,
            }  # fmt: skip
            self._push("replies", [said])
            return
        known = _known(book)
        with scopes.acting_for(known):
            contact.take_reply(
                book=known, channel="sms", sender_value=number, text=text, provider_id=name, at=at
            )

    def _push(self, what: str, news: Sequence[dict[str, object]]) -> None:
        answer = httpx.post(f"{self.callback.rstrip('/')}/{what}", json=news, trust_env=False)
        if answer.status_code != 200 or answer.json().get("code") != 0:
            raise Failed(f"Recoup did not take the {what}.", permanent=False)


def _report(row: Delivered, delivered: bool, at: datetime) -> dict[str, object]:
    return {
        "phone_number": row.address, "send_time": _china(row.at), "report_time": _china(at),
        "success": delivered, "err_code": "DELIVERED" if delivered else "UNDELIV",
        "err_msg": "", "sms_size": "1", "biz_id": row.provider_id, "out_id": row.key,
    }  # fmt: skip


def _china(at: datetime) -> str:
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def _known(book: Book | None) -> Book:
    if book is None:
        raise Failed("Without a callback address the book must be named.", permanent=True)
    return book


def start(home: Path, *, callback: str = "") -> Carriers:
    """Start the carriers of a demo; they write their addresses into `home`."""
    carriers = Carriers(home, callback=callback)
    carriers.start()
    return carriers
