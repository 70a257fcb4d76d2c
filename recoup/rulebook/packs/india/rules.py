"""Hours, conduct, and who answers for agents."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import (
    CLOCK,
    PRIVATE,
    VOICE,
    WRITTEN,
    nobody_else_learns,
    outside,
    who_writes,
    words_found,
)
from recoup.rulebook.packs.india import PACK
from recoup.rulebook.until import next_waking_hour


@PACK.rule(
    "IN-TIME-001", instrument="rbi_2022_108", force="RULE", confidence="T", effect="deny",
    needs=CLOCK, may_read=("product",), channels=VOICE, until=next_waking_hour, clause="para 2",
    zh="催收逾期贷款不得在8:00前、19:00后致电(小额信贷另有规定)。",
)  # fmt: skip
def calling_hours(f: Facts, p: Any) -> Mask:
    """
    No calls before 08:00 or after 19:00 for overdue loans.

    Microfinance has directions of its own, which the tables do not give; a loan counts as one only
    if it is known to be.
    """
    return outside(f, p.open_from, p.open_until) & ~f.product.among("microloan")


@PACK.rule(
    "IN-COND-001", instrument="rbi_2022_108", force="RULE", confidence="T",
    effect="forbid_content", needs=("marks", "party", "demands_payment", "discloses_debt"),
    may_read=("found", "channel", "party_bound"), clause="para 2",
    zh="不得恐吓、骚扰、当众羞辱,不得打扰家人、介绍人和朋友,不得匿名、威胁致电或作虚假陈述。",
)  # fmt: skip
def no_harassment(f: Facts, p: Any) -> Mask:
    """
    No intimidation or harassment in word or deed, no public humiliation, no intrusion on family,
    referees and friends, no anonymous or threatening calls, no false statements.
    """
    hidden = f.marks.has("hidden_number") | f.marks.has("private_number")
    bound = f.party.among("co_debtor", "guarantor") & f.party_bound
    intrudes = ~(f.party.among("debtor") | bound) & (f.demands_payment | f.discloses_debt)
    words = words_found(
        f, "threat_violence", "threat_illegal_action", "impersonate_state", "impersonate_lawyer",
        "impersonate_lender", "insult", "shame_public", "press_third", "false_amount",
        "false_legal_state", "false_urgency", "other_payee", "hide_identity", "minor",
    )  # fmt: skip
    return hidden | f.marks.has("public_view") | intrudes | words


@PACK.rule(
    "IN-RESP-001", instrument="rbi_2022_108", force="RULE", confidence="T", effect="require",
    needs=("agency_listed",), clause="para 1", zh="受监管机构对其催收代理负责。",
)  # fmt: skip
def lender_answers(f: Facts, p: Any) -> Mask:
    """The regulated entity answers for its agents: only those on its list act for it."""
    return ~f.agency_listed


PACK.rule(
    "HOUSE-IN-NAME", instrument="house", force="HOUSE", confidence="HOUSE",
    effect="require_content", needs=("says", "collector"), channels=WRITTEN,
    must_say=("institution", "agency"), zh="写明为谁催收;代理机构须写明自身名称。",
)(who_writes)  # fmt: skip

PACK.rule(
    "HOUSE-IN-PRIVATE", instrument="house", force="HOUSE", confidence="HOUSE",
    effect="forbid_content", needs=("discloses_debt",), may_read=PRIVATE,
    zh="单向消息不得含债务信息;密封寄往本人的信函除外。",
)(nobody_else_learns)  # fmt: skip
