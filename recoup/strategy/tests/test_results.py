from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from recoup.decision.sequential import Plan
from recoup.strategy.results import _compared


def outcomes(seed, lift, cases=3000, uneven=0.0):
    """Cases of one arm as `_outcomes` makes them: paid by the score, and by `lift` besides."""
    rng = np.random.default_rng(seed)
    score = np.clip(rng.beta(2, 3, cases) + uneven, 0, 1)
    recovery = (rng.random(cases) < np.clip(score + lift, 0, 1)).astype(float)
    return pl.DataFrame(
        {
            "case": range(cases), "arm": "x", "overdue": rng.integers(100, 10**6, cases),
            "repay_30": np.where(rng.random(cases) < 0.1, None, score).astype(float),
            "days_past_due": rng.integers(1, 90, cases), "recovered": 0, "recovery": recovery,
            "contacts": 1.0, "cost": 5.0,
        }
    )  # fmt: skip


def test_what_the_first_night_knew_narrows_the_sequence():
    test = Plan(effect=0.02)

    found = _compared("soft", 0.5, outcomes(1, 0.1), outcomes(2, 0.0), test)
    plain = found.against["recovery"]

    assert found.sequence.is_clear
    assert found.sequence.p_value < 0.05
    assert found.sequence.difference.low < 0.1 < found.sequence.difference.high
    assert (
        found.sequence.difference.high - found.sequence.difference.low
        < plain.high_always - plain.low_always
    )


def test_arms_that_did_not_begin_alike_are_not_told_apart_by_that():
    found = _compared(
        "soft", 0.5, outcomes(3, 0.0, uneven=0.1), outcomes(4, 0.0), Plan(effect=0.02)
    )

    assert found.against["recovery"].low_always > 0
    assert not found.sequence.is_clear


def test_more_arms_make_each_of_them_wider():
    one, base = outcomes(5, 0.05), outcomes(6, 0.0)

    alone = _compared("soft", 0.5, one, base, Plan(effect=0.02)).sequence
    among = _compared("soft", 0.5, one, base, Plan(effect=0.02, challengers=4)).sequence

    assert among.difference.low < alone.difference.low
    assert among.p_value >= alone.p_value


@pytest.mark.parametrize("cases", [0, 5, 33])
def test_an_arm_of_few_or_no_cases_says_nothing(cases):
    found = _compared(
        "soft", 0.5, outcomes(7, 0.0).head(cases), outcomes(8, 0.0), Plan(effect=0.02)
    )

    assert found.sequence.doubt
    assert (found.sequence.p_value, found.sequence.difference.high) == (1.0, math.inf)


def test_an_arm_in_which_nobody_paid_is_no_error():
    none = outcomes(9, 0.0).with_columns(recovery=pl.lit(0.0))

    assert _compared("soft", 0.5, none, none, Plan(effect=0.02)).sequence.doubt
