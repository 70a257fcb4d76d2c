"""What a plan does with input that is wrong, extreme or without a good answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.decision import moves
from recoup.decision.allocate import allocate
from recoup.decision.uses import Factored, Listed


def spent(plan, use, budgets):
    """The use of a plan, counted one account at a time."""
    total = np.zeros(budgets)
    for account, action in enumerate(plan.chosen.tolist()):
        if action >= 0:
            total += use[account, action]
    return total


@pytest.mark.parametrize("single", [True, False])
def test_what_is_not_a_number_is_never_done(single):
    values = np.array([[np.nan, 3.0], [np.nan, np.nan], [-np.inf, 2.0]])
    values = values.astype(np.float32 if single else np.float64)

    plan = allocate(values, np.ones((2, 1)), np.array([5.0]))

    assert plan.chosen.tolist() == [1, -1, 1]
    assert plan.certificate.primal == 5.0


@pytest.mark.parametrize("value", [np.inf, 1e300, -1e300])
def test_values_that_do_not_add_up_are_refused(value):
    with pytest.raises(ValueError, match="too large"):
        allocate(np.array([[1.0], [value]]), np.ones((1, 1)), np.array([1.0]))


@pytest.mark.parametrize(
    ("use", "budgets"),
    [
        (np.array([[np.nan]]), np.array([1.0])),
        (np.array([[np.inf]]), np.array([1.0])),
        (np.array([[-1.0]]), np.array([1.0])),
        (np.array([[1.0]]), np.array([np.nan])),
        (np.array([[1.0]]), np.array([-1e-9])),
        (np.array([[1.0]]), np.array([1e300])),
        (np.array([[1.0]]), np.array([1.0, 2.0])),
        (np.full((3, 1, 1), np.nan), np.array([1.0])),
        (np.ones((2, 1, 1)), np.array([1.0])),
    ],
)
def test_uses_and_budgets_that_make_no_sense_are_refused(use, budgets):
    with pytest.raises(ValueError):
        allocate(np.ones((3, 1)), use, budgets)


@pytest.mark.parametrize("start", [np.array([-1.0]), np.array([np.nan]), np.array([1.0, 1.0])])
def test_prices_to_start_with_that_make_no_sense_are_refused(start):
    with pytest.raises(ValueError):
        allocate(np.ones((3, 1)), np.ones((1, 1)), np.array([1.0]), start=start)


def test_the_forms_of_use_refuse_what_does_not_fit():
    segment, of = np.zeros(3, dtype=int), np.array([0])
    with pytest.raises(ValueError):
        Factored(np.ones((1, 2, 1)), segment + 1, np.ones((1, 3)), of)
    with pytest.raises(ValueError):
        Factored(np.ones((1, 2, 1)), segment, np.ones((1, 3)), of + 1)
    with pytest.raises(ValueError):
        Factored(np.ones((1, 2, 1)), segment, -np.ones((1, 3)), of)
    with pytest.raises(ValueError):
        Listed(np.full((3, 2, 1), 5), np.ones((3, 2, 1)), 5)
    with pytest.raises(ValueError):
        Listed(np.zeros((3, 2, 1), dtype=int), np.ones((3, 2, 2)), 5)


@pytest.mark.parametrize(("accounts", "actions", "budgets"), [(0, 3, 2), (4, 0, 2), (4, 3, 0)])
def test_nobody_nothing_to_do_and_no_budget_at_all(accounts, actions, budgets):
    plan = allocate(
        np.ones((accounts, actions)), np.ones((actions, budgets)), np.full(budgets, 2.0)
    )

    assert plan.chosen.shape == (accounts,)
    assert plan.used.shape == plan.prices.shape == (budgets,)
    assert plan.certificate.gap == 0
    assert ((plan.chosen >= 0) == bool(actions)).all()


def test_where_all_lose_nothing_is_done():
    plan = allocate(-np.ones((100, 3)), np.ones((3, 2)), np.array([10.0, 10.0]))

    assert (plan.chosen == -1).all()
    assert plan.certificate.primal == plan.certificate.bound == 0


def test_with_every_budget_at_zero_only_what_is_free_is_done():
    values = np.tile([9.0, 4.0, 1.0], (50, 1))
    use = np.array([[1.0, 0.0], [0.0, 1e-12], [0.0, 0.0]])

    plan = allocate(values, use, np.zeros(2))

    assert (plan.chosen == 2).all()
    assert plan.used.tolist() == [0.0, 0.0]


def test_budgets_that_contradict_each_other_leave_what_both_allow():
    # Every action needs both; one of them allows a single action.
    plan = allocate(np.full((40, 1), 5.0), np.array([[1.0, 1.0]]), np.array([1.0, 1e9]))

    assert (plan.chosen >= 0).sum() == 1


@pytest.mark.parametrize("form", ["listed", "factored"])
def test_one_giant_account_that_no_budget_bears_is_left_out(form):
    rng = np.random.default_rng(1)
    size = np.ones(300)
    size[7] = 1e7
    values = rng.random((300, 1)) * size[:, None]
    use = Factored(np.ones((1, 1, 1)), np.zeros(300, dtype=int), size[None], np.array([0]))
    if form == "listed":
        use = Listed(np.zeros((300, 1, 1), dtype=int), size[:, None, None], 1)

    plan = allocate(values, use, np.array([100.0]))

    assert plan.chosen[7] == -1
    assert plan.used.tolist() == [100.0]
    assert plan.certificate.bound < 200


def test_one_giant_account_that_just_fits_is_weighed_against_all_others():
    values, size = np.ones((101, 1)), np.ones(101)
    values[0], size[0] = 1000.0, 100.0

    plan = allocate(values, size[:, None, None], np.array([100.0]))

    assert plan.chosen[0] == 0
    assert plan.used.tolist() == [100.0]
    assert plan.certificate.primal == 1000


def test_ten_thousand_equals_share_a_budget_to_its_last_unit():
    plan = allocate(np.full((10_000, 4), 3.0), np.ones((4, 1)), np.array([1234.0]))

    assert plan.used.tolist() == [1234.0]
    assert plan.certificate.gap < 1e-9


def test_tenths_fill_a_budget_of_tenths():
    plan = allocate(np.ones((10, 1)), np.full((1, 1), 0.1), np.array([0.3]))

    assert (plan.chosen >= 0).sum() == 3


def test_a_repair_that_lies_is_found_out(monkeypatch):
    monkeypatch.setattr(moves, "relieve", lambda *parts: True)
    values = np.random.default_rng(5).random((500, 2)) + 1

    plan = allocate(values, np.array([[1.0, 0.5], [2.0, 0.1]]), np.array([33.0, 20.0]))

    assert (plan.used <= [33.0, 20.0]).all()
    assert plan.certificate.primal > 0


def test_values_of_every_magnitude_keep_within_budgets():
    rng = np.random.default_rng(3)
    values = 10.0 ** rng.uniform(-30, 30, (400, 3))
    use = 10.0 ** rng.uniform(-6, 6, (3, 4))
    budgets = use.sum(axis=0) * 10

    plan = allocate(values, use, budgets)

    assert (plan.used <= budgets * (1 + 1e-12)).all()
    assert plan.certificate.primal <= plan.certificate.bound * (1 + 1e-9)
    assert plan.certificate.gap < 0.5


@given(
    seed=st.integers(0, 10_000), accounts=st.integers(1, 150), budgets=st.integers(1, 12),
    tight=st.floats(0, 1.5), giant=st.booleans(), ties=st.booleans(), single=st.booleans(),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_no_list_of_uses_ever_exceeds_a_budget(seed, accounts, budgets, tight, giant, ties, single):
    rng = np.random.default_rng(seed)
    kind = np.float32 if single else np.float64
    shape = (accounts, 3, 2)
    values = (rng.integers(-2, 4, shape[:2]) if ties else rng.normal(5, 10, shape[:2])).astype(kind)
    values[rng.random(shape[:2]) < 0.2] = -np.inf
    which = rng.integers(-1, budgets, shape)
    amount = (rng.integers(0, 3, shape) if ties else rng.gamma(1.0, 1.0, shape)).astype(kind)
    if giant:
        amount[rng.integers(accounts)] *= 1e6
    limits = tight * accounts * rng.random(budgets)

    plan = allocate(values, Listed(which, amount, budgets), limits)

    dense = np.zeros((accounts, 3, budgets + 1))
    for part in range(2):
        place = np.where(which[..., part] < 0, budgets, which[..., part])
        np.add.at(dense, (*np.indices(shape[:2]), place), amount[..., part].astype(float))
    counted = spent(plan, dense[..., :-1], budgets)
    assert (counted <= limits * (1 + 1e-9)).all()
    assert np.allclose(counted, plan.used)
    worth = sum(float(values[i, a]) for i, a in enumerate(plan.chosen.tolist()) if a >= 0)
    assert np.isfinite(worth)
    assert plan.certificate.primal == pytest.approx(worth)
    assert worth <= plan.certificate.bound + 1e-6 * abs(plan.certificate.bound) + 1e-9
