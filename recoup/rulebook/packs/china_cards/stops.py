"""When collection of a card stops."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.china_cards import PACK


@PACK.rule(
    "CN-STOP-001", instrument="card_measures", force="RULE", confidence="T", effect="deny",
    needs=("product", "stops"), clause="art. 70",
    zh="信用卡:达成个性化分期还款协议后,履行期间应停止催收。",
)  # fmt: skip
def plan_stops_collection(f: Facts, p: Any) -> Mask:
    """Credit cards: while a personal instalment agreement is kept, collection stops."""
    return f.product.among("credit_card") & f.stops.has("plan")


@PACK.rule(
    "CN-STOP-004", instrument="card_measures", force="RULE", confidence="TT", effect="require",
    needs=("product", "stops"), clause="art. 69",
    zh="信用卡:对催收的异议应及时标注、核实处理,处理期间暂停主动联系。",
)  # fmt: skip
def objection_pauses(f: Facts, p: Any) -> Mask:
    """
    Credit cards: an objection is marked, checked and handled in time.

    The house hold beside the article: no contact of ours while it is open.
    """
    return f.product.among("credit_card") & f.stops.has("dispute")
