"""What changes: sending under permits, receipts, replies, and what a crash left behind."""

from recoup.contact.operations.collecting import collect
from recoup.contact.operations.inbox import handle, opt_out_by_key, take_bounce, take_reply
from recoup.contact.operations.outbox import send, send_many
from recoup.contact.operations.outside import OUTCOMES, begin_call, end_call
from recoup.contact.operations.receipts import News, settle, take_receipt, take_receipts
from recoup.contact.operations.recovery import recover

__all__ = [
    "OUTCOMES", "News", "begin_call", "collect", "end_call", "handle", "opt_out_by_key", "recover", "send", "send_many", "settle", "take_bounce",
    "take_receipt", "take_receipts", "take_reply",
]  # fmt: skip
