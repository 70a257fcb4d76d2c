"""Plans whose uses differ by segment, by factor and by account; large ones; threads; reasons."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from recoup.decision.allocate import allocate
from recoup.decision.tiles import Tiles
from recoup.decision.uses import Factored, Listed, of_arrays, use_of


def segmented(seed, accounts, segments=3, actions=4):
    """Five budgets by segment that go by minutes, one for all that goes by complaints."""
    rng = np.random.default_rng(seed)
    own = 2
    budgets = segments * own + 1
    rates = np.zeros((segments, actions, budgets))
    for name in range(segments):
        rates[name, :, name * own : name * own + own] = rng.gamma(2, 1, (actions, own))
    rates[:, :, -1] = rng.gamma(1, 1, (segments, actions))
    of = np.zeros(budgets, dtype=int)
    of[-1] = 1
    of[0] = -1
    segment = rng.integers(0, segments, accounts)
    factors = rng.lognormal(0, 0.5, (2, accounts))
    values = rng.gamma(1.5, 50, (accounts, actions)) - 10
    values[rng.random(values.shape) < 0.2] = -np.inf
    limits = accounts * rng.uniform(0.05, 0.4, budgets) / segments
    return values, Factored(rates, segment, factors, of), limits


def dense(use):
    """The same uses written out, (N, A, M)."""
    scale = np.vstack([use.factors, np.ones(use.accounts)])[use.of]
    return use.rates[use.segment] * scale.T[:, None, :]


def relaxed(values, use, limits):
    """The optimum of the linear relaxation."""
    rows, columns = np.nonzero(np.isfinite(values))
    once = np.zeros((len(values), len(rows)))
    once[rows, np.arange(len(rows))] = 1
    found = linprog(
        -values[rows, columns], A_ub=np.vstack([once, use[rows, columns].T]),
        b_ub=np.r_[np.ones(len(values)), limits],
    )  # fmt: skip
    return -found.fun


@pytest.mark.parametrize("seed", range(3))
def test_the_bound_is_that_of_the_linear_programme(seed):
    values, use, limits = segmented(seed, 250)

    plan = allocate(values, use, limits)

    exact = relaxed(values, dense(use), limits)
    assert plan.certificate.bound == pytest.approx(exact, rel=2e-3)
    assert plan.certificate.bound >= exact * (1 - 1e-9)
    assert plan.certificate.primal >= 0.95 * exact


@given(seed=st.integers(0, 10_000), accounts=st.integers(1, 150), segments=st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_factors_and_segments_say_the_same_as_uses_written_out(seed, accounts, segments):
    values, use, limits = segmented(seed, accounts, segments)

    plan = allocate(values, use, limits)

    written = dense(use)
    taken = np.flatnonzero(plan.chosen >= 0)
    counted = written[taken, plan.chosen[taken]].sum(axis=0)
    assert (counted <= limits * (1 + 1e-9)).all()
    assert np.allclose(counted, plan.used)
    listed = of_arrays(written, accounts)
    assert np.allclose(use_of(listed, plan.chosen), plan.used)
    adjusted = values - written @ plan.prices
    closed = (written > limits * (1 + 1e-12)).any(axis=2)
    best = np.where(closed, -np.inf, adjusted).max(axis=1, initial=0)
    assert plan.certificate.bound == pytest.approx(plan.prices @ limits + best.sum())


def test_all_forms_of_the_same_problem_get_nearly_the_same_plan():
    values, use, limits = segmented(5, 2_000)

    plans = [allocate(values, form, limits) for form in (use, dense(use))]

    worths = [plan.certificate.primal for plan in plans]
    assert worths[0] == pytest.approx(worths[1], rel=2e-3)
    assert plans[0].certificate.bound == pytest.approx(plans[1].certificate.bound, rel=1e-4)
    assert max(plan.certificate.gap for plan in plans) < 0.02


def test_two_hundred_budgets_with_coefficients_by_account_are_planned_within_a_small_gap():
    rng = np.random.default_rng(2)
    accounts, actions = 20_000, 8
    values = rng.gamma(1.2, 80, (accounts, actions)).astype(np.float32)
    place = rng.integers(0, 50, accounts)
    which = (place[:, None] * 4 + np.arange(actions) % 4)[..., None]
    amount = rng.lognormal(0, 0.4, (accounts, actions, 1)).astype(np.float32)
    limits = np.bincount(which.ravel(), weights=amount.ravel()) / actions * 0.4

    plan = allocate(values, Listed(which, amount, 200), limits)

    assert plan.certificate.gap < 2e-3
    assert (plan.used <= limits * (1 + 1e-12)).all()


def large(accounts=210_000, actions=3):
    rng = np.random.default_rng(8)
    values = rng.gamma(1.5, 50, (accounts, actions)).astype(np.float32)
    use = np.array([[1.0, 0.0], [2.0, 1.0], [0.0, 3.0]])
    return values, use, np.array([0.3, 0.4]) * accounts


def test_a_large_book_is_planned_the_same_on_any_number_of_threads():
    values, use, limits = large()

    one, three = (allocate(values, use, limits, seed=1, threads=threads) for threads in (1, 3))

    assert (one.chosen == three.chosen).all()
    assert (one.prices == three.prices).all()
    assert one.certificate == three.certificate
    assert one.certificate.gap < 1e-5
    assert one.certificate.passes < 60


@pytest.mark.parametrize("form", ["factored", "listed"])
def test_a_large_book_with_many_budgets_is_planned_within_a_small_gap(form):
    rng = np.random.default_rng(9)
    accounts, actions, segments = 205_000, 4, 40
    values = rng.gamma(1.5, 50, (accounts, actions)).astype(np.float32)
    segment = rng.integers(0, segments, accounts)
    minutes = rng.lognormal(0, 0.4, accounts).astype(np.float32)
    rates = np.zeros((segments, actions, segments * 2))
    for name in range(segments):
        rates[name, :2, name * 2] = [1.0, 2.0]
        rates[name, 2:, name * 2 + 1] = [1.0, 1.5]
    use = Factored(rates, segment, minutes[None], np.zeros(segments * 2, dtype=int))
    if form == "listed":
        which = segment[:, None] * 2 + np.array([0, 0, 1, 1])
        amount = minutes[:, None] * np.array([1.0, 2.0, 1.0, 1.5], dtype=np.float32)
        use = Listed(which[..., None], amount[..., None], segments * 2)
    limits = accounts / segments * rng.uniform(0.1, 0.5, segments * 2)

    plan = allocate(values, use, limits)

    assert plan.certificate.gap < 1e-4
    assert (use_of(use, plan.chosen) <= limits * (1 + 1e-12)).all()


def test_prices_of_yesterday_save_passes_and_change_nothing_that_matters():
    values, use, limits = large(30_000)
    first = allocate(values, use, limits)

    again = allocate(values, use, limits, start=first.prices)

    assert again.certificate.passes < first.certificate.passes
    assert again.certificate.bound == pytest.approx(first.certificate.bound, rel=1e-6)
    assert again.certificate.gap < 1e-4


def test_reasons_name_the_best_at_the_prices_and_the_runner_up():
    values, use, limits = segmented(4, 500)

    plan = allocate(values, use, limits)

    adjusted = np.c_[values - dense(use) @ plan.prices, np.zeros(500)]
    closed = (dense(use) > limits).any(axis=2)
    adjusted[:, :-1][closed] = -np.inf
    order = np.sort(adjusted, axis=1)
    reasons, every = plan.reasons, np.arange(500)
    assert np.allclose(reasons.worth, order[:, -1])
    assert np.allclose(adjusted[every, reasons.best], reasons.worth)
    assert np.allclose(reasons.runner_worth, order[:, -2])
    named = np.isfinite(reasons.runner_worth)
    assert np.allclose(adjusted[every, reasons.runner][named], reasons.runner_worth[named])
    assert (reasons.best != plan.chosen).mean() < 0.1


def test_a_budget_without_limit_is_counted_and_costs_nothing():
    values, use, limits = segmented(6, 300)
    limits[[1, -1]] = np.inf

    plan = allocate(values, use, limits)

    taken = np.flatnonzero(plan.chosen >= 0)
    assert np.allclose(plan.used, dense(use)[taken, plan.chosen[taken]].sum(axis=0))
    assert plan.prices[[1, -1]].tolist() == [0.0, 0.0]


def test_accounts_of_empty_segments_and_single_ones_are_planned():
    values, use, limits = segmented(7, 5, segments=4)

    plan = allocate(values, use, limits * 100)

    assert (plan.chosen == np.where(values.max(axis=1) > 0, values.argmax(axis=1), -1)).all()


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("segments", [1, 3])
def test_accounts_read_where_they_lie_are_asked_as_those_laid_out(segments, single):
    values, use, limits = segmented(3, 9_000, segments)
    values = values.astype(np.float32) if single else values
    limits[0] = 2.0  # some actions no longer fit

    laid, read = Tiles(values, use, limits), Tiles(values, use, limits, laid=False, threads=2)

    prices = np.linspace(0.5, 9.0, len(limits))
    one, two = laid.rank(prices), read.rank(prices)
    assert np.array_equal(one.chosen, two.chosen) and np.array_equal(one.runner, two.runner)
    assert np.array_equal(one.worth, two.worth)
    assert np.array_equal(one.runner_worth, two.runner_worth)
    assert one.bound == pytest.approx(two.bound, rel=1e-12)
    used, bound = read.best(prices)
    assert np.allclose(used, laid.best(prices)[0]) and np.allclose(used, two.used, rtol=1e-4)
    assert bound == pytest.approx(two.bound, rel=1e-5)


@pytest.mark.parametrize("start", [False, True])
def test_a_large_book_is_asked_a_few_times_and_still_certified(start):
    values, use, limits = large()

    plan = allocate(values, use, limits)
    if start:
        plan = allocate(values, use, limits, start=plan.prices * 1.2)

    assert plan.certificate.gap < 1e-5
    assert (use_of(of_arrays(use, len(values)), plan.chosen) <= limits).all()


@pytest.mark.parametrize("value", [np.inf, 1e300, -1e300])
def test_a_large_book_with_a_value_that_does_not_add_up_is_refused(value):
    values, use, limits = large()
    values = values.astype(np.float64)
    values[150_001, 1] = value

    with pytest.raises(ValueError, match="too large to add up"):
        allocate(values, use, limits)
