import json

import numpy as np
import pytest

from recoup.decision import metrics, survival
from recoup.decision.survival import CURED, PART, STAYED, Hazard, Periods
from recoup.kernel.errors import NotTrainable


def chances(days, x):
    """True monthly chances of a cure, and of a part payment without one."""
    cure = 1 / (1 + np.exp(-(-1.0 - days / 90 + 0.8 * x[:, 0])))
    return cure, 1 / (1 + np.exp(-(-1.5 + 0.5 * x[:, 1])))


def played(*, accounts, months, seed):
    """Person-period rows, and the share of the first overdue sum paid over all months."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(accounts, 2))
    start = rng.integers(1, 180, accounts).astype(float)
    alive, rest, paid = np.ones(accounts, bool), np.ones(accounts), np.zeros(accounts)
    rows = []
    for month in range(months):
        who = np.flatnonzero(alive)
        cure, part = chances(start[who] + 30 * month, x[who])
        cured = rng.random(len(who)) < cure
        some = ~cured & (rng.random(len(who)) < part)
        share = np.where(some, 0.4 * rng.random(len(who)), 0.0)
        rows.append((start[who] + 30 * month, x[who], np.where(cured, CURED, np.where(some, PART, STAYED)),
                     np.where(cured, 1.0, share), who))  # fmt: skip
        gained = rest[who] * np.where(cured, 1.0, share)
        paid[who] += gained
        rest[who] -= gained
        alive[who[cured]] = False
    names = ("days", "x", "event", "share", "person")
    table = {name: np.concatenate([row[at] for row in rows]) for at, name in enumerate(names)}
    return Periods.of(**table, columns=("warm", "able")), start, x, paid


@pytest.fixture(scope="module")
def train():
    return played(accounts=3_000, months=6, seed=1)[0]


@pytest.fixture(scope="module", params=["logistic", "boosting"])
def fitted(request, train):
    return survival.fit(train, family=request.param, seed=0)


def test_monthly_chances_are_calibrated_by_days_past_due(fitted):
    later = played(accounts=4_000, months=6, seed=2)[0]

    said = fitted.month(days=later.days, x=later.x)

    assert np.allclose(said.sum(axis=1), 1)
    for low, high in ((0, 60), (60, 120), (120, 400)):
        some = (later.days >= low) & (later.days < high)
        for kind in (PART, CURED):
            happened = (later.event[some] == kind).mean()
            assert said[some, kind].mean() == pytest.approx(happened, abs=0.025)


def test_it_orders_accounts_beyond_their_days_past_due(fitted):
    later = played(accounts=4_000, months=6, seed=2)[0]
    cured = (later.event == CURED).astype(int)

    with_all = metrics.auc(outcome=cured, score=fitted.month(days=later.days, x=later.x)[:, CURED])

    assert with_all > metrics.auc(outcome=cured, score=-later.days) + 0.02


def test_the_recovery_over_a_year_is_what_a_year_brings(fitted):
    _, start, x, paid = played(accounts=4_000, months=12, seed=3)

    said = fitted.recovery(days=start, x=x, horizon=360)

    assert said.mean() == pytest.approx(paid.mean(), abs=0.02)
    best = said > np.median(said)
    assert said[best].mean() == pytest.approx(paid[best].mean(), abs=0.035)


def test_a_longer_horizon_is_worth_more_and_a_discount_less(fitted):
    days, x = np.array([10.0, 200.0]), np.zeros((2, 2))

    year = fitted.recovery(days=days, x=x, horizon=360)

    assert (fitted.recovery(days=days, x=x, horizon=90) < year).all()
    assert (fitted.recovery(days=days, x=x, horizon=360, discount=0.2) < year).all()
    assert (
        fitted.recovery(days=days, x=x, horizon=100) > fitted.recovery(days=days, x=x, horizon=90)
    ).all()
    assert (fitted.recovery(days=days, x=x, horizon=3_600) <= 1).all()


def test_cures_add_up_over_months(fitted):
    curve = fitted.cured(days=np.array([5.0]), x=np.zeros((1, 2)), months=12)[0]

    assert (np.diff(curve) > 0).all()
    assert 0 < curve[0] < curve[-1] < 1


def test_it_is_kept_and_read_again(fitted, train):
    again = Hazard.from_dict(json.loads(json.dumps(fitted.as_dict())))

    some = slice(0, 50)
    assert np.array_equal(
        again.month(days=train.days[some], x=train.x[some]),
        fitted.month(days=train.days[some], x=train.x[some]),
    )


def test_what_is_missing_counts_as_average(train):
    holes = train.x.copy()
    holes[::7, 0] = np.nan
    table = Periods(train.days, holes, train.event, train.share, train.person, train.columns)

    model = survival.fit(table, family="logistic", seed=0)

    known, unknown = np.array([[np.nanmean(holes[:, 0]), 0.0]]), np.array([[np.nan, 0.0]])
    day = np.array([30.0])
    near = model.month(days=day, x=unknown)[0, CURED]
    assert near == pytest.approx(model.month(days=day, x=known)[0, CURED], abs=1e-6)


def test_rare_ends_are_refused_with_the_count(train):
    few = Periods(
        train.days[:80], train.x[:80], train.event[:80], train.share[:80], train.person[:80],
        train.columns,
    )  # fmt: skip

    with pytest.raises(NotTrainable, match="of 80 months"):
        survival.fit(few, family="logistic", seed=0)


def test_rows_that_make_no_sense_are_refused_with_every_problem():
    with pytest.raises(ValueError, match=r"below 0.*outside 0 to 1.*infinite"):
        Periods.of(days=[-1], x=[[np.inf]], event=[0], share=[2.0], person=[1], columns=("a",))
