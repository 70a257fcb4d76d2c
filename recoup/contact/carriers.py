"""
Which carrier a book uses on a channel.

A demo book uses only the simulators whose addresses `recoup.synth.carriers` wrote to
`demo-carriers.json` in the data folder, and only on this machine. A live book uses only settings;
without one it sends nothing and says which is missing. Nothing falls back from one to the other.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings

from recoup.contact.channels.base import Channel
from recoup.contact.channels.email.smtp import SmtpMail
from recoup.contact.channels.letter.print_house import PrintHouse
from recoup.contact.channels.sms.http import HttpSms
from recoup.contact.channels.sms.smpp import SmppSms
from recoup.kernel.errors import Failed, NotConfigured
from recoup.people.models import Book

DEMO_FILE = "demo-carriers.json"
CHANNELS = ("sms", "email", "letter")
Config = Mapping[str, Any]


def carrier_for(book: Book, channel: str) -> Channel:
    """
    The carrier of a book on a channel; close it after use.

    :raises NotConfigured: if there is none; the message names the setting
    :raises Failed: if a demo book's carrier is not on this machine, or a live book's is a simulator
    """
    if channel not in CHANNELS:
        raise NotConfigured(
            f"There is no channel {channel!r}.", setting=f"one of {', '.join(CHANNELS)}"
        )
    config = _demo(channel) if book.is_demo else _live(channel)
    return MAKERS[config["kind"]](config)


def ready_channels(book: Book) -> tuple[list[str], list[NotConfigured]]:
    """The channels a book has a carrier for, and for each other one what is missing."""
    unset = unset_channels(book)
    return [channel for channel in CHANNELS if channel not in unset], list(unset.values())


def unset_channels(book: Book) -> dict[str, NotConfigured]:
    """What is missing, for each channel that a book has no carrier for."""
    missing = {}
    for channel in CHANNELS:
        try:
            carrier_for(book, channel).close()
        except NotConfigured as unset:
            missing[channel] = unset
    return missing


def demo_addresses() -> dict[str, Config]:
    """What the simulators wrote; empty if none run."""
    try:
        loaded: dict[str, Config] = json.loads((settings.DATA_DIR / DEMO_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return loaded


def _demo(channel: str) -> Config:
    config = demo_addresses().get(channel)
    if config is None:
        raise NotConfigured(
            f"The simulated carrier for {channel} does not run.",
            setting="up the simulators with `recoup demo`",
        )
    where = config.get("url") or config.get("folder") or ""
    if "url" in config:
        inside = _is_loopback(urlsplit(where).hostname or "")
    else:
        inside = Path(where).resolve().is_relative_to(settings.DATA_DIR)
    if not inside:
        raise Failed(
            f"The demo book's carrier for {channel} is not on this machine.", permanent=True,
            hint=f"Start the simulators again; they write {DEMO_FILE}.",
        )  # fmt: skip
    return {**config, "carrier": f"demo-{config['kind']}"}


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _live(channel: str) -> Config:
    config = {"sms": _live_sms, "email": _live_email, "letter": _live_letter}[channel]()
    taken = {
        address
        for known in demo_addresses().values()
        for address in (known.get("url"), known.get("folder"))
    }
    if (config.get("url") or config.get("folder")) in taken:
        raise Failed(
            f"The carrier set for {channel} is a simulator of the demo.", permanent=True,
            hint="A live book needs a real carrier.",
        )  # fmt: skip
    return {**config, "carrier": config["kind"]}


def _needed(*names: str) -> list[str]:
    """The values of settings. :raises NotConfigured: naming every one that is empty"""
    values = [str(getattr(settings, name)) for name in names]
    empty = [f"RECOUP_{name}" for name, value in zip(names, values, strict=True) if not value]
    if empty:
        raise NotConfigured(
            "A live book has no carrier for this channel.", setting=" and ".join(empty)
        )
    return values


def _live_sms() -> dict[str, Any]:
    (kind,) = _needed("SMS_CARRIER")
    if kind == "smpp":
        (url,) = _needed("SMS_SMPP_URL")
        return {"kind": "smpp", "url": url, "price": settings.SMS_PRICE}
    if kind != "http":
        raise NotConfigured(
            f"There is no SMS carrier {kind!r}.", setting="RECOUP_SMS_CARRIER to http or smpp"
        )
    url, key_id, secret = _needed("SMS_HTTP_URL", "SMS_HTTP_KEY_ID", "SMS_HTTP_SECRET")
    return {
        "kind": "http", "url": url, "key_id": key_id, "secret": secret,
        "templates": settings.SMS_HTTP_TEMPLATES, "idempotent": settings.SMS_HTTP_IDEMPOTENT,
        "price": settings.SMS_PRICE,
    }  # fmt: skip


def _live_email() -> dict[str, Any]:
    url, sender = _needed("SMTP_URL", "MAIL_FROM")
    return {"kind": "smtp", "url": url, "from": sender, "price": settings.MAIL_PRICE}


def _live_letter() -> dict[str, Any]:
    (folder,) = _needed("LETTER_FOLDER")
    return {"kind": "print_house", "folder": folder, "price": settings.LETTER_PRICE}


def _price(config: Config) -> Decimal:
    return Decimal(str(config.get("price", 0)))


def _http(config: Config) -> Channel:
    return HttpSms(
        carrier=config["carrier"], url=config["url"], key_id=config["key_id"],
        secret=config["secret"], templates=config["templates"], price=_price(config),
        idempotent=bool(config.get("idempotent")),
    )  # fmt: skip


def _smpp(config: Config) -> Channel:
    url = urlsplit(config["url"])
    return SmppSms(
        carrier=config["carrier"], host=url.hostname or "", port=url.port or 2775,
        system_id=unquote(url.username or ""), password=unquote(url.password or ""),
        tls=url.scheme == "smpps", price=_price(config),
    )  # fmt: skip


def _smtp(config: Config) -> Channel:
    url = urlsplit(config["url"])
    starttls = parse_qs(url.query).get("starttls", ["yes"])[0] in ("yes", "1", "true")
    return SmtpMail(
        carrier=config["carrier"], host=url.hostname or "", port=url.port or 587,
        user=unquote(url.username or ""), password=unquote(url.password or ""),
        starttls=starttls, tls=url.scheme == "smtps", sender=config["from"], price=_price(config),
    )  # fmt: skip


def _print_house(config: Config) -> Channel:
    return PrintHouse(
        carrier=config["carrier"], folder=Path(config["folder"]), price=_price(config),
    )  # fmt: skip


MAKERS: dict[str, Callable[[Config], Channel]] = {
    "http": _http, "smpp": _smpp, "smtp": _smtp, "print_house": _print_house,
}  # fmt: skip
