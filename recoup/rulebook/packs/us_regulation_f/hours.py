"""When, where and through whom a consumer may be contacted: 12 CFR 1006.6."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import AGREED, CLOCK, at_an_agreed_hour, outside
from recoup.rulebook.packs.us_regulation_f import PACK
from recoup.rulebook.until import next_waking_hour


@PACK.rule(
    "US-TIME-001", instrument="regulation_f", force="LAW", confidence="T", effect="deny",
    needs=CLOCK, may_read=AGREED, until=next_waking_hour,
    clause="1006.6(b)(1)(i); 15 USC 1692c(a)(1)",
    zh="不得在消费者不便的时间联系;不知其习惯的,当地时间8:00前、21:00后视为不便。",
)  # fmt: skip
def inconvenient_hours(f: Facts, p: Any) -> Mask:
    """
    Nobody is contacted before 08:00 or after 21:00 at their own place, unless they agreed to that
    time with the collector.

    Holds in every time zone the person may be in; 08:00 and 21:00 themselves are convenient.
    """
    return outside(f, p.open_from, p.open_until) & ~at_an_agreed_hour(f)


@PACK.rule(
    "US-TIME-002", instrument="regulation_f", force="LAW", confidence="T", effect="deny",
    needs=("marks",), clause="1006.6(b)(1)(i)-(ii)",
    zh="消费者表示不便的时间、地点,不得联系。",
)  # fmt: skip
def inconvenient_to_this_person(f: Facts, p: Any) -> Mask:
    """A time or place that the person has called inconvenient is left alone."""
    return f.marks.has("inconvenient_now")


@PACK.rule(
    "US-PLACE-001", instrument="regulation_f", force="LAW", confidence="T", effect="deny",
    needs=("marks",), clause="1006.6(b)(3); 15 USC 1692c(a)(3)",
    zh="知道或应当知道雇主禁止的,不得联系工作单位。",
)  # fmt: skip
def employer_forbids(f: Facts, p: Any) -> Mask:
    """Nobody is contacted at work where the employer is known to forbid it."""
    return f.marks.has("work_point") & f.marks.has("work_forbidden")


@PACK.rule(
    "US-ATTY-001", instrument="regulation_f", force="LAW", confidence="T", effect="deny",
    needs=("stops", "party"), may_read=("marks", "papers"), clause="1006.6(b)(2)",
    zh="消费者就该债务有律师代理的,只能联系律师;律师未在合理时间内答复或同意的除外。",
)  # fmt: skip
def only_the_attorney(f: Facts, p: Any) -> Mask:
    """
    Who has an attorney for this debt is reached through the attorney, unless the attorney does not
    answer in a reasonable time or agrees to direct contact.
    """
    free = f.marks.has("attorney_silent") | f.papers.has("attorney_consent")
    return f.stops.has("attorney") & ~f.party.among("attorney") & ~free
