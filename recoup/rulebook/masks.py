"""
What rules of many packs ask alike: hours, agreed hours, days of rest, classes of words.

Each gives a mask, for one contact and for millions. A rule that uses one declares the facts that
it reads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from recoup.rulebook.facts import Facts, Mask, Words

WRITTEN = ("sms", "email", "letter", "app_push", "im")
ELECTRONIC = ("sms", "email", "app_push", "im")
VOICE = ("call", "robot_call")

CLOCK = ("local_minute_least", "local_minute_most")
DATES = ("local_date_least", "local_date_most", "local_days")
AGREED = ("agreed_from", "agreed_until")
PRIVATE = ("identity_confirmed", "sealed_to_debtor", "party")


def outside(f: Facts, start: int, end: int) -> Mask:
    """
    Where it is before `start` or after `end` in some zone the person may be in.

    Minutes of the day; both are inside, so that "before 08:00 and after 21:00" lets 21:00 pass.
    """
    return (f.local_minute_least < start) | (f.local_minute_most > end)


def at_an_agreed_hour(f: Facts) -> Mask:
    """Inside the agreed window in every candidate zone; a window over midnight is two."""
    has = ~f.missing("agreed_from") & ~f.missing("agreed_until")
    after, before = f.local_minute_least >= f.agreed_from, f.local_minute_most < f.agreed_until
    wraps = f.agreed_from > f.agreed_until
    return has & ((~wraps & after & before) | (wraps & (after | before)))


def on_a_day_of_rest(f: Facts, days: list[str]) -> Mask:
    """Where it is one of these weekdays in some zone the person may be in."""
    rest = f.everywhere(False)
    for day in days:
        rest = rest | f.local_days.has(day)
    return rest


def on_a_holiday(f: Facts, holidays: Any) -> Mask:
    """Where it is one of these dates (days since 1970) in some zone the person may be in."""
    return np.isin(f.local_date_least, holidays) | np.isin(f.local_date_most, holidays)


def outside_the_calendar(f: Facts, holidays: Any) -> Mask:
    """Where a list of holidays has none for the year: nobody has filled it in."""
    inside = f.everywhere(False)
    for year in sorted(set(years_of(holidays).tolist())):
        first, after = (np.datetime64(f"{1970 + one:04d}-01-01", "D").astype(int) for one in (
            year, year + 1))  # fmt: skip
        inside = inside | ((f.local_date_least >= first) & (f.local_date_most < after))
    return ~inside


def years_of(days: Any) -> Any:
    """The calendar years of days since 1970, counted from 1970."""
    whole = np.asarray(days, dtype=np.int64)
    return whole.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)


def has_any(words: Words, *wanted: str) -> Mask:
    """Where at least one of these words is in a set."""
    found = words.has(wanted[0])
    for word in wanted[1:]:
        found = found | words.has(word)
    return found


def words_found(f: Facts, *classes: str) -> Mask:
    """Where a text holds a forbidden class of words, and where a text was not read for them."""
    return has_any(f.found, *classes) | unread(f)


def unread(f: Facts) -> Mask:
    """Where a text was not read for forbidden words; what is said aloud cannot be, before."""
    return f.missing("found") & maybe_by(f, *WRITTEN)


def maybe_by(f: Facts, *channels: str) -> Mask:
    """Where the channel is one of these, or not known."""
    return f.channel.among(*channels) | f.missing("channel")


# -- House rules of several countries: each enters them under a name of its own ---------------------
def who_writes(f: Facts, p: Any) -> Mask:
    """A text says for whom it is written, and an agent says who it is."""
    return ~f.says.has("institution") | (f.collector.among("agency") & ~f.says.has("agency"))


def nobody_else_learns(f: Facts, p: Any) -> Mask:
    """Whoever reads a one-way message is not known to be the debtor: it names no debt."""
    known = f.identity_confirmed | (f.sealed_to_debtor & f.party.among("debtor"))
    return f.discloses_debt & ~known
