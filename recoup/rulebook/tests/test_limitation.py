"""When a debt expires in China (CN-LIM-001 to -003)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.kernel.errors import Invalid
from recoup.rulebook import engine
from recoup.rulebook.packs.china.limitation import ends, is_time_barred, starts

NUMBERS = engine.load("CN", datetime(2026, 11, 23, 2, 0, tzinfo=UTC)).parameters
DUE = date(2022, 6, 1)


def test_the_numbers_are_those_of_the_code() -> None:
    assert (NUMBERS.limitation_years, NUMBERS.limitation_most_years) == (3, 20)
    assert len(NUMBERS.limitation_events) == 14


def test_a_debt_expires_three_years_after_its_last_instalment() -> None:
    start = starts([date(2022, 4, 1), DUE, date(2022, 5, 1)])

    assert start == DUE
    assert not is_time_barred(start, [], on=date(2025, 6, 1), numbers=NUMBERS)
    assert is_time_barred(start, [], on=date(2025, 6, 2), numbers=NUMBERS)


@pytest.mark.parametrize("what", NUMBERS.limitation_events)
def test_every_interruption_begins_the_years_anew(what: str) -> None:
    assert ends(DUE, [(date(2024, 1, 1), what)], numbers=NUMBERS) == date(2027, 1, 1)


def test_a_demand_that_never_arrived_interrupts_nothing() -> None:
    assert ends(DUE, [(date(2024, 1, 1), "demand_sent")], numbers=NUMBERS) == date(2025, 6, 1)


def test_an_event_on_the_last_day_interrupts_and_one_on_the_next_does_not() -> None:
    last, late = date(2025, 6, 1), date(2025, 6, 2)

    assert ends(DUE, [(last, "suit")], numbers=NUMBERS) == date(2028, 6, 1)
    assert ends(DUE, [(late, "suit")], numbers=NUMBERS) == date(2025, 6, 1)


def test_events_need_not_come_in_order() -> None:
    events = [(date(2026, 12, 31), "suit"), (date(2024, 1, 1), "partial_payment")]

    assert ends(DUE, events, numbers=NUMBERS) == date(2029, 12, 31)


def test_nothing_lasts_longer_than_twenty_years() -> None:
    events = [(date(year, 1, 1), "demand_delivered") for year in range(2023, 2050, 2)]

    assert ends(DUE, events, numbers=NUMBERS) == date(2042, 6, 1)


def test_a_debt_due_on_a_leap_day_expires_on_the_last_of_february() -> None:
    assert ends(date(2024, 2, 29), [], numbers=NUMBERS) == date(2027, 2, 28)


def test_a_debt_without_a_due_day_says_so() -> None:
    with pytest.raises(Invalid, match="no due day"):
        starts([])


@given(st.lists(st.integers(0, 9000), max_size=8), st.integers(0, 9000))
def test_one_event_more_never_shortens_the_time(days: list[int], more: int) -> None:
    events = [(DUE + timedelta(days=number), "suit") for number in days]

    before = ends(DUE, events, numbers=NUMBERS)
    after = ends(DUE, [*events, (DUE + timedelta(days=more), "suit")], numbers=NUMBERS)

    assert before <= after <= date(2042, 6, 1)
