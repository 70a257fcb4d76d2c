"""What the model claims, part by part: payments excite, machines bind less, offers, relapse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.kernel.errors import Invalid
from recoup.simulator import chargeoff, daily, parameters
from recoup.simulator.actions import BUDGETS, Action, Capacity, Offer
from recoup.simulator.laboratory import Laboratory
from recoup.simulator.tests.test_simulator import population
from recoup.simulator.variants import VARIANTS

SHIPPED = parameters.load()


def test_a_payment_raises_the_intensity_and_the_rise_decays() -> None:
    them = population(4000, days=100)
    paid = them.pay(on=1, rng=np.random.default_rng(1))
    some = paid.index[~paid.clears]
    assert len(some) > 0
    rise = them.excite[some].copy()

    for _ in range(round(SHIPPED["excite.half_life"])):
        them.grow_older()

    assert (rise >= SHIPPED["excite.jump"]).all()
    assert them.excite[some] == pytest.approx(rise / 2, rel=0.05)
    assert them.excite.sum() == pytest.approx(them.excite[paid.index].sum())


def test_payments_come_in_bursts_because_of_it() -> None:
    """The same borrowers without excitement pay less often after a payment."""

    def again(jump: float) -> float:
        calm = SHIPPED.replace(excite__jump=jump, excite__size=0.0, partial__spread=0.2)
        laboratory = Laboratory(size=20_000, seed=4, days=100, parameters=calm)
        for _ in range(30):
            laboratory.play()
        log = laboratory.log()
        before, payer = log.paid.copy(), (log.paid > 0) & (log.arrears > 0)
        rest = (log.paid == 0) & (log.arrears > 0)
        for _ in range(30):
            laboratory.play()
        paid = laboratory.log().paid > before
        return float(paid[payer].mean() / paid[rest].mean())

    assert again(SHIPPED["excite.jump"]) > 1.3 * again(0.0)


def test_a_promise_to_a_machine_binds_less_and_a_broken_one_hardens() -> None:
    them, rng = population(4000, days=20), np.random.default_rng(3)
    everyone = np.arange(4000)
    to_person = them.keeping(everyone, 1.0, them.hardened)
    to_machine = them.keeping(everyone, SHIPPED["promise.robot_binds"], them.hardened)
    assert (to_machine < to_person).all()

    them.promise(index=everyone, on=1, rng=rng)
    broken = ~them.will_keep
    for on in range(1, 40):
        them.pay(on=on, rng=rng)

    assert them.hardened[~broken].sum() == 0
    assert (them.hardened[broken] > 0).mean() > 0.3  # others paid before it fell due
    them.days[:] = 20
    assert (them.keeping(everyone, 1.0, them.hardened) <= to_person).all()


def test_promises_weaken_with_the_months() -> None:
    early, late = population(2000, days=5), population(2000, days=240)
    everyone, hardened = np.arange(2000), np.zeros(2000)

    assert (
        late.keeping(everyone, 1.0, hardened).mean()
        < 0.4 * early.keeping(everyone, 1.0, hardened).mean()
    )


def test_whoever_takes_a_write_down_pays_less_and_owes_nothing() -> None:
    them = population(3000, days=20)
    before = them.arrears.copy()
    them.offer(index=np.arange(3000), kind="write_down", share=0.25, on=1)

    paid = them.pay(on=1, rng=np.random.default_rng(2))

    whole = paid.clears
    assert whole.any() and (paid.forgiven[whole] > 0).any()
    assert (paid.amount + paid.forgiven <= before[paid.index]).all()
    assert (them.arrears[paid.index[whole]] == 0).all()
    assert (paid.forgiven[~whole] == 0).all()


def test_an_offer_lapses_after_a_month() -> None:
    them = population(3000, days=20)
    them.offer(index=np.arange(3000), kind="write_down", share=0.25, on=1)

    paid = them.pay(on=40, rng=np.random.default_rng(2))

    assert paid.forgiven.sum() == 0 and paid.clears.any()


def test_some_who_caught_up_fall_late_again() -> None:
    laboratory = Laboratory(size=4000, seed=2, days=5)
    caught = np.zeros(4000, dtype=bool)
    again = np.zeros(4000, dtype=bool)
    for _ in range(120):
        laboratory.play()
        log = laboratory.log()
        again |= caught & (log.arrears > 0)
        caught |= log.arrears <= 0

    assert 0.1 < again.sum() / caught.sum() < 0.6
    assert (log.days_past_due[log.arrears <= 0] == 0).all()


def test_a_debt_charged_off_goes_three_ways_and_is_left_alone_by_the_house() -> None:
    laboratory = Laboratory(size=6000, seed=3, days=180)
    owed = laboratory.log().owed
    laboratory.charge_off(np.arange(6000))

    cost = 0
    for _ in range(400):
        cost += laboratory.play([Action("sms", "moral", np.arange(6000))]).cost

    log = laboratory.log()
    regime = laboratory._population.regime
    rate = log.paid / owed
    sold = regime == chargeoff.SOLD
    assert log.charged_off.all() and (log.contacts == 0).all()
    assert ((rate[sold] >= 0.019) & (rate[sold] <= 0.061)).all()
    assert rate[regime == chargeoff.LEFT].mean() < 0.01
    assert rate[regime == chargeoff.AGENCY].mean() > rate[sold].mean()
    assert cost == pytest.approx(0.17 * log.paid[regime == chargeoff.AGENCY].sum(), rel=0.001)


def test_a_variant_drifts_and_a_bare_laboratory_does_not() -> None:
    bare = Laboratory(size=10, seed=1, days=10)
    drifting = Laboratory(size=10, seed=1, variant="mid")
    other = drifting.fork(seed=7)
    for _ in range(30):
        bare.play()
        drifting.play()
        other.play()

    assert bare._population.economy == 0
    assert drifting._population.economy != 0 != other._population.economy
    assert drifting._population.economy != other._population.economy
    assert drifting._population.wear < 0 and drifting._population.reach < 0


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_variant_is_what_it_says(variant: str) -> None:
    laboratory = Laboratory(size=2000, seed=8, variant=variant)
    days = laboratory.log().days_past_due
    bounds = {"early": (1, 30), "mid": (31, 90), "late": (91, 360), "stress": (1, 360)}[variant]

    assert bounds[0] <= days.min() and days.max() <= bounds[1]
    assert laboratory.capacity.sms == laboratory.capacity.limits()["sms"] < 2000
    with pytest.raises(Invalid):
        Laboratory(size=5, seed=1, variant="calm")


def test_what_happens_to_one_never_depends_on_what_is_done_to_another() -> None:
    """Common random numbers: forks differ by the action alone."""
    left, right = (Laboratory(size=1000, seed=6, days=10) for _ in range(2))
    some = np.arange(0, 1000, 2)
    for _ in range(20):
        left.play([Action("call", "reminder", some)])
        right.play()

    others = np.arange(1, 1000, 2)
    assert (left.log().paid[others] == right.log().paid[others]).all()
    assert (left.log().paid[some] != right.log().paid[some]).any()


def test_the_order_of_the_days_actions_does_not_matter() -> None:
    left, right = (Laboratory(size=400, seed=6, days=10) for _ in range(2))
    call = Action("call", "reminder", np.arange(0, 200))
    text = Action("sms", "moral", np.arange(200, 400))

    assert left.play([call, text]).paid == right.play([text, call]).paid
    assert (left.log().last_outcome == right.log().last_outcome).all()


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10_000),
    st.lists(
        st.tuples(
            st.sampled_from(["sms", "email", "letter", "call", "robot"]),
            st.integers(8, 21), st.sampled_from(["junior", "senior"]),
            st.sampled_from([None, Offer("write_down", 0.3), Offer("lower_minimum", 0.4)]),
            st.integers(1, 60),
        ),
        max_size=4,
    ),
)  # fmt: skip
def test_whatever_is_played_the_books_balance(seed: int, wishes: list[tuple]) -> None:
    laboratory = Laboratory(size=60, seed=seed)
    owed = laboratory.log().owed
    paid = conceded = 0
    for day in range(12):
        actions = [
            Action(channel, "moral", np.arange((day + k) % 60, 60)[:count], hour, tier, offer)
            for k, (channel, hour, tier, offer, count) in enumerate(wishes)
        ]
        played = laboratory.play(actions)
        paid, conceded = paid + played.paid, conceded + played.conceded
        assert set(played.used) == set(BUDGETS)
        assert [len(x) for x in played.outcomes] == [len(action.cases) for action in actions]

    log = laboratory.log()
    assert (log.arrears >= 0).all() and (log.arrears <= log.owed).all()
    assert owed.sum() - log.owed.sum() == paid + conceded
    assert log.paid.sum() == paid


def test_a_capacity_that_is_no_amount_is_invalid() -> None:
    with pytest.raises(Invalid):
        Capacity(sms=float("nan"))
    with pytest.raises(Invalid):
        Capacity(call_lines=(1.0, 2.0))  # type: ignore[arg-type]


def test_uniform_numbers_are_uniform() -> None:
    out = np.empty((2, 50_000))
    daily.draw(np.arange(50_000), np.array([1, 2], dtype=np.uint64), out)

    assert out.min() > 0 and out.max() < 1
    assert out.mean() == pytest.approx(0.5, abs=0.01)
    assert np.histogram(out[0], bins=10)[0].std() < 150
    assert abs(np.corrcoef(out)[0, 1]) < 0.02
