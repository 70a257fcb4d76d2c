"""What changes: sending under permits, receipts, replies, and what a crash left behind."""

from recoup.contact.operations.collecting import collect
from recoup.contact.operations.inbox import handle, opt_out_by_key, take_bounce, take_reply
from recoup.contact.operations.outbox import send, send_many
from recoup.contact.operations.outside import (
    OUTCOMES,
    Ended,
    begin_call,
    begin_calls,
    end_call,
    end_calls,
)
from recoup.contact.operations.receipts import News, settle, take_receipt, take_receipts
from recoup.contact.operations.recovery import recover

__all__ = [
    "OUTCOMES", "Ended", "News", "begin_call", "begin_calls", "collect", "end_call", "end_calls", "handle", "opt_out_by_key", "recover", "send", "send_many", "settle", "take_bounce",
    "take_receipt", "take_receipts", "take_reply",
]  # fmt: skip
