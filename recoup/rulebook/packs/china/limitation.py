"""
Limitation (时效): when a debt expires, and what is not said of one that has.

The end is computed here and nowhere else (CN-LIM-001 to -003); the gate reads the mark
`time_barred` that follows from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from recoup.kernel.errors import Invalid
from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import words_found
from recoup.rulebook.packs.china import PACK


def starts(due_days: Iterable[date]) -> date:
    """
    The day from which a debt's limitation runs: the end of its last instalment (民法典 art. 189).

    :raises Invalid: if no instalment has a day
    """
    days = list(due_days)
    if not days:
        raise Invalid("The debt has no due day, so nobody can say when it expires.",
                      hint="Enter the due days of the schedule.")  # fmt: skip
    return max(days)


def ends(start: date, events: Iterable[tuple[date, str]], *, numbers: Any) -> date:
    """
    The last day on which a debt is not expired yet.

    Each interrupting event from `start` to the end so far begins the years anew, up to the longest
    time the law gives; what happened after the end revives nothing here, since whether it does is
    for a lawyer. Events nobody knows do not count. `numbers` are the rulebook's parameters:
    `limitation_years`, `limitation_most_years`, `limitation_events`. Articles 188, 189, 195.

    >>> from types import SimpleNamespace as N
    >>> law = N(limitation_years=3, limitation_most_years=20, limitation_events=["suit"])
    >>> ends(date(2022, 6, 1), [(date(2024, 1, 1), "suit")], numbers=law)
    datetime.date(2027, 1, 1)
    """
    end = _years_on(start, numbers.limitation_years)
    for day, what in sorted(events):
        if what in numbers.limitation_events and start <= day <= end:
            end = max(end, _years_on(day, numbers.limitation_years))
    return min(end, _years_on(start, numbers.limitation_most_years))


def is_time_barred(
    start: date, events: Iterable[tuple[date, str]], *, on: date, numbers: Any
) -> bool:
    """Whether a debt is expired on a day."""
    return on > ends(start, events, numbers=numbers)


def _years_on(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


@PACK.rule(
    "CN-LIM-005", instrument="civil_code", force="LAW", confidence="T", effect="forbid_content",
    needs=("marks",), may_read=("found", "channel"),
    clause="arts. 192-193; 诉讼时效规定 art. 19",
    zh="诉讼时效届满仅产生抗辩权;对已过时效的债务不得以起诉相威胁。",
)  # fmt: skip
def no_suit_on_an_expired_debt(f: Facts, p: Any) -> Mask:
    """
    Expiry is a defence, and no end of the debt: nothing that threatens suit is said on an expired
    one.
    """
    return f.marks.has("time_barred") & words_found(f, "time_barred_suit")


@PACK.rule(
    "HOUSE-LIM-001", instrument="house", force="HOUSE", confidence="HOUSE", effect="require",
    needs=("marks", "papers", "demands_payment"), record=("delivery_receipt",),
    clause="beside CN-LIM-004, CN-LIM-005",
    channels=("sms", "email", "letter", "app_push"),
    zh="不得诱使债务人在不知情时恢复已过时效的债务;要求还款前须告知时效已届满。",
)  # fmt: skip
def no_silent_revival(f: Facts, p: Any) -> Mask:
    """
    Nobody is tricked into reviving an expired debt: before payment is asked for, the person was
    told that it has expired.

    What is sent keeps its proof of delivery, since a demand that arrives interrupts limitation.
    """
    asks = f.marks.has("time_barred") & f.demands_payment
    return asks & ~f.papers.has("time_barred_notice")
