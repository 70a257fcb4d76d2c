from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.decision.arms import Outcome, compare
from recoup.decision.evidence import Evidence, adjusted, means, ratios


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_means_are_those_of_the_arms(rng):
    one, two = rng.normal(10, 3, 500), rng.normal(9, 2, 700)

    found = means(Outcome.of(one), Outcome.of(two))
    known = compare(Outcome.of(one), Outcome.of(two), tuned_for=1.0)

    assert found.difference == pytest.approx(known.difference)
    assert found.variance == pytest.approx(one.var(ddof=1) / 500 + two.var(ddof=1) / 700)
    assert (found.count, found.doubt) == (500, "")


def test_what_was_known_before_takes_its_share_of_the_variance(rng):
    before = rng.normal(size=(2, 4000))
    after = 2 * before + rng.normal(size=(2, 4000))
    after[0] += 0.1

    plain = means(Outcome.of(after[0]), Outcome.of(after[1]))
    less = adjusted(arm=after[0], other=after[1], arm_before=before[0], other_before=before[1])

    assert less.variance / plain.variance == pytest.approx(1 / 5, rel=0.1)
    assert abs(less.difference - 0.1) < 4 * math.sqrt(less.variance)


def test_what_was_known_and_says_nothing_changes_nothing(rng):
    after, flat = rng.normal(size=(2, 2000)), np.ones(2000)

    plain = means(Outcome.of(after[0]), Outcome.of(after[1]))
    less = adjusted(arm=after[0], other=after[1], arm_before=flat, other_before=flat)

    assert less.difference == pytest.approx(plain.difference)
    assert less.variance == pytest.approx(plain.variance, rel=0.01)


def test_columns_that_repeat_one_another_do_no_harm(rng):
    before = rng.normal(size=(2, 1000))
    after = before + rng.normal(size=(2, 1000))
    double = [np.column_stack([one, 3 * one, one - one]) for one in before]

    once = adjusted(arm=after[0], other=after[1], arm_before=before[0], other_before=before[1])
    thrice = adjusted(arm=after[0], other=after[1], arm_before=double[0], other_before=double[1])

    assert thrice.difference == pytest.approx(once.difference)


def test_adjusted_differences_have_the_variance_they_claim(rng):
    claimed, seen = [], []
    for _ in range(400):
        before = rng.gamma(1, 1, (2, 200))
        after = before + rng.gamma(1, 1, (2, 200))
        found = adjusted(arm=after[0], other=after[1], arm_before=before[0],
                         other_before=before[1])  # fmt: skip
        claimed.append(found.variance)
        seen.append(found.difference)

    assert np.var(seen) == pytest.approx(np.mean(claimed), rel=0.2)
    assert abs(np.mean(seen)) < 4 * np.std(seen) / 20


def test_ratios_have_the_variance_they_claim(rng):
    claimed, seen = [], []
    for _ in range(400):
        calls = 1 + rng.poisson(2, (2, 300))
        paid = calls * rng.gamma(1, 10, (2, 300))
        found = ratios(arm=paid[0], arm_by=calls[0], other=paid[1], other_by=calls[1])
        claimed.append(found.variance)
        seen.append(found.difference)

    assert np.var(seen) == pytest.approx(np.mean(claimed), rel=0.2)


def test_a_ratio_over_one_is_a_mean(rng):
    one, two = rng.normal(5, 1, 300), rng.normal(4, 1, 300)

    found = ratios(arm=one, arm_by=np.ones(300), other=two, other_by=np.ones(300))

    assert found.difference == pytest.approx(one.mean() - two.mean())
    assert found.variance == pytest.approx(means(Outcome.of(one), Outcome.of(two)).variance)


def test_a_missing_arm_is_doubted_and_not_an_error(rng):
    some = rng.normal(size=50)

    assert means(Outcome.of([]), Outcome.of(some)).variance == math.inf
    assert "0 cases" in adjusted(arm=[], other=some, arm_before=[], other_before=some).doubt
    assert "0 cases" in ratios(arm=[], arm_by=[], other=some, other_by=some + 10).doubt


def test_outcomes_that_do_not_vary_are_doubted():
    found = means(Outcome.of([5.0] * 100), Outcome.of([3.0] * 100))

    assert (found.variance, "do not vary" in found.doubt) == (0.0, True)


def test_nothing_to_divide_by_is_doubted():
    zeros, ones = np.zeros(50), np.ones(50)

    assert "divide" in ratios(arm=ones, arm_by=zeros, other=ones, other_by=ones).doubt


def test_one_giant_account_is_doubted_and_named(rng):
    one, two = rng.normal(size=500), rng.normal(size=500)
    one[7] = 1e6

    found = adjusted(arm=one, other=two, arm_before=np.zeros(500), other_before=np.zeros(500))

    assert "One case makes 100%" in found.doubt


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_number_is_refused(bad):
    good, spoilt = np.arange(50.0), np.arange(50.0)
    spoilt[3] = bad

    with pytest.raises(ValueError, match="outcomes"):
        means(Outcome.of(spoilt), Outcome.of(good))
    with pytest.raises(ValueError, match="1 of 50 outcomes"):
        adjusted(arm=spoilt, other=good, arm_before=good, other_before=good)
    with pytest.raises(ValueError, match="holes"):
        adjusted(arm=good, other=good, arm_before=spoilt, other_before=good)
    with pytest.raises(ValueError, match="1 of 50 outcomes"):
        ratios(arm=good, arm_by=spoilt, other=good, other_by=good)
    with pytest.raises(ValueError, match="no evidence"):
        Evidence(0.0, math.nan, 50)


def test_outcomes_beyond_counting_are_refused():
    with np.errstate(over="ignore"), pytest.raises(ValueError, match="infinite"):
        means(Outcome.of([1e200] * 50), Outcome.of([0.0] * 50))


def test_rows_that_do_not_match_are_refused():
    many, few = np.arange(50.0), np.arange(40.0)

    with pytest.raises(ValueError, match="one row for each case"):
        adjusted(arm=many, other=many, arm_before=few, other_before=many)
    with pytest.raises(ValueError, match="same columns"):
        adjusted(arm=many, other=many, arm_before=many, other_before=np.ones((50, 2)))
    with pytest.raises(ValueError, match="50 tops"):
        ratios(arm=many, arm_by=few, other=many, other_by=many)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=40, max_size=60), st.floats(-1e3, 1e3))
def test_the_arms_exchanged_change_the_sign_and_nothing_else(values, shift):
    one, two = np.array(values), np.array(values[::-1]) + np.arange(len(values)) + shift
    known = np.arange(len(values), dtype=float)

    there = adjusted(arm=one, other=two, arm_before=known, other_before=known)
    back = adjusted(arm=two, other=one, arm_before=known, other_before=known)

    assert back.difference == pytest.approx(-there.difference, abs=1e-6)
    assert back.variance == pytest.approx(there.variance, rel=1e-6)
