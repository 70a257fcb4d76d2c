"""What a card's dunning letter holds."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.china_cards import PACK


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
