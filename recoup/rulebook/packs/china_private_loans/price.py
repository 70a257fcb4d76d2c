"""What a private loan may cost."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.china_private_loans import PACK


@PACK.rule(
    "CN-RATE-001", instrument="private_lending", force="LAW", confidence="T", effect="limit",
    needs=("marks",), clause="arts. 25, 28, 29",
    zh="民间借贷利率及逾期利息、违约金、其他费用合计不得超过合同成立时一年期LPR的四倍。",
)  # fmt: skip
def four_times_the_lpr(f: Facts, p: Any) -> Mask:
    """
    Private lending: interest, default interest, penalties and fees together stay within four times
    the one-year LPR of the contract's day.

    `china.caps` computes it.
    """
    return f.marks.has("over_cap")
