"""Until when a rule says no: the next waking hour, the next day, the end of a window."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from recoup.kernel.clock import at_local, local_day, local_minute
from recoup.rulebook.facts import local_time
from recoup.rulebook.rule import Moment

TRIES = 8


def next_waking_hour(moment: Moment) -> datetime | None:
    """The next instant outside the quiet hours in every candidate zone; `None` if there is none."""
    return waking_from(moment, moment.at)


def waking_from(moment: Moment, at: datetime) -> datetime | None:
    """The first instant from `at` on that is outside the quiet hours in every candidate zone."""
    start, end = moment.parameters.quiet_start, moment.parameters.quiet_end
    for _ in range(TRIES):
        before = at
        for zone in moment.zones:
            minute = local_minute(at, zone)
            if minute >= start or minute < end:
                day = local_day(at, zone) + timedelta(days=minute >= start)
                at = at_local(day, time(end // 60, end % 60), zone)
        if at == before:
            return at if moment.zones else None
    return None


def next_day(moment: Moment) -> datetime | None:
    """The first waking hour once it is the next day in every candidate zone."""
    ends = [
        at_local(local_day(moment.at, zone) + timedelta(days=1), time(0), zone)
        for zone in moment.zones
    ]
    return waking_from(moment, max(ends)) if ends else None


def window_free(moment: Moment) -> datetime | None:
    """When the channel's own window has room again; the next day if the facts do not say."""
    epoch = moment.raw.get("window_free_at")
    if isinstance(epoch, datetime):
        return waking_from(moment, epoch)
    if isinstance(epoch, int):
        return waking_from(moment, local_time(epoch))
    return next_day(moment)


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
