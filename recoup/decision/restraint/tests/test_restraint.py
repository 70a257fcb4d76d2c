"""Restraint: what is learnt is what was true, and waiting is worth what an exact count says."""

from __future__ import annotations

import numpy as np
import pytest

from recoup.decision.restraint import effects, irritation, waiting
from recoup.decision.restraint.effects import Morning
from recoup.decision.restraint.poisson import fit
from recoup.decision.restraint.touches import Lasting, Touches, kept, load
from recoup.decision.restraint.waiting import Ahead, Fading, Ways

CASES, DAYS = 3000, 40
APART = np.eye(2)  # kinds that have nothing in common


def contacts(rng: np.random.Generator) -> Touches:
    """Two kinds of contact by lot, more for some; half of those that arrive are heard."""
    eager = rng.choice([0.02, 0.15, 0.5], size=CASES)
    asked = rng.random((DAYS, CASES)) < eager
    day, case = np.nonzero(asked)
    kind = rng.integers(0, 2, len(day))
    touched = rng.random(len(day)) < 0.9
    heard = touched & (rng.random(len(day)) < 0.55)
    return Touches(case, day, kind, kind, touched, heard, CASES, 2, 2)


def test_a_rate_with_a_bound_stays_within_it() -> None:
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(5000), rng.normal(size=5000)])
    y = (rng.random(5000) < np.exp(-3 - 0.5 * x[:, 1])).astype(float)

    free = fit(x, y, ridge=0.1)
    held = fit(x, y, ridge=0.1, lowest=np.array([-np.inf, 0.0]))

    assert free == pytest.approx([-3, -0.5], abs=0.15)
    assert held[1] == 0.0


def test_what_is_missing_or_infinite_is_refused() -> None:
    with pytest.raises(ValueError, match="missing or infinite"):
        fit(np.array([[1.0], [np.nan]]), np.zeros(2), ridge=0.1)


def objections(
    rng: np.random.Generator, touches: Touches, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Complaints about what arrived and opt-outs from what was heard, if this is what irritates."""
    level = load(touches, half_life=14.0) @ weight
    loud = touches.touched & (rng.random(len(level)) < np.exp(-7.0 + level))
    out = touches.heard & (rng.random(len(level)) < np.exp(-5.5 + level))
    return loud, out


def test_irritation_is_read_from_complaints_and_opt_outs() -> None:
    rng = np.random.default_rng(2)
    touches = contacts(rng)

    found = irritation.learn(touches, *objections(rng, touches, np.array([0.5, 0.1])))

    assert found.weight[0] == pytest.approx(0.5, rel=0.25)
    assert found.weight[1] < 0.5 * found.weight[0]
    assert found.half_life in (7.0, 10.0, 14.0, 20.0)
    assert found.complains == pytest.approx([-7.0, -7.0], abs=0.7)
    assert found.opts_out == pytest.approx([-5.5, -5.5], abs=0.7)
    quiet, loud = irritation.chance(found.complains, np.array([0.5, 4.0]))
    assert 0 < quiet < loud < 1


def test_rare_objections_do_not_make_a_calm_contact_look_bad() -> None:
    # Held back towards a rate of one, intercepts would rise and irritation vanish.
    rng = np.random.default_rng(6)
    touches = contacts(rng)
    few = rng.random(len(touches.case)) < 0.2
    loud, out = objections(rng, touches, np.array([0.3, 0.3]))

    found = irritation.learn(touches, loud & few, out & few)

    assert irritation.chance(found.opts_out, np.full(2, 0.3)).max() < 0.0025
    assert found.weight.min() > 0.15


def test_few_objections_make_all_kinds_weigh_alike() -> None:
    touches = contacts(np.random.default_rng(3))
    none = np.zeros(len(touches.case), dtype=bool)

    found = irritation.learn(touches, none, none)

    assert found.weight[0] == found.weight[1]
    assert irritation.chance(found.complains, np.zeros(2)).max() < 1e-3


def test_irritation_is_not_learnt_without_a_half_life() -> None:
    touches = contacts(np.random.default_rng(3))
    none = np.zeros(len(touches.case), dtype=bool)

    with pytest.raises(ValueError, match="half-life"):
        irritation.learn(touches, none, none, half_lives=())


def unmoved() -> irritation.Irritation:
    """Irritation as it is usual."""
    return irritation.Irritation(np.full(2, 0.3), 14.0, np.full(2, -7.0), np.full(2, -5.5))


def test_effects_their_half_life_and_their_strain_are_learnt_from_a_log() -> None:
    rng = np.random.default_rng(4)
    touches = contacts(rng)
    calm = unmoved()
    level = calm.of(load(touches, half_life=14.0))
    truth = effects.Effects(
        np.zeros(1), np.array([0.6, 0.0]), np.array([0.25]), np.zeros(2), np.array([1.5]), 10.0, 1.0
    )
    mornings = played(rng, touches, level, truth)

    found = effects.learn(touches=touches, mornings=mornings, irritation=calm, shared=APART, seed=1)

    assert found.heard[0] == pytest.approx(0.6, abs=0.12)
    assert found.heard[1] == pytest.approx(0.0, abs=0.12)
    assert found.half_life in (7.0, 10.0, 14.0)
    assert found.error[0] < 0.1
    annoyed = found.over(np.array([4.0])) @ found.strain
    assert annoyed[0] == pytest.approx(0.25 * 2.5, rel=0.4)


def played(
    rng: np.random.Generator, touches: Touches, level: np.ndarray, truth: effects.Effects
) -> list[Morning]:  # fmt: skip
    """Days of a world in which these effects are true."""
    lasting = Lasting(CASES, 2, 1, truth.half_life)
    where, mornings = dict(touches.days()), []
    x = np.column_stack([np.ones(CASES), rng.normal(size=CASES)])
    for day in range(DAYS):
        lasting.pass_to(day)
        if day in where:
            at = where[day]
            lasting.add(
                case=touches.case[at], kind=touches.kind[at], touched=touches.touched[at],
                heard=touches.heard[at], over=truth.over(level[at]), fatigue=1.0,
            )  # fmt: skip
        rate = np.exp(-3.5 + 0.4 * x[:, 1] + truth.lift(lasting))
        mornings.append(
            Morning(x, np.ones(CASES, dtype=bool), rng.random(CASES) < -np.expm1(-rate))
        )
    return mornings


def test_a_log_in_which_nobody_pays_teaches_nothing() -> None:
    touches = contacts(np.random.default_rng(5))
    calm = unmoved()
    none = np.zeros(CASES, dtype=bool)
    mornings = [Morning(np.ones((CASES, 1)), ~none, none) for _ in range(DAYS)]

    with pytest.raises(ValueError, match="Nobody ever paid"):
        effects.learn(touches=touches, mornings=mornings, irritation=calm, shared=APART, seed=1)


# -- Waiting ---------------------------------------------------------------------------------------

STEP = float(waiting.LIFTS[1] - waiting.LIFTS[0])


def ways(
    *, effect: float = STEP, cost: float = 0.0, weight: float = 0.0, calm: float = -50.0
) -> Ways:
    one = np.ones((1, 1))
    return Ways(
        0.6 * one, 0.3 * one, effect * one, 0.0 * one, cost * one, np.array([weight]),
        np.array([weight]), np.array([calm]), np.array([calm]), np.array([calm]),
    )  # fmt: skip


def ahead(days: int, rate: float = 0.05) -> Ahead:
    return Ahead(
        np.full((1, days), rate), np.full((1, days), 1000.0), np.array([0.7]), np.array([100.0])
    )


def fading(**changed: float) -> Fading:
    given = {"lift": 1.0, "level": 1.0, "effect": 1.0, "top": 6.0, "harm": 0.0, "slope": 0.0}
    given |= changed
    return Fading(
        given["lift"], given["level"], given["effect"], np.array([1.0]),
        np.array([given["slope"]]), given["top"], given["harm"],
    )  # fmt: skip


def exact(days: int, lift: float, cost: float, rate: float = 0.05) -> tuple[float, float]:
    """Contact and wait today, without a grid, where only lift changes and nothing fades."""

    def evening(left: int, lift: float) -> float:
        chance = 1 - np.exp(-rate * np.exp(lift))
        later = morning(left - 1, lift)
        return chance * (0.7 * 1000 + 0.3 * (100 + 0.9 * later)) + (1 - chance) * later

    def morning(left: int, lift: float) -> float:
        return max(both(left, lift)) if left else 0.0

    def both(left: int, lift: float) -> tuple[float, float]:
        wait = evening(left, lift)
        return 0.6 * evening(left, lift + STEP) + 0.4 * wait - cost, wait

    return both(days, lift)


@pytest.mark.parametrize("cost", [0.0, 5.0, 40.0])
def test_the_value_of_contact_over_waiting_is_that_of_an_exact_count(cost: float) -> None:
    tables = waiting.plan(ahead=ahead(5), ways=ways(cost=cost), fading=fading(), first=3)

    value, waits = waiting.ask(
        tables,
        day=3,
        lift=np.zeros(1),
        level=np.zeros(1),
        ways=ways(cost=cost),
        rows=np.zeros(1, int),
    )

    contact, wait = exact(5, 0.0, cost)
    assert waits[0] == pytest.approx(wait, rel=1e-4)
    assert value[0, 0] == pytest.approx(contact - wait, rel=1e-3, abs=1e-2)


def worth(**changed: float) -> float:
    own = {
        name: changed.pop(name) for name in ("effect", "cost", "weight", "calm") if name in changed
    }
    level = changed.pop("now", 0.0)
    tables = waiting.plan(ahead=ahead(20), ways=ways(**own), fading=fading(**changed), first=0)
    value, _ = waiting.ask(
        tables,
        day=0,
        lift=np.zeros(1),
        level=np.array([level]),
        ways=ways(**own),
        rows=np.zeros(1, int),
    )
    return float(value[0, 0])


def test_without_effect_a_contact_is_worth_less_than_its_cost() -> None:
    assert worth(effect=0.0, cost=3.0) == pytest.approx(-3.0, abs=1e-3)


def test_irritation_harm_and_price_each_make_waiting_better() -> None:
    plain = worth(weight=1.0, level=0.95, lift=0.93)

    assert worth(weight=1.0, level=0.95, lift=0.93, slope=0.3, now=3.0) < plain
    assert worth(weight=1.0, level=0.95, lift=0.93, calm=-3.0, harm=500.0) < plain
    assert worth(weight=1.0, level=0.95, lift=0.93, cost=20.0) < plain
    assert worth(weight=1.0, level=0.95, lift=0.93, calm=-3.0, harm=500.0, now=4.0) < 0


def test_a_way_that_is_not_open_is_not_waited_for() -> None:
    shut = ways(cost=np.inf)
    tables = waiting.plan(ahead=ahead(8), ways=shut, fading=fading(), first=0)

    _, waits = waiting.ask(
        tables, day=0, lift=np.zeros(1), level=np.zeros(1), ways=ways(), rows=np.zeros(1, int)
    )

    assert waits[0] == pytest.approx(tables.lonely[0, 0, np.searchsorted(waiting.LIFTS, 0.0)])


def test_effects_fade_by_half_in_their_half_life() -> None:
    lasting = Lasting(1, 1, 1, 10.0)
    one = np.zeros(1, dtype=np.int64)
    yes = np.ones(1, dtype=bool)
    lasting.add(case=one, kind=one, touched=yes, heard=yes, over=np.ones((1, 1)), fatigue=0.9)

    lasting.pass_to(10)

    assert lasting.heard[0, 0] == pytest.approx(0.5)
    assert lasting.strain[0, 0] == pytest.approx(0.5)
    assert kept(10.0) ** 10 == pytest.approx(0.5)
