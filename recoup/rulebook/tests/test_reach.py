"""When a debtor is lost (CN-PARTY-004)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.rulebook import engine
from recoup.rulebook.packs.china.reach import FAILED, Reach, Standing, standing

MONDAY = date(2026, 11, 23)
NUMBERS = engine.load("CN", datetime(2026, 11, 23, 2, 0, tzinfo=UTC)).parameters


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def failed(*days: int) -> list[tuple[date, str]]:
    return [(day(number), FAILED) for number in days]


def on(
    number: int, attempts: list[tuple[date, str]], valid: bool = True, numbers: Any = NUMBERS
) -> Standing:
    return standing(attempts, today=day(number), number_is_valid=valid, numbers=numbers)


def test_the_numbers_are_those_of_the_guideline() -> None:
    assert (NUMBERS.lost_fails, NUMBERS.lost_after_days, NUMBERS.lost_fail_days) == (3, 1, 3)


def test_who_was_never_called_can_be_reached() -> None:
    assert on(0, []) == Standing(Reach.REACHABLE)


def test_two_calls_that_failed_make_nobody_lost() -> None:
    assert on(9, failed(0, 0)) == Standing(Reach.SUSPECT)


def test_three_calls_that_failed_make_a_debtor_lost_the_next_day_and_not_before() -> None:
    calls = failed(0, 0, 0)

    assert on(0, calls) == Standing(Reach.SUSPECT, day(1))
    assert on(1, calls) == Standing(Reach.LOST, day(1))


def test_three_calls_on_days_apart_make_a_debtor_lost_the_day_after_the_last() -> None:
    calls = failed(0, 2, 4)

    assert on(4, calls) == Standing(Reach.SUSPECT, day(5))
    assert on(5, calls).is_lost


def test_three_days_in_a_row_make_a_debtor_lost_at_once() -> None:
    calls = failed(0, 1, 2)

    assert not on(1, calls[:2]).is_lost
    assert on(2, calls) == Standing(Reach.LOST, day(2))


def test_three_days_in_a_row_need_no_three_days_in_between() -> None:
    assert on(9, failed(0, 2)) == Standing(Reach.SUSPECT)


def test_a_debtor_who_was_reached_is_not_lost() -> None:
    calls = [*failed(0, 0, 0), (day(1), "reached")]

    assert on(1, calls) == Standing(Reach.REACHABLE)
    assert on(9, [*calls, *failed(2, 2)]) == Standing(Reach.SUSPECT)


def test_an_outcome_nobody_knows_ends_a_row_of_failures() -> None:
    assert not on(9, [*failed(0, 0), (day(0), "busy?"), *failed(0)]).is_lost


def test_a_dead_number_makes_a_debtor_lost_today() -> None:
    assert on(0, [], valid=False) == Standing(Reach.LOST, day(0))


def test_calls_of_days_to_come_do_not_count() -> None:
    assert on(0, failed(0, 0, 1)) == Standing(Reach.SUSPECT)


@pytest.mark.parametrize("name", ["lost_fails", "lost_after_days", "lost_fail_days"])
def test_every_number_moves_the_day(name: str) -> None:
    more = SimpleNamespace(**{**vars(NUMBERS), name: getattr(NUMBERS, name) + 1})
    rows = [failed(0, 0, 0), failed(0, 1, 2), failed(0, 2, 4)]

    assert any(on(5, row) != on(5, row, numbers=more) for row in rows)


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from([FAILED, "reached"])), max_size=12))
def test_nobody_is_lost_without_three_failures_since_they_were_reached(
    raw: list[tuple[int, str]],
) -> None:
    attempts = [(day(number), outcome) for number, outcome in sorted(raw, key=lambda one: one[0])]
    row = 0
    for _, outcome in attempts:
        row = row + 1 if outcome == FAILED else 0

    found = on(9, attempts)

    assert not found.is_lost or row >= 3
    assert found.state is Reach.REACHABLE or row > 0
    assert found.lost_from is None or found.is_lost == (found.lost_from <= day(9))
