from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.decision.arms import Outcome, radius
from recoup.decision.evidence import Evidence, means
from recoup.decision.sequential import (
    SHARE,
    Decided,
    Guard,
    Plan,
    is_too_small,
    log_evidence,
    look,
    look_at_all,
    one_sided,
    reach,
)

PLAN = Plan(effect=0.05)
VARIANCES = st.floats(1e-8, 10)


def watch(rows, plan, **guarded):
    """All looks up to the one that decides."""
    looks = []
    for row in rows:
        looks.append(look(row, plan, before=looks[-1] if looks else None, **guarded))
        if looks[-1].is_over:
            break
    return looks


def shares(rng, lift, days=120, each=60, base=0.3):
    one = rng.binomial(each, base + lift, days).cumsum()
    two = rng.binomial(each, base, days).cumsum()
    return [
        means(
            Outcome.of_shares(each * (day + 1), int(one[day])),
            Outcome.of_shares(each * (day + 1), int(two[day])),
        )
        for day in range(days)
    ]


def test_a_real_effect_is_found_before_the_test_of_one_look_would_end():
    looks = watch(shares(np.random.default_rng(1), 0.1), PLAN)

    assert looks[-1].decided is Decided.BETTER
    assert len(looks) < PLAN.cases(0.46) / 60
    assert looks[-1].difference.low > 0
    assert looks[-1].p_value <= 0.05
    assert "clear of 0" in looks[-1].reason


def test_fewer_can_be_better():
    looks = watch(shares(np.random.default_rng(1), 0.1), Plan(effect=0.05, larger_is_better=False))

    assert looks[-1].decided is Decided.WORSE


def test_no_effect_ends_without_a_claim():
    looks = watch(shares(np.random.default_rng(2), 0.0), PLAN)

    assert looks[-1].decided is Decided.TOO_SMALL
    assert "no longer to be expected" in looks[-1].reason


def test_daily_looks_raise_few_false_alarms_where_a_z_test_raises_many():
    rng = np.random.default_rng(5)
    noise = rng.normal(size=(3000, 120)).cumsum(axis=1)
    cases = np.arange(1, 121)
    gap, variance = noise / cases * 0.1, 0.01 / cases
    plan = Plan(effect=0.04)

    alarms = (log_evidence(gap, variance, effect=plan.effect) > math.log(20)).any(axis=1)
    naive = (np.abs(gap) > 1.96 * np.sqrt(variance)).any(axis=1)

    assert alarms.mean() <= 0.05
    assert naive.mean() > 0.25


def test_giving_up_is_rarely_wrong():
    rng = np.random.default_rng(6)
    cases = np.arange(1, 201)
    gap = rng.normal(size=(3000, 200)).cumsum(axis=1) / cases * 0.1 + 0.04

    wrong = is_too_small(gap, 0.01 / cases, effect=0.04, give_up=0.1).any(axis=1)

    assert wrong.mean() <= 0.1


def test_a_decision_stays_and_a_p_value_never_rises():
    first = look(Evidence(0.2, 1e-3, 500), PLAN)
    second = look(Evidence(0.0, 9e-4, 600), PLAN, before=first)

    assert first.decided is second.decided is Decided.BETTER
    assert second.p_value == first.p_value
    assert second.difference.value == 0.0


def test_a_test_that_goes_on_too_long_ends_without_an_answer():
    plan = Plan(effect=0.05, give_up=0.0)

    found = look(Evidence(0.02, plan.single_look / 2, 9000), plan)

    assert found.decided is Decided.NO_ANSWER
    assert "2 times the duration" in found.reason


def test_three_challengers_share_one_error():
    plan = Plan(effect=0.05, challengers=3)
    strong, weak = Evidence(0.1, 1e-4, 900), Evidence(0.065, 5e-4, 900)

    found = look_at_all({"a": strong, "b": weak, "c": Evidence(0.0, 1e-3, 900)}, plan)

    assert found["a"].decided is Decided.BETTER
    assert look(weak, PLAN).decided is Decided.BETTER
    assert found["b"].decided is Decided.LOOK_ON
    assert found["b"].p_value == pytest.approx(
        3 * math.exp(-float(log_evidence(0.065, 5e-4, effect=0.05)))
    )
    with pytest.raises(ValueError, match="planned for 3"):
        look_at_all(dict.fromkeys("abcd", strong), plan)


def test_a_family_without_effects_raises_few_alarms():
    rng = np.random.default_rng(8)
    plan = Plan(effect=0.04, challengers=4)
    cases = np.arange(1, 101)
    noise = rng.normal(size=(5, 2000, 100)).cumsum(axis=2) / cases * 0.07
    gap, variance = noise[1:] - noise[0], 2 * 0.07**2 / cases

    alarms = log_evidence(gap, variance, effect=plan.effect) > -math.log(plan.alpha)

    assert alarms.any(axis=2).any(axis=0).mean() <= 0.05


def test_harm_stops_a_challenger_even_where_it_recovers_more():
    guard = Guard(margin=0.005, size=0.01)

    found = look(Evidence(0.2, 1e-3, 500), PLAN, harm=Evidence(0.05, 2e-5, 500), guard=guard)

    assert found.decided is Decided.HARM
    assert found.harm.low > 0.005
    assert "above the allowed 0.005" in found.reason


def test_harm_stops_a_challenger_whose_own_outcome_says_nothing_yet():
    found = look(
        Evidence(0.2, math.inf, 10, "Too few."), PLAN, harm=Evidence(0.5, 1e-4, 500),
        guard=Guard(margin=0.1, size=0.1),
    )  # fmt: skip

    assert found.decided is Decided.HARM


def test_harm_at_the_margin_seldom_stops():
    rng = np.random.default_rng(9)
    cases = np.arange(1, 151)
    gap = rng.normal(size=(3000, 150)).cumsum(axis=1) / cases * 0.1 + 0.01

    low = gap - one_sided(0.01 / cases, size=0.02, alpha=0.05)

    assert (low > 0.01).any(axis=1).mean() <= 0.05


def test_harm_is_guarded_whole_or_not_at_all():
    one = Evidence(0.1, 1e-3, 500)

    with pytest.raises(ValueError, match="not at all"):
        look(one, PLAN, harm=one)
    with pytest.raises(ValueError, match="every challenger"):
        look_at_all({"a": one}, PLAN, harm={}, guard=Guard(margin=0, size=1))


def test_what_is_doubted_decides_nothing_and_says_why():
    for doubtful in (
        means(Outcome.of([1.0] * 10), Outcome.of([0.0] * 10)),
        means(Outcome.of([5.0] * 100), Outcome.of([7.0] * 100)),
        Evidence(5.0, 1e-6, 100, "One case makes 90% of the spread of its arm."),
    ):
        found = look(doubtful, PLAN)
        assert found.decided is Decided.LOOK_ON
        assert found.reason == doubtful.doubt
        assert (found.p_value, found.difference.high) == (1.0, math.inf)


@pytest.mark.parametrize(
    "wrong",
    [
        {"effect": 0.0}, {"effect": -1.0}, {"effect": math.nan}, {"effect": math.inf},
        {"effect": 1.0, "level": 1.0}, {"effect": 1.0, "power": 0.0},
        {"effect": 1.0, "give_up": 1.0}, {"effect": 1.0, "challengers": 0},
    ],
)  # fmt: skip
def test_a_plan_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError):
        Plan(**wrong)


@pytest.mark.parametrize(
    "wrong", [{"margin": -1.0, "size": 1.0}, {"margin": math.nan, "size": 1.0},
              {"margin": 0.0, "size": 0.0}, {"margin": 0.0, "size": 1.0, "level": 0.0}]
)  # fmt: skip
def test_a_guard_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError):
        Guard(**wrong)


@settings(max_examples=100, deadline=None)
@given(VARIANCES, st.floats(1e-3, 10), st.floats(1e-3, 0.5))
def test_the_interval_ends_where_the_evidence_does(variance, effect, alpha):
    width = float(reach(variance, effect=effect, alpha=alpha))

    assert (
        0 < width <= radius(variance, tuned_for=effect, level=1 - (1 - SHARE) / 2 * alpha) * 1.0001
    )
    assert float(log_evidence(width, variance, effect=effect)) == pytest.approx(
        -math.log(alpha), abs=1e-5
    )


@settings(max_examples=100, deadline=None)
@given(VARIANCES, st.floats(-100, 100), st.floats(-100, 100))
def test_more_difference_is_more_evidence_in_either_direction(variance, one, two):
    small, large = sorted([abs(one), abs(two)])

    assert log_evidence(large, variance, effect=0.1) >= log_evidence(small, variance, effect=0.1)
    assert log_evidence(one, variance, effect=0.1) == log_evidence(-one, variance, effect=0.1)


@settings(max_examples=60, deadline=None)
@given(VARIANCES, st.floats(-5, 5), st.floats(0.01, 5))
def test_units_do_not_matter(variance, gap, scale):
    here = look(Evidence(gap, variance, 500), Plan(effect=0.1))
    there = look(Evidence(gap * scale, variance * scale**2, 500), Plan(effect=0.1 * scale))

    assert there.p_value == pytest.approx(here.p_value, rel=1e-6)
    assert there.difference.high == pytest.approx(here.difference.high * scale, rel=1e-6)


def test_the_interval_shrinks_to_a_point_in_the_end():
    widths = reach(np.array([1e-2, 1e-4, 1e-6, 1e-8]), effect=0.05, alpha=0.05)

    assert (np.diff(widths) < 0).all()
    assert widths[-1] < 0.001


def test_an_effect_far_larger_than_planned_is_seen_at_once():
    found = look(Evidence(0.6, 0.005, 60), Plan(effect=0.02))

    assert found.decided is Decided.BETTER
    assert found.difference.low > 0.2


def test_the_law_of_the_evidence_is_that_of_a_martingale():
    rng = np.random.default_rng(10)
    steps = rng.normal(size=(200_000, 4)).cumsum(axis=1)
    cases = np.arange(1, 5)

    average = np.exp(log_evidence(steps / cases, 1 / cases, effect=0.6)).mean(axis=0)

    assert average == pytest.approx(1, abs=0.05)
