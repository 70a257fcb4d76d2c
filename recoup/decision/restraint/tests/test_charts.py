"""Charts: what they say is what an exact count says, and who follows them does better for less."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recoup.decision.restraint import charts, waiting
from recoup.decision.restraint.charts import CHANCES, Menu, advantage, draw
from recoup.decision.restraint.habits import Habits
from recoup.decision.restraint.touches import kept
from recoup.decision.restraint.waiting import Ahead, Fading, Steps, Ways

USUAL = Habits(days=60, half_life=10.0, cooling=14.0, irritation=0.3, wear=0.85, decline=0.8)
EFFECT, REACH = np.array([0.3, 0.6]), np.array([0.85, 0.55])
WEEKS = Steps(np.array([0, 1]), np.array([1, 0]), np.array([21, 7]))


def after(chance, effect=EFFECT):
    """The chance of the month after one contact that shifts its odds."""
    return 1 / (1 + np.exp(-(np.log(chance / (1 - chance))[:, None] + effect)))


def menu(**changed):
    usual = Menu(
        steps=WEEKS, reach=REACH, cost=np.array([50.0, 480.0]), objection=np.full(2, 3e-3),
        then=after(CHANCES), harm=30_000.0, toll=30.0, growth=0.5,
    )  # fmt: skip
    return replace(usual, **changed)


def said(chart, chance, money=50_000.0, level=0.0, step=0, objection=3e-3):
    chance = np.atleast_1d(np.asarray(chance, dtype=float))
    n = len(chance)
    return advantage(
        chart, step=np.full(n, step), chance=chance, money=np.full(n, float(money)),
        level=np.full(n, float(level)), lasting=np.zeros(n), usual=np.ones(2, bool), reach=np.tile(REACH, (n, 1)), then=after(chance),
        objection=np.full((n, 2), objection),
    )  # fmt: skip


def test_one_contact_raises_the_chance_of_the_month_to_what_is_known_of_it():
    chance = np.array([0.02, 0.3, 0.9])
    then = after(chance, np.array([0.4]))[:, 0]
    rate, jump = USUAL.rate(chance), USUAL.jump(chance, then)

    day = np.arange(30)
    pushed = rate[:, None] * USUAL.decline ** (day / 30) * np.exp(
        jump[:, None] * kept(USUAL.half_life) ** day
    )  # fmt: skip

    assert -np.expm1(-pushed.sum(axis=1)) == pytest.approx(then, rel=1e-3)


def test_steps_with_waits_are_worth_what_an_exact_count_says():
    # Two steps, the second two days after the first, the first three days after the second; effects
    # do not fade and lie on the grid.
    effect, rate, days = waiting.LIFTS[1] - waiting.LIFTS[0], 0.05, 9
    gaps, follows = (3, 2), (1, 0)
    heard, cost = (0.6, 0.5), (4.0, 9.0)

    def evening(t, lift, step, closed):
        if t == days:
            return 0.0
        chance = 1 - np.exp(-rate * np.exp(lift))
        return chance * 1000 + (1 - chance) * morning(t + 1, lift, step, closed)

    def morning(t, lift, step, closed):
        if t == days:
            return 0.0
        if closed > 0:
            return evening(t, lift, step, closed - 1)
        return max(wait(t, lift, step), contact(t, lift, step))

    def wait(t, lift, step):
        return evening(t, lift, step, 0)

    def contact(t, lift, step):
        then = follows[step]
        yes, no = (evening(t, lift + one * effect, then, gaps[then] - 1) for one in (1, 0))
        return heard[step] * yes + (1 - heard[step]) * no - cost[step]

    row = np.array([heard])
    none = np.zeros((1, 2))
    ways = Ways(
        row, 1 - row, np.full((1, 2), effect), none, np.array([cost]), np.zeros(2), np.zeros(2),
        np.full(2, -50.0), np.full(2, -50.0), np.full(2, -50.0),
    )  # fmt: skip
    tables = waiting.plan(
        ahead=Ahead(np.full((1, days), rate), np.full((1, days), 1000.0), np.ones(1), np.zeros(1)),
        ways=ways, first=0, fading=Fading(1.0, 1.0, 1.0, np.zeros(0), np.zeros(0), 6.0, 0.0),
        steps=Steps(np.array([0, 1]), np.array(follows), np.array(gaps)),
    )  # fmt: skip

    zero = int(np.searchsorted(waiting.LIFTS, 0.0))
    for step in (0, 1):
        assert tables.evening[0, 0, step, zero, 0] == pytest.approx(wait(0, 0.0, step), rel=1e-4)
        rested = evening(0, 0.0, follows[step], gaps[follows[step]] - 1)
        assert tables.rested[0, 0, step, zero, 0] == pytest.approx(rested, rel=1e-4)


def test_a_contact_that_there_is_but_one_of_is_worth_what_its_best_later_day_is_not():
    habits = replace(USUAL, days=30, decline=0.3)
    once = Steps(np.array([0, 0]), np.array([-1]), np.array([1]))
    calm = menu(steps=once, objection=np.zeros(2), harm=0.0, toll=0.0, cost=np.full(2, 1e-6))
    chart = draw(habits=habits, menu=calm)
    chance = CHANCES[2:6]
    got = said(chart, chance, objection=0.0)

    day = np.arange(30)
    for row, p in enumerate(chance.tolist()):
        rate = float(habits.rate(np.array(p))) * habits.decline ** (day / 30)
        jumps = habits.jump(np.array([p]), after(np.array([p])))[0]

        def pays(start, way, rate=rate, jumps=jumps):
            lift = np.where(day < start, 0.0, jumps[way] * kept(10.0) ** (day - start))
            never = np.exp(-rate.sum())
            heard = np.exp(-(rate * np.exp(lift)).sum())
            return 50_000 * (1 - REACH[way] * heard - (1 - REACH[way]) * never)

        best = max(pays(start, way) for start in range(1, 30) for way in (0, 1))
        for way in (0, 1):
            # A jump of 0.3 is read between nodes half apart: a chord of a curve.
            assert got[row, way] == pytest.approx(pays(0, way) - best, abs=0.005 * 50_000 * p)


def test_money_and_cost_in_another_unit_give_the_same_in_that_unit():
    chance = np.array([0.05, 0.2, 0.7])
    one = said(draw(habits=USUAL, menu=menu()), chance)
    dearer = menu(cost=np.array([5_000.0, 48_000.0]), harm=3e6, toll=3_000.0)
    hundred = said(draw(habits=USUAL, menu=dearer), chance, money=5e6)

    assert hundred == pytest.approx(100 * one, rel=1e-4, abs=0.5)


def test_who_was_contacted_a_lot_may_cool_down_where_that_brings_more():
    chart = draw(habits=replace(USUAL, irritation=1.0), menu=menu(objection=np.full(2, 0.01)))
    calm = said(chart, [0.2], level=0.0, objection=0.01)
    tired = said(chart, [0.2], level=3.0, objection=0.01 * np.exp(3.0))

    harm = 30_000 * 0.01 * np.array([1.0, np.exp(3.0)])
    assert tired[0, 0] - harm[1] < 0 < calm[0, 0] - harm[0]


@pytest.mark.parametrize("seed", range(5))
def test_whatever_a_case_is_like_there_is_a_figure(seed):
    rng = np.random.default_rng(seed)
    chart = draw(habits=USUAL, menu=menu())
    n = 200
    chance = rng.choice([0.0, 1e-9, 0.3, 0.9999, 1.0], n)
    with np.errstate(divide="ignore"):
        found = advantage(
            chart, step=rng.integers(0, 2, n), chance=chance, money=10.0 ** rng.uniform(-3, 12, n),
            level=rng.choice([0.0, 1.0, 90.0], n), lasting=rng.choice([0.0, 50.0], n),
            usual=np.ones(2, bool), reach=rng.random((n, 2)),
            then=rng.random((n, 2)) * 1.2, objection=rng.random((n, 2)),
        )  # fmt: skip

    assert np.isfinite(found).all()
    assert (np.abs(found) <= 10.0**12).all()


@pytest.mark.parametrize(
    ("changed", "said_"),
    [
        ({"cost": np.array([np.nan, 1.0])}, "missing or infinite"),
        ({"harm": np.inf}, "missing or infinite"),
        ({"reach": np.ones(3)}, "needs a step"),
        ({"steps": Steps(np.array([0, 0]), np.array([0]), np.array([0]))}, "above 0"),
    ],
)
def test_a_menu_that_cannot_be_is_refused(changed, said_):
    with pytest.raises(ValueError, match=said_):
        draw(habits=USUAL, menu=menu(**changed))


def test_habits_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="above 0"):
        draw(habits=replace(USUAL, cooling=0.0), menu=menu())


def test_charts_are_drawn_the_same_each_time():
    one, two = draw(habits=USUAL, menu=menu()), draw(habits=USUAL, menu=menu())

    assert (one.evening == two.evening).all()
    assert one.evening.shape[0] == len(CHANCES) * len(charts.RATIOS)
