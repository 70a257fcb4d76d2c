"""What a bank loan made with a platform may cost."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.china_platform_loans import PACK


@PACK.rule(
    "CN-RATE-005", instrument="platform_loans_2025", force="RULE", confidence="S", effect="limit",
    needs=("marks",), clause="item 6 (24 % is a law firm's reading)",
    zh="助贷业务单笔贷款综合融资成本年化不得超过24%。",
)  # fmt: skip
def platform_loan_costs(f: Facts, p: Any) -> Mask:
    """Bank loans made with a platform: all that one loan costs is at most 24 % a year."""
    return f.marks.has("over_cap")
