"""What borrowers write back, and what mail servers return."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import IntegrityError, transaction

from recoup.contact.channels.email.bounces import read_bounce
from recoup.contact.events import Outcomes, ReplyHandled, ReplyTaken
from recoup.contact.models import Attempt, Reply
from recoup.contact.operations.receipts import News, take_receipts
from recoup.gate import operations as gate
from recoup.journal.operations import record
from recoup.kernel.actors import BORROWER, Viewer
from recoup.kernel.text import canonical_json, tidy
from recoup.people import queries as people
from recoup.people import scopes
from recoup.people.models import Book
from recoup.people.operations import TextSealer
from recoup.portfolio.models import Borrower

# In doubt a wish to be left alone is heard: an opt-out too many can be lifted by the person.
LEAVE_ME = re.compile(
    r"^(T|TD|R|QX|N?STOP|STOPALL|UNSUBSCRIBE|END|QUIT|CANCEL|退|拒收|取消)[。.!！]?$"
    r"|退订|拒收|取消订阅|(别|不要|勿)再?(发|联系|骚扰)|UNSUBSCRIBE",
    re.IGNORECASE,
)
COMPLAINT = re.compile(
    r"投诉|举报|骚扰|威胁|报警|报案|金融监管|银保监|消保|信访|12378|12363|12315|律师"
    r"|complain|harass|regulator|ombudsman|lawyer",
    re.IGNORECASE,
)
MEDIUM = {"sms": "phone", "email": "email"}
OPT_OUT, COMPLAINS, WAITS, STRANGER = "opt_out", "complaint", "waiting", "unknown_sender"


def meaning_of(text: str) -> str:
    """
    What a reply is taken for: an opt-out, a complaint, or something for a person to read.

    >>> meaning_of("TD"), meaning_of("ｔｄ "), meaning_of("我要投诉你们"), meaning_of("周五还")
    ('opt_out', 'opt_out', 'complaint', 'waiting')
    """
    said = tidy(text)
    # A complaint outranks: it stops everything, an opt-out only this channel.
    if COMPLAINT.search(said):
        return COMPLAINS
    return OPT_OUT if LEAVE_ME.search(said) else WAITS


def take_reply(
    *, book: Book, channel: str, sender_value: str, text: str, provider_id: str, at: datetime
) -> Reply:
    """
    Take in what somebody wrote to us; the same one twice is one.

    A wish to be left alone opts the borrower out, a complaint stops contact, both in this
    transaction. A sender we do not know is kept and listed for people.
    """
    known = Reply.objects.filter(book=book, channel=channel, provider_id=provider_id).first()
    if known:
        return known
    try:
        return _take(book, channel, sender_value, text, provider_id, at)
    except IntegrityError:
        # Two deliveries at the same moment: the other one has written it.
        return Reply.objects.get(book=book, channel=channel, provider_id=provider_id)


def _take(
    book: Book, channel: str, sender_value: str, text: str, provider_id: str, at: datetime
) -> Reply:
    senders = _senders(book, channel, sender_value)
    meaning = meaning_of(text)
    shown = meaning if senders else STRANGER
    case = getattr(senders[0], "case", None) if senders else None
    sealed = TextSealer().seal(
        canonical_json({"from": sender_value, "text": text}), label=f"reply:{provider_id}"
    )
    with transaction.atomic(), record(
        ReplyTaken, by=BORROWER, at=at, book=book, case=case, channel=channel, meaning=shown,
    ) as event:  # fmt: skip
        reply = Reply.objects.create(
            book=book, case=case, borrower=senders[0] if senders else None, channel=channel,
            at=at, text=sealed, provider_id=provider_id, meaning=shown,
        )  # fmt: skip
        event.about(reply)
        for borrower in senders:
            _act_on(reply, borrower, meaning, text, at=at)
        if case is not None:
            rows = [[case.pk, at.isoformat(), channel, "replied"]]
            with record(Outcomes, by=BORROWER, at=at, book=book, count=1, rows=rows):
                pass
        return reply


def _act_on(reply: Reply, borrower: Borrower, meaning: str, text: str, *, at: datetime) -> None:
    source = f"reply:{reply.pk}"
    if LEAVE_ME.search(tidy(text)):
        gate.opt_out(borrower=borrower, scope=reply.channel, source=source, at=at, by=BORROWER)
    case = getattr(borrower, "case", None)
    if meaning == COMPLAINS and case is not None:
        gate.stop(case=case, reason="complaint", source=source, by=BORROWER, at=at)


def _senders(book: Book, channel: str, value: str) -> list[Borrower]:
    """The borrowers of the book with this number or address, the last one contacted first."""
    viewer = scopes.system_viewer(book, name="replies")
    persons = people.find(viewer=viewer, kind=MEDIUM.get(channel, channel), value=value)
    rows = Borrower.objects.filter(book=book, person__in=persons).select_related("case__book")
    last = dict(
        Attempt.objects.filter(case__borrower__in=rows, channel=channel)
        .order_by("reserved_at")
        .values_list("case__borrower", "pk")
    )
    return sorted(rows, key=lambda row: (-last.get(row.pk, 0), row.pk))


def handle(*, reply: Reply, viewer: Viewer, at: datetime) -> Reply:
    """
    Say that a person has read and dealt with a reply.

    :raises Refused: unless the viewer works cases
    """
    scopes.demand(viewer, scopes.WORK_CASES)
    with record(ReplyHandled, by=viewer.actor(), at=at, book=reply.book, case=reply.case) as event:
        scopes.unjoined(Reply).filter(pk=reply.pk, handled_at=None).update(
            handled_at=at, handled_by=viewer.name
        )
        reply.refresh_from_db()
        return event.about(reply)


def opt_out_by_key(*, key: str, at: datetime) -> bool:
    """
    End e-mail to whoever was written to under a key; gives whether there is such a mail.
    """
    attempt = Attempt.objects.filter(key=key, channel="email").select_related("case__borrower")
    row = attempt.first()
    if row is None:
        return False
    gate.opt_out(
        borrower=row.case.borrower, scope="email", source=f"one-click:{key}", at=at, by=BORROWER
    )
    return True


def take_bounce(*, carrier: str, raw: bytes, at: datetime) -> bool:
    """
    Take in a mail that a mail server returned; gives whether it was one of ours.

    Only a return for good counts: a delay is no outcome yet.
    """
    bounce = read_bounce(raw)
    if bounce is None or not bounce.permanent:
        return False
    news = News("undelivered", at, provider_id=bounce.message_id, detail=bounce.code)
    return take_receipts(carrier=carrier, news=[news], at=at) > 0
