"""Licence, conduct, and the house's window."""

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
from recoup.rulebook.packs.singapore import PACK
from recoup.rulebook.until import next_waking_hour


@PACK.rule(
    "SG-LIC-001", instrument="debt_collection_2023", force="LAW", confidence="T", effect="deny",
    needs=("papers",), may_read=("collector",), clause="regs 1-7",
    zh="催收业务须持牌照,催收人员须经批准;适用于第三方催收和收购的债务。",
)  # fmt: skip
def licence_and_approval(f: Facts, p: Any) -> Mask:
    """
    Who collects for others, or bought debts, has a licence, and only approved persons act.

    A lender that collects its own debts for itself is outside it.
    """
    allowed = f.papers.has("licence") & f.papers.has("approval_of_person")
    return ~f.collector.among("creditor") & ~allowed


@PACK.rule(
    "SG-COND-001", instrument="poha_2014", force="LAW", confidence="S",
    effect="forbid_content", needs=("marks",), may_read=("found", "channel"),
    zh="不得骚扰、惊吓或使人困扰。",
)  # fmt: skip
def no_harassment(f: Facts, p: Any) -> Mask:
    """No harassment, alarm or distress."""
    words = words_found(
        f, "threat_violence", "threat_illegal_action", "impersonate_state", "impersonate_lawyer",
        "insult", "shame_public", "hide_identity", "minor",
    )  # fmt: skip
    return words | f.marks.has("public_view")


@PACK.rule(
    "SG-TIME-001", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    needs=CLOCK, may_read=AGREED, until=next_waking_hour,
    zh="未见法定时段;内部时段8:00至20:00。",
)  # fmt: skip
def house_hours(f: Facts, p: Any) -> Mask:
    """No hours were found in law; the house contacts people from 08:00 to 20:00."""
    return outside(f, p.open_from, p.open_until) & ~at_an_agreed_hour(f)


PACK.rule(
    "HOUSE-SG-NAME", instrument="house", force="HOUSE", confidence="HOUSE",
    effect="require_content", needs=("says", "collector"), channels=WRITTEN,
    must_say=("institution", "agency"), zh="写明为谁催收;代理机构须写明自身名称。",
)(who_writes)  # fmt: skip

PACK.rule(
    "HOUSE-SG-PRIVATE", instrument="house", force="HOUSE", confidence="HOUSE",
    effect="forbid_content", needs=("discloses_debt",), may_read=PRIVATE,
    zh="单向消息不得含债务信息;密封寄往本人的信函除外。",
)(nobody_else_learns)  # fmt: skip
