"""The licence, and the notice of old debts."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.us_california import PACK


@PACK.rule(
    "US-CA-001", instrument="california", force="LAW", confidence="S", effect="require",
    needs=("papers", "marks"), clause="Civ. Code 1788 et seq.; Fin. Code 100000 et seq.",
    zh="加州:须持催收牌照(DFPI);时效届满的债务须有告知;原债权人亦受约束。",
)  # fmt: skip
def licence_and_notice(f: Facts, p: Any) -> Mask:
    """
    California: who collects has the licence on file, creditors too; a time-barred debt is written
    about only with the notice that it is one.
    """
    notice = ~f.marks.has("time_barred") | f.papers.has("time_barred_notice")
    return ~f.papers.has("licence") | ~notice
