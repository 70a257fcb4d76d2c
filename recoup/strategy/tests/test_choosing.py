from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.strategy import choosing
from recoup.strategy.choosing import choose

USE = np.array([[1.0, 0, 5], [0, 1, 1], [0, 6, 480]])


def instance(seed: int, n: int, scale: float = 0.3):
    rng = np.random.default_rng(seed)
    values = rng.gamma(1.5, 100, (n, 3)) - 50
    values[rng.random((n, 3)) < 0.3] = -np.inf
    return values, scale * n * np.array([1.0, 1.0, 100.0])


@given(seed=st.integers(0, 9999), n=st.integers(0, 80), scale=st.floats(0, 2),
       explore=st.sampled_from([0.0, 0.01, 0.03]))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_no_budget_is_exceeded_and_every_choice_has_a_chance(seed, n, scale, explore):
    values, budgets = instance(seed, n, scale)

    made = choose(values=values, use=USE, budgets=budgets, explore=explore, seed=seed)

    used = np.zeros(3)
    for case, action in enumerate(made.action.tolist()):
        if action >= 0:
            assert np.isfinite(values[case, action])
            used += USE[action]
    assert (used <= budgets + 1e-9).all()
    assert np.allclose(used, made.used)
    assert ((made.propensity > 0) & (made.propensity <= 1)).all()


def test_the_logged_chance_is_how_often_it_happens():
    values, budgets = instance(5, 40, 5.0)
    values[0] = [30.0, 10.0, 20.0]
    times, explore = 20_000, 0.03
    counts: dict[int, int] = {}
    chance: dict[int, float] = {}

    for seed in range(times // 40):
        made = choose(values=np.tile(values[:1], (40, 1)), use=USE, budgets=budgets * 100,
                      explore=explore, seed=seed)  # fmt: skip
        for action, propensity in zip(made.action.tolist(), made.propensity.tolist(), strict=True):
            counts[action] = counts.get(action, 0) + 1
            chance[action] = propensity

    assert set(counts) == {-1, 0, 1, 2}
    for action, count in counts.items():
        assert abs(count / times - chance[action]) < 4 * np.sqrt(chance[action] / times)
    assert sum(chance.values()) == pytest.approx(1)


def test_each_case_is_drawn_from_what_is_open_to_it():
    values = np.full((20_000, 3), 10.0)
    values[::2, 1:], values[1::2, 0] = -np.inf, -np.inf  # the first one has one action
    values[0] = -np.inf

    made = choose(values=values, use=USE, budgets=np.full(3, 1e9), explore=0.2, seed=1)

    drawn, cases = made.action[made.explored], np.flatnonzero(made.explored)
    assert 3500 < len(drawn) < 4500
    for odd, shares in ((0, {-1: 1 / 2, 0: 1 / 2}), (1, {-1: 1 / 3, 1: 1 / 3, 2: 1 / 3})):
        mine = drawn[cases % 2 == odd]
        assert set(mine.tolist()) == set(shares)
        for action, share in shares.items():
            assert abs((mine == action).mean() - share) < 4 * np.sqrt(share / len(mine))


@given(seed=st.integers(0, 999), n=st.integers(0, 200), segments=st.integers(1, 5))
def test_groups_are_the_same_by_a_table_and_by_sorting(seed, n, segments):
    rng = np.random.default_rng(seed)
    admissible, segment = rng.random((n, 4)) < 0.6, rng.integers(0, segments, n)

    first, group = choosing._pairs(admissible, segment)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choosing, "MOST_PAIRS", 0)
        other, same = choosing._pairs(admissible, segment)

    told = {n: (segment[n], *admissible[n]) for n in range(n)}
    assert sorted(told[one] for one in first.tolist()) == sorted(set(told.values()))
    assert sorted(other.tolist()) == sorted(first.tolist())
    assert (first[group] == other[same]).all()


def test_the_slice_takes_at_most_a_fifth_of_a_scarce_budget():
    values = np.full((20_000, 3), 10.0)
    budgets = np.array([1e6, 600.0, 1e9])

    made = choose(values=values, use=USE, budgets=budgets, explore=0.03, seed=1)

    drawn = made.action[made.explored]
    assert (drawn == 2).any()
    assert USE[drawn[drawn >= 0], 1].sum() < 0.5 * budgets[1]
    assert made.weights[0, 2] < made.weights[0, 0] == 1


def test_a_budget_too_small_to_draw_from_is_left_to_the_plan():
    values, budgets = np.full((500, 3), 10.0), np.array([1e6, 1.0, 1e9])
    values[:, 1] = 20.0

    made = choose(values=values, use=USE, budgets=budgets, explore=0.03, seed=1)

    assert made.weights[0, 1] == 0
    assert (made.action == 1).sum() == 1


def test_a_case_with_nothing_open_is_left_alone_for_certain():
    made = choose(
        values=np.full((3, 3), -np.inf), use=USE, budgets=np.ones(3), explore=0.03, seed=0
    )

    assert made.action.tolist() == [-1, -1, -1]
    assert made.propensity.tolist() == [1.0, 1.0, 1.0]
