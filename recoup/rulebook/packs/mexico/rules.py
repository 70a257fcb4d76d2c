"""Hours, people, conduct, payee and register: CONDUSEF's provisions."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import (
    CLOCK,
    PRIVATE,
    WRITTEN,
    nobody_else_learns,
    outside,
    who_writes,
    words_found,
)
from recoup.rulebook.packs.mexico import PACK
from recoup.rulebook.until import next_waking_hour


@PACK.rule(
    "MX-TIME-001", instrument="condusef", force="RULE", confidence="S", effect="deny",
    needs=CLOCK, until=next_waking_hour, zh="仅可在7:00至22:00联系或上门。",
)  # fmt: skip
def waking_hours(f: Facts, p: Any) -> Mask:
    """Contact and visits only from 07:00 to 22:00."""
    return outside(f, p.open_from, p.open_until)


@PACK.rule(
    "MX-PARTY-001", instrument="condusef", force="RULE", confidence="S", effect="deny",
    needs=("party",), may_read=("party_bound",),
    zh="不得向第三人(担保人除外)、未成年人或非债务人的老人催收。",
)  # fmt: skip
def only_debtor_and_guarantor(f: Facts, p: Any) -> Mask:
    """
    Nobody collects from third persons but guarantors, nor from minors or the old who do not owe.
    """
    bound = f.party.among("guarantor", "co_debtor") & f.party_bound
    return ~(f.party.among("debtor") | bound)


@PACK.rule(
    "MX-COND-001", instrument="condusef", force="RULE", confidence="S",
    effect="forbid_content", needs=("marks",), may_read=("found", "channel"),
    zh="不得威胁、侮辱、使用类似公共机构的名称、隐藏号码、公开张贴、设特殊登记。",
)  # fmt: skip
def no_harassment(f: Facts, p: Any) -> Mask:
    """
    No threats or insults, no names like those of public bodies, no hidden or private numbers, no
    public display, no special registers.
    """
    words = words_found(
        f, "threat_violence", "threat_illegal_action", "impersonate_state", "impersonate_lawyer",
        "impersonate_lender", "insult", "shame_public", "press_third", "false_amount",
        "false_legal_state", "false_urgency", "false_bureau", "hide_identity", "minor",
    )  # fmt: skip
    hidden = f.marks.has("hidden_number") | f.marks.has("private_number")
    return words | hidden | f.marks.has("public_view")


@PACK.rule(
    "MX-SAY-001", instrument="condusef", force="RULE", confidence="S",
    effect="require_content", needs=("says", "found", "collector"), channels=WRITTEN,
    parties=("debtor", "guarantor", "co_debtor"), must_say=("institution", "agency", "payee_only"),
    zh="表明身份和所代表机构;只可向机构付款。",
)  # fmt: skip
def who_and_where_to_pay(f: Facts, p: Any) -> Mask:
    """A text says who writes and for whom, and that payments go to the entity only."""
    elsewhere = f.found.has("other_payee") | ~f.says.has("payee_only")
    return who_writes(f, p) | elsewhere


@PACK.rule(
    "MX-REG-001", instrument="redeco", force="RULE", confidence="S", effect="require",
    needs=("papers",), may_read=("collector",), clause="Ley de Transparencia art. 41",
    zh="催收机构须在REDECO登记并每月更新。",
)  # fmt: skip
def registered_agency(f: Facts, p: Any) -> Mask:
    """
    An agency is registered in REDECO, and the entry is brought up to date every month.

    The paper runs out 31 days after the last update.
    """
    return ~f.collector.among("creditor") & ~f.papers.has("agency_registration")


PACK.rule(
    "HOUSE-MX-PRIVATE", instrument="house", force="HOUSE", confidence="HOUSE",
    effect="forbid_content", needs=("discloses_debt",), may_read=PRIVATE,
    zh="单向消息不得含债务信息;密封寄往本人的信函除外。",
)(nobody_else_learns)  # fmt: skip
