"""
Slots of contact: reserved in the transaction that issues a permit, released on failure.

What is counted is said by the packs of the rulebook (`counters.yaml`): effective calls by creditor
and person, attempts by number, conversations by debt, everything by case, and the house cap of each
channel. A day's counter has one row; a window of
several days has one row for each slot, free again a full window after its contact was made, so that
no trailing window ever holds more than the cap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection

from recoup.gate.models import Counter
from recoup.kernel.clock import aware, day_bounds, local_day
from recoup.rulebook.facts import zones_of
from recoup.rulebook.sources import CounterRule

# What a call can come to, in the words of whoever called.
CONNECTED = frozenset({"connected", "right_party", "wrong_party", "promise", "refused"})
UNCONNECTED = frozenset({"no_answer", "busy", "invalid_number"})
# A slot that nobody has taken is free from the beginning of time.
EVER = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Claim:
    """
    One slot to reserve: the keys of the rows that can give it, any one of them.

    `most` is `None` where nothing is capped. `fact` names the fact that the count is.
    """

    unit: str
    fact: str
    keys: tuple[str, ...]
    ends_at: datetime
    most: int | None

    @property
    def is_rolling(self) -> bool:
        """Whether each row is one slot that comes free by itself."""
        return self.keys[0].rpartition(":")[2].startswith("slot=")


@dataclass(slots=True)
class Row:
    """A counter as it stands; a slot is free from `ends_at` on."""

    used: int
    ends_at: datetime


def claims(
    rules: Iterable[CounterRule], *, channel: str, creditor: int, subject: str, number: str,
    case: int, zones: str, at: datetime,
) -> list[Claim]:  # fmt: skip
    """
    What a contact uses up, by the counters that hold for it, if it is made at once.

    A day is counted in every time zone the borrower may be in; a window of several days has slots.

    :raises Invalid: for a time zone that does not exist
    """
    whose = {
        "person": f"creditor={creditor}:person={subject}",
        "number": f"creditor={creditor}:number={number}",
        "case": f"creditor={creditor}:case={case}",
        "debt": f"creditor={creditor}:case={case}",
    }
    days = _days(zones, at)
    found: list[Claim] = []
    for rule in rules:
        unit = f"{rule.unit}.{channel}" if rule.by_channel else rule.unit
        most, window = rule.for_channel(rule.most, channel), rule.for_channel(rule.days, channel)
        key = f"{unit}:{whose[rule.of]}"
        if window is not None and window > 1:
            keys = tuple(f"{key}:slot={n}" for n in range(most or 0))
            if keys:
                ends = _window_ends(zones, at, window)
                found.append(Claim(unit, rule.fact, keys, ends, most))
            continue
        found += [Claim(unit, rule.fact, (f"{key}:{day}",), ends, most) for day, ends in days]
    return found


def _days(zones: str, at: datetime) -> list[tuple[date, datetime]]:
    ends: dict[date, datetime] = {}
    for zone in zones_of(zones):
        day = local_day(at, zone)
        # Where the day ends first: after that the contact would be of the next, and not counted there.
        ends[day] = min(ends.get(day, LATEST), day_bounds(day, zone)[1])
    return sorted(ends.items())


def _window_ends(zones: str, at: datetime, days: int) -> datetime:
    """
    When a contact is out of a window of days, however one counts them: by the clock, or by calendar
    days, one of which may have 25 hours.
    """
    midnights = [
        day_bounds(local_day(at, zone) + timedelta(days=days - 1), zone)[1]
        for zone in zones_of(zones)
    ]
    return max([at + timedelta(days=days), *midnights])


def ensure(wanted: Iterable[tuple[int, Claim]]) -> None:
    """Insert the rows that are not there yet, in the order of their keys."""
    rows = {
        key: Counter(creditor_id=creditor, key=key, unit=claim.unit,
                     ends_at=EVER if claim.is_rolling else claim.ends_at)
        for creditor, claim in wanted
        for key in claim.keys
    }  # fmt: skip
    # One order for everybody, so that two batches never wait for each other.
    Counter.objects.bulk_create([rows[key] for key in sorted(rows)], ignore_conflicts=True)


def read(keys: Iterable[str], *, lock: bool) -> dict[str, Row]:
    """The counters as they stand; locked until the transaction ends where the database can."""
    rows = Counter.objects.filter(key__in=set(keys))
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True).order_by("key")
    return {key: Row(used, ends) for key, used, ends in rows.values_list("key", "used", "ends_at")}


def used(claim: Claim, rows: dict[str, Row], at: datetime) -> int:
    """How many of a claim's slots are taken."""
    standing = [rows[key] for key in claim.keys if key in rows]
    if claim.is_rolling:
        return sum(1 for row in standing if row.ends_at > at)
    return max((row.used for row in standing), default=0)


def free_at(claim: Claim, rows: dict[str, Row], at: datetime) -> datetime | None:
    """When a slot of a full window comes free."""
    taken = [rows[k].ends_at for k in claim.keys if k in rows]
    return min((end for end in taken if end > at), default=None)


def reserve(wanted: Sequence[Claim], at: datetime, *, over: bool = False) -> list[str] | None:
    """
    Take one slot of every claim, or none at all: what was taken, or `None` if one is full.

    Claimed by conditional update and row count, so two callers never share the last slot. `over`
    counts past a cap that does not bind this contact: in a full window the new contact takes the
    place of the one that leaves first, so that the slots are always the latest.
    """
    taken: list[str] = []
    with connection.cursor() as cursor:
        for claim in wanted:
            if over and not claim.is_rolling:
                claim = replace(claim, most=None)
            key = next((key for key in claim.keys if _take(cursor, claim, key, at)), None)
            if key is None and over:
                key = _push(cursor, claim)
            if key is None:
                release(taken, since=at)
                return None
            taken.append(held(key, claim.ends_at) if claim.is_rolling else key)
    return taken


# Plain SQL: these run for every permit, and building them by the ORM costs more than running them.
TAKE = "UPDATE gate_counter SET used = used + 1 WHERE key = %s"
TAKE_UNDER = f"{TAKE} AND used < %s"
TAKE_SLOT = "UPDATE gate_counter SET used = 1, ends_at = %s WHERE key = %s AND ends_at <= %s"
MOVE_SLOT = "UPDATE gate_counter SET ends_at = %s WHERE key = %s AND ends_at = %s"
PUSH_SLOT = "UPDATE gate_counter SET used = 1, ends_at = %s WHERE key = %s"
GIVE_BACK = "UPDATE gate_counter SET used = used - 1 WHERE key = %s AND used > 0"
# A slot that was taken anew meanwhile is no longer theirs who took it before. One that comes back is
# free from when it was taken, and no sooner: a clock set back does not find it free of the contact
# that held it before.
GIVE_BACK_SLOT = "UPDATE gate_counter SET used = 0, ends_at = %s WHERE key = %s AND ends_at = %s"


def _take(cursor: Any, claim: Claim, key: str, at: datetime) -> bool:
    if claim.is_rolling:
        cursor.execute(TAKE_SLOT, [_stored(claim.ends_at), key, _stored(at)])
    elif claim.most is None:
        cursor.execute(TAKE, [key])
    else:
        cursor.execute(TAKE_UNDER, [key, claim.most])
    return bool(cursor.rowcount)


def _push(cursor: Any, claim: Claim) -> str:
    rows = read(claim.keys, lock=False)
    key = min(rows, key=lambda key: (rows[key].ends_at, key))
    cursor.execute(PUSH_SLOT, [_stored(claim.ends_at), key])
    return key


def start(taken: Iterable[str], *, since: datetime, at: datetime) -> None:
    """
    Let the windows of a contact run from when it is made, not `since` it was permitted.

    Without this, a call made ten minutes after its permit would leave its window ten minutes early.
    """
    with connection.cursor() as cursor:
        for key, ends in _slots(taken):
            cursor.execute(MOVE_SLOT, [_stored(ends + (at - since)), key, _stored(ends)])


def release(taken: Iterable[str], *, since: datetime, used_at: datetime | None = None) -> None:
    """Give back what `reserve` gave at an instant, for a contact begun at `used_at` or not at all."""
    late = (used_at or since) - since
    with connection.cursor() as cursor:
        for key in sorted(name for name in taken if HELD not in name):
            cursor.execute(GIVE_BACK, [key])
        for key, ends in _slots(taken):
            cursor.execute(GIVE_BACK_SLOT, [_stored(since), key, _stored(ends + late)])


def _slots(taken: Iterable[str]) -> list[tuple[str, datetime]]:
    parts = sorted(name.partition(HELD) for name in taken if HELD in name)
    return [(key, datetime.fromisoformat(ends)) for key, _, ends in parts]


HELD = ">"


def held(key: str, ends_at: datetime) -> str:
    """A slot as a permit holds it, with the instant until which it does."""
    return f"{key}{HELD}{aware(ends_at).isoformat()}"


def keys_of(taken: Iterable[str]) -> set[str]:
    """The keys of the rows behind what `reserve` gave."""
    return {name.partition(HELD)[0] for name in taken}


def _stored(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(aware(at))
