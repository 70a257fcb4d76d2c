import random
from datetime import UTC, date, datetime, time, timedelta

import pytest

from recoup.kernel import clock, ids
from recoup.kernel.errors import Invalid


def test_a_day_begins_at_midnight_of_the_place():
    start, end = clock.day_bounds(date(2026, 11, 23), "Asia/Shanghai")

    assert start == datetime(2026, 11, 22, 16, tzinfo=UTC)
    assert end - start == timedelta(days=1)


def test_a_day_of_summer_time_change_has_twenty_three_hours():
    start, end = clock.day_bounds(date(2026, 3, 8), "America/New_York")

    assert end - start == timedelta(hours=23)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(Invalid, match="says no time zone"):
        clock.aware(datetime(2026, 11, 23))  # noqa: DTZ001


def test_an_unknown_zone_is_refused_with_an_example():
    with pytest.raises(Invalid, match="Asia/Shanghai"):
        clock.zone("Mars/Olympus")


def test_local_time_is_the_borrowers():
    at = clock.at_local(date(2026, 11, 23), time(21, 59), "Asia/Urumqi")

    assert clock.local_minute(at, "Asia/Shanghai") == 23 * 60 + 59


def test_identifiers_sort_by_time_and_do_not_repeat():
    rng = random.Random(7)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = [ids.new_id(start + timedelta(milliseconds=i), rng) for i in range(2000)]

    assert made == sorted(made)
    assert len(set(made)) == 2000


def test_sticky_fractions_are_the_same_everywhere_and_spread_evenly():
    assert round(ids.fraction("holdout", 42), 12) == 0.515027977218
    drawn = [ids.fraction("arm", n) for n in range(10_000)]
    assert abs(sum(drawn) / len(drawn) - 0.5) < 0.02
