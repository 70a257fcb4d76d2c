"""What a microloan may cost."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.china_microloan import PACK


@PACK.rule(
    "CN-RATE-004", instrument="microloan_cost_2025", force="RULE", confidence="S", effect="limit",
    needs=("marks",),
    zh="小额贷款综合融资成本不得超过年化24%(2027年底前降至4倍LPR);不得收取未披露的费用。",
)  # fmt: skip
def microloan_costs(f: Facts, p: Any) -> Mask:
    """
    Microloans: no new loan costs more than 24 % a year in all, falling to four times the LPR by the
    end of 2027, and nothing is asked beyond what was shown.
    """
    return f.marks.has("over_cap") | f.marks.has("fee_unlisted")
