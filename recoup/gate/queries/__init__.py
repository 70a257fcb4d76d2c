"""What is asked of the gate: eligibility, budgets left, refusals, texts."""

from recoup.gate.queries.frames import facts_frame
from recoup.gate.queries.lacking import lacking
from recoup.gate.queries.lists import (
    Budget,
    consents,
    fill,
    no_longer,
    opt_outs,
    permits,
    refusals,
    refusals_by_rule,
    remaining,
    stops,
    templates,
    unused,
)
from recoup.gate.queries.ready import Gap, gaps, senders, senders_of

__all__ = [
    "Budget", "Gap", "consents", "facts_frame", "fill", "gaps", "lacking", "no_longer",
    "opt_outs", "permits", "refusals", "refusals_by_rule", "remaining", "senders", "senders_of",
    "stops", "templates", "unused",
]  # fmt: skip
