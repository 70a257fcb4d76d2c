"""How often a debtor may be contacted."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import VOICE
from recoup.rulebook.packs.base.frequency import contacts_by_channel
from recoup.rulebook.packs.china import PACK
from recoup.rulebook.until import next_day, window_free


@PACK.rule(
    "CN-FREQ-001", instrument="gbt_45251", force="STD-SHOULD", confidence="S", effect="limit",
    needs=("effective_calls_today",), channels=VOICE,
    parties=("debtor",), until=next_day, clause="5.3",
    zh="与单一债务人主动有效通话每日不应超过3次(含智能语音)。",
)  # fmt: skip
def effective_calls(f: Facts, p: Any) -> Mask:
    """At most three effective calls a day, by people and robots together, to one debtor."""
    return f.effective_calls_today >= p.most_effective_calls


@PACK.rule(
    "CN-FREQ-002", instrument="gbt_45251", force="STD-SHOULD", confidence="S", effect="limit",
    needs=("effective_calls_today",), channels=VOICE,
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
    needs=("unconnected_today",), may_read=("attempts_agreed",),
    channels=VOICE, parties=("debtor",), until=next_day,
    zh="未接通的,同一联系方式尝试拨打当天不宜超过6次,与债务人另有约定的除外。",
)  # fmt: skip
def unconnected_calls(f: Facts, p: Any) -> Mask:
    """At most six unconnected attempts a day to one number, unless agreed otherwise."""
    return (f.unconnected_today >= p.most_unconnected) & ~f.attempts_agreed


@PACK.rule(
    "CN-FREQ-004", instrument="gbt_45251", force="STD-SHOULD", confidence="S", effect="wait",
    needs=("marks",), optional=True,
    zh="同一信贷产品的催收间隔周期不宜少于7个自然日(仅一家报道,含义未能核实,默认不启用)。",
)  # fmt: skip
def days_between_placements(f: Facts, p: Any) -> Mask:
    """
    A new agency, or a new visit, begins seven days after the last one at the earliest.

    One report only, and what its "cycle" means could not be checked: it ships off. The mark stands
    for `placement_gap_days` days.
    """
    return f.marks.has("new_placement")


PACK.rule(
    "CN-FREQ-005", instrument="house", force="HOUSE", confidence="HOUSE", effect="limit",
    needs=("contacts_in_window",), may_read=("channel",), until=window_free,
    in_place_of="HOUSE-CAP-001",
    zh="短信、推送、邮件、信函、外访的次数上限:未见法定数字,按内部上限执行。",
)(contacts_by_channel)  # fmt: skip
