import json

import numpy as np
import pytest
from scipy.optimize import check_grad
from scipy.stats import kstest

from recoup.decision import collectability
from recoup.decision.collectability import Intensity, Payments
from recoup.kernel.errors import NotTrainable

TRUE = Intensity(
    base=np.array([-5.5, 0.4]), start=np.array([-3.8, 0.8]), decay=0.03, jump=0.008,
    jump_size=0.02, size=0.2,
)  # fmt: skip


def simulated(*, accounts, seed, days=360.0, true=TRUE):
    """Payments by thinning (Ogata 1981), the intensity falling between them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(accounts, 1))
    level, start = true._levels(x)
    t, above = np.zeros(accounts), start - level
    who, at, size = [], [], []
    live = np.arange(accounts)
    while len(live):
        most = level[live] + np.maximum(above[live], 0.0)
        wait = rng.exponential(1 / most)
        t[live] += wait
        above[live] *= np.exp(-true.decay * wait)
        live, most = live[t[live] < days], most[t[live] < days]
        paid = live[rng.random(len(live)) < (level[live] + above[live]) / most]
        z = 0.4 * rng.random(len(paid))
        above[paid] += true.jump + true.jump_size * z
        who.append(paid), at.append(t[paid].copy()), size.append(z)
    return Payments.of(
        account=np.concatenate(who), at=np.concatenate(at), size=np.concatenate(size),
        until=np.full(accounts, days), x=x,
    )  # fmt: skip


@pytest.fixture(scope="module")
def data():
    return simulated(accounts=6_000, seed=1)


@pytest.fixture(scope="module")
def fitted(data):
    return collectability.fit(data)


def test_the_truth_of_a_simulated_book_is_found_again(fitted):
    assert np.abs(fitted.base - TRUE.base).max() < 0.15
    assert np.abs(fitted.start - TRUE.start).max() < 0.15
    assert fitted.decay == pytest.approx(TRUE.decay, rel=0.15)
    assert fitted.branching == pytest.approx(TRUE.branching, rel=0.2)


def test_the_gradient_is_that_of_the_likelihood():
    few = simulated(accounts=80, seed=2)
    theta = np.array([-5.0, 0.2, -4.0, 0.3, np.log(0.05), np.log(0.01), np.log(0.03)])

    away = check_grad(
        lambda t: collectability.loss(t, few)[0], lambda t: collectability.loss(t, few)[1], theta
    )

    assert away < 1e-5


def test_waiting_times_in_the_fitted_time_are_unit_exponential(data, fitted):
    plain = Intensity(fitted.base, fitted.base, 1.0, 1e-9, 1e-9, fitted.size)

    # A first payment that never came is missing from both, so later ones are asked.
    later = np.r_[False, data.account[1:] == data.account[:-1]]

    def far(model):
        waits = model.residuals(data)[later]
        last = np.minimum(waits, 0.3)
        return kstest(last[waits < 0.3], lambda v: -np.expm1(-v) / -np.expm1(-0.3)).statistic

    assert far(fitted) < 0.06
    assert far(plain) > 0.1


def test_the_score_is_the_chance_of_a_payment_and_the_count_is_the_mean():
    whole = simulated(accounts=8_000, seed=3, days=270.0)
    early = whole.at <= 180
    seen = Payments.of(
        account=whole.account[early], at=whole.at[early], size=whole.size[early],
        until=np.full(8_000, 180.0), x=whole.x,
    )  # fmt: skip
    later = np.bincount(whole.account[~early], minlength=8_000)

    score, count = TRUE.score(seen, days=90), TRUE.payments(seen, days=90)

    best = score > np.quantile(score, 0.8)
    assert score.mean() == pytest.approx((later > 0).mean(), abs=0.012)
    assert score[best].mean() == pytest.approx((later[best] > 0).mean(), abs=0.04)
    assert count.mean() == pytest.approx(later.mean(), rel=0.08)


def test_a_payment_raises_the_score_and_time_takes_it_back():
    def score(at):
        one = Payments.of(
            account=[0] * len(at), at=at, size=[0.3] * len(at), until=[200.0], x=[[0.0]]
        )
        return TRUE.score(one)[0]

    assert score([195.0]) > score([100.0]) > score([])


def test_it_is_kept_and_read_again(data, fitted):
    again = Intensity.from_dict(json.loads(json.dumps(fitted.as_dict())))

    assert np.array_equal(again.score(data), fitted.score(data))


def test_too_few_payments_are_refused_with_their_number():
    with pytest.raises(NotTrainable, match="of 1 payments 0 follow"):
        collectability.fit(Payments.of(account=[0], at=[1.0], size=[1.0], until=[2.0]))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"at": [3.0]}, "outside the days"),
        ({"account": [4]}, "not there"),
        ({"until": [0.0]}, "more than no days"),
        ({"size": [float("nan")]}, "missing"),
    ],
)
def test_payments_that_make_no_sense_are_refused(change, what):
    with pytest.raises(ValueError, match=what):
        Payments.of(**{"account": [0], "at": [1.0], "size": [0.1], "until": [2.0]} | change)
