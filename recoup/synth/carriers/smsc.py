"""
A message centre on the loopback that speaks SMPP 3.4, written from the specification alone.

It shares no code with the library that Recoup sends with, so that a mistake there shows.
"""

from __future__ import annotations

import itertools
import socketserver
import struct
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from recoup.synth.carriers.log import Log

QUERY, SUBMIT, DELIVER, UNBIND = 0x03, 0x04, 0x05, 0x06
BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER, ENQUIRE = 0x01, 0x02, 0x09, 0x15
RESPONSE = 0x80000000
OK, BAD_COMMAND, NOT_BOUND, BAD_NUMBER, BAD_LOGIN, NO_MESSAGE, BUSY = 0, 3, 4, 11, 14, 12, 0x58
UDH, RECEIPT, UCS2 = 0x40, 0x04, 0x08
STATES = {"delivered": 2, "undelivered": 5, "accepted": 6}
WORDS = {"delivered": "DELIVRD", "undelivered": "UNDELIV", "accepted": "ACCEPTD"}
GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)


@dataclass(slots=True)
class Submitted:
    """The fields of a `submit_sm`, or of a `deliver_sm`, which has the same body."""

    source: str
    destination: str
    esm_class: int
    registered: int
    coding: int
    message: bytes = field(repr=False)

    @classmethod
    def parse(cls, body: bytes) -> Submitted:
        """Read a body."""
        rest = body
        _, rest = _string(rest)  # service type
        source, rest = _string(rest[2:])
        destination, rest = _string(rest[2:])
        esm_class, rest = rest[0], rest[3:]
        _, rest = _string(rest)  # schedule
        _, rest = _string(rest)  # validity
        registered, _, coding, _, length = struct.unpack(">5B", rest[:5])
        return cls(source, destination, esm_class, registered, coding, rest[5 : 5 + length])

    def build(self) -> bytes:
        """Write a body."""
        return b"".join(
            (
                b"\0", bytes((1, 1)), _cstring(self.source), bytes((0, 1)),
                _cstring(self.destination), bytes((self.esm_class, 0, 0)), b"\0\0",
                bytes((0, 0, self.coding, 0, len(self.message))), self.message,
            )
        )  # fmt: skip


class Smsc:
    """The server. `cut_after` drops the connection after so many more submits were taken."""

    def __init__(self, log: Log, *, system_id: str = "recoup", password: str = "secret") -> None:  # noqa: S107
        self.log, self.system_id, self.password = log, system_id, password
        self.cut_after: int | None = None
        self.busy = 0
        self.held: deque[bytes] = deque()
        self.submits = 0
        self._ids = itertools.count(1)
        self._parts: dict[tuple[str, int], dict[int, bytes]] = {}
        self._receipts: set[str] = set()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Session)
        self._server.centre = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        port = self._server.server_address[1]
        return f"smpp://{self.system_id}:{self.password}@127.0.0.1:{port}"

    def start(self) -> None:
        """Listen."""
        self._thread.start()

    def stop(self) -> None:
        """Close the door."""
        self._server.shutdown()
        self._server.server_close()

    def submit(self, body: bytes) -> tuple[int, str]:
        """Take one message or part: the status and its id."""
        part = Submitted.parse(body)
        with self._lock:
            self.submits += 1
            if self.busy > 0:
                self.busy -= 1
                return BUSY, ""
            if not part.destination.isdigit():
                return BAD_NUMBER, ""
            message_id = f"{next(self._ids):08x}"
            whole = self._join(part)
            if part.registered & 1:
                self._receipts.add(message_id)
            if whole is not None:
                text = _decoded(whole, part.coding)
                self.log.add(
                    channel="smpp", key="", address=part.destination, text=text,
                    provider_id=message_id,
                )  # fmt: skip
        return OK, message_id

    def _join(self, part: Submitted) -> bytes | None:
        """The message, once all its parts are here."""
        if not part.esm_class & UDH:
            return part.message
        length = part.message[0]
        _, _, reference, total, place = struct.unpack(">5B", part.message[1:6])
        parts = self._parts.setdefault((part.destination, reference), {})
        parts[place] = part.message[length + 1 :]
        if len(parts) < total:
            return None
        del self._parts[part.destination, reference]
        return b"".join(parts[n] for n in range(1, total + 1))

    def query(self, body: bytes) -> tuple[int, bytes]:
        """What became of a message."""
        message_id, _ = _string(body)
        row = self.log.by_id("smpp", message_id)
        if row is None:
            return NO_MESSAGE, b""
        return OK, _cstring(message_id) + b"\0" + bytes((STATES.get(row.status, 7), 0))

    def deliver_receipt(self, message_id: str, status: str) -> None:
        """Hold a receipt for the next who is bound, if one was asked for."""
        self.log.settle(message_id, status)
        if message_id not in self._receipts:
            return
        text = (
            f"id:{message_id} sub:001 dlvrd:001 submit date:2611230200 done date:2611230201 "
            f"stat:{WORDS[status]} err:000 text:"
        )
        row = self.log.by_id("smpp", message_id)
        source = row.address if row else ""
        receipt = Submitted(source, "10690000", RECEIPT, 0, 0, text.encode("ascii"))
        self.held.append(receipt.build())

    def mobile_originated(self, number: str, text: str) -> None:
        """Hold a message from a phone for the next who is bound."""
        message = Submitted(number.lstrip("+"), "10690000", 0, 0, UCS2, text.encode("utf-16-be"))
        self.held.append(message.build())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    centre: Smsc

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""


class _Session(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.bound = False
        self._sequence = itertools.count(1)
        self._unacknowledged: dict[int, bytes] = {}

    def handle(self) -> None:
        centre = self.server.centre
        while head := self.rfile.read(16):
            if len(head) < 16:
                break
            length, command, status, sequence = struct.unpack(">4I", head)
            body = self.rfile.read(length - 16)
            if not self._answer(centre, command, status, sequence, body):
                break
        # What was not acknowledged is delivered again to whoever binds next.
        centre.held.extendleft(reversed(list(self._unacknowledged.values())))

    def _answer(self, centre: Smsc, command: int, status: int, sequence: int, body: bytes) -> bool:
        if command in (BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER):
            system_id, rest = _string(body)
            password, _ = _string(rest)
            self.bound = (system_id, password) == (centre.system_id, centre.password)
            self._send(
                command | RESPONSE, OK if self.bound else BAD_LOGIN, sequence, _cstring("smsc")
            )
        elif command == UNBIND:
            self._send(UNBIND | RESPONSE, OK, sequence)
            return False
        elif command == DELIVER | RESPONSE:
            self._unacknowledged.pop(sequence, None)
        elif not self.bound:
            self._send(command | RESPONSE, NOT_BOUND, sequence)
        elif command == SUBMIT:
            return self._submit(centre, sequence, body)
        elif command == QUERY:
            said, answer = centre.query(body)
            self._send(QUERY | RESPONSE, said, sequence, answer)
        elif command == ENQUIRE:
            self._deliver(centre)
            self._send(ENQUIRE | RESPONSE, OK, sequence)
        else:
            self._send(RESPONSE, BAD_COMMAND, sequence)
        return True

    def _submit(self, centre: Smsc, sequence: int, body: bytes) -> bool:
        said, message_id = centre.submit(body)
        if centre.cut_after is not None:
            centre.cut_after -= 1
            if centre.cut_after <= 0:
                centre.cut_after = None
                return False
        self._send(SUBMIT | RESPONSE, said, sequence, _cstring(message_id) if not said else b"")
        return True

    def _deliver(self, centre: Smsc) -> None:
        while centre.held:
            body, sequence = centre.held.popleft(), next(self._sequence)
            self._unacknowledged[sequence] = body
            self._send(DELIVER, OK, sequence, body)

    def _send(self, command: int, status: int, sequence: int, body: bytes = b"") -> None:
        self.wfile.write(struct.pack(">4I", 16 + len(body), command, status, sequence) + body)
        self.wfile.flush()


def _string(raw: bytes) -> tuple[str, bytes]:
    text, _, rest = raw.partition(b"\0")
    return text.decode("ascii"), rest


def _cstring(text: str) -> bytes:
    return text.encode("ascii") + b"\0"


def _decoded(raw: bytes, coding: int) -> str:
    if coding == UCS2:
        return raw.decode("utf-16-be")
    return "".join(GSM[octet & 0x7F] for octet in raw if octet != 0x1B)
