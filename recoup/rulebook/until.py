"""Until when a rule says no: the next waking hour, the next day, the end of a window."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from recoup.kernel.clock import at_local, local_day, local_minute
from recoup.rulebook.facts import EPOCH, local_time
from recoup.rulebook.rule import Moment
from recoup.rulebook.vocabulary import DAYS

# A walk over days of rest and holidays in several zones ends long before that, or nowhere.
TRIES = 60


def next_waking_hour(moment: Moment) -> datetime | None:
    """The next instant outside the quiet hours in every candidate zone; `None` if there is none."""
    return waking_from(moment, moment.at)


def waking_from(moment: Moment, at: datetime) -> datetime | None:
    """
    The first instant from `at` on at which the country's law lets people be contacted in every
    candidate zone; `None` if there is none.

    Packs say it by parameters: `quiet_start` (in the quiet) to `quiet_end` (out of it), or
    `open_from` to `open_until` (both in), and `rest_days` and `holidays` where nobody is contacted.
    """
    p = moment.parameters
    if hasattr(p, "quiet_start"):
        start, end = p.quiet_end, p.quiet_start - 1
    else:
        start, end = getattr(p, "open_from", 0), getattr(p, "open_until", 24 * 60)
    for _ in range(TRIES):
        before = at
        for zone in moment.zones:
            day, minute = local_day(at, zone), local_minute(at, zone)
            if minute > end or _is_closed(day, moment):
                at = at_local(day + timedelta(days=1), _wall(start), zone)
            elif minute < start:
                at = at_local(day, _wall(start), zone)
        if at == before:
            return at if moment.zones else None
    return None


def _wall(minute: int) -> time:
    return time(minute // 60, minute % 60)


def _is_closed(day: date, moment: Moment) -> bool:
    """Whether a whole day is one of rest, or a holiday on the list."""
    p = moment.parameters
    is_holiday = (day.toordinal() - EPOCH) in getattr(p, "holidays", ())
    return DAYS[day.weekday()] in getattr(p, "rest_days", ()) or is_holiday


def next_day(moment: Moment) -> datetime | None:
    """The first waking hour once it is the next day in every candidate zone."""
    ends = [
        at_local(local_day(moment.at, zone) + timedelta(days=1), time(0), zone)
        for zone in moment.zones
    ]
    return waking_from(moment, max(ends)) if ends else None


def window_free(moment: Moment) -> datetime | None:
    """When the channel's own window has room again; the next day if the facts do not say."""
    return _free(moment) or next_day(moment)


def long_window_free(moment: Moment) -> datetime | None:
    """When a window of several days has room again; `None` if the facts do not say."""
    return _free(moment)


def _free(moment: Moment) -> datetime | None:
    epoch = moment.raw.get("window_free_at")
    if isinstance(epoch, int) and not isinstance(epoch, bool):
        epoch = local_time(epoch)
    return waking_from(moment, epoch) if isinstance(epoch, datetime) else None


def stops_lifted(moment: Moment) -> datetime | None:
    """When the last of the flags that stop contact ends by itself, if all of them do."""
    epoch = moment.raw.get("stops_until")
    if isinstance(epoch, int) and not isinstance(epoch, bool):
        epoch = local_time(epoch)
    return waking_from(moment, epoch) if isinstance(epoch, datetime) else None


def clock_caught_up(moment: Moment) -> datetime | None:
    """When the clock is past the last permit again, if the facts say when that was."""
    last = moment.raw.get("last_permit_at")
    if isinstance(last, int) and not isinstance(last, bool):
        last = local_time(last)
    return waking_from(moment, last) if isinstance(last, datetime) else None
