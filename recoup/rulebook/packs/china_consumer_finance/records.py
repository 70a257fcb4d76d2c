"""What a consumer-finance company keeps of its collection."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.china_consumer_finance import PACK


@PACK.rule(
    "CN-DATA-012", instrument="consumer_finance_2024", force="RULE", confidence="S",
    effect="require", needs=("papers",),
    zh="消费金融公司催收过程记录应真实、客观、完整、可追溯,至少保存5年。",
)  # fmt: skip
def records_are_kept(f: Facts, p: Any) -> Mask:
    """
    Consumer-finance companies keep true and complete records of collection for at least five years:
    the retention policy says so.

    The policy is read against `consumer_finance_record_years` when it is put on file.
    """
    return ~f.papers.has("retention_policy")
