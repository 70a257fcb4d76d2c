"""
SMPP 3.4: one transceiver bind, messages in UCS-2 or GSM letters, long ones in parts (UDH).

Only the last part asks for a delivery receipt, and its id stands for the whole message. SMPP
has no idempotency key, so a message whose answer was lost stays unknown until a person asks.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import ssl
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from smpplib import consts, exceptions, smpp
from smpplib.client import Client

from recoup.contact.channels.base import (
    Answer,
    BadAddress,
    Channel,
    Handed,
    Incoming,
    Parcel,
    Report,
    Status,
    Unclear,
    unsealed,
)
from recoup.contact.channels.sms.segments import cut, octets, signed
from recoup.kernel.errors import Failed
from recoup.kernel.text import phone_number

TIMEOUT = 10.0
UDH = 0x40  # esm_class: the text begins with a user data header
RECEIPT = 0x04  # esm_class: this is a delivery receipt
UCS2 = 0x08
STATES = {
    1: Status.ACCEPTED, 2: Status.DELIVERED, 3: Status.UNDELIVERED, 4: Status.UNDELIVERED,
    5: Status.UNDELIVERED, 6: Status.ACCEPTED, 8: Status.UNDELIVERED,
}  # fmt: skip
WORDS = {
    "DELIVRD": Status.DELIVERED, "ACCEPTD": Status.ACCEPTED, "ENROUTE": Status.ACCEPTED,
    "EXPIRED": Status.UNDELIVERED, "DELETED": Status.UNDELIVERED, "UNDELIV": Status.UNDELIVERED,
    "REJECTD": Status.UNDELIVERED,
}  # fmt: skip
BAD_NUMBER = (consts.SMPP_ESME_RINVDSTADR, consts.SMPP_ESME_RINVDSTTON)
TRY_LATER = (
    consts.SMPP_ESME_RTHROTTLED, consts.SMPP_ESME_RMSGQFUL, consts.SMPP_ESME_RINVBNDSTS,
)  # fmt: skip

# The library writes whole messages at debug level, numbers and all.
logging.getLogger("recoup.smpp").setLevel(logging.ERROR)


class SmppSms(Channel):
    """One bind to a message centre, opened on first use."""

    def __init__(
        self, *, carrier: str, host: str, port: int, system_id: str, password: str, price: Decimal,
        tls: bool = False, timeout: float = TIMEOUT,
    ) -> None:  # fmt: skip
        self.carrier, self.price = carrier, price
        self._where = (host, port)
        self._login = {"system_id": system_id, "password": password}
        self._tls, self._timeout = tls, timeout
        self._client: Any = None
        self._session = ""
        self._waiting: list[Any] = []

    def hand_over(self, parcel: Parcel) -> Handed:
        """See `Channel`."""
        number = phone_number(unsealed(parcel.to))
        if number is None:
            raise BadAddress("This is not a phone number.")
        message = cut(signed(parcel.text, parcel.sender.signature))
        client, count = self._bound(), len(message.parts)
        provider_id = ""
        parts = self._parts(parcel, number, message.parts, message.ucs2)
        for place, pdu in enumerate(parts, start=1):
            answer = self._exchange(client, pdu(client), "submit_sm_resp")
            if answer.status != consts.SMPP_ESME_ROK:
                if place > 1:
                    raise Unclear(f"Part {place} of {count} was refused after others had left.")
                _judge(int(answer.status))
            provider_id = _text(answer.message_id)
        return Handed(provider_id[:80], count, self.cost(count))

    def ask(self, parcel: Parcel, *, provider_id: str) -> Answer:
        """See `Channel`. Only a message whose id is known can be asked for."""
        if not provider_id:
            return Answer(Status.UNKNOWN, detail="no id to ask by")
        client = self._bound()
        source, ton = _source(parcel.sender.address)
        pdu = smpp.make_pdu(
            "query_sm", client=client, message_id=provider_id, source_addr=source,
            source_addr_ton=ton, source_addr_npi=0,
        )  # fmt: skip
        answer = self._exchange(client, pdu, "query_sm_resp")
        if answer.status != consts.SMPP_ESME_ROK:
            return Answer(Status.UNKNOWN, provider_id, f"status {int(answer.status)}")
        status = STATES.get(int(answer.message_state or 0), Status.UNKNOWN)
        return Answer(status, provider_id)

    def collect(self, take: Callable[[Report | Incoming], None]) -> int:
        """
        Take what the centre has for us: receipts and messages. Each is acknowledged after it was
        taken, so that what a crash interrupts comes again.
        """
        client, count = self._bound(), 0
        for pdu in self._incoming(client):
            take(_read(pdu, self._session))
            answer = smpp.make_pdu("deliver_sm_resp", client=client, status=consts.SMPP_ESME_ROK)
            answer.sequence = pdu.sequence
            self._send(client, answer)
            count += 1
        return count

    def close(self) -> None:
        """Unbind."""
        client, self._client = self._client, None
        if client is None:
            return
        try:
            self._exchange(client, smpp.make_pdu("unbind", client=client), "unbind_resp")
        except Failed:
            pass
        finally:
            _drop(client)

    def _incoming(self, client: Any) -> Iterator[Any]:
        # An enquiry makes the centre speak; what it sent before the answer is for us.
        self._exchange(client, smpp.make_pdu("enquire_link", client=client), "enquire_link_resp")
        while self._waiting:
            yield self._waiting.pop(0)

    def _bound(self) -> Any:
        if self._client is not None:
            return self._client
        context = ssl.create_default_context() if self._tls else None
        client = Client(
            *self._where, timeout=self._timeout, logger_name="recoup.smpp", ssl_context=context,
            allow_unknown_opt_params=True,
        )  # fmt: skip
        try:
            client.connect()
            client.bind_transceiver(**self._login)
        except exceptions.PDUError as refused:
            _drop(client)
            raise Failed(
                f"The message centre refused the bind (status {refused.args[-1]}).",
                permanent=False, hint="Check RECOUP_SMS_SMPP_URL.",
            ) from None  # fmt: skip
        except (exceptions.ConnectionError, OSError):
            _drop(client)
            raise Failed("The message centre cannot be reached.", permanent=False) from None
        # Sequence numbers begin again with every bind, so a bind needs a name of its own.
        self._client, self._session = client, secrets.token_hex(16)
        return client

    def _parts(
        self, parcel: Parcel, number: str, parts: tuple[str, ...], ucs2: bool
    ) -> Iterator[Callable[[Any], Any]]:
        source, ton = _source(parcel.sender.address)
        reference = zlib.crc32(parcel.key.encode()) & 0xFF
        for place, part in enumerate(parts, start=1):
            header = bytes((5, 0, 3, reference, len(parts), place)) if len(parts) > 1 else b""
            fields = {
                "source_addr": source, "source_addr_ton": ton, "source_addr_npi": 0,
                "destination_addr": number.lstrip("+"), "dest_addr_ton": 1, "dest_addr_npi": 1,
                "short_message": header + octets(part, ucs2=ucs2),
                "data_coding": UCS2 if ucs2 else 0, "esm_class": UDH if header else 0,
                "registered_delivery": int(place == len(parts)),
            }  # fmt: skip
            yield lambda client, fields=fields: smpp.make_pdu("submit_sm", client=client, **fields)

    def _send(self, client: Any, pdu: Any) -> None:
        try:
            client.send_pdu(pdu)
        except (exceptions.ConnectionError, OSError):
            self._lost()

    def _exchange(self, client: Any, pdu: Any, wanted: str) -> Any:
        """Send, and read until the answer to it; what else comes meanwhile is kept or answered."""
        self._send(client, pdu)
        while True:
            try:
                answer = client.read_pdu()
            except (exceptions.ConnectionError, exceptions.PDUError, OSError):
                self._lost()
            if answer.command == "deliver_sm":
                self._waiting.append(answer)
            elif answer.command == "enquire_link":
                link = smpp.make_pdu("enquire_link_resp", client=client)
                link.sequence = answer.sequence
                self._send(client, link)
            elif answer.command in (wanted, "generic_nack") and answer.sequence == pdu.sequence:
                return answer

    def _lost(self) -> None:
        client, self._client = self._client, None
        self._waiting.clear()  # not acknowledged, so the centre sends them again
        _drop(client)
        raise Unclear("The message centre did not answer.") from None


def _drop(client: Any) -> None:
    if client is not None:
        client.state = consts.SMPP_CLIENT_STATE_OPEN  # `disconnect` warns in any other state
        client.disconnect()


def _source(address: str) -> tuple[str, int]:
    """Our number and its type: alphanumeric (5) if it has letters, else unknown (0)."""
    return (address[:11], 5) if re.search(r"[A-Za-z]", address) else (address, 0)


def _judge(status: int) -> None:
    if status in BAD_NUMBER:
        raise BadAddress(f"The message centre does not send to this number (status {status}).")
    raise Failed(
        f"The message centre refused the message (status {status}).",
        permanent=status not in TRY_LATER,
    )


def _text(value: Any) -> str:
    return (value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)).strip(
        "\0"
    )


def _read(pdu: Any, session: str) -> Report | Incoming:
    """A receipt, or a message that somebody wrote to us."""
    raw = pdu.short_message or b""
    if int(pdu.esm_class or 0) & 0x3C == RECEIPT:
        said = raw.decode("latin-1")
        found = dict(re.findall(r"(id|stat|err):(\S+)", said))
        state = getattr(pdu, "message_state", None)
        status = STATES.get(int(state)) if state else WORDS.get(found.get("stat", ""))
        known = getattr(pdu, "receipted_message_id", None)
        return Report(
            provider_id=_text(known) if known else found.get("id", ""),
            status=status or Status.UNKNOWN,
            detail=f"{found.get('stat', '')} {found.get('err', '')}".strip(),
        )
    coding = "utf-16-be" if int(pdu.data_coding or 0) == UCS2 else "latin-1"
    if int(pdu.esm_class or 0) & UDH and raw:
        raw = raw[raw[0] + 1 :]
    sender = "+" + _text(pdu.source_addr).lstrip("+")
    text = raw.decode(coding, "replace")
    return Incoming(sender=sender, text=text, provider_id=_name_of(pdu, session))


def _name_of(pdu: Any, session: str) -> str:
    """
    A name for a message that comes without one: over the bind it came in, its place there, and
    everything that the centre says of it.

    Two messages never share a name, not even the same word from the same phone on two days. What a
    crash kept from being acknowledged comes again in another bind, under another name: a reply is
    rather shown twice than lost.
    """
    said = [
        session,
        *(
            getattr(pdu, field, None)
            for field in (
                "sequence", "source_addr", "destination_addr", "short_message", "data_coding",
                "esm_class", "schedule_delivery_time",
            )
        ),
    ]  # fmt: skip
    parts = [value if isinstance(value, bytes) else str(value).encode() for value in said]
    whole = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return f"smpp-{hashlib.sha256(whole).hexdigest()}"
