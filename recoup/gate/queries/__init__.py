"""What is asked of the gate: eligibility, budgets left, refusals, texts."""

from recoup.gate.queries.asking import Told, clock_of, may_i, may_one, ordinary, points
from recoup.gate.queries.careful import objections_frame, vulnerable_cases
from recoup.gate.queries.current import facts_now
from recoup.gate.queries.frames import Facts, complaints_frame, facts_frame
from recoup.gate.queries.lacking import lacking
from recoup.gate.queries.law import (
    Fires,
    Stopped,
    countries,
    fires,
    rule,
    rules,
    stopped_on,
    words_of,
)
from recoup.gate.queries.leave import (
    approvals,
    decided_approvals,
    declared,
    is_of_case,
    may_decide,
    pending_approvals,
)
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
from recoup.gate.queries.ready import Gap, gaps, papers, senders, senders_of
from recoup.gate.queries.replay import replayed

__all__ = [
    "Budget",
    "Facts",
    "Fires",
    "Gap",
    "Stopped",
    "Told",
    "approvals",
    "clock_of",
    "complaints_frame",
    "consents",
    "countries",
    "decided_approvals",
    "declared",
    "facts_frame",
    "facts_now",
    "fill",
    "fires",
    "gaps",
    "is_of_case",
    "lacking",
    "may_decide",
    "may_i",
    "may_one",
    "no_longer",
    "objections_frame",
    "opt_outs",
    "ordinary",
    "papers",
    "pending_approvals",
    "permits",
    "points",
    "refusals",
    "refusals_by_rule",
    "remaining", "replayed",
    "rule",
    "rules",
    "senders",
    "senders_of",
    "stopped_on",
    "stops",
    "templates",
    "unused",
    "vulnerable_cases",
    "words_of",
]  # fmt: skip
