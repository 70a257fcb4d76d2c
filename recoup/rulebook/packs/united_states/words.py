"""What no text of collection may say, whoever sends it."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import WRITTEN, has_any
from recoup.rulebook.packs.united_states import PACK


@PACK.rule(
    "HOUSE-US-WORDS", instrument="house", force="HOUSE", confidence="HOUSE", firm=True,
    effect="forbid_content", needs=("found",), channels=WRITTEN,
    zh="不得威胁、冒充、侮辱、公开羞辱、虚构金额或法律状态、虚构期限、要求付至他处、隐瞒身份。",
)  # fmt: skip
def forbidden_words(f: Facts, p: Any) -> Mask:
    """
    No threats, no false identity, insults or public shaming, no false amounts, legal states,
    deadlines or credit records, no other payee, no invented fees, no lever of children.

    Each class is forbidden by a rule of the tables or by criminal or consumer law; the tables give
    no paragraph for it, so the rule is the house's, and nobody may set it aside.
    """
    return has_any(
        f.found, "threat_violence", "threat_illegal_action", "impersonate_state", "impersonate_lawyer",
        "impersonate_lender", "insult", "shame_public", "press_third", "false_amount",
        "false_legal_state", "false_urgency", "false_bureau", "other_payee", "extra_fee",
        "hide_identity", "minor",
    )  # fmt: skip


@PACK.rule(
    "HOUSE-US-NAME", instrument="house", force="HOUSE", confidence="HOUSE",
    effect="require_content", needs=("says",), channels=WRITTEN, must_say=("institution",),
    zh="写明为谁催收。",
)  # fmt: skip
def for_whom(f: Facts, p: Any) -> Mask:
    """A text says for whom it is written."""
    return ~f.says.has("institution")


@PACK.rule(
    "HOUSE-US-THIRD", instrument="house", force="HOUSE", confidence="HOUSE", firm=True,
    effect="forbid_content", needs=("party", "discloses_debt"), may_read=("party_bound",),
    zh="不得向债务人以外的人透露债务信息。",
)  # fmt: skip
def nothing_to_others(f: Facts, p: Any) -> Mask:
    """Nobody is told of a debt but who owes it, their heir or their attorney, by whoever collects."""
    owes = f.party.among("co_debtor", "guarantor") & f.party_bound
    return f.discloses_debt & ~(f.party.among("debtor", "heir", "attorney") | owes)
