"""How often: 12 CFR 1006.14."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import ELECTRONIC, VOICE
from recoup.rulebook.packs.us_regulation_f import PACK
from recoup.rulebook.until import long_window_free


@PACK.rule(
    "US-FREQ-001", instrument="regulation_f", force="LAW", confidence="T", effect="limit",
    needs=("calls_in_week",), channels=VOICE, until=long_window_free,
    clause="1006.14(b)(2)(i)(A), (b)(2)(ii)",
    zh="就同一债务在连续七天内向同一人拨打超过七次的,推定违法。",
)  # fmt: skip
def seven_in_seven(f: Facts, p: Any) -> Mask:
    """
    At most seven calls to one person about one debt in seven days in a row, answered or not.

    In law a presumption; here a cap. The exclusions of 1006.14(b)(3) are from memory and not used:
    every call that is placed counts.
    """
    return f.calls_in_week >= p.most_calls


@PACK.rule(
    "US-FREQ-002", instrument="regulation_f", force="LAW", confidence="T", effect="wait",
    needs=("conversations_in_week",), channels=VOICE, until=long_window_free,
    clause="1006.14(b)(2)(i)(B)",
    zh="就债务通话后须等待连续七天,通话当日为第一天。",
)  # fmt: skip
def week_after_a_conversation(f: Facts, p: Any) -> Mask:
    """
    After a talk on the telephone about the debt nobody calls for seven days; the day of the talk is
    the first.

    A talk in a call that the person made counts too (`conversations_in_week` holds both).
    """
    return f.conversations_in_week > 0


@PACK.rule(
    "US-FREQ-005", instrument="regulation_f", force="LAW", confidence="T", effect="limit",
    needs=("electronic_in_week",), channels=ELECTRONIC, until=long_window_free,
    clause="1006.14(a) and comment 14(a)-1.i",
    zh="短信、邮件无法定次数,但可构成骚扰;按内部上限执行。",
)  # fmt: skip
def no_harassment_by_messages(f: Facts, p: Any) -> Mask:
    """
    Messages have no number in the law and may still harass: at most three in seven days on all
    electronic channels together.

    The number is the house's, as is the cap of one a day (`most_contacts`).
    """
    return f.electronic_in_week >= p.most_electronic
