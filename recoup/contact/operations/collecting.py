"""What carriers hold for us until we ask: receipts and replies over SMPP, a print house's proofs."""

from __future__ import annotations

from datetime import datetime

from recoup.contact import carriers
from recoup.contact.channels.base import Incoming, Report
from recoup.contact.operations.inbox import take_reply
from recoup.contact.operations.receipts import STATUSES, News, take_receipts
from recoup.people.models import Book


def collect(*, book: Book, channel: str, at: datetime) -> int:
    """
    Take in what the carrier of a channel holds for a book; gives how many. Twice does no harm.

    :raises NotConfigured: if the book has no carrier there
    :raises Failed: if the carrier cannot be asked now
    """
    opened = carriers.carrier_for(book, channel)

    def take(one: Report | Incoming) -> None:
        if isinstance(one, Incoming):
            take_reply(
                book=book, channel=channel, sender_value=one.sender, text=one.text,
                provider_id=one.provider_id, at=at,
            )  # fmt: skip
        elif one.status in STATUSES:
            news = News(one.status, at, provider_id=one.provider_id, detail=one.detail)
            take_receipts(carrier=opened.carrier, news=[news], at=at)

    try:
        return opened.collect(take)
    finally:
        opened.close()
