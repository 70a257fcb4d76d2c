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
    POINT,
    case_frame,
    cases_of,
    contact_point_frame,
    lay_cases,
    lay_history,
    lay_points,
    past_contact_frame,
    payment_frame,
)
from recoup.portfolio.queries.holders import employers, holders_frame, loads_elsewhere

__all__ = [
    "CONFLICT", "POINT", "ReadNote", "balance", "case", "case_frame", "cases", "cases_of", "contact_point_frame",
    "days_past_due", "employers", "hide_names", "holders_frame", "lay_cases", "lay_history", "lay_points", "ledger",
    "loads_elsewhere", "notes",
    "past_contact_frame", "payment_frame",
]  # fmt: skip
