"""How often, and when."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import AGREED, CLOCK, VOICE, at_an_agreed_hour, maybe_by, outside
from recoup.rulebook.packs.us_massachusetts import PACK
from recoup.rulebook.until import long_window_free


@PACK.rule(
    "US-MA-FREQ-001", instrument="cmr_940_7", force="LAW", confidence="S", effect="limit",
    needs=("phone_contacts_in_week", "marks"), may_read=("work_contacts_in_month",),
    channels=("call", "robot_call", "sms"), until=long_window_free, clause="7.04(1)(f)",
    zh="麻州:每笔债务七天内电话、短信合计不超过两次;工作单位等处三十天内不超过两次。",
)  # fmt: skip
def two_in_seven_days(f: Facts, p: Any) -> Mask:
    """
    Massachusetts: at most two calls or texts about a debt in seven days, and at work two in thirty.

    Binds creditors too. The exemption for people who truly cannot be reached is not used. A work
    number whose count nobody knows is not called.
    """
    known = ~f.missing("work_contacts_in_month")
    at_work = ~known | (f.work_contacts_in_month >= p.most_work_contacts)
    return (f.phone_contacts_in_week >= p.most_phone_contacts) | (
        f.marks.has("work_point") & at_work
    )


@PACK.rule(
    "US-MA-VISIT-001", instrument="cmr_940_7", force="LAW", confidence="S", effect="limit",
    needs=(*CLOCK, "marks"), may_read=(*AGREED, "visits_in_month", "channel"),
    channels=(*VOICE, "visit"), clause="7.04",
    zh="麻州:每笔债务三十天内上门不超过一次;上门、通话限清醒时间,不明的为8:00至21:00;不得致电其不愿接听的工作单位。",
)  # fmt: skip
def one_visit_a_month(f: Facts, p: Any) -> Mask:
    """
    Massachusetts: one visit at home in thirty days about a debt; visits and calls in waking hours,
    08:00 to 21:00 where they are not known; no calls at work once the person says so.

    Said aloud that lasts ten days, in writing until it is withdrawn; the mark ends with it.
    """
    often = f.missing("visits_in_month") | (f.visits_in_month >= p.most_visits)
    asleep = outside(f, p.waking_from, p.waking_until) & ~at_an_agreed_hour(f)
    at_work = f.marks.has("work_point") & f.marks.has("work_forbidden")
    return (maybe_by(f, "visit") & often) | asleep | at_work
