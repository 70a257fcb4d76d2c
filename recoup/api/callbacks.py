"""
What carriers push to us, and what recipients click.

A push cannot be signed by Aliyun, so its address holds a token that only we can make.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpResponse
from django.utils.translation import get_language
from django_scopes import scopes_disabled

from recoup.api.shapes import SmsReport, SmsUp
from recoup.contact import operations as contact
from recoup.contact.operations.parcels import key_of_opt_out
from recoup.people import queries as people
from recoup.people import scopes
from recoup.people.models import Book

CHINA = ZoneInfo("Asia/Shanghai")


def token_of(book: Book) -> str:
    """The secret part of a book's callback addresses."""
    named = f"sms-callback:{book.code}"
    return hmac.new(settings.WEBHOOK_KEY.encode(), named.encode(), hashlib.sha256).hexdigest()[:40]


def address_of(book: Book) -> str:
    """Where a gateway pushes for a book; `/receipts` and `/replies` follow."""
    return f"{settings.PORTAL_URL.rstrip('/')}/api/v1/carriers/sms/{book.code}/{token_of(book)}"


def _book(code: str, token: str) -> Book:
    book = people.book(code)
    right = token_of(book) if book else "-"
    if book is None or not hmac.compare_digest(right.encode(), token.encode()):
        raise Http404
    return book


def receipts(*, book: str, token: str, news: Sequence[SmsReport], at: datetime) -> int:
    """Take in receipts; gives how many were for us. The others are no reason to push again."""
    row = _book(book, token)
    carrier = "demo-http" if row.is_demo else "http"
    with scopes.acting_for(row):
        return contact.take_receipts(
            carrier=carrier,
            news=[
                contact.News(
                    status="delivered" if one.success else "undelivered",
                    at=_instant(one.report_time, at), provider_id=one.biz_id, key=one.out_id,
                    detail=one.err_code,
                )
                for one in news
            ],
            at=at,
        )  # fmt: skip


def replies(*, book: str, token: str, news: Sequence[SmsUp], at: datetime) -> int:
    """Take in messages from phones; gives how many."""
    row = _book(book, token)
    with scopes.acting_for(row):
        for one in news:
            contact.take_reply(
                book=row, channel="sms", sender_value=one.phone_number, text=one.content,
                provider_id=str(one.sequence_id)[:80], at=_instant(one.send_time, at),
            )  # fmt: skip
    return len(news)


def opt_out(*, token: str, at: datetime) -> None:
    """End e-mail to whoever got the mail with this token."""
    key = key_of_opt_out(token)
    if key is None:
        raise Http404
    with scopes_disabled():
        if not contact.opt_out_by_key(key=key, at=at):
            raise Http404


def page(title: str, body: str) -> HttpResponse:
    """A page that needs nothing but itself. `body` is HTML."""
    return HttpResponse(
        f'<!doctype html><html lang="{get_language() or "zh-hans"}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<h1>{escape(title)}</h1>{body}</html>"
    )


def _instant(text: str, otherwise: datetime) -> datetime:
    """Aliyun writes China's wall time without saying so."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA).astimezone(UTC)
    except ValueError:
        return otherwise
