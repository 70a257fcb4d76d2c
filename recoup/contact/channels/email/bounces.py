"""Returned mail: the delivery status notification of RFC 3464, as far as it says what happened."""

from __future__ import annotations

import email
import re
from dataclasses import dataclass
from email.message import Message
from email.policy import default


@dataclass(frozen=True, slots=True)
class Bounce:
    """Which of our mails came back, whether for good, and the status code."""

    message_id: str
    permanent: bool
    code: str


def read_bounce(raw: bytes) -> Bounce | None:
    """What a returned mail says; nothing if it is not one."""
    mail = email.message_from_bytes(raw, policy=default)
    if mail.get_content_type() != "multipart/report":
        return None
    code, action, message_id = "", "", ""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            for fields in part.get_payload() or ():
                if isinstance(fields, Message):
                    code = str(fields.get("Status", code)).strip()
                    action = str(fields.get("Action", action)).strip().lower()
        elif kind in ("message/rfc822", "text/rfc822-headers"):
            found = re.search(r"^Message-ID:\s*(<[^>\s]+>)", part.as_string(), re.I | re.M)
            message_id = found.group(1) if found else message_id
    if action not in ("failed", "delayed") or not message_id:
        return None
    return Bounce(message_id, action == "failed" and code.startswith("5"), code)
