"""What can happen to messages and letters."""

from recoup.journal.kinds import Kind

Reserved = Kind("contact.reserved", "{count} contacts were reserved on {channel}")
HandedOver = Kind(
    "contact.handed_over",
    "{accepted} contacts were handed to {carrier}; {failed} failed, {unknown} are unknown",
)
Outcomes = Kind("contact.outcomes", "{count} contacts had an outcome")
LeftUnknown = Kind("contact.left_unknown", "{count} contacts were interrupted and are unknown")
Settled = Kind("contact.settled", "A contact on {channel} is settled as {state}: {reason}")
CallBegun = Kind("contact.call_begun", "A call began under a permit, by {channel}")
CallEnded = Kind("contact.call_ended", "A call ended: {outcome}")
CallsBegun = Kind("contact.calls_begun", "{count} calls began under permits")
CallsEnded = Kind("contact.calls_ended", "{count} calls ended")
ReplyTaken = Kind("contact.reply_taken", "A borrower wrote back on {channel}: {meaning}")
ReplyHandled = Kind("contact.reply_handled", "A reply was handled")
