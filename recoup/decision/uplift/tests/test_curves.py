import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.decision.uplift import contrast, curves
from recoup.decision.uplift.tests.worlds import trial

RNG = np.random.default_rng(7)
TRUE = RNG.normal(size=3_000)
NOISY = TRUE + RNG.normal(size=3_000)
PEOPLE = np.arange(3_000)


def test_a_perfect_order_gains_more_than_chance_and_its_reverse_less():
    best = curves.curve(said=TRUE, contrast=TRUE).qini
    worst = curves.curve(said=-TRUE, contrast=TRUE).qini

    assert best > 0
    assert worst == pytest.approx(-best)


def test_what_says_the_same_of_everybody_has_a_qini_of_zero_and_no_slope():
    found = curves.judge(said=np.full(3_000, 0.2), contrast=NOISY, people=PEOPLE, seed=1)

    assert found.qini.value == pytest.approx(0.0)
    assert np.isnan(found.slope.value)


def test_an_order_by_noise_has_an_interval_that_holds_zero():
    found = curves.judge(said=RNG.normal(size=3_000), contrast=NOISY, people=PEOPLE, seed=1)

    assert found.qini.low < 0 < found.qini.high


def test_effects_said_twice_too_large_have_half_the_slope():
    once = curves.judge(said=TRUE, contrast=NOISY, people=PEOPLE, seed=1, repeats=50)
    twice = curves.judge(said=2 * TRUE, contrast=NOISY, people=PEOPLE, seed=1, repeats=50)

    assert twice.slope.value == pytest.approx(once.slope.value / 2)
    assert twice.qini.value == pytest.approx(once.qini.value)


def test_deciles_of_a_calibrated_effect_happen_as_said():
    for group in curves.deciles(said=TRUE, contrast=NOISY, people=PEOPLE):
        assert abs(group["said"] - group["happened"]) < 4 * group["error"]


def test_the_curve_from_a_log_is_that_of_the_truth():
    log, true = trial(rows=12_000, seed=4, lean=0.3)
    seen = contrast.across(log, seed=0).of(1)

    told = curves.judge(said=true[:, 1], contrast=seen, people=log.log.people, seed=1)

    exact = curves.curve(said=true[:, 1], contrast=true[:, 1])
    assert told.qini.low < exact.qini < told.qini.high
    assert told.ate.low < true[:, 1].mean() < told.ate.high


def test_rows_of_one_person_do_not_make_an_interval_narrower():
    every = np.repeat(np.arange(300), 10)
    said, seen = TRUE[every], NOISY[every]

    alone = curves.judge(said=said, contrast=seen, people=np.arange(3_000), seed=1, repeats=100)
    together = curves.judge(said=said, contrast=seen, people=every, seed=1, repeats=100)

    assert together.ate.high - together.ate.low > 2 * (alone.ate.high - alone.ate.low)


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=2, max_size=30))
def test_no_order_gains_more_than_that_of_the_effects_themselves(pairs):
    said, true = np.array(pairs).T

    assert (
        curves.curve(said=said, contrast=true).auuc
        <= curves.curve(said=true, contrast=true).auuc + 1e-9
    )


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=20), st.integers(2, 4))
def test_a_weight_counts_as_so_many_rows(values, times):
    said = np.array(values)
    gain = said[::-1].copy()

    heavy = curves.curve(said=said, contrast=gain, weight=np.full(len(said), float(times)))
    many = curves.curve(said=np.repeat(said, times), contrast=np.repeat(gain, times))

    assert heavy.auuc == pytest.approx(many.auuc, abs=1e-9)
