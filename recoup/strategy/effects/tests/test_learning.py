"""Effects are learnt from a log that a plan wrote, and only where it carries them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from recoup.decision.uplift.learners import Learner
from recoup.kernel.errors import NotTrainable
from recoup.strategy import valuing
from recoup.strategy.effects import alone, horizon, keeping, logged, measured
from recoup.strategy.effects.learning import Minimum, learn_effects
from recoup.strategy.effects.tests.nights import effect, nights
from recoup.strategy.reading import read, shipped
from recoup.strategy.schema import Worth

MONTH = Worth(horizon_months=1, discount=0.0)
YEAR = Worth(horizon_months=12, discount=0.1)
LEAST = Minimum(effective=200, width=0.1)


def learnt(rows, worth=MONTH, least=LEAST):
    return learn_effects(rows=rows, worth=worth, repay_30=0.2, seed=0, minimum=least)


@pytest.fixture(scope="module")
def rows():
    return nights()


@pytest.fixture(scope="module")
def found(rows):
    return learnt(rows)


def test_mean_effects_are_those_of_the_book_though_the_plan_chose_by_the_debt(rows, found):
    naive = rows.group_by("treatment").agg(pl.col("paid").mean())
    said = found.model.effect(logged.known_of(rows, repay_30=0.2))
    true = effect(rows["contacts_30"].to_numpy())
    task = rows["open"].list.contains("task").to_numpy()

    assert naive.height == 3
    assert said[:, 1].mean() == pytest.approx(true[:, 1].mean(), abs=0.04)
    assert said[task, 2].mean() == pytest.approx(true[task, 2].mean(), abs=0.04)
    assert said[task, 2].mean() > said[:, 1].mean()


def test_it_is_judged_on_nights_whose_windows_it_never_saw(rows, found):
    assert found.split == "out_of_time"
    assert found.rows[1] >= 0.2 * rows.filter(pl.col("arm") != "holdout").height
    assert set(found.judged) == {"constant", "odds", "x", "dr"}
    assert set(found.judged["dr"]) == {"sms", "task"}
    assert found.judged["constant"]["sms"].qini.value == pytest.approx(0.0)


def test_the_effect_of_the_next_contact_does_not_grow_with_those_before(found):
    for line in found.by_dose.values():
        assert all(b <= a + 1e-9 for a, b in pairwise(line))


def test_a_learner_wins_only_if_it_is_surely_nearer_than_the_constant(found):
    won = found.model.learner

    assert won is Learner.CONSTANT or found.versus[won.value].high < 0


def test_over_a_year_a_payment_drawn_forward_is_worth_less_than_in_a_month(rows, found):
    year = learnt(rows, worth=YEAR)

    known = logged.known_of(rows, repay_30=0.2)
    assert year.horizon_days == 360
    assert 0 < year.model.effect(known)[:, 1].mean() < found.model.effect(known)[:, 1].mean()


def test_without_cures_to_learn_from_the_horizon_is_thirty_days_and_says_so(rows):
    never = rows.with_columns(paid=pl.col("paid") * 0.9)

    told = learnt(never, worth=YEAR)

    assert told.horizon_days == 30
    assert "30 days, not 360" in told.notes[0]


def test_a_year_has_a_month_in_it(rows):
    seen = horizon.outcomes(rows, hazard=None, worth=YEAR, repay_30=0.2)

    assert np.array_equal(seen, rows["paid"].to_numpy())


def test_an_effect_that_is_not_known_well_enough_stays_assumed(rows):
    with pytest.raises(NotTrainable, match=r"sms is known to within 0\.\d+ of the overdue sum"):
        learnt(rows, least=Minimum(effective=200, width=0.001))


def test_a_slice_that_is_too_small_is_refused_with_what_it_is_worth():
    with pytest.raises(NotTrainable, match="200 are needed"):
        learnt(nights(cases=300, count=3, explore=0.02))


def test_a_treatment_that_was_hardly_open_is_left_out_and_the_others_learnt():
    told = learnt(nights(every=40))

    assert list(told.refused) == ["task"]
    assert "200 are needed" in told.refused["task"][0]
    assert told.model.learnt == (1,)


def test_a_book_without_nights_says_so():
    with pytest.raises(NotTrainable, match="no planned night"):
        learnt(nights(count=1).clear())


def test_a_short_log_is_split_by_people_and_says_so():
    assert learnt(nights(cases=2_500, count=2)).split == "cross_section"


def test_a_treatment_with_another_text_is_another_treatment():
    now = read(shipped()).treatments
    code = next(iter(now))
    then = {code: replace(now[code], template="older")}
    row = nights(count=1).head(1).with_columns(
        treatment=pl.lit(code), open=pl.lit(1, pl.Int64), propensity=pl.lit(0.9)
    )  # fmt: skip

    told = logged._named(row, then, now)

    assert told["treatment"].to_list() == [f"{code}~old"]
    assert told["open"].to_list() == [[f"{code}~old"]]


def test_payments_count_for_thirty_days_from_the_night_and_no_more_than_was_overdue():
    on = nights(count=1)["on"][0]
    rows = nights(count=1).head(2).drop("paid", "paid_before").with_columns(
        overdue=pl.lit(1000.0)
    )  # fmt: skip
    paid = pl.DataFrame([
        {"case": 1, "on": on - timedelta(days=1), "cash": 500},
        {"case": 1, "on": on, "cash": 100},
        {"case": 1, "on": on + timedelta(days=29), "cash": 200},
        {"case": 1, "on": on + timedelta(days=30), "cash": 400},
        {"case": 2, "on": on + timedelta(days=3), "cash": 9000},
        {"case": 2, "on": on + timedelta(days=4), "cash": -100},
    ])  # fmt: skip

    told = logged.with_payments(rows, paid)

    assert told["paid"].to_list() == [pytest.approx(0.3), 1.0]
    assert told["paid_before"].to_list() == [pytest.approx(0.5), 0.0]


# -- In use ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def in_use():
    strategy = read(shipped("default-any"))
    code = {"sms": "sms-reminder", "task": "collector-review"}
    rows = nights().with_columns(
        treatment=pl.col("treatment").replace(code),
        open=pl.col("open").list.eval(pl.element().replace(code)),
    )  # fmt: skip
    told = learn_effects(
        rows=rows, worth=strategy.worth, repay_30=strategy.assumptions.repay_30, seed=0,
        minimum=LEAST,
    )  # fmt: skip
    return strategy, measured.Measured(3, told.model, keeping.card(strategy, told)), rows


def test_what_was_measured_is_used_and_the_rest_is_assumed_with_a_reason(in_use):
    strategy, model, rows = in_use

    told = measured.effects_of(strategy=strategy, cases=rows, measured=model)

    assert sorted(told.by) == ["collector-review", "sms-reminder"]
    assert told.assumed == dict.fromkeys(("email-reminder", "letter-notice"), "too_little_known")
    assert told.source("sms-reminder") == "measured v3"
    assert told.source("letter-notice") == "assumed"


@pytest.mark.parametrize("what", ["other_horizon", "treatment_changed", "book_moved"])
def test_what_is_no_longer_about_the_same_thing_is_assumed(in_use, what):
    strategy, model, rows = in_use
    if what == "other_horizon":
        strategy = replace(strategy, worth=Worth(24, 0.1))
    elif what == "treatment_changed":
        changed = {
            code: replace(one, minutes=one.minutes + 9, template="new")
            for code, one in strategy.treatments.items()
        }
        strategy = replace(strategy, treatments=changed)
    else:
        rows = rows.with_columns(overdue=pl.col("overdue") * 50)

    told = measured.effects_of(strategy=strategy, cases=rows, measured=model)

    assert told.by == {}
    assert told.version is None
    assert what in told.assumed.values()


def test_a_book_without_a_model_assumes_everything(in_use):
    strategy, _, rows = in_use

    told = measured.effects_of(strategy=strategy, cases=rows, measured=None)

    assert set(told.assumed.values()) == {"not_measured"}


# -- Left alone ------------------------------------------------------------------------------------


def test_who_pays_alone_is_learnt_from_the_holdout_and_nobody_else():
    rows = nights(cases=2_000).with_columns(arm=pl.lit("holdout"))
    risky = rows["repay_30"].to_numpy()
    rng = np.random.default_rng(3)
    whole = pl.Series((rng.random(len(risky)) < risky).astype(float))
    part = pl.Series(rng.random(rows.height) < 0.1)
    rows = rows.with_columns(paid=pl.when(part & (whole == 0)).then(0.3).otherwise(whole))
    eager = rows.with_columns(arm=pl.lit("champion"), paid=pl.lit(1.0))

    told = alone.learn(pl.concat([rows, eager]), repay_30=0.2, seed=0)
    said = alone.chances({"alone": told}, rows, repay_30=0.2)

    assert told["auc"]["low"] > 0.55
    assert told["calibration_error"] < 0.06
    assert said.mean() == pytest.approx((rows["paid"].to_numpy() > 0.01).mean(), abs=0.05)


def test_a_holdout_that_is_too_small_says_so_and_no_chance_is_made_up():
    rows = nights(cases=200)

    told = alone.learn(rows, repay_30=0.2, seed=0)

    assert "Nothing is known of who pays alone" in told["why_not"]
    assert alone.chances({"alone": told}, rows, repay_30=0.2) is None
    assert alone.chances({}, rows, repay_30=0.2) is None


def test_complaints_to_be_expected_are_taken_from_the_value_as_money():
    calm = read(shipped("default-any"))
    loud = replace(
        calm, assumptions=replace(calm.assumptions, complaint=0.002, complaint_cost=50_000)
    )
    rows = nights(cases=50, count=1)
    allowed = np.ones((50, len(calm.treatments)), bool)

    lost = valuing.values(strategy=calm, cases=rows, allowed=allowed) - valuing.values(
        strategy=loud, cases=rows, allowed=allowed
    )

    growth = 1 + calm.assumptions.harm_growth * rows["contacts_30"].to_numpy()
    assert lost == pytest.approx(np.tile((100 * growth)[:, None], (1, len(calm.treatments))))
