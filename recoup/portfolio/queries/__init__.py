"""What is asked: cases and their ledger by people, whole books as columns by the night."""

from recoup.portfolio.queries.desk import (
    CONFLICT,
    ReadNote,
    balance,
    case,
    cases,
    days_past_due,
    hide_names,
    ledger,
    notes,
)
from recoup.portfolio.queries.frames import (
    case_frame,
    contact_point_frame,
    past_contact_frame,
    payment_frame,
)
from recoup.portfolio.queries.holders import employers, holders_frame, loads_elsewhere

__all__ = [
    "CONFLICT", "ReadNote", "balance", "case", "case_frame", "cases", "contact_point_frame", "days_past_due",
    "employers", "hide_names", "holders_frame", "ledger", "loads_elsewhere", "notes",
    "past_contact_frame", "payment_frame",
]  # fmt: skip
