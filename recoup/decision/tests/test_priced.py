"""What is chosen at known prices is what a plan finds best at them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.decision.allocate import allocate
from recoup.decision.priced import adjusted, barred, best
from recoup.decision.tests.test_allocate_forms import dense, segmented
from recoup.decision.uses import of_arrays


@given(seed=st.integers(0, 10_000), accounts=st.integers(1, 200), segments=st.integers(1, 4),
       listed=st.booleans())  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_the_best_at_the_plans_prices_is_what_the_plan_found(seed, accounts, segments, listed):
    values, use, limits = segmented(seed, accounts, segments)
    values[(dense(use) > limits).any(axis=2)] = -np.inf  # a plan closes what no budget bears
    given_use = of_arrays(dense(use), accounts) if listed else use
    plan = allocate(values, given_use, limits)

    found = best(values, given_use, plan.prices)

    assert found.action.tolist() == plan.reasons.best.tolist()
    assert found.worth.tolist() == plan.reasons.worth.tolist()
    assert found.runner_worth.tolist() == plan.reasons.runner_worth.tolist()


def test_of_equals_the_first_is_taken_and_nothing_before_all():
    values, use = np.array([[3.0, 3.0], [2.0, 2.0], [np.nan, 4.0]]), np.full((2, 1), 1.0)

    found = best(values, of_arrays(use, 3), np.array([2.0]))

    assert found.action.tolist() == [0, -1, 1]


@pytest.mark.parametrize("listed", [False, True])
def test_what_stood_in_the_way_is_the_budget_whose_price_takes_most(listed):
    values = np.array([[9.0, 5.0], [-np.inf, 2.0], [-np.inf, np.nan]])
    use = np.array([[1.0, 3.0, 0.0], [0.0, 0.0, 1.0]])
    each = of_arrays(np.tile(use, (3, 1, 1)) if listed else use, 3)

    found = barred(values, each, np.array([2.0, 1.0, 0.0]))

    assert found.wanted.tolist() == [0, 1, -1]
    assert found.value.tolist() == [9.0, 2.0, -np.inf]
    assert found.charge.tolist() == [5.0, 0.0, 0.0]
    assert found.budget.tolist() == [1, -1, -1]
    assert found.most.tolist() == [3.0, 0.0, 0.0]


def test_a_budget_too_small_for_the_action_weighs_more_than_any_price():
    use = of_arrays(np.array([[1.0, 5.0]]), 1)

    found = barred(np.array([[9.0]]), use, np.array([2.0, 0.0]), np.array([10.0, 4.0]))

    assert (found.wanted[0], found.budget[0], found.most[0]) == (0, 1, np.inf)


def test_nobody_and_nothing_to_do_are_answered():
    nobody = np.empty((0, 2))
    assert best(nobody, of_arrays(np.ones((2, 1)), 0), np.ones(1)).action.shape == (0,)
    nothing = np.empty((3, 0))
    assert best(nothing, of_arrays(np.empty((0, 1)), 3), np.ones(1)).action.tolist() == [-1] * 3
    assert barred(nothing, of_arrays(np.empty((0, 1)), 3), np.ones(1)).wanted.tolist() == [-1] * 3


def test_the_charge_is_what_a_value_loses_to_the_prices():
    values, use, limits = segmented(3, 80)
    prices = allocate(values, use, limits).prices

    found, after = barred(values, use, prices), adjusted(values, use, prices)

    some = np.flatnonzero(found.wanted >= 0)
    lost = values[some, found.wanted[some]] - after[some, found.wanted[some]]
    assert np.allclose(lost, found.charge[some])
