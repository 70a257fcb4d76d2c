from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import csr_array

from recoup.decision.allocate import allocate


def instance(seed: int, accounts: int, actions: int = 4, budgets: int = 3, tight: float = 0.3):
    rng = np.random.default_rng(seed)
    values = rng.gamma(1.5, 100, (accounts, actions)) * rng.random((accounts, 1)) - 20
    values[rng.random(values.shape) < 0.2] = -np.inf
    use = rng.integers(0, 4, (actions, budgets)).astype(float)
    limits = tight * accounts * rng.random(budgets) * use.mean(axis=0)
    return values, use, limits


def best_value(values, use, limits) -> float:
    """The exact optimum by branch and bound (HiGHS in SciPy)."""
    rows, columns = np.nonzero(np.isfinite(values))
    use = use if use.ndim == 3 else np.broadcast_to(use, (*values.shape, len(limits)))
    one = csr_array(
        (np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=(len(values), len(rows))
    )
    found = milp(
        -values[rows, columns], integrality=np.ones(len(rows)), bounds=(0, 1),
        constraints=[LinearConstraint(one, ub=1), LinearConstraint(use[rows, columns].T, ub=limits)],
    )  # fmt: skip
    assert found.success
    return -float(found.fun)


@pytest.mark.parametrize("seed", range(6))
def test_the_plan_is_close_to_the_exact_optimum_and_the_bound_is_above_it(seed):
    values, use, limits = instance(seed, 300)

    plan = allocate(values, use, limits)

    exact = best_value(values, use, limits)
    assert plan.certificate.primal <= exact + 1e-6 <= plan.certificate.bound + 2e-6
    assert plan.certificate.primal >= 0.985 * exact


def test_accounts_that_use_different_amounts_are_planned_as_well():
    values, _, _ = instance(3, 200)
    use = np.random.default_rng(3).integers(1, 9, (*values.shape, 2)).astype(float)
    limits = np.array([120.0, 200.0])

    plan = allocate(values, use, limits)

    exact = best_value(values, use, limits)
    assert (plan.used <= limits).all()
    assert 0.97 * exact <= plan.certificate.primal <= exact + 1e-6


@given(
    seed=st.integers(0, 10_000), accounts=st.integers(0, 60), actions=st.integers(1, 5),
    budgets=st.integers(1, 4), tight=st.floats(0, 2),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_no_budget_is_ever_exceeded(seed, accounts, actions, budgets, tight):
    values, use, limits = instance(seed, accounts, actions, budgets, tight)

    plan = allocate(values, use, limits)

    spent = np.zeros(budgets)
    for account, action in enumerate(plan.chosen.tolist()):
        if action >= 0:
            assert np.isfinite(values[account, action])
            spent += use[action]
    assert (spent <= limits + 1e-9).all()
    assert np.allclose(spent, plan.used)
    assert plan.certificate.primal <= plan.certificate.bound + 1e-6
    assert (plan.prices >= 0).all()


def test_with_room_for_all_everybody_gets_the_best_and_nothing_has_a_price():
    values, use, _ = instance(1, 50)

    plan = allocate(values, use, np.full(3, 1e9))

    assert plan.certificate.gap == 0
    assert (plan.prices == 0).all()
    assert plan.certificate.primal == pytest.approx(np.maximum(values.max(axis=1), 0).sum())


def test_a_budget_of_nothing_closes_its_actions_and_an_endless_one_closes_none():
    values, use = np.array([[5.0, 3.0], [4.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])

    plan = allocate(values, use, np.array([0.0, np.inf]))

    assert plan.chosen.tolist() == [1, 1]
    assert plan.used.tolist() == [0.0, 2.0]


def test_an_action_worth_nothing_is_not_taken():
    plan = allocate(np.array([[-1.0, 0.0]]), np.ones((2, 1)), np.array([10.0]))

    assert plan.chosen.tolist() == [-1]


def test_a_thousand_equal_accounts_still_fill_the_budget():
    plan = allocate(np.full((1000, 1), 7.0), np.ones((1, 1)), np.array([333.0]))

    assert plan.used.tolist() == [333.0]
    assert plan.certificate.gap < 1e-6


def test_the_same_seed_gives_the_same_plan():
    values, use, limits = instance(9, 150_000)

    one, two = allocate(values, use, limits, seed=4), allocate(values, use, limits, seed=4)

    assert (one.chosen == two.chosen).all()
    assert (one.prices == two.prices).all()
    assert one.certificate.gap < 1e-4


@pytest.mark.parametrize(
    ("values", "use", "limits"),
    [
        (np.ones((2, 2)), np.ones((3, 1)), np.ones(1)),
        (np.ones((2, 2)), -np.ones((2, 1)), np.ones(1)),
        (np.ones((2, 2)), np.ones((2, 1)), -np.ones(1)),
        (np.full((2, 2), np.inf), np.ones((2, 1)), np.ones(1)),
        (np.ones(2), np.ones((2, 1)), np.ones(1)),
    ],
)
def test_arrays_that_make_no_sense_are_refused(values, use, limits):
    with pytest.raises(ValueError):
        allocate(values, use, limits)
