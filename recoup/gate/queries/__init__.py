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

__all__ = [
    "Budget", "consents", "facts_frame", "fill", "lacking", "no_longer", "opt_outs", "permits",
    "refusals", "refusals_by_rule", "remaining", "stops", "templates", "unused",
]  # fmt: skip
