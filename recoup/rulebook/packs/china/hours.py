"""When nobody may be contacted."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import AGREED, CLOCK, at_an_agreed_hour
from recoup.rulebook.packs.china import PACK
from recoup.rulebook.until import next_waking_hour


def _in_quiet_hours(f: Facts, p: Any) -> Mask:
    return (f.local_minute_most >= p.quiet_start) | (f.local_minute_least < p.quiet_end)


@PACK.rule(
    "CN-TIME-001", instrument="cba_2026", force="SELF-MUST", confidence="S", effect="deny",
    needs=CLOCK, may_read=AGREED, until=next_waking_hour,
    clause="article number not visible in the reports",
    zh="未经债务人同意,22:00至次日8:00不得以任何方式催收。",
)  # fmt: skip
def quiet_hours(f: Facts, p: Any) -> Mask:
    """
    No collection of any kind between 22:00 and 08:00 unless the debtor has agreed to that time.

    Holds in every time zone the debtor may be in.
    """
    return _in_quiet_hours(f, p) & ~at_an_agreed_hour(f)


@PACK.rule(
    "CN-TIME-002", instrument="gbt_45251", force="STD-SHOULD", confidence="S", effect="deny",
    needs=CLOCK, may_read=AGREED, until=next_waking_hour,
    clause="5.3 (sub-clause number not visible)",
    zh="双方未约定催收时间的,不应在每日22:00至次日8:00催收。",
)  # fmt: skip
def hours_not_agreed(f: Facts, p: Any) -> Mask:
    """
    Where lender and debtor have agreed no hours, nothing is collected between 22:00 and 08:00.
    """
    return _in_quiet_hours(f, p) & ~at_an_agreed_hour(f)


@PACK.rule(
    "CN-TIME-003", instrument="nifa_2018", force="SELF-MUST", confidence="TT", effect="deny",
    needs=("marks",), clause="art. 17",
    zh="在恰当时间开展催收,不得频繁致电骚扰;对方表示此时不便的,不再联系。",
)  # fmt: skip
def suitable_time(f: Facts, p: Any) -> Mask:
    """
    Collect at suitable times and never so often that it harasses; whoever said that it does not
    suit is left alone for then.

    The article has no clock times and no counts: CN-TIME-001 and CN-FREQ-001 to -005 have.
    """
    return f.marks.has("inconvenient_now")
