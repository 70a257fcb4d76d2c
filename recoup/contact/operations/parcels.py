"""From an attempt to the parcel that a channel hands over, and its content, sealed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.conf import settings
from django.core import signing
from django.db.models import QuerySet

from recoup.contact.channels.base import Parcel, Sender
from recoup.contact.models import Attempt
from recoup.gate.models import SenderIdentity
from recoup.kernel.clock import local_day
from recoup.kernel.text import canonical_json
from recoup.people.models import Book, Sealed
from recoup.people.operations import TextSealer

Rows = TypeVar("Rows", bound="QuerySet[Any]")
OPT_OUT_SALT = "contact.opt-out"


def with_parts(permits: Rows) -> Rows:
    """Permits with the rows that sending reads, in one query."""
    return permits.select_related(
        "book__creditor", "case__borrower", "template", "decision",
        "contact_point__sealed__person",
    )  # fmt: skip


def attempts_with_parts(attempts: Rows) -> Rows:
    """Attempts with the rows that sending reads, in one query."""
    return attempts.select_related(
        "book__creditor", "case__borrower", "contact_point__sealed__person", "permit__template",
    )  # fmt: skip


def label(key: str) -> str:
    """What the content of an attempt is sealed under."""
    return f"attempt:{key}"


def seal_content(texts: Iterable[tuple[str, str, str]]) -> list[bytes]:
    """Subjects and texts, sealed, for keys."""
    sealer = TextSealer()
    return [
        sealer.seal(canonical_json({"subject": subject, "text": text}), label=label(key))
        for key, subject, text in texts
    ]


def content_of(attempt: Attempt, sealer: TextSealer | None = None) -> tuple[str, str]:
    """The subject and the text of an attempt."""
    opened = (sealer or TextSealer()).unseal(bytes(attempt.content), label=label(attempt.key))
    content = json.loads(opened)
    return content["subject"], content["text"]


def parcels(attempts: Sequence[Attempt]) -> list[Parcel]:
    """What the channel hands over for attempts of one book and channel; addresses stay sealed."""
    sealer = TextSealer()
    first = attempts[0]
    sender = _sender(first.book, first.channel, first.reserved_at)
    names = _names(attempts) if first.channel == "letter" else {}
    return [
        _parcel(attempt, content_of(attempt, sealer), sender, names.get(_person(attempt)))
        for attempt in attempts
    ]


def _parcel(
    attempt: Attempt, content: tuple[str, str], sender: Sender, name: Sealed | None
) -> Parcel:
    permit, book = attempt.permit, attempt.book
    return Parcel(
        key=attempt.key,
        to=attempt.contact_point.sealed,
        subject=content[0],
        text=content[1],
        sender=sender,
        at=attempt.handed_at or attempt.reserved_at,
        on=local_day(attempt.reserved_at, book.time_zone),
        name=name,
        template=permit.template.code if permit.template else "",
        slots={slot: str(value) for slot, value in permit.slots.items()},
        reference=f"{attempt.case_id:08d}",
        language=permit.template.language if permit.template else "zh-hans",
        opt_out_url=opt_out_url(attempt.key) if attempt.channel == "email" else "",
    )


def _person(attempt: Attempt) -> int:
    return attempt.contact_point.sealed.person_id


def _sender(book: Book, channel: str, at: datetime) -> Sender:
    creditor = book.creditor
    found = (
        SenderIdentity.objects.filter(creditor=creditor, channel=channel)
        .exclude(valid_until__lt=local_day(at, book.time_zone))
        .order_by("pk")
        .first()
    )
    return Sender(
        name=creditor.name,
        address=found.address if found else "",
        signature=(found.signature if found else "") or creditor.name,
        phone=creditor.complaint_phone,
    )


def _names(attempts: Sequence[Attempt]) -> dict[int, Sealed]:
    persons = [_person(attempt) for attempt in attempts]
    rows = Sealed.objects.filter(person__in=persons, kind="name").select_related("person")
    return {row.person_id: row for row in rows.order_by("pk")}


def opt_out_url(key: str) -> str:
    """The address at which one click ends e-mail to a borrower (RFC 8058)."""
    token = signing.Signer(key=settings.WEBHOOK_KEY, salt=OPT_OUT_SALT).sign(key)
    return f"{settings.PORTAL_URL.rstrip('/')}/api/v1/opt-out/{token}"


def key_of_opt_out(token: str) -> str | None:
    """The key in such an address; nothing if it is not ours."""
    try:
        return signing.Signer(key=settings.WEBHOOK_KEY, salt=OPT_OUT_SALT).unsign(token)
    except signing.BadSignature:
        return None
