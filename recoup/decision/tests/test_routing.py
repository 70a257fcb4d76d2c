from __future__ import annotations

import numpy as np
import pytest

from recoup.decision.routing import HORIZONS, Cases, compare, told
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
            net[:, HORIZONS.index(day)] = value / late
        actions = []
        if day < 30 or (day < 120 and day % 10 == 0):
            unpaid = np.flatnonzero((log.arrears > 0) & ~log.opted_out)
            by = channel if day < 30 else "call"
            actions = [Action(by, "reminder", unpaid, hour=8 + 2 * (day % 6))]
        laboratory.play(actions)
    return net, known


@pytest.fixture(scope="module")
def year():
    """Four thousand cases in each group, played for a year."""
    parts = [called_by(channel, 4_000, seed) for seed, channel in ((5, "call"), (6, "robot"))]
    net, known = (np.vstack([part[at] for part in parts]) for at in (0, 1))
    return np.repeat(["human", "robot"], 4_000), net, known


def at_age(year, age):
    group, net, known = year
    n = len(group)
    return Cases(group, np.full(n, "early"), np.full(n, age), net, known)


def routed(cases, effect=0.02):
    return compare(cases, groups=("human", "robot"), segments=("early",), effect=effect)


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
    group, net, _known = year
    gap = net[group == "human", 0].mean() - net[group == "robot", 0].mean()

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
    return Cases(
        group, np.full(n, "late"), ages(rng, n), net, own[:, None] + rng.normal(0, 0.1, (n, 1))
    )


def test_what_wins_the_month_and_loses_the_year_is_closed_only_when_the_year_says_so():
    young = drawn(6_000, 1, 0.06, -0.05, lambda rng, n: rng.integers(30, YEAR, n))
    old = drawn(6_000, 1, 0.06, -0.05, lambda rng, n: np.full(n, YEAR))

    assert compare(young, groups=("human", "robot"), segments=("late",), effect=0.02).closed == {}
    found = compare(old, groups=("human", "robot"), segments=("late",), effect=0.02)
    assert found.closed == {"late": ("robot",)}


def test_an_interim_answer_is_given_once_the_year_can_be_predicted_and_is_flagged():
    mixed = drawn(6_000, 2, 0.0, -0.06, lambda rng, n: rng.choice([30, 180, YEAR], n))

    found = compare(mixed, groups=("human", "robot"), segments=("late",), effect=0.02)

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
        called += any(
            compare(
                Cases(whole.group[:n], whole.segment[:n], whole.age[:n], whole.net[:n],
                      whole.known[:n]),
                groups=("human", "robot"), segments=("late",), effect=0.02,
            ).closed
            for n in looks
        )  # fmt: skip

    assert called <= 4  # 5 % of 40 is 2


def test_few_cases_say_nothing_and_a_segment_without_any_is_named():
    few = drawn(40, 3, 0.0, -0.5, lambda rng, n: np.full(n, YEAR))

    found = compare(
        few, groups=("human", "message", "robot"), segments=("late", "early"), effect=0.02
    )

    assert found.closed == {}
    assert len(found.compared) == 6
    assert all(one.doubt for one in found.compared)
    assert "cannot be compared" in str(told(found.compared[0]))


@pytest.mark.parametrize("groups", [(), ("human",)])
def test_one_group_is_no_routing(groups):
    with pytest.raises(ValueError, match="two groups"):
        compare(drawn(10, 1, 0, 0, lambda rng, n: np.full(n, 9)), groups=groups, segments=("late",),
                effect=0.02)  # fmt: skip


def test_a_missing_figure_of_a_horizon_that_was_reached_is_refused():
    net = np.zeros((2, 4))
    net[1, 0] = np.nan

    with pytest.raises(ValueError, match="missing"):
        Cases(np.array(["a", "b"]), np.array(["x", "x"]), np.array([40, 40]), net, np.zeros((2, 1)))
