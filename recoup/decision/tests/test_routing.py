from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from recoup.decision.metrics import Interval
from recoup.decision.routing import HORIZONS, Cases, Compared, _closed, compare, told
from recoup.simulator.laboratory import Action, Laboratory

YEAR = HORIZONS[-1]


def called_by(channel, size, seed):
    """
    The experiment of Choi et al. 2025 (simulated): newly late cases are called daily for thirty days
    by people or by machines, then all alike by people; value so far by horizon, and what was known.
    """
    laboratory = Laboratory(size=size, seed=seed, days=1)
    first = laboratory.log()
    late = first.arrears.astype(float)
    known = np.log1p(late)[:, None]
    value, before, net = np.zeros(size), np.zeros(size), np.zeros((size, len(HORIZONS)))
    for day in range(YEAR + 1):
        log = laboratory.log()
        paid = np.minimum(log.paid, late)
        value += (paid - before) * 1.10 ** (-day / 365)
        before = paid
        if day in HORIZONS:
            net[:, HORIZONS.index(day)] = value
        actions = []
        if day < 30 or (day < 120 and day % 10 == 0):
            unpaid = np.flatnonzero((log.arrears > 0) & ~log.opted_out)
            by = channel if day < 30 else "call"
            actions = [Action(by, "reminder", unpaid, hour=8 + 2 * (day % 6))]
        laboratory.play(actions)
    return net, known, late[:, None]


@pytest.fixture(scope="module")
def year():
    """Four thousand cases in each group, played for a year."""
    parts = [called_by(channel, 4_000, seed) for seed, channel in ((5, "call"), (6, "robot"))]
    net, known, late = (np.vstack([part[at] for part in parts]) for at in range(3))
    return np.repeat(["human", "robot"], 4_000), net, known, late[:, 0]


def at_age(year, age):
    group, net, known, late = year
    n = len(group)
    return Cases(group, np.full(n, "early"), np.arange(n), late, np.full(n, age), net, known)


def routed(cases, segment="early"):
    return compare(cases, offered={segment: ("robot", "human")}, effect=0.02)


def test_people_are_found_to_be_better_at_a_year_and_machines_are_closed(year):
    found = routed(at_age(year, YEAR))

    final = next(one for one in found.compared if not one.interim)
    assert found.closed == {"early": ("robot",)}
    # Choi et al.: about 5 points of net present value in a year.
    assert 0.025 < final.difference.value < 0.08
    assert final.difference.low > 0
    assert "in a year human brings" in str(told(final))


@pytest.mark.parametrize("age", [29, 30, 90, 180, 359])
def test_however_clear_the_first_months_are_nothing_is_closed_by_them(year, age):
    group, net, _known, late = year
    month = [net[group == one, 0].sum() / late[group == one].sum() for one in ("human", "robot")]
    gap = month[0] - month[1]

    found = routed(at_age(year, age))

    assert gap > 0.05  # a month looks like an answer
    assert found.closed == {}
    assert all(not one.is_clear for one in found.compared)


def drawn(n, seed, month, year_, ages):
    """Cases of which robots gain `month` in thirty days and lose `year_` in a year."""
    rng = np.random.default_rng(seed)
    group = rng.choice(["human", "robot"], n)
    robot = (group == "robot").astype(float)
    own = rng.normal(0.4, 0.15, n)
    gains = np.array([month, month / 2, (month + year_) / 2, year_])
    net = own[:, None] * np.array([0.5, 0.7, 0.9, 1.0]) + robot[:, None] * gains
    net += rng.normal(0, 0.1, (n, 4))
    owed = rng.lognormal(9, 0.8, n)
    return Cases(
        group, np.full(n, "late"), np.arange(n), owed, ages(rng, n), net * owed[:, None],
        own[:, None] + rng.normal(0, 0.1, (n, 1)),
    )  # fmt: skip


def first(cases, n):
    return Cases(**{field.name: getattr(cases, field.name)[:n] for field in fields(cases)})


def test_what_wins_the_month_and_loses_the_year_is_closed_only_when_the_year_says_so():
    young = drawn(6_000, 1, 0.06, -0.05, lambda rng, n: rng.integers(30, YEAR, n))
    old = drawn(6_000, 1, 0.06, -0.05, lambda rng, n: np.full(n, YEAR))

    assert routed(young, "late").closed == {}
    found = routed(old, "late")
    assert found.closed == {"late": ("robot",)}


def test_an_interim_answer_is_given_once_the_year_can_be_predicted_and_is_flagged():
    mixed = drawn(6_000, 2, 0.0, -0.06, lambda rng, n: rng.choice([30, 180, YEAR], n))

    found = routed(mixed, "late")

    final, interim = sorted(found.compared, key=lambda one: one.interim)
    assert final.horizon == YEAR
    assert interim.interim
    assert interim.horizon in (30, 180)
    assert not interim.is_clear
    assert "nothing is routed" in str(told(interim))


def test_groups_alike_are_seldom_told_apart_however_often_one_looks():
    called = 0
    for seed in range(40):
        whole = drawn(3_000, 100 + seed, 0.0, 0.0, lambda rng, n: np.full(n, YEAR))
        looks = range(300, 3_001, 300)
        called += any(routed(first(whole, n), "late").closed for n in looks)

    assert called <= 4  # 5 % of 40 is 2


def test_few_cases_say_nothing_and_a_segment_without_any_is_named():
    few = drawn(40, 3, 0.0, -0.5, lambda rng, n: np.full(n, YEAR))

    groups = ("human", "message", "robot")
    found = compare(few, offered={"late": groups, "early": groups}, effect=0.02)

    assert found.closed == {}
    assert len(found.compared) == 6
    assert all(one.doubt for one in found.compared)
    assert "cannot be compared" in str(told(found.compared[0]))


@pytest.mark.parametrize("offered", [{}, {"late": ()}, {"late": ("human",), "early": ("robot",)}])
def test_where_no_segment_offers_two_groups_there_is_no_routing(offered):
    with pytest.raises(ValueError, match="two groups"):
        compare(drawn(10, 1, 0, 0, lambda rng, n: np.full(n, 9)), offered=offered, effect=0.02)


def test_a_segment_that_offers_one_group_is_not_compared_and_costs_the_others_nothing():
    cases = drawn(2_000, 5, 0.0, -0.03, lambda rng, n: np.full(n, YEAR))

    alone = compare(cases, offered={"late": ("human", "robot")}, effect=0.02)
    beside = compare(cases, offered={"late": ("human", "robot"), "s": ("robot",)}, effect=0.02)

    assert alone == beside


def test_a_case_that_owes_next_to_nothing_does_not_outweigh_the_money_of_the_others():
    cases = drawn(2_000, 6, 0.0, -0.08, lambda rng, n: np.full(n, YEAR))
    robot = int(np.flatnonzero(cases.group == "robot")[0])
    cases.owed[robot], cases.net[robot] = 1.0, -48_000.0 / 100  # a call dearer than the debt

    found = routed(cases, "late")

    assert found.closed == {"late": ("robot",)}
    assert found.compared[0].difference.value == pytest.approx(0.08, abs=0.03)


def test_a_person_with_many_cases_is_one_observation():
    cases = drawn(600, 7, 0.0, -0.05, lambda rng, n: np.full(n, YEAR))
    rows = np.repeat(np.arange(600), 20)  # each case twenty times over
    many = Cases(**{field.name: getattr(cases, field.name)[rows] for field in fields(cases)})

    alone, often = routed(cases, "late").compared[0], routed(many, "late").compared[0]

    assert often.people == alone.people
    assert often.difference.value == pytest.approx(alone.difference.value)
    assert often.difference.low == pytest.approx(alone.difference.low)


def test_no_segment_is_left_without_any_group():
    def beats(one, other):
        return Compared("s", one, other, Interval(0.1, 0.05, 0.15), 900, YEAR, interim=False)

    circle = [beats("human", "message"), beats("message", "robot"), beats("robot", "human")]
    groups = {"s": ("human", "message", "robot")}

    assert _closed(circle, groups) == {}
    assert _closed(circle[:2], groups) == {"s": ("message", "robot")}


def test_a_missing_figure_of_a_horizon_that_was_reached_is_refused():
    net = np.zeros((2, 4))
    net[1, 0] = np.nan

    with pytest.raises(ValueError, match="missing"):
        Cases(np.array(["a", "b"]), np.array(["x", "x"]), np.arange(2), np.ones(2),
              np.array([40, 40]), net, np.zeros((2, 1)))  # fmt: skip


@pytest.mark.parametrize("owed", [0.0, -1.0, np.nan, np.inf])
def test_a_case_that_owed_nothing_is_refused(owed):
    with pytest.raises(ValueError, match="owed something"):
        Cases(np.array(["a"]), np.array(["x"]), np.arange(1), np.array([owed]), np.array([40]),
              np.zeros((1, 4)), np.zeros((1, 1)))  # fmt: skip
