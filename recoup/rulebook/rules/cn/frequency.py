"""How often a debtor may be contacted."""

from __future__ import annotations

from datetime import date
from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.rules.cn import PACK
from recoup.rulebook.until import clock_caught_up, next_day, window_free

VOICE = ("call", "robot_call")


@PACK.rule(
    "CN-FREQ-001", instrument="gbt_45251", force="STD-SHOULD", confidence="S", effect="limit",
    since=date(2025, 2, 28), needs=("effective_calls_today",), channels=VOICE,
    parties=("debtor",), until=next_day, clause="5.3",
    zh="与单一债务人主动有效通话每日不应超过3次(含智能语音)。",
)  # fmt: skip
def effective_calls(f: Facts, p: Any) -> Mask:
    """At most three effective calls a day, by people and robots together, to one debtor."""
    return f.effective_calls_today >= p.most_effective_calls


@PACK.rule(
    "CN-FREQ-002", instrument="gbt_45251", force="STD-SHOULD", confidence="S", effect="limit",
    since=date(2025, 2, 28), needs=("effective_calls_today",), channels=VOICE,
    parties=("debtor",), until=next_day, clause="5.3",
    zh="同一金融机构和其合作的第三方催收机构,对单一债务人每日合计不应超过3次。",
)  # fmt: skip
def effective_calls_of_the_group(f: Facts, p: Any) -> Mask:
    """
    The cap of three is the sum over the lender and every agency it uses.

    `effective_calls_today` counts by creditor and debtor, never by agency or account.
    """
    return f.effective_calls_today >= p.most_effective_calls


@PACK.rule(
    "CN-FREQ-003", instrument="cba_2026", force="SELF-SHOULD", confidence="S", effect="limit",
    since=date(2026, 1, 30), needs=("unconnected_today",), may_read=("attempts_agreed",),
    channels=VOICE, parties=("debtor",), until=next_day,
    zh="未接通的,同一联系方式尝试拨打当天不宜超过6次,与债务人另有约定的除外。",
)  # fmt: skip
def unconnected_calls(f: Facts, p: Any) -> Mask:
    """At most six unconnected attempts a day to one number, unless agreed otherwise."""
    return (f.unconnected_today >= p.most_unconnected) & ~f.attempts_agreed


@PACK.rule(
    "CN-FREQ-005", instrument="house", force="HOUSE", confidence="HOUSE", effect="limit",
    since=None, needs=("contacts_in_window",), may_read=("channel",), until=window_free,
    zh="短信、推送、邮件、信函、外访的次数上限:未见法定数字,按内部上限执行。",
)  # fmt: skip
def contacts_by_channel(f: Facts, p: Any) -> Mask:
    """
    No number was found in law for messages, letters and visits: the house cap of the channel.
    """
    return f.contacts_in_window >= p.most_contacts[f.channel.codes]


@PACK.rule(
    "HOUSE-CLOCK-001", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    since=None, needs=("clock_went_back",), until=clock_caught_up,
    zh="系统时间早于该案件上一次许可的时间,计数不可信,不得联系。",
)  # fmt: skip
def clock_went_back(f: Facts, p: Any) -> Mask:
    """The clock shows an earlier time than the case's last permit, so no count can be trusted."""
    return f.clock_went_back


@PACK.rule(
    "HOUSE-DECISION-001", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    since=None, needs=("decision_spent",), zh="一项决定只可联系一次。",
)  # fmt: skip
def once_a_decision(f: Facts, p: Any) -> Mask:
    """One decision is one contact: it has a permit already that is issued or used."""
    return f.decision_spent
