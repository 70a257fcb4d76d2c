"""The amount demanded, whom it is paid to, and what may not be added to it."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import words_found
from recoup.rulebook.packs.china import PACK


@PACK.rule(
    "CN-PAY-001", instrument="nifa_2018", force="SELF-MUST", confidence="TT",
    effect="forbid_content", needs=("marks",), clause="art. 19",
    zh="只可还入指定还款渠道,催收方不得以其他方式收款,不得收取额外费用。",
)  # fmt: skip
def only_named_payees(f: Facts, p: Any) -> Mask:
    """
    Payment goes only into the channels that the lender has named; a collector takes no money in
    other ways and adds no fee.
    """
    return f.marks.has("payee_unregistered") | f.marks.has("fee_unlisted")


@PACK.rule(
    "CN-PAY-002", instrument="cba_2026", force="SELF-MUST", confidence="S",
    effect="forbid_content", may_read=("found", "channel"),
    zh="不得诱导或逼迫债务人新增借贷或以非法手段筹资还款。",
)  # fmt: skip
def no_new_borrowing(f: Facts, p: Any) -> Mask:
    """A debtor is not led or pressed to borrow anew, or to raise money unlawfully, to repay."""
    return words_found(f, "induce_borrow")


@PACK.rule(
    "HOUSE-RATE-001", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    needs=("marks",), clause="support: 法发〔2017〕22号",
    zh="年化综合成本超过适用上限的,不得要求支付。",
)  # fmt: skip
def nothing_over_the_cap(f: Facts, p: Any) -> Mask:
    """
    Nothing is demanded over the cap of its kind of loan; the caps that are law say so themselves.

    For loans of financial institutions the line is known from memory only.
    """
    return f.marks.has("over_cap")


@PACK.rule(
    "CN-SAY-N09", instrument="nifa_2018", force="SELF-MUST", confidence="TT",
    effect="forbid_content", may_read=("found", "channel"), clause="art. 19",
    zh="不得以催收名义收取额外费用,不得指定非官方还款渠道。",
)  # fmt: skip
def no_other_payee_or_fee(f: Facts, p: Any) -> Mask:
    """No fee is asked for in the name of collection, and no payee but the named channel."""
    return words_found(f, "extra_fee", "other_payee")
