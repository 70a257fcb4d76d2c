"""When nobody may be contacted."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.china import PACK
from recoup.rulebook.until import next_waking_hour

ZONES = ("local_minute_least", "local_minute_most")
AGREED = ("agreed_from", "agreed_until")


def _in_quiet_hours(f: Facts, p: Any) -> Mask:
    return (f.local_minute_most >= p.quiet_start) | (f.local_minute_least < p.quiet_end)


def _at_an_agreed_hour(f: Facts) -> Mask:
    """Inside the agreed window in every candidate zone; a window over midnight is two."""
    has = ~f.missing("agreed_from") & ~f.missing("agreed_until")
    after, before = f.local_minute_least >= f.agreed_from, f.local_minute_most < f.agreed_until
    wraps = f.agreed_from > f.agreed_until
    return has & ((~wraps & after & before) | (wraps & (after | before)))


@PACK.rule(
    "CN-TIME-001", instrument="cba_2026", force="SELF-MUST", confidence="S", effect="deny",
    needs=ZONES, may_read=AGREED, until=next_waking_hour,
    clause="article number not visible in the reports",
    zh="未经债务人同意,22:00至次日8:00不得以任何方式催收。",
)  # fmt: skip
def quiet_hours(f: Facts, p: Any) -> Mask:
    """
    No collection of any kind between 22:00 and 08:00 unless the debtor has agreed to that time.

    Holds in every time zone the debtor may be in.
    """
    return _in_quiet_hours(f, p) & ~_at_an_agreed_hour(f)


@PACK.rule(
    "CN-TIME-002", instrument="gbt_45251", force="STD-SHOULD", confidence="S", effect="deny",
    needs=ZONES, may_read=AGREED, until=next_waking_hour,
    clause="5.3 (sub-clause number not visible)",
    zh="双方未约定催收时间的,不应在每日22:00至次日8:00催收。",
)  # fmt: skip
def hours_not_agreed(f: Facts, p: Any) -> Mask:
    """
    Where lender and debtor have agreed no hours, nothing is collected between 22:00 and 08:00.
    """
    return _in_quiet_hours(f, p) & ~_at_an_agreed_hour(f)
