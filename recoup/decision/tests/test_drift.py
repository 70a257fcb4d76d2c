from __future__ import annotations

import numpy as np
import pytest

from recoup.decision.drift import Watch, shares


def alarms_in(nights, seed, spread=1.0, shift=0.0, runs=100):
    """How many of some streams raise an alarm."""
    rng, count = np.random.default_rng(seed), 0
    for _ in range(runs):
        watch = Watch()
        for residual in rng.normal(shift, spread, nights):
            watch = watch.after(float(residual))
        count += watch.direction != 0
    return count


@pytest.mark.parametrize("spread", [1.0, 3.0])
def test_two_months_without_a_change_hardly_ever_alarm_however_much_nights_differ(spread):
    assert alarms_in(60, 1, spread) <= 3


@pytest.mark.parametrize(("shift", "direction"), [(1.0, 1), (-1.0, -1)])
def test_a_change_is_noticed_and_which_way_it_went(shift, direction):
    rng, watch = np.random.default_rng(4), Watch()
    for residual in rng.normal(0, 1, 30):
        watch = watch.after(float(residual))
    for residual in rng.normal(shift, 1, 60):
        watch = watch.after(float(residual))

    assert watch.direction == direction


def test_a_residual_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="number"):
        Watch().after(float("nan"))


def log_of(rows=40_000, seed=2):
    rng = np.random.default_rng(seed)
    arms = rng.choice(["champion", "learner"], rows)
    explore = np.full(rows, 0.02)
    chances = np.where(arms == "learner", rng.random(rows), 0.01)
    return {
        "arms": arms, "explore": explore, "explored": rng.random(rows) < explore,
        "chances": chances, "idle": rng.random(rows) < chances,
    }  # fmt: skip


def test_honest_logs_are_not_called_wrong():
    assert sum(shares(**log_of(4_000, seed)).is_wrong for seed in range(300)) <= 1


@pytest.mark.parametrize("what", ["explored", "idle"])
def test_a_log_in_which_one_arm_draws_more_than_it_says_is_called_wrong(what):
    log = log_of()
    more = (log["arms"] == "learner") & (np.random.default_rng(5).random(40_000) < 0.05)
    log[what] = log[what] | more

    found = shares(**log)

    assert found.is_wrong
    assert found.chance < 1e-4


def test_a_log_that_draws_although_it_may_not_is_called_wrong():
    log = log_of(100) | {"explore": np.zeros(100)}
    log["explored"] = np.arange(100) == 3

    assert shares(**log).is_wrong


def test_too_few_to_be_expected_say_nothing():
    found = shares(**log_of(60))

    assert found.chance_drawn == 1.0
    assert not found.is_wrong
