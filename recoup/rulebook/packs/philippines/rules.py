"""Hours, people and conduct: sec. 1 of the circular."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import (
    AGREED,
    CLOCK,
    PRIVATE,
    WRITTEN,
    at_an_agreed_hour,
    nobody_else_learns,
    outside,
    who_writes,
    words_found,
)
from recoup.rulebook.packs.philippines import PACK
from recoup.rulebook.until import next_waking_hour


@PACK.rule(
    "PH-TIME-001", instrument="sec_mc_18", force="RULE", confidence="S", effect="deny",
    needs=CLOCK, may_read=AGREED, until=next_waking_hour, clause="sec. 1",
    zh="6:00前、22:00后不得联系,借款人明确同意的除外;逾期超过15天的例外本系统不适用。",
)  # fmt: skip
def waking_hours(f: Facts, p: Any) -> Mask:
    """
    No contact before 06:00 or after 22:00, unless the borrower agreed to these hours.

    The circular lets go of the hours after fifteen days past due; the house does not.
    """
    return outside(f, p.open_from, p.open_until) & ~at_an_agreed_hour(f)


@PACK.rule(
    "PH-PARTY-001", instrument="sec_mc_18", force="RULE", confidence="S", effect="deny",
    needs=("party",), clause="sec. 1", zh="不得联系借款人通讯录中的人,担保人、共同借款人除外。",
)  # fmt: skip
def nobody_of_the_phone_list(f: Facts, p: Any) -> Mask:
    """Nobody of the borrower's phone list is contacted but guarantors and co-makers."""
    return ~f.party.among("debtor", "guarantor", "co_debtor")


@PACK.rule(
    "PH-COND-001", instrument="sec_mc_18", force="RULE", confidence="S",
    effect="forbid_content", needs=("marks",), may_read=("found", "channel"), clause="sec. 1",
    zh="不得使用暴力、威胁不能合法采取的行动、侮辱、公布姓名或资料、虚假陈述。",
)  # fmt: skip
def no_unfair_practice(f: Facts, p: Any) -> Mask:
    """
    No violence, no threats of what cannot lawfully be done, no insults, no publishing of names or
    data, no false statements.
    """
    words = words_found(
        f, "threat_violence", "threat_illegal_action", "impersonate_state", "impersonate_lawyer",
        "impersonate_lender", "insult", "shame_public", "press_third", "false_amount",
        "false_legal_state", "false_urgency", "false_bureau", "other_payee", "hide_identity",
        "minor",
    )  # fmt: skip
    return words | f.marks.has("public_view")


PACK.rule(
    "HOUSE-PH-NAME", instrument="house", force="HOUSE", confidence="HOUSE",
    effect="require_content", needs=("says", "collector"), channels=WRITTEN,
    must_say=("institution", "agency"), zh="写明为谁催收;代理机构须写明自身名称。",
)(who_writes)  # fmt: skip

PACK.rule(
    "HOUSE-PH-PRIVATE", instrument="house", force="HOUSE", confidence="HOUSE",
    effect="forbid_content", needs=("discloses_debt",), may_read=PRIVATE,
    zh="单向消息不得含债务信息;密封寄往本人的信函除外。",
)(nobody_else_learns)  # fmt: skip
