"""
Instants and days. Instants are aware and kept in UTC; days are days of the borrower's place.

Only desks, api, jobs and commands read the clock, through `now`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from recoup.kernel.errors import Invalid

CHINA = "Asia/Shanghai"


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(tz=UTC)


def zone(name: str) -> ZoneInfo:
    """
    The time zone of an IANA name.

    :raises Invalid: if there is no such zone
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(
            f"{name!r} is not a time zone.", hint="Use an IANA name such as Asia/Shanghai."
        ) from None


def aware(at: datetime) -> datetime:
    """`at` in UTC. :raises Invalid: if it says no time zone."""
    if at.tzinfo is None:
        raise Invalid(f"The time {at.isoformat()} says no time zone.", hint="Add one, as +08:00.")
    return at.astimezone(UTC)


def local_day(at: datetime, zone_name: str) -> date:
    """The calendar day of the instant at a place."""
    return aware(at).astimezone(zone(zone_name)).date()


def local_minute(at: datetime, zone_name: str) -> int:
    """Minutes since midnight at a place, 0 to 1439."""
    here = aware(at).astimezone(zone(zone_name))
    return here.hour * 60 + here.minute


def at_local(day: date, wall: time, zone_name: str) -> datetime:
    """The instant, in UTC, when clocks at a place show `wall` on `day`."""
    return datetime.combine(day, wall, tzinfo=zone(zone_name)).astimezone(UTC)


def day_bounds(day: date, zone_name: str) -> tuple[datetime, datetime]:
    """The half-open period `[from, to)` of a day at a place, in UTC."""
    return (
        at_local(day, time(0), zone_name),
        at_local(day + timedelta(days=1), time(0), zone_name),
    )
