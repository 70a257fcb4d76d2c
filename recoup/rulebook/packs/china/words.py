"""What must be said, and what must not."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.china import PACK

WRITTEN = ("sms", "email", "letter", "app_push", "im")


@PACK.rule(
    "CN-SAY-N08", instrument="nifa_2018", force="SELF-MUST", confidence="TT",
    effect="forbid_content", clause="art. 18",
    needs=("discloses_debt",), may_read=("identity_confirmed",),
    zh="不得向债务人以外的人透露债务信息;单向消息无法确认收件人,不得含债务信息。",
)  # fmt: skip
def no_debt_to_others(f: Facts, p: Any) -> Mask:
    """
    Nobody but the debtor is told about the debt; whoever reads a one-way message is not known to
    be the debtor.
    """
    return f.discloses_debt & ~f.identity_confirmed


@PACK.rule(
    "HOUSE-LETTER-001", instrument="house", force="HOUSE", confidence="HOUSE", effect="allow",
    needs=("sealed_to_debtor", "party"), channels=("letter",),
    switches_off=("CN-SAY-N08",), zh="密封寄往债务人本人地址、注明本人亲启的信函除外。",
)  # fmt: skip
def sealed_letter(f: Facts, p: Any) -> Mask:
    """
    The exception: a sealed letter to the debtor's own address, for the debtor's hands only.
    """
    return f.sealed_to_debtor & f.party.among("debtor")


@PACK.rule(
    "CN-SAY-Y01", instrument="nifa_2018", force="SELF-MUST", confidence="TT",
    effect="require_content", clause="art. 15",
    needs=("says",), channels=WRITTEN, must_say=("institution",),
    zh="表明所代表机构的名称。",
)  # fmt: skip
def name_the_institution(f: Facts, p: Any) -> Mask:
    """Name the institution on whose behalf we write, at once."""
    return ~f.says.has("institution")


@PACK.rule(
    "CN-SAY-Y04", instrument="card_measures", force="RULE", confidence="TT",
    effect="require_content", clause="art. 69", channels=("letter",),
    needs=("says",), must_say=("complaint",),
    zh="信函须列明查询、异议、投诉和还款渠道。",
)  # fmt: skip
def say_where_to_complain(f: Facts, p: Any) -> Mask:
    """A letter says how to check, object, complain and pay."""
    return ~f.says.has("complaint")


@PACK.rule(
    "CN-LETTER-001", instrument="card_measures", force="RULE", confidence="TT",
    effect="require_content", clause="art. 69", channels=("letter",),
    parties=("debtor",), needs=("product", "says"),
    zh="信用卡催收函须载明:姓名和欠款余额、催收事由和依据、权利义务、查询还款异议举证途径、"
    "发卡行联系方式、业务专用章及其他事项。",
)  # fmt: skip
def card_letter_contents(f: Facts, p: Any) -> Mask:
    """
    A credit-card dunning letter states name and balance, reason and law, rights and duties, how
    to check, repay, object and send evidence, how to reach the issuer, and bears the seal.
    """
    return f.product.among("credit_card") & ~f.says.has("card_letter")
