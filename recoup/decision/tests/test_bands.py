"""Room by bands where cases are held already, and the runner-up of every case."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.decision import transport
from recoup.decision.assign import NOBODY, Why, assign, rebalance
from recoup.decision.bands import rooms
from recoup.decision.explain import able, explain
from recoup.decision.market import Cases, Collectors, reach
from recoup.decision.runners import runners
from recoup.decision.tests.test_assign import a_book, obeys


@given(
    held=st.lists(st.integers(0, 40), min_size=1, max_size=12), room=st.integers(0, 200),
    turn=st.integers(0, 3),
)  # fmt: skip
def test_room_is_split_to_the_last_slot_and_what_is_held_comes_first(held, room, turn):
    people = np.zeros((4, len(held)), dtype=np.int64)
    people[turn] = held

    parts = np.array(rooms(np.full(4, room), len(held), people))[:, turn]

    assert parts.sum() == room
    assert (parts >= 0).all()
    if sum(held) <= room:
        assert (parts >= held).all()
        raised = parts > held
        if raised.any():  # nobody's band is raised above one that was left lower
            assert parts[raised].max() <= parts.min() + 1
    else:
        assert (parts <= held).all()


def a_morning(count=600, people=12, seed=4, load=0.8, bands=5):
    """A book given out evenly yesterday; today a twelfth of the cases is new and nobody is away."""
    cases, collectors = a_book(count, people, seed, load=load)
    first = assign(cases, collectors, bands=bands)
    now = np.where(first.collector == NOBODY, -1, collectors.ids[first.collector])
    now[::people] = -1
    return cases, collectors, now


@pytest.mark.parametrize("exact", [True, False])
def test_new_cases_are_given_out_evenly_and_held_ones_stay(monkeypatch, exact):
    monkeypatch.setattr(transport, "ARCS", 20_000 if exact else 0)
    cases, collectors, now = a_morning()

    plan = rebalance(cases, collectors, now=now, margin=0.5, bands=5)

    held = now >= 0
    stayed = collectors.ids[plan.collector] == now
    assert obeys(cases, collectors, plan)
    assert stayed[held].mean() > 0.97
    assert (plan.collector[~held] != NOBODY).mean() > 0.95
    assert plan.spread(collectors) < 1.5 * assign(cases, collectors, bands=5).spread(collectors)


def test_who_holds_only_rich_cases_is_given_poor_ones():
    collectors = Collectors.of(ids=[1, 2], capacity=[4, 4])
    cases = Cases.of(ids=range(8), value=[1, 2, 3, 4, 10, 11, 12, 13])

    plan = rebalance(cases, collectors, now=[-1, -1, -1, -1, 1, 1, -1, -1], bands=2)

    assert plan.collector[4:].tolist() == [0, 0, 1, 1]
    assert sorted(plan.collector[:4].tolist()) == [0, 0, 1, 1]


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("bands", [1, 4])
def test_the_runner_up_of_every_case_is_that_of_its_own_explanation(monkeypatch, exact, bands):
    monkeypatch.setattr(transport, "ARCS", 20_000 if exact else 0)
    cases, collectors = a_book(300, 10, 7, load=1.2)
    plan = assign(cases, collectors, bands=bands)

    found = runners(cases, collectors, plan)

    for row, case in enumerate(cases.ids):
        story = explain(cases, collectors, plan, int(case))
        second = story.runner_up
        assert found.able[row] == story.rivals == able(cases, collectors, row).sum()
        assert (second is None) == (found.runner[row] == NOBODY)
        if second is not None:
            assert found.net[row] == pytest.approx(second.net)
    assert (found.net[plan.why == Why.OUTBID] <= 1e-9 + 0.1 * cases.value.max()).all()


def test_nobody_is_runner_up_who_has_a_conflict_or_no_room():
    collectors = Collectors.of(ids=[1, 2, 3], capacity=[1, 0, 1], effect=[[1.0, 0.9, 0.8]])
    cases = Cases.of(ids=[5], value=[10.0], conflicts=[(5, 3)])

    found = runners(cases, collectors, assign(cases, collectors))

    assert (found.runner.tolist(), found.able.tolist()) == ([NOBODY], [2])


@pytest.mark.parametrize("exact", [True, False])
def test_bands_leave_no_rich_case_out_for_a_poor_one_where_room_is_short(monkeypatch, exact):
    monkeypatch.setattr(transport, "ARCS", 20_000 if exact else 0)
    cases, collectors = a_book(900, 10, 3, load=3.0)

    plain, fair = assign(cases, collectors), assign(cases, collectors, bands=5)

    assert fair.certificate.primal > 0.9 * plain.certificate.primal
    assert fair.spread(collectors) < plain.spread(collectors)


def test_how_many_cases_somebody_may_have_is_what_the_explanations_say():
    cases, collectors = a_book(200, 8, 1)
    free = Cases.of(**{**vars(cases), "conflicts": np.empty((0, 2))})

    found = reach(free, collectors)

    assert (
        found.tolist()
        == sum(able(free, collectors, row).astype(int) for row in range(200)).tolist()
    )
