"""When collection stops: debts that were sold, settled debts; and what a notice may pass."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.base.holds import nothing_to_collect
from recoup.rulebook.packs.china import PACK

NOTICES = ("statutory_notice", "bureau_notice", "transfer_notice")


@PACK.rule(
    "CN-STOP-005", instrument="civil_code", force="LAW", confidence="T", effect="deny",
    needs=("marks", "papers", "demands_payment"), may_read=("purpose",),
    clause="art. 546; 合同编通则解释 art. 48",
    zh="债权转让未通知债务人的,对债务人不发生效力;通知到达前受让人不得要求还款。",
)  # fmt: skip
def notice_before_demand(f: Facts, p: Any) -> Mask:
    """
    After a claim is transferred the buyer demands nothing until the debtor has been told; only the
    notice itself is sent.
    """
    the_notice = f.purpose.among("transfer_notice") & ~f.demands_payment
    return f.marks.has("transferred") & ~f.papers.has("transfer_notice") & ~the_notice


PACK.rule(
    "CN-STOP-006", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    firm=True, needs=("balance", "placement_open", "stops"), in_place_of="HOUSE-STOP-001",
    zh="已结清、非本人或超出委托范围的,不得联系。",
)(nothing_to_collect)  # fmt: skip


@PACK.rule(
    "HOUSE-NOTICE-001", instrument="house", force="HOUSE", confidence="HOUSE", effect="allow",
    needs=("purpose", "demands_payment", "party"), parties=("debtor", "co_debtor", "guarantor"),
    switches_off=("HOUSE-OPTOUT-001", "HOUSE-OPTOUT-002", "HOUSE-HOLD-PROMISE",
                  "HOUSE-HOLD-PLAN"),
    zh="法律要求的告知不受退订、承诺和计划暂停的限制,但不得要求还款。",
)  # fmt: skip
def notices_the_law_asks_for(f: Facts, p: Any) -> Mask:
    """
    The exception: a notice that the law asks for, and that demands nothing, reaches a person who
    refused reminders, has promised or keeps a plan.

    Quiet hours, one number refused, words for third persons and all law stand as for any contact.
    """
    return f.purpose.among(*NOTICES) & ~f.demands_payment
