"""
The 28 intents, and which of several is answered first.

The annotation guide (`bench/understanding/README.md`) says what belongs to each.
"""

from __future__ import annotations

from collections.abc import Mapping

# Answered in this order, whichever is present, before everything else.
PRECEDENCE = (
    "vulnerable", "cease_contact", "complaint", "dispute_debt", "proxy_agent", "wrong_number",
    "third_party", "abusive", "request_human",
)  # fmt: skip
# Missing one of these does harm that a needless answer does not, so their thresholds favor recall.
PROTECTED = PRECEDENCE[:4]
COURTESIES = ("affirm", "deny", "greeting", "goodbye")
UNCLEAR = "unclear"
# What a good collector answers first among the rest: who speaks, what is claimed, requested and
# asked, then what is promised, then the reasons given for it.
TIERS = (
    ("confirm_identity",),
    ("already_paid", "request_installment", "request_waiver"),
    ("ask_is_robot", "ask_caller_identity", "ask_how_to_pay", "ask_amount", "ask_consequence"),
    ("callback_later", "promise_to_pay"),
    ("partial_payment",),
    ("refuse_to_pay", "hardship"),
    COURTESIES,
)
INTENTS = (*PRECEDENCE, *(name for tier in TIERS for name in tier), UNCLEAR)
TIER = {name: rank for rank, tier in enumerate(TIERS) for name in tier}
# Among the unranked the most probable comes first; a tier is worth this much of log-odds, and what is
# surer than CERTAIN is not surer for the order.
TIER_WORTH, CERTAIN = 1.5, 3.0


def in_order(logits: Mapping[str, float], *, dated: bool = False) -> list[str]:
    """
    The intents of a turn, the one to answer first in front. `logits` are the log-odds of each.

    A promise that is `dated` comes before the part that is offered.

    >>> in_order({"hardship": 3.0, "request_installment": 2.0, "complaint": 0.1})
    ['complaint', 'request_installment', 'hardship']
    >>> in_order({"greeting": 5.0, "promise_to_pay": 0.4})
    ['promise_to_pay', 'greeting']
    """
    ranked = [name for name in PRECEDENCE if name in logits]
    rest = [name for name in logits if name in TIER]
    rest.sort(key=lambda n: (n in COURTESIES, TIER[n] * TIER_WORTH - min(logits[n], CERTAIN), n))
    promise, part = (
        rest.index(n) if n in rest else -1 for n in ("promise_to_pay", "partial_payment")
    )
    if dated and promise > part >= 0:
        rest.insert(part, rest.pop(promise))
    return [*ranked, *rest] or [UNCLEAR]
