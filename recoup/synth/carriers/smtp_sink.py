"""A mail server on the loopback that takes every mail and keeps it."""

from __future__ import annotations

import asyncio
import email
import threading
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from recoup.synth.carriers.log import Log


class SmtpSink:
    """The server. `refused` holds addresses that it says do not exist; `cut` ends connections."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.refused: set[str] = set()
        self.cut_after_data = 0
        self.address = ("127.0.0.1", 0)
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"smtp://{self.address[0]}:{self.address[1]}?starttls=no"

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        self._ready.wait(timeout=10)

    def stop(self) -> None:
        """Close the door."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take every mailbox but those that do not exist."""
        if address in self.refused:
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the mail."""
        mail = email.message_from_bytes(bytes(envelope.content or b""), policy=default)
        body = mail.get_body(preferencelist=("plain",))
        message_id = str(mail["Message-ID"])
        if self.log.by_id("email", message_id) is None:
            self.log.add(
                channel="email", key=message_id.strip("<>").partition("@")[0],
                address=envelope.rcpt_tos[0], subject=str(mail["Subject"]),
                text=body.get_content().strip() if body else "", provider_id=message_id,
            )  # fmt: skip
        if self.cut_after_data > 0:
            self.cut_after_data -= 1
            transport: Any = server.transport
            transport.abort()
        return "250 2.0.0 OK"

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(
            self._loop.create_server(
                lambda: SMTP(self, hostname="localhost", enable_SMTPUTF8=True), "127.0.0.1", 0
            )
        )
        self.address = self._server.sockets[0].getsockname()[:2]
        self._ready.set()
        self._loop.run_forever()
        self._server.close()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
