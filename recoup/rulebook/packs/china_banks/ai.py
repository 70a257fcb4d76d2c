"""What a bank's machines may do."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.china.ai import by_ai
from recoup.rulebook.packs.china_banks import PACK


@PACK.rule(
    "CN-AI-002", instrument="ai_finance_2026", force="RULE", confidence="S", effect="require",
    needs=("marks", "papers"), may_read=("channel",), clause="items 5, 22, as others cite them",
    zh="人工智能高风险应用须经准入,由人工监督并可在关键环节干预;可解释性不足的仅能辅助。",
)  # fmt: skip
def admitted_and_supervised(f: Facts, p: Any) -> Mask:
    """
    High-risk AI of banks is admitted first, supervised by people and can be stepped into; a model
    that cannot be explained only assists.

    A machine that speaks or writes to a debtor counts as high-risk.
    """
    ready = f.papers.has("ai_admission") & f.papers.has("human_override")
    return by_ai(f) & ~ready
