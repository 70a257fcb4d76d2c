from __future__ import annotations

import math

import numpy as np
import pytest

from recoup.decision.arms import Outcome, compare, radius


def test_a_known_difference_has_the_textbook_interval():
    found = compare(Outcome.of_shares(1000, 300), Outcome.of_shares(1000, 250), tuned_for=0.05)

    assert found.difference == pytest.approx(0.05)
    assert found.low == pytest.approx(0.05 - 1.96 * math.sqrt(0.00039789), abs=1e-3)
    assert found.low_always < found.low < found.high < found.high_always
    assert found.high - found.difference == pytest.approx(found.difference - found.low)


def test_amounts_are_compared_by_their_spread():
    rng = np.random.default_rng(1)

    found = compare(Outcome.of(rng.normal(10, 2, 4000)), Outcome.of(rng.normal(9, 2, 4000)),
                    tuned_for=0.5)  # fmt: skip

    assert found.is_clear
    assert found.low_always < 1 < found.high_always


def test_too_few_cases_say_nothing():
    found = compare(Outcome.of([1.0] * 29), Outcome.of([0.0] * 5000), tuned_for=1.0)

    assert (found.low, found.high_always) == (-math.inf, math.inf)
    assert not found.is_clear


def test_arms_without_any_spread_are_never_called_clear():
    assert not compare(Outcome.of([5.0] * 100), Outcome.of([3.0] * 100), tuned_for=1.0).is_clear
    assert math.isfinite(
        compare(Outcome.of_shares(100, 0), Outcome.of_shares(100, 0), tuned_for=0.1).high_always
    )


def test_daily_looks_for_sixty_days_raise_few_false_alarms_and_a_z_test_many():
    rng = np.random.default_rng(7)
    runs, days, each = 1500, 60, 60
    one = rng.binomial(each, 0.2, (runs, days)).cumsum(axis=1)
    two = rng.binomial(each, 0.2, (runs, days)).cumsum(axis=1)
    always, fixed = np.zeros(runs, dtype=bool), np.zeros(runs, dtype=bool)

    for day in range(days):
        count = each * (day + 1)
        for run in range(runs):
            found = compare(
                Outcome.of_shares(count, int(one[run, day])),
                Outcome.of_shares(count, int(two[run, day])), tuned_for=0.05,
            )  # fmt: skip
            always[run] |= found.is_clear
            fixed[run] |= found.low > 0 or found.high < 0

    assert always.mean() <= 0.05
    assert fixed.mean() > 0.15


def test_the_interval_narrows_with_cases():
    assert (
        radius(1e-6, tuned_for=0.02) < radius(1e-5, tuned_for=0.02) < radius(1e-4, tuned_for=0.02)
    )


@pytest.mark.parametrize(("effect", "level"), [(0, 0.95), (-1, 0.95), (1, 0), (1, 1)])
def test_what_makes_no_sense_is_refused(effect, level):
    with pytest.raises(ValueError):
        compare(Outcome.of([1.0]), Outcome.of([1.0]), tuned_for=effect, level=level)
