from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.decision.allocate import allocate
from recoup.decision.thompson import Posterior
from recoup.decision.uses import of_arrays, use_of
from recoup.strategy.choosing import _form_of, choose
from recoup.strategy.sampling import Sampling

USE = np.array([[1.0, 0, 5], [0, 1, 1], [0, 6, 480]])


def instance(seed, n, share, spread=60.0, times=40):
    """Some cases of which a share learns: values of the others, and what is believed."""
    rng = np.random.default_rng(seed)
    values = rng.gamma(1.5, 100, (n, 3)) - 50
    values[rng.random((n, 3)) < 0.3] = -np.inf
    rows = np.flatnonzero(rng.random(n) < share)
    sampling = Sampling(
        rows=rows, scale=np.ones(len(rows)), z=np.ones((len(rows), 1)),
        cost=rng.gamma(1.0, 10, (len(rows), 3)), draws=rng.normal(40, spread, (times, 3, 1)),
    )  # fmt: skip
    return values, sampling


@given(seed=st.integers(0, 9999), n=st.integers(0, 80), scale=st.floats(0, 2),
       share=st.sampled_from([0.0, 0.3, 1.0]))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_no_budget_is_exceeded_and_every_choice_has_a_chance(seed, n, scale, share):
    values, sampling = instance(seed, n, share)
    budgets = scale * n * np.array([1.0, 1.0, 100.0])

    made = choose(values=values, use=USE, budgets=budgets, explore=0.02, seed=seed,
                  sampling=sampling)  # fmt: skip

    used = use_of(_form_of(USE, n), made.action)
    assert (used <= budgets + 1e-9).all()
    assert ((made.propensity > 0) & (made.propensity <= 1 + 1e-12)).all()
    acted = made.action >= 0
    assert np.isfinite(values[np.flatnonzero(acted), made.action[acted]]).all()


def test_the_logged_chance_is_how_often_it_happens():
    values, _ = instance(5, 400, 0.0)
    values[:] = [30.0, 10.0, 20.0]
    counts, chance, times = np.zeros(4), np.zeros(4), 60
    draws = np.random.default_rng(1).normal(10, 30, (300, 3, 1))

    for seed in range(times):
        sampling = Sampling(rows=np.arange(400), scale=np.ones(400), z=np.ones((400, 1)),
                            cost=np.full((400, 3), 5.0), draws=draws)  # fmt: skip
        made = choose(values=values, use=USE, budgets=np.array([1e5, 1e5, 1e7]), explore=0.03,
                      seed=seed, sampling=sampling)  # fmt: skip
        counts += np.bincount(made.action + 1, minlength=4)
        for action in range(4):
            mine = made.propensity[made.action + 1 == action]
            chance[action] = mine[0] if len(mine) else chance[action]

    share = counts / (400 * times)
    assert (np.abs(share - chance) < 4.5 * np.sqrt(chance * (1 - chance) / (400 * times))).all()
    assert chance.sum() == pytest.approx(1)
    assert (chance > 0.05).all()


def test_who_does_not_learn_takes_what_the_plan_takes_at_the_prices_of_all():
    values, sampling = instance(3, 600, 0.3)
    sampling = replace(sampling, draws=sampling.draws + 150)
    budgets = np.array([60.0, 40.0, 8_000.0])

    made = choose(values=values, use=USE, budgets=budgets, explore=0.0, seed=3, sampling=sampling)

    others = np.setdiff1d(np.arange(600), sampling.rows)
    assert (made.action[others] == made.plan.chosen[others]).all()
    assert (made.propensity[others] == 1).all()
    assert made.sampled.error > 0
    assert (made.propensity[sampling.rows] < 1).any()


def test_without_anybody_who_learns_nothing_changes():
    values, sampling = instance(8, 60, 0.0)
    budgets = 0.3 * 60 * np.array([1.0, 1.0, 100.0])

    plain = choose(values=values, use=USE, budgets=budgets, explore=0.02, seed=8)
    none = choose(values=values, use=USE, budgets=budgets, explore=0.02, seed=8, sampling=sampling)

    assert (plain.action == none.action).all()
    assert (plain.propensity == none.propensity).all()


def test_the_same_night_twice_draws_the_same():
    values, sampling = instance(9, 200, 0.5)
    budgets = np.array([50.0, 40.0, 3_000.0])
    first, again = (
        choose(values=values, use=USE, budgets=budgets, explore=0.02, seed=9, sampling=sampling)
        for _ in range(2)
    )

    assert (first.action == again.action).all()
    assert (first.propensity == again.propensity).all()


def test_regret_falls_below_the_fixed_champions_and_no_budget_is_ever_exceeded():
    """Assumptions in the wrong order: the one that learns finds the right one within budgets."""
    rng = np.random.default_rng(11)
    true, assumed = np.array([[0.01], [0.05], [0.10]]), np.array([[0.10], [0.05], [0.01]])
    cases, names, cost = 400, ("a", "b", "c"), np.zeros((400, 3))
    budgets, use = np.array([80.0, 80.0, 80.0]), np.eye(3)
    believed = Posterior.prior(base=1, each=1)
    for name, mean in zip(names, assumed, strict=True):
        believed = believed.with_action(name, mean=mean, spread=0.08)
    ones, won = np.ones((cases, 1)), []
    for night in range(24):
        scale = rng.lognormal(0, 1, cases)
        sampling = Sampling(rows=np.arange(cases), scale=scale, z=ones, cost=cost,
                            draws=believed.draw(names, 80, rng))  # fmt: skip
        made = choose(values=np.zeros((cases, 3)), use=use, budgets=budgets, explore=0.02,
                      seed=night, sampling=sampling)  # fmt: skip
        assert (use_of(_form_of(use, cases), made.action) <= budgets).all()
        acted = made.action >= 0
        lift = np.where(acted, true[made.action, 0], 0.0)
        believed = believed.learn(
            x=ones, z=ones, outcomes=0.2 + lift + rng.normal(0, 0.2, cases),
            actions=[names[one] if one >= 0 else "" for one in made.action.tolist()],
        )  # fmt: skip
        worth = {
            "learner": float((scale * lift).sum()),
            "champion": _planned(scale, assumed, true, use, budgets),
            "bound": _planned(scale, true, true, use, budgets),
        }
        won.append(worth)

    late = [
        {name: one["bound"] - one[name] for name in ("learner", "champion")} for one in won[12:]
    ]
    assert sum(one["learner"] for one in late) < 0.5 * sum(one["champion"] for one in late)


def _planned(scale, assumed, true, use, budgets):
    plan = allocate(scale[:, None] * assumed[:, 0], of_arrays(use, len(scale)), budgets, seed=0)
    rows = np.flatnonzero(plan.chosen >= 0)
    return float((scale[rows] * true[plan.chosen[rows], 0]).sum())
