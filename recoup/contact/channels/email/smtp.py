"""
E-mail over SMTP (RFC 5321) with STARTTLS, sign-in and a delivery status asked for (RFC 3461).

The Message-ID carries our key, so it is the carrier's id too. List-Unsubscribe works with one
click (RFC 8058).
"""

from __future__ import annotations

import smtplib
import ssl
from decimal import Decimal
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from html import escape

from recoup.contact.channels.base import (
    Answer,
    BadAddress,
    Channel,
    Handed,
    Parcel,
    Status,
    Unclear,
    unsealed,
)
from recoup.kernel.errors import Failed

TIMEOUT = 20.0
NO_MAILBOX = (550, 551, 553)
TLS_FAILED = (ssl.SSLError, smtplib.SMTPNotSupportedError)


class SmtpMail(Channel):
    """A connection to a mail server, opened on first use and kept for the batch."""

    def __init__(
        self, *, carrier: str, host: str, port: int, sender: str, price: Decimal, user: str = "",
        password: str = "", starttls: bool = True, tls: bool = False, timeout: float = TIMEOUT,
    ) -> None:  # fmt: skip
        self.carrier, self.price = carrier, price
        self._where, self._sender = (host, port), sender
        self._user, self._password = user, password
        self._starttls, self._tls, self._timeout = starttls, tls, timeout
        self._server: smtplib.SMTP | None = None

    def hand_over(self, parcel: Parcel) -> Handed:
        """See `Channel`."""
        address = unsealed(parcel.to)
        if "@" not in address or any(letter in address for letter in "\r\n<>,; "):
            raise BadAddress("This is not an e-mail address.")
        mail = written(parcel, to=address, sender=self._sender)
        server = self._open()
        try:
            # Before DATA is answered nothing was taken, so these two can fail for sure.
            self._envelope(server, address, key=parcel.key)
        except (smtplib.SMTPServerDisconnected, OSError):
            self._drop()
            raise Failed("The mail server hung up.", permanent=False) from None
        try:
            code, _ = server.data(mail.as_bytes(policy=SMTP))
        except smtplib.SMTPDataError as refused:
            self._drop()
            _judge(refused.smtp_code)
        except (smtplib.SMTPException, OSError):
            self._drop()
            raise Unclear("The mail server did not say whether it took the mail.") from None
        else:
            _judge(code)
        return Handed(mail["Message-ID"], 1, self.cost(1))

    def ask(self, parcel: Parcel, *, provider_id: str) -> Answer:
        """See `Channel`. A mail server cannot be asked; a returned mail will tell."""
        return Answer(Status.UNKNOWN, provider_id, "SMTP cannot be asked")

    def close(self) -> None:
        """Say goodbye."""
        if self._server is not None:
            try:
                self._server.quit()
            except (smtplib.SMTPException, OSError):
                self._server.close()
            self._server = None

    def _open(self) -> smtplib.SMTP:
        if self._server is not None:
            return self._server
        host, port = self._where
        context = ssl.create_default_context()
        try:
            if self._tls:
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    host, port, timeout=self._timeout, context=context
                )
            else:
                server = smtplib.SMTP(host, port, timeout=self._timeout)
                if self._starttls:
                    server.starttls(context=context)
            if self._user:
                server.login(self._user, self._password)
            server.ehlo_or_helo_if_needed()
        except smtplib.SMTPAuthenticationError:
            raise Failed(
                "The mail server refused the sign-in.",
                permanent=False,
                hint="Check RECOUP_SMTP_URL.",
            ) from None
        except TLS_FAILED:
            raise Failed(
                "The mail server offers no trustworthy encryption.", permanent=False,
                hint="Use a server with STARTTLS, or add ?starttls=no for one on this machine.",
            ) from None  # fmt: skip
        except (smtplib.SMTPException, OSError):
            raise Failed("The mail server cannot be reached.", permanent=False) from None
        self._server = server
        return server

    def _envelope(self, server: smtplib.SMTP, address: str, *, key: str) -> None:
        dsn = server.has_extn("dsn")
        code, _ = server.mail(
            self._sender.rpartition("<")[2].rstrip(">"),
            ["RET=HDRS", f"ENVID={key}"] if dsn else [],
        )
        if code == 250:
            code, _ = server.rcpt(address, ["NOTIFY=FAILURE,DELAY"] if dsn else [])
        if code not in (250, 251):
            server.rset()
            if code in NO_MAILBOX:
                raise BadAddress(f"The mail server knows no such mailbox ({code}).")
            _judge(code)

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None


def _judge(code: int) -> None:
    if code not in (250, 251):
        raise Failed(f"The mail server refused the mail ({code}).", permanent=code >= 500)


def message_id(key: str, sender: str) -> str:
    """The Message-ID under a key."""
    return f"<{key}@{sender.rpartition('@')[2].rstrip('>')}>"


def written(parcel: Parcel, *, to: str, sender: str) -> EmailMessage:
    """The mail: a plain and an HTML part with the same words."""
    mail = EmailMessage(policy=SMTP)
    address = sender.rpartition("<")[2].rstrip(">")
    mail["From"] = formataddr((parcel.sender.name, address))
    mail["To"] = to
    mail["Subject"] = parcel.subject or parcel.sender.name
    mail["Date"] = format_datetime(parcel.at)
    mail["Message-ID"] = message_id(parcel.key, sender)
    mail["Auto-Submitted"] = "auto-generated"
    if parcel.opt_out_url:
        mailto = f"mailto:{address}?subject=unsubscribe%20{parcel.key}"
        mail["List-Unsubscribe"] = f"<{parcel.opt_out_url}>, <{mailto}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(parcel.text)
    paragraphs = "".join(
        f"<p>{escape(line)}</p>" for line in parcel.text.splitlines() if line.strip()
    )
    mail.add_alternative(
        f'<!doctype html><html lang="{escape(parcel.language)}"><body>{paragraphs}</body></html>',
        subtype="html",
    )
    return mail
