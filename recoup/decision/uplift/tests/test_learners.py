import json

import numpy as np
import pytest

from recoup.decision.policylog import BadLog, Log
from recoup.decision.uplift import contrast, curves
from recoup.decision.uplift.learners import Learner, Uplift, learn
from recoup.decision.uplift.shrink import shrunk
from recoup.decision.uplift.tests.worlds import trial
from recoup.decision.uplift.trial import Trial
from recoup.kernel.errors import NotTrainable

TRAIN, _ = trial(rows=6_000, seed=1)
TEST, TRUE = trial(rows=4_000, seed=2)


@pytest.fixture(scope="module")
def models():
    return {
        one: learn(TRAIN, learner=one, seed=0, dose="contacts")
        for one in Learner
        if one is not Learner.ODDS  # these outcomes are no shares
    }


def error(model, action):
    said = model.effect(TEST.log.known)[:, action]
    return curves.pehe(said=said, true=TRUE[:, action])


@pytest.mark.parametrize("learner", [Learner.S, Learner.T, Learner.X, Learner.DR])
@pytest.mark.parametrize("action", [1, 2])
def test_every_learner_is_nearer_to_the_truth_than_a_constant_effect(models, learner, action):
    assert error(models[learner], action) < error(models[Learner.CONSTANT], action)


@pytest.mark.parametrize("action", [1, 2])
def test_the_constant_is_the_mean_effect_though_propensities_lean(models, action):
    said = models[Learner.CONSTANT].effect(TEST.log.known)[0, action]

    assert abs(said - TRUE[:, action].mean()) < 0.02


@pytest.mark.parametrize("learner", [Learner.S, Learner.T, Learner.X, Learner.DR])
def test_more_contacts_lately_never_raise_the_effect_of_the_next(models, learner):
    x = np.repeat(TEST.log.known[:200], 9, axis=0)
    x[:, 2] = np.tile(np.arange(9), 200)

    effect = models[learner].effect(x)[:, 1:].reshape(200, 9, 2)

    assert (np.diff(effect, axis=1) <= 1e-9).all()
    assert (models[learner].by_dose(x)[0] > models[learner].by_dose(x)[5])[1:].all()


def test_the_doubly_robust_mean_holds_though_the_models_see_nothing_of_what_the_plan_saw():
    hidden, _ = trial(rows=8_000, seed=3, lean=1.0, hide=True)
    _, true = trial(rows=8_000, seed=3, lean=1.0)
    log = hidden.log
    naive = log.outcomes[log.actions == 1].mean() - log.outcomes[log.actions == 0].mean()

    model = learn(hidden, learner=Learner.CONSTANT, seed=0)

    assert abs(naive - true[:, 1].mean()) > 0.1
    assert abs(model.numbers["sms"] - true[:, 1].mean()) < 0.04


def test_the_same_trial_and_seed_give_the_same_model_and_it_survives_being_kept(models):
    again = learn(TRAIN, learner=Learner.X, seed=0, dose="contacts")

    kept = Uplift.from_dict(json.loads(json.dumps(again.as_dict())))

    assert again.as_dict() == models[Learner.X].as_dict()
    said = models[Learner.X].effect(TEST.log.known)
    assert np.array_equal(kept.effect(TEST.log.known), said)
    assert kept.groups == again.groups


def test_a_sign_that_is_known_is_kept_by_the_effect():
    model = learn(TRAIN, learner=Learner.DR, seed=0, dose="contacts", signs={"risk": 1})
    x = np.repeat(TEST.log.known[:100], 5, axis=0)
    x[:, 1] = np.tile([-2, -1, 0, 1, 2], 100)

    effect = model.effect(x)[:, 1:].reshape(100, 5, 2)

    assert (np.diff(effect, axis=1) >= -1e-9).all()


def test_a_treatment_with_too_few_people_is_refused_with_the_count_and_the_others_learnt():
    thin, _ = trial(rows=3_000, seed=6, lean=0.1, rare=0.03)

    model = learn(thin, learner=Learner.DR, seed=0)

    assert model.learnt == (1,)
    assert np.isnan(model.effect(TEST.log.known)[:, 2]).all()
    assert "call are worth" in model.groups[1].reasons[0]
    assert "200 are needed" in model.groups[1].reasons[0]


def test_a_log_that_carries_nothing_is_refused_with_every_reason():
    few = TRAIN.take(np.arange(150))

    with pytest.raises(NotTrainable, match=r"For sms.*For call.*slice run longer"):
        learn(few, learner=Learner.DR, seed=0)


def test_propensities_that_cannot_be_right_are_refused():
    log = TRAIN.log
    wrong = Log.of(
        actions=log.actions, outcomes=log.outcomes, propensities=np.full(6_000, 0.9),
        people=log.people, names=log.names, known=log.known,
    )  # fmt: skip

    with pytest.raises(NotTrainable, match="are wrong"):
        learn(Trial.of(wrong, columns=TRAIN.columns), learner=Learner.S, seed=0)


def test_what_was_not_open_is_no_part_of_the_comparison():
    rng = np.random.default_rng(5)
    n = 6_000
    x = rng.normal(size=(n, 1))
    open_ = np.column_stack([np.ones(n, bool), x[:, 0] > 0])
    taken = np.where(open_[:, 1], rng.integers(0, 2, n), 0)
    outcome = x[:, 0] + taken * 0.5 + rng.normal(0, 0.1, n)
    log = Log.of(
        actions=taken, outcomes=outcome, propensities=np.where(open_[:, 1], 0.5, 1.0),
        people=np.arange(n), names=("nothing", "sms"), known=x,
    )  # fmt: skip

    told = learn(Trial.of(log, columns=("x",), open=open_), learner=Learner.CONSTANT, seed=0)

    assert abs(told.numbers["sms"] - 0.5) < 0.02
    with pytest.raises(NotTrainable, match=r"not 1"):
        learn(Trial.of(log, columns=("x",)), learner=Learner.CONSTANT, seed=0)


@pytest.mark.parametrize(
    ("columns", "open_", "what"),
    [
        (("a", "b"), None, "3 columns"),
        (("a", "b", "b"), None, "3 columns"),
        (("a", "b", "c"), np.ones((3, 3), bool), "6000 rows and 3 actions"),
        (("a", "b", "c"), np.zeros((6_000, 3), bool), "always open"),
    ],
)
def test_a_trial_that_is_none_says_what_is_wrong(columns, open_, what):
    with pytest.raises(BadLog, match=what):
        Trial.of(TRAIN.log, columns=columns, open=open_)


def test_a_sign_of_no_column_is_refused():
    with pytest.raises(BadLog, match="colour"):
        learn(TRAIN, learner=Learner.DR, seed=0, signs={"colour": 1})


def test_a_learner_that_says_too_much_is_pulled_towards_its_mean(models):
    loud = models[Learner.CONSTANT]
    noise = Uplift(
        Learner.T, loud.columns, loud.names, loud.groups,
        forests=learn(
            trial(rows=1_500, seed=9, noise=1.5)[0], learner=Learner.T, seed=0
        ).forests,
    )  # fmt: skip
    seen = contrast.held_out(TEST, contrast.Outcomes.fit(TRAIN, seed=1))

    calm = shrunk(noise, seen)

    assert all(slope < 0.6 for _, slope in calm.line.values())
    assert error(calm, 1) < error(noise, 1)
    assert (
        abs(calm.effect(TEST.log.known)[:, 1].mean() - noise.effect(TEST.log.known)[:, 1].mean())
        < 1e-9
    )


def binary(*, rows, seed):
    """Yes and no: each treatment a shift in log-odds that fades with the contacts before."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.normal(size=rows), rng.integers(0, 5, rows)])
    taken = rng.integers(0, 3, rows)
    base, size = -1.5 + 1.2 * x[:, 0], 0.8 ** x[:, 1]
    shifts = np.array([0.0, 0.5, 1.0])
    chance = 1 / (1 + np.exp(-(base[:, None] + shifts * size[:, None])))
    y = (rng.random(rows) < chance[np.arange(rows), taken]).astype(float)
    log = Log.of(
        actions=taken, outcomes=y, propensities=np.full(rows, 1 / 3), people=np.arange(rows),
        names=("nothing", "sms", "call"), known=x,
    )  # fmt: skip
    return Trial.of(log, columns=("risk", "contacts")), chance - chance[:, :1]


def test_a_shift_of_the_odds_is_found_and_fades_with_the_dose():
    train, _ = binary(rows=9_000, seed=1)
    held, true = binary(rows=4_000, seed=2)

    model = learn(train, learner=Learner.ODDS, seed=0, dose="contacts")
    constant = learn(train, learner=Learner.CONSTANT, seed=0)

    assert model.numbers["call"] == pytest.approx(1.0, abs=0.25)
    assert 0.65 <= model.numbers["wear"] <= 0.9
    said, flat = model.effect(held.log.known), constant.effect(held.log.known)
    for action in (1, 2):
        near = curves.pehe(said=said[:, action], true=true[:, action])
        assert near < 0.7 * curves.pehe(said=flat[:, action], true=true[:, action])
    again = Uplift.from_dict(json.loads(json.dumps(model.as_dict())))
    assert np.array_equal(again.effect(held.log.known), said)


def test_odds_are_refused_where_an_outcome_is_no_share():
    with pytest.raises(BadLog, match="between 0 and 1"):
        learn(TRAIN, learner=Learner.ODDS, seed=0)
