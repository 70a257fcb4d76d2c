from __future__ import annotations

import json

import numpy as np
import pytest

from recoup.decision.thompson import Posterior, chances, values


def believed(names=("sms", "call"), spread=0.05):
    one = Posterior.prior(base=2, each=2)
    for name in names:
        one = one.with_action(name, mean=[0.0, 0.01], spread=spread)
    return one


def rows(n, seed=0, noise=0.2):
    """A log whose effects are sms (0.02, 0.01), call (0.06, 0.03)."""
    rng = np.random.default_rng(seed)
    z = np.column_stack([np.ones(n), rng.random(n)])
    actions = rng.choice(["", "sms", "call"], n)
    lift = {"": [0.0, 0.0], "sms": [0.02, 0.01], "call": [0.06, 0.03]}
    effect = np.array([lift[one] for one in actions])
    y = 0.3 * z[:, 1] + (effect * z).sum(axis=1) + rng.normal(0, noise, n)
    return {"x": z, "z": z, "actions": list(actions), "outcomes": y}


def test_effects_are_found_and_the_truth_lies_within_what_is_believed():
    after = believed().learn(**rows(40_000))

    for name, truth in (("sms", (0.02, 0.01)), ("call", (0.06, 0.03))):
        mean, covariance = after.effect(name)
        assert (np.abs(mean - truth) < 4 * np.sqrt(covariance.diagonal())).all()
        assert np.sqrt(covariance.diagonal()).max() < 0.015
    assert after.noise == pytest.approx(0.04, rel=0.05)


def test_learning_in_parts_is_learning_at_once():
    one = rows(600)
    parts = believed()
    for here in (slice(0, 100), slice(100, 600)):
        parts = parts.learn(**{name: value[here] for name, value in one.items()})

    whole = believed().learn(**one)

    assert np.allclose(parts.mean, whole.mean)
    assert np.allclose(parts.precision, whole.precision)
    assert (parts.shape, parts.rows) == (whole.shape, whole.rows)
    assert parts.rate == pytest.approx(whole.rate)


def test_rows_of_weight_two_are_rows_that_stand_twice():
    one = rows(50)
    twice = {
        name: np.concatenate([value, value]) if name != "actions" else value + value
        for name, value in one.items()
    }

    heavy, double = believed().learn(**one, weights=np.full(50, 2.0)), believed().learn(**twice)

    assert np.allclose(heavy.mean, double.mean)
    assert heavy.rate == pytest.approx(double.rate)


def test_draws_have_the_mean_and_covariance_that_are_believed():
    after = believed().learn(**rows(3_000))

    drawn = after.draw(["call"], 40_000, np.random.default_rng(2))[:, 0]

    mean, covariance = after.effect("call")
    assert np.allclose(drawn.mean(axis=0), mean, atol=4 * np.sqrt(covariance.max() / 40_000))
    assert np.allclose(np.cov(drawn.T), covariance, rtol=0.08)


def test_an_action_that_joins_later_is_believed_as_it_was_said_and_changes_no_other():
    before = believed(("sms",)).learn(
        **{**rows(900), "actions": ["" if one == "call" else one for one in rows(900)["actions"]]}
    )

    after = before.with_action("letter", mean=[0.01, 0.02], spread=0.03)

    assert after.with_action("letter", mean=[9, 9], spread=9) is after
    assert after.means(["letter"]).tolist() == [[0.01, 0.02]]
    assert np.allclose(after.effect("sms")[1], before.effect("sms")[1])


def test_what_is_kept_comes_back_the_same():
    after = believed().learn(**rows(500))

    again = Posterior.from_dict(json.loads(json.dumps(after.as_dict())))

    assert (again.mean == after.mean).all()
    assert (again.precision == after.precision).all()
    assert (again.names, again.rows, again.rate) == (after.names, after.rows, after.rate)


@pytest.mark.parametrize("what", ["outcomes", "x", "z"])
def test_missing_numbers_teach_nothing_and_are_refused(what):
    one = rows(20)
    one[what] = np.array(one[what], dtype=float)
    one[what].flat[3] = np.nan

    with pytest.raises(ValueError, match="missing"):
        believed().learn(**one)


def test_an_action_nobody_knows_is_named():
    one = rows(20)
    one["actions"][4] = "visit"

    with pytest.raises(ValueError, match="visit"):
        believed().learn(**one)


def test_chances_are_the_shares_of_draws_after_prices_and_a_closed_action_has_none():
    rng = np.random.default_rng(4)
    n, times = 300, 50
    scale, z = rng.gamma(2, 50, n), np.column_stack([np.ones(n), rng.random(n)])
    draws, cost = rng.normal(0, 0.2, (times, 3, 2)), rng.gamma(1, 4, (n, 3))
    open_ = rng.random((n, 3)) < 0.7

    found = chances(scale=scale, z=z, draws=draws, cost=cost, open_=open_)

    byhand = np.zeros((n, 4))
    for draw in draws:
        worth = values(scale=scale, z=z, effects=draw, cost=cost, open_=open_)
        best = np.where(worth.max(axis=1) > 0, worth.argmax(axis=1) + 1, 0)
        byhand[np.arange(n), best] += 1 / times
    assert np.allclose(found, byhand)
    assert (found[:, 1:][~open_] == 0).all()


def test_with_no_action_at_all_everybody_is_left_alone():
    found = chances(scale=np.ones(2), z=np.ones((2, 1)), draws=np.zeros((5, 0, 1)),
                    cost=np.zeros((2, 0)), open_=np.zeros((2, 0), bool))  # fmt: skip

    assert found.tolist() == [[1.0], [1.0]]
