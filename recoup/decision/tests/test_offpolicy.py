from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.decision.offpolicy import Answer, Estimator, Refusal, evaluate
from recoup.decision.policylog import NOTHING, BadLog, Log, support

NAMES = ("nothing", "sms", "call")
GAIN = np.array([0.0, 0.1, 0.3])


def world(seed, people=800, explore=0.6, rows_each=2, confounded=1.0):
    """A log of a plan that favours calls where x is high, and the policy that always calls."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), rows_each)
    x = rng.normal(size=(people, 2))[who]
    own = rng.normal(0, 0.3, people)[who]
    plan = np.eye(3)[np.where(x[:, 0] > 0, 2, 1)]
    chance = (1 - explore) * plan + explore / 3
    action = (chance.cumsum(axis=1) < rng.random(len(x))[:, None]).sum(axis=1)
    outcome = GAIN[action] + confounded * x[:, 0] + own + rng.normal(0, 0.3, len(x))
    log = Log.of(
        actions=action, outcomes=outcome, propensities=chance[np.arange(len(x)), action],
        people=who, names=NAMES, known=x,
    )  # fmt: skip
    return log, np.tile([0.0, 0.0, 1.0], (len(x), 1))


def judged(log, policy, **more):
    return evaluate(log, policy, rng=np.random.default_rng(0), resamples=200, **more)


@pytest.fixture(scope="module")
def found():
    return judged(*world(1), level=0.99)


def test_every_estimator_is_near_the_truth_and_both_intervals_hold_it(found):
    for one in found.values():
        assert isinstance(one, Answer)
        assert one.normal.low < 0.3 < one.normal.high
        assert one.bootstrap.low < 0.3 < one.bootstrap.high
        assert one.bootstrap.low < one.value < one.bootstrap.high


def test_the_log_alone_would_mislead(found):
    log, _ = world(1)

    assert log.outcomes[log.actions == 2].mean() > 0.5
    assert found[Estimator.DOUBLY].gain.low > 0
    assert found[Estimator.DOUBLY].gain.value == pytest.approx(
        found[Estimator.DOUBLY].value - log.outcomes.mean()
    )


def test_models_narrow_the_interval(found):
    def width(one):
        return found[one].normal.high - found[one].normal.low

    assert width(Estimator.DOUBLY) < 0.8 * width(Estimator.IPS)
    assert width(Estimator.DIRECT) <= width(Estimator.DOUBLY) * 1.05


def test_rows_of_one_person_are_not_taken_for_people():
    log, policy = world(2, people=300, rows_each=8)
    alone = replace(log, people=np.arange(len(log.people)))

    together = judged(log, policy)[Estimator.DOUBLY]
    apart = judged(alone, policy)[Estimator.DOUBLY]

    assert together.normal.high - together.normal.low > 1.3 * (apart.normal.high - apart.normal.low)


def test_a_policy_judged_on_its_own_log_is_worth_what_the_log_brought():
    log, _ = world(3)
    x = log.known[:, 0]
    own = 0.4 * np.eye(3)[np.where(x > 0, 2, 1)] + 0.2

    answer = judged(log, own)[Estimator.IPS]

    assert answer.value == pytest.approx(log.outcomes.mean())
    assert answer.gain.value == pytest.approx(0, abs=1e-12)
    assert answer.support.largest == pytest.approx(1 / len(x))


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    inside = {one: [] for one in Estimator}
    for seed in range(120):
        log, policy = world(100 + seed, people=500, confounded=0.3)
        for one, answer in evaluate(
            log, policy, rng=np.random.default_rng(seed), resamples=100
        ).items():
            if isinstance(answer, Answer):
                inside[one].append(answer.normal.low <= 0.3 <= answer.normal.high)

    assert all(len(some) > 90 for some in inside.values())
    assert all(0.82 <= np.mean(some) <= 0.97 for some in inside.values())


def test_a_model_that_saw_nothing_of_what_the_plan_saw_is_silent_and_the_rest_is_not():
    log, policy = world(4)
    blind = replace(log, known=np.zeros((len(log.actions), 0)))

    found = judged(blind, policy)

    assert isinstance(found[Estimator.DIRECT], Refusal)
    assert "The model alone is off" in found[Estimator.DIRECT].reasons[0]
    assert found[Estimator.DOUBLY].normal.low < 0.3 < found[Estimator.DOUBLY].normal.high


def test_switch_believes_the_model_above_its_threshold():
    log, policy = world(5)

    high = judged(log, policy, threshold=100.0)
    low = judged(log, policy, threshold=1e-6)

    assert high[Estimator.SWITCH].value == pytest.approx(high[Estimator.DOUBLY].value)
    assert low[Estimator.SWITCH].value == pytest.approx(low[Estimator.DIRECT].value)
    assert low[Estimator.SWITCH].normal.high == pytest.approx(low[Estimator.DIRECT].normal.high)
    assert low[Estimator.SWITCH].threshold == 1e-6


def test_the_same_seed_gives_the_same_answer():
    log, policy = world(6)

    one, two = (judged(log, policy)[Estimator.DOUBLY] for _ in range(2))
    assert (one.normal, one.bootstrap) == (two.normal, two.bootstrap)


# -- Silence ---------------------------------------------------------------------------------------


def refused(log, policy):
    found = judged(log, policy)
    assert all(isinstance(one, Refusal) for one in found.values())
    return " ".join(next(iter(found.values())).reasons)


def test_few_people_are_not_enough_however_many_rows_they_have():
    assert "worth" in refused(*world(7, people=60, rows_each=40))


def test_one_heavy_row_is_not_an_estimate():
    log, policy = world(8)
    p = log.propensities.copy()
    p[(log.actions == 2).argmax()] = 1e-4

    assert "One row has" in refused(replace(log, propensities=p), policy)


@pytest.mark.parametrize("tiny", [5e-324, 1e-300, 1e-160, 1e-12])
def test_a_propensity_next_to_nothing_is_not_an_estimate(tiny):
    log, policy = world(8)
    p = log.propensities.copy()
    p[(log.actions == 2).argmax()] = tiny

    assert "One row has" in refused(replace(log, propensities=p), policy)


def test_an_action_never_logged_is_named():
    log, policy = world(9)
    keep = log.actions != 2
    _, place = np.unique(log.people[keep], return_inverse=True)
    rest = Log(log.actions[keep], log.outcomes[keep], log.propensities[keep], place,
               log.known[keep], NAMES)  # fmt: skip

    said = refused(rest, policy[keep])

    assert "takes call, which the log never took" in said
    assert "never does what the log did" in said


def test_what_was_closed_to_some_cases_shows_in_the_weights():
    log, policy = world(10)
    p = np.where(log.known[:, 0] > 0, log.propensities, 1.0)
    act = np.where(log.known[:, 0] > 0, log.actions, 0)

    assert "average" in refused(replace(log, propensities=p, actions=act), policy)


def test_wrong_propensities_show_in_the_weights():
    log, policy = world(11)

    assert "propensities are wrong" in refused(
        replace(log, propensities=np.full(len(log.actions), 0.9)), policy
    )


def test_outcomes_that_are_all_the_same_tell_nothing():
    log, policy = world(12)

    assert "Every outcome is the same" in refused(
        replace(log, outcomes=np.full(len(log.actions), 5.0)), policy
    )


def test_one_giant_account_is_not_an_estimate():
    log, policy = world(13)
    y = log.outcomes.copy()
    y[(log.actions == 2).argmax()] = 1e9

    found = judged(replace(log, outcomes=y), policy)

    assert "One person makes" in found[Estimator.IPS].reasons[0]
    assert all(isinstance(one, Refusal) for one in found.values())


# -- Bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [0.0, -0.1, 1.0001, math.nan, math.inf])
def test_a_propensity_that_is_no_chance_is_named_with_its_row(bad):
    p = np.full(5, 0.5)
    p[3] = bad

    with pytest.raises(BadLog, match=r"1 of 5 propensities .* first in row 3"):
        Log.of(actions=[0] * 5, outcomes=[1.0] * 5, propensities=p, people=range(5), names=NAMES)


def test_all_problems_are_said_together():
    with pytest.raises(BadLog) as said:
        Log.of(actions=[0, 9], outcomes=[math.nan, 1.0], propensities=[0.5, 0.0],
               people=[1, 2], names=NAMES)  # fmt: skip

    assert len(said.value.problems) == 3


@pytest.mark.parametrize("nobody", [[1.0, math.nan], [None, "a"]])
def test_rows_of_nobody_are_refused(nobody):
    with pytest.raises(BadLog, match="1 of 2 rows belong to nobody"):
        Log.of(actions=[0, 0], outcomes=[1.0, 2.0], propensities=[1.0, 1.0],
               people=np.array(nobody), names=NAMES)  # fmt: skip


def test_a_propensity_of_one_is_a_chance():
    assert len(Log.of(actions=[0], outcomes=[1.0], propensities=[1.0], people=["a"],
                      names=NAMES).actions) == 1  # fmt: skip


def test_an_empty_log_and_rows_that_do_not_match_are_refused():
    with pytest.raises(BadLog, match="empty"):
        Log.of(actions=[], outcomes=[], propensities=[], people=[], names=NAMES)
    with pytest.raises(BadLog, match="one for each row"):
        Log.of(actions=[0], outcomes=[1.0, 2.0], propensities=[1.0], people=[1], names=NAMES)


def test_a_policy_that_is_no_policy_is_refused():
    log, policy = world(14, people=50)

    for bad, words in (
        (policy[:-1], "rows"), (policy * 0.9, "add up"), (policy - 0.1, "below 0"),
        (policy * math.nan, "not a number"),
    ):  # fmt: skip
        with pytest.raises(BadLog, match=words):
            support(log, bad)


@pytest.mark.parametrize("more", [{"level": 1.0}, {"folds": 1}, {"threshold": -1.0}])
def test_settings_that_make_no_sense_are_refused(more):
    with pytest.raises(ValueError):
        judged(*world(15, people=50), **more)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(-50, 50), st.floats(0.1, 50))
def test_estimates_follow_the_unit_of_the_outcome(seed, shift, scale):
    log, policy = world(seed, people=800)
    moved = replace(log, outcomes=log.outcomes * scale + shift)

    here, there = judged(log, policy), judged(moved, policy)

    one, two = here[Estimator.SNIPS], there[Estimator.SNIPS]
    assert two.value == pytest.approx(one.value * scale + shift, rel=1e-6, abs=1e-6)
    assert two.normal.high - two.normal.low == pytest.approx(
        (one.normal.high - one.normal.low) * scale, rel=1e-6
    )
    assert there[Estimator.DOUBLY].value == pytest.approx(
        here[Estimator.DOUBLY].value * scale + shift, rel=1e-6, abs=1e-6
    )


# -- Plans as strategies write them ----------------------------------------------------------------


def plan_file():
    return pl.DataFrame(
        {
            "case": [1, 2, 3, 4], "arm": ["champion", "champion", "champion", "holdout"],
            "treatment": ["sms", "", "call", ""], "propensity": [0.99, 0.005, 0.005, 1.0],
            "admissible": [2, 2, 2, 0], "paid": [1.0, 0.0, 3.0, 0.0], "person": [7, 8, 7, 9],
            "repay_30": [0.1, 0.2, 0.3, 0.4],
        }
    )  # fmt: skip


def test_a_plan_file_is_read_as_it_is_written():
    log = Log.of_plan(plan_file(), arm="champion", outcome="paid", person="person",
                      known=["repay_30"])  # fmt: skip

    assert log.names == (NOTHING, "call", "sms")
    assert log.actions.tolist() == [2, 0, 1]
    assert log.propensities.tolist() == [0.99, 0.005, 0.005]
    assert log.people.tolist() == [0, 1, 0]
    assert log.known.tolist() == [[0.1], [0.2], [0.3]]


def test_an_arm_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(BadLog, match=r"arm soft; there are: champion, holdout"):
        Log.of_plan(plan_file(), arm="soft", outcome="paid", person="person")
    with pytest.raises(BadLog, match="had a choice"):
        Log.of_plan(plan_file(), arm="holdout", outcome="paid", person="person")
    with pytest.raises(BadLog, match="no column propensity"):
        Log.of_plan(plan_file().drop("propensity"), arm="x", outcome="paid", person="person")
    with pytest.raises(BadLog, match="outcomes are missing"):
        Log.of_plan(plan_file().with_columns(paid=pl.lit(None, dtype=pl.Float64)),
                    arm="champion", outcome="paid", person="person")  # fmt: skip
