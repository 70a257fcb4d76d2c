from __future__ import annotations

import numpy as np
import pytest

from recoup.simulator import parameters
from recoup.strategy.flights import borrowers
from recoup.strategy.flights.borrowers import Borrowers, Seen

CASES = 4_000


@pytest.fixture(scope="module")
def seen():
    rng = np.random.default_rng(3)
    days = rng.integers(1, 300, CASES)
    overdue = rng.integers(50_000, 200_000, CASES) * np.minimum(1 + (days - 1) // 30, 12)
    return Seen(days, overdue, 2 * overdue, rng.beta(1, 3, CASES), rng.beta(1, 5, CASES),
                rng.integers(0, 3, CASES))  # fmt: skip


@pytest.fixture(scope="module")
def people(seen):
    return Borrowers(seen=seen, parameters=parameters.load(), seed=1)


# At the ends of ranges two small part payments together may count for the score, which one does not.
@pytest.mark.parametrize(("luck", "near"), [(None, 0.03), (0, 0.08), (1, 0.08)])
def test_as_many_pay_in_thirty_days_as_the_score_says(seen, luck, near):
    drawn = parameters.load() if luck is None else borrowers.drawn(count=2, seed=1)[luck]
    people = Borrowers(seen=seen, parameters=drawn, seed=7)

    paid = sum(people.pay(day=day) for day in range(30))

    hit = paid >= 0.05 * seen.overdue
    for low, high in ((0, 0.15), (0.15, 0.4), (0.4, 1)):
        some = (seen.repay_30 >= low) & (seen.repay_30 < high)
        assert hit[some].mean() == pytest.approx(seen.repay_30[some].mean(), abs=near)


def test_two_strategies_meet_the_same_luck(people):
    one, two = people.copy(), people.copy()
    one.contact(index=np.arange(50), channel="sms", hour=10, day=0)

    first, second = one.pay(day=0), two.pay(day=0)

    assert (first[50:] == second[50:]).all()
    asked = one.contact(index=np.arange(100, 200), channel="task", hour=10, day=1)
    alike = two.contact(index=np.arange(150, 250), channel="task", hour=10, day=1)
    assert (asked.promises[50:] == alike.promises[:50]).all()
    assert (asked.complains[50:] == alike.complains[:50]).all()


def test_whom_nobody_reaches_is_drawn_from_the_score_of_lost_contact(seen):
    known = Seen(seen.days_past_due, seen.overdue, seen.owed, seen.repay_30,
                 np.where(np.arange(CASES) < CASES // 2, 1.0, 0.0), seen.contacts_30)  # fmt: skip
    people = Borrowers(seen=known, parameters=parameters.load(), seed=1)

    given = people.contact(index=np.arange(CASES), channel="task", hour=10, day=0)

    assert not given.promises[: CASES // 2].any()
    assert given.promises[CASES // 2 :].any()


def test_a_case_without_scores_pays_as_the_stage_does():
    none = np.full(CASES, np.nan)
    days = np.full(CASES, 20)
    seen = Seen(days, np.full(CASES, 100_000), np.full(CASES, 900_000), none, none, 0 * days)
    people = Borrowers(seen=seen, parameters=parameters.load(), seed=1)

    paid = sum(people.pay(day=day) for day in range(30)) > 0

    assert 0.05 < paid.mean() < 0.95


def test_nobody_pays_more_than_is_due(people):
    mine = people.copy()
    for day in range(20):
        before, owed = mine.overdue, mine.owed
        paid = mine.pay(day=day)
        assert (paid <= before).all()
        assert (mine.owed <= owed - paid).all()  # less what was paid in time


def test_drawn_parameters_stay_within_their_ranges():
    drawn = borrowers.drawn(count=5, seed=1)

    for name, value, low, high, _ in borrowers.ranges():
        assert all(low <= one[name] <= high for one in drawn)
        assert value == parameters.load()[name]


def test_only_one_module_knows_the_simulator():
    from pathlib import Path

    folder = Path(borrowers.__file__).parents[1]
    knows = [
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if "recoup.simulator" in path.read_text() and "tests" not in path.parts
    ]

    assert knows == ["flights/borrowers.py"]
