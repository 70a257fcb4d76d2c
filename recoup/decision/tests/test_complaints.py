from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.decision.complaints import ComplaintRisk, Pressure, chance, constant, fit, learn
from recoup.kernel.errors import NotTrainable

KINDS = np.array(["call", "letter", "sms"])


def contacts(n, seed, growth=0.25, base=0.004):
    """Contacts whose objections grow with contacts of the month, and are likelier to texts."""
    rng = np.random.default_rng(seed)
    month = rng.poisson(3, n).astype(float)
    week = rng.binomial(month.astype(int), 0.3).astype(float)
    ago = np.where(month > 0, rng.integers(1, 31, n), np.inf)
    known = Pressure(month, week, ago, rng.random(n) < 0.02, rng.integers(1, 200, n).astype(float))
    kind = rng.choice(KINDS, n)
    rate = base * np.exp(growth * np.minimum(month, 8)) * np.where(kind == "sms", 2.0, 1.0)
    objected = rng.random(n) < chance(rate)
    return kind, known, objected, np.sort(rng.integers(0, 90, n)), rng.integers(0, n // 3, n), rate


def learnt(n=20_000, seed=1, **more):
    kind, known, objected, day, people, _ = contacts(n, seed, **more)
    return learn(kind, known, objected, day=day, people=people)


def test_what_makes_people_object_is_found_and_sized():
    found = learnt(60_000)
    kind, known, _, _, _, rate = contacts(20_000, 2)

    assert not found.risk.is_constant
    assert found.judged.auc.low > 0.55
    assert found.risk.of_kind("sms") > 1.4 * found.risk.of_kind("letter")
    for name in KINDS:
        mine = kind == name
        said = found.risk.chance(str(name), known.some(mine))
        assert np.corrcoef(said, rate[mine])[0, 1] > 0.8
        assert said.mean() == pytest.approx(chance(rate[mine]).mean(), rel=0.25)


def test_as_many_objections_are_said_as_were_seen():
    kind, known, objected, *_ = contacts(20_000, 3)

    risk = fit(kind, known, objected)

    said = sum(
        (risk.of_kind(str(one)) * risk.factor(known.some(kind == one))).sum() for one in KINDS
    )
    assert said == pytest.approx(objected.sum(), rel=1e-3)


RISKS = [fit(*contacts(3_000, seed, growth=growth)[:3]) for seed, growth in
         ((4, 0.25), (5, -0.5), (6, 0.0))]  # fmt: skip


@given(
    month=st.integers(0, 40), week=st.integers(0, 12), ago=st.integers(0, 60), late=st.integers(-9, 900),
    former=st.booleans(), more=st.integers(1, 20), at=st.sampled_from(range(3)),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_more_or_sooner_contact_is_never_said_to_be_safer(month, week, ago, late, former, more, at):
    """Also where the log says the opposite."""
    risk = RISKS[at]

    def said(month, week, ago, former):
        one = Pressure(*(np.array([float(x)]) for x in (month, week, ago)), np.array([former]),
                       np.array([float(late)]))  # fmt: skip
        return float(risk.factor(one)[0])

    now = said(month, week, ago, former)
    assert said(month + more, week, ago, former) >= now
    assert said(month, week + more, ago, former) >= now
    assert said(month, week, max(0, ago - more), former) >= now
    assert said(month, week, ago, True) >= now


def test_where_pressure_says_nothing_the_rate_of_the_book_is_kept():
    kind, known, _, day, people, _ = contacts(20_000, 7)
    objected = np.random.default_rng(7).random(20_000) < 0.005

    found = learn(kind, known, objected, day=day, people=people)

    assert found.risk.is_constant
    assert not found.judged.is_better
    assert found.risk.chance("sms", known)[0] == pytest.approx(objected.mean())


@pytest.mark.parametrize(("n", "base"), [(500, 0.02), (20_000, 0.0001)])
def test_too_few_contacts_or_objections_carry_no_model(n, base):
    with pytest.raises(NotTrainable, match="objections"):
        learnt(n, base=base)


def test_objections_that_all_lie_early_judge_nothing():
    kind, known, objected, day, people, _ = contacts(20_000, 8)

    with pytest.raises(NotTrainable, match="late enough"):
        learn(kind, known, objected & (day < 40), day=day, people=people)


def test_a_model_survives_json_and_another_form_is_refused():
    risk = RISKS[0]
    assert ComplaintRisk.from_dict(json.loads(json.dumps(risk.as_dict()))) == risk
    assert constant(0.01).is_constant

    for wrong in ({"weights": [0.0]}, {"base": float("nan")}, {"kinds": {"sms": float("inf")}}):
        with pytest.raises(ValueError, match="no model of complaints"):
            ComplaintRisk.from_dict(risk.as_dict() | wrong)


def test_what_is_not_a_number_is_refused():
    one = np.zeros(1)

    with pytest.raises(ValueError, match="not a number"):
        Pressure(one, one, np.array([np.nan]), np.zeros(1, bool), one)
    with pytest.raises(ValueError, match="one value for each"):
        Pressure(one, np.zeros(2), one, np.zeros(1, bool), one)
    with pytest.raises(ValueError, match="nothing to fit"):
        fit(np.array(["sms"]), Pressure(one, one, one, np.zeros(1, bool), one), np.zeros(1, bool))
