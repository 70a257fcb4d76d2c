"""Third persons: 12 CFR 1006.6(d), 1006.10."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.us_regulation_f import PACK

STRANGERS = ("contact_person", "third_party")


@PACK.rule(
    "US-3P-001", instrument="regulation_f", force="LAW", confidence="T", effect="deny",
    needs=("party", "demands_payment", "discloses_debt"), may_read=("party_bound", "says"),
    clause="1006.6(a), (d)(1); 15 USC 1692c(b)", zh="不得就债务与第三人沟通。",
)  # fmt: skip
def nothing_to_others(f: Facts, p: Any) -> Mask:
    """
    Nobody speaks of the debt with third persons: only with the consumer, who may be the heir or
    executor or another who owes, and with attorneys.
    """
    owes = f.party.among("co_debtor", "guarantor") & f.party_bound
    others = ~(f.party.among("debtor", "heir", "attorney") | owes)
    tells = f.demands_payment | f.discloses_debt | f.says.has("purpose") | f.says.has("collector")
    return others & tells


@PACK.rule(
    "US-3P-002", instrument="regulation_f", force="LAW", confidence="M", effect="limit",
    needs=("location_calls", "purpose", "marks"), parties=STRANGERS,
    clause="1006.10; 15 USC 1692b",
    zh="向第三人只可询问位置信息,且只能一次;其请求再次联系或此前答复有误的除外。",
)  # fmt: skip
def one_location_call(f: Facts, p: Any) -> Mask:
    """
    A third person is asked for the consumer's whereabouts only, and once, unless they asked to be
    contacted again or their answer was wrong.
    """
    again = (f.location_calls >= p.most_location_calls) & ~f.marks.has("location_asked_for")
    return again | ~f.purpose.among("ask_contact")
