"""House caps, and what keeps counts honest."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.base import PACK
from recoup.rulebook.until import clock_caught_up, window_free


@PACK.rule(
    "HOUSE-CAP-001", instrument="house", force="HOUSE", confidence="HOUSE", effect="limit",
    needs=("contacts_in_window",), may_read=("channel",), until=window_free,
    zh="各渠道联系次数的内部上限。",
)  # fmt: skip
def contacts_by_channel(f: Facts, p: Any) -> Mask:
    """
    The house cap of the channel; where the law gives a number too, the smaller binds.
    """
    return f.contacts_in_window >= p.most_contacts[f.channel.codes]


@PACK.rule(
    "HOUSE-CLOCK-001", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    firm=True,
    needs=("clock_went_back",), until=clock_caught_up,
    zh="系统时间早于该案件上一次许可的时间,计数不可信,不得联系。",
)  # fmt: skip
def clock_went_back(f: Facts, p: Any) -> Mask:
    """The clock shows an earlier time than the case's last permit, so no count can be trusted."""
    return f.clock_went_back


@PACK.rule(
    "HOUSE-DECISION-001", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    firm=True,
    needs=("decision_spent",), zh="一项决定只可联系一次。",
)  # fmt: skip
def once_a_decision(f: Facts, p: Any) -> Mask:
    """One decision is one contact: it has a permit already that is issued or used."""
    return f.decision_spent
