"""Assignment: nobody gets what they may not, the gap is certified, the reasons are true."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.decision import transport
from recoup.decision.assign import NOBODY, Why, assign, fairness_curve, rebalance
from recoup.decision.explain import able, explain
from recoup.decision.market import Cases, Collectors


def a_book(count, people, seed, *, load=1.0, room=None):
    """Cases and collectors with skills, languages, licences, conflicts and a history."""
    rng = np.random.default_rng(seed)
    skilled = rng.random((3, people)) < 0.5
    skilled[rng.integers(0, 3, people), np.arange(people)] = True
    cases = Cases.of(
        ids=np.arange(count) + 100, value=rng.lognormal(4, 1, count),
        skill=rng.integers(0, 3, count), language=rng.integers(-1, 2, count),
        region=rng.integers(-1, 2, count), before=rng.integers(-1, people, count),
        conflicts=np.column_stack([rng.integers(100, 100 + count, count // 5),
                                   rng.integers(0, people, count // 5)]),
    )  # fmt: skip
    collectors = Collectors.of(
        ids=np.arange(people),
        capacity=np.full(people, max(1, round(count / people / load))) if room is None else room,
        effect=rng.uniform(0.6, 1.2, (3, people)) * skilled,
        languages=rng.random((2, people)) < 0.8, regions=rng.random((2, people)) < 0.8,
    )  # fmt: skip
    return cases, collectors


def by_auction(monkeypatch):
    monkeypatch.setattr(transport, "ARCS", 0)


def obeys(cases, collectors, plan):
    held = np.bincount(plan.collector[plan.collector >= 0], minlength=len(collectors.ids))
    fits = all(
        able(cases, collectors, row)[at] for row, at in enumerate(plan.collector) if at != NOBODY
    )
    return fits and bool((held <= collectors.room).all())


def best_by_trying(cases, collectors, continuity):
    """The best plan of a handful of cases, by all plans there are."""
    options = [
        [NOBODY, *np.flatnonzero(able(cases, collectors, row))] for row in range(len(cases.ids))
    ]
    best = 0.0
    for plan in itertools.product(*options):
        taken = np.array([at for at in plan if at != NOBODY], dtype=np.int64)
        if (np.bincount(taken, minlength=len(collectors.ids)) > collectors.room).any():
            continue
        worth = sum(
            cases.value[row] * collectors.effect[cases.skill[row], at]
            + continuity * cases.value[row] * (collectors.ids[at] == cases.before[row])
            for row, at in enumerate(plan) if at != NOBODY
        )  # fmt: skip
        best = max(best, worth)
    return best


@pytest.mark.parametrize("seed", range(6))
def test_a_few_cases_are_given_out_as_well_as_by_trying_every_plan(seed):
    cases, collectors = a_book(6, 3, seed, load=1.5)

    plan = assign(cases, collectors, continuity=0.1)

    assert plan.exact
    assert plan.certificate.primal == pytest.approx(best_by_trying(cases, collectors, 0.1))
    assert plan.certificate.gap < 1e-9


@pytest.mark.parametrize(("load", "seed"), [(0.7, 1), (1.0, 2), (1.0, 3), (1.5, 4)])
def test_the_auction_comes_within_its_certified_gap_of_the_exact_plan(monkeypatch, load, seed):
    cases, collectors = a_book(600, 12, seed, load=load)
    exact = assign(cases, collectors)

    by_auction(monkeypatch)
    plan = assign(cases, collectors, accuracy=4e-4)

    assert exact.exact
    assert not plan.exact
    assert obeys(cases, collectors, plan)
    assert plan.certificate.gap <= 4e-4
    assert plan.certificate.bound >= exact.certificate.primal * (1 - 1e-9)
    assert plan.certificate.primal >= exact.certificate.primal * (1 - 4e-4)


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(0, 40), people=st.integers(0, 6), seed=st.integers(0, 10**6),
    small=st.booleans(), bands=st.integers(1, 4), data=st.data(),
)  # fmt: skip
def test_whatever_comes_in_nobody_gets_what_they_may_not(count, people, seed, small, bands, data):
    room = data.draw(st.lists(st.integers(0, 9), min_size=people, max_size=people))
    odd = st.sampled_from([0.0, -5.0, 1.0, 1.0, 1e9, float("nan"), float("inf"), -float("inf")])
    values = data.draw(st.lists(odd, min_size=count, max_size=count))
    if people == 0:
        cases, collectors = Cases.of(ids=range(count), value=values), Collectors.of(
            ids=[], capacity=[])  # fmt: skip
    else:
        cases, collectors = a_book(count, people, seed, room=np.array(room, dtype=np.int64))
        cases = Cases.of(**{**vars(cases), "value": values})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "ARCS", 20_000 if small else 0)
        plan = assign(cases, collectors, bands=bands)

    assert obeys(cases, collectors, plan)
    assert plan.certificate.primal <= plan.certificate.bound * (1 + 1e-9) + 1e-9
    assert plan.score.sum() == pytest.approx(plan.certificate.primal)
    assert ((plan.why == Why.ASSIGNED) == (plan.collector != NOBODY)).all()
    assert (plan.collector[~np.isfinite(cases.value)] == NOBODY).all()


def test_every_case_that_nobody_gets_says_why():
    collectors = Collectors.of(
        ids=[1, 2, 3], capacity=[1, 5, 0], load=[0, 5, 0],
        effect=[[1, 1, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]],
        languages=[[True, True, True], [False, False, False]], regions=[[True, True, True],
                                                                       [False, False, False]],
    )  # fmt: skip
    told = {
        "worth most": (9.0, 0, -1, -1), "worth less": (8.0, 0, -1, -1),
        "no number": (float("nan"), 0, -1, -1), "no skill": (9.0, 2, -1, -1),
        "no language": (9.0, 0, 1, -1), "no licence": (9.0, 0, 0, 1),
        "conflict": (9.0, 3, -1, -1), "full": (9.0, 1, -1, -1), "negative": (-3.0, 0, -1, -1),
    }  # fmt: skip
    value, skill, language, region = zip(*told.values(), strict=True)
    cases = Cases.of(ids=range(9), value=value, skill=skill, language=language, region=region,
                     conflicts=[(6, 3), (6, 3), (777, 3), (0, 888)])  # fmt: skip

    plan = assign(cases, collectors)

    assert dict(zip(told, [Why(why).name for why in plan.why], strict=True)) == {
        "worth most": "ASSIGNED", "worth less": "OUTBID", "no number": "NO_VALUE",
        "no skill": "NO_SKILL", "no language": "NO_LANGUAGE", "no licence": "NO_LICENCE",
        "conflict": "CONFLICT", "full": "NO_CAPACITY", "negative": "WORTHLESS",
    }  # fmt: skip


def test_who_had_the_case_before_keeps_it_unless_another_is_better_by_more_than_the_bonus():
    collectors = Collectors.of(ids=[1, 2], capacity=[9, 9], effect=[[1.0, 1.04], [1.0, 1.2]])
    cases = Cases.of(ids=[1, 2], value=[100.0, 100.0], skill=[0, 1], before=[1, 1])

    plan = assign(cases, collectors, continuity=0.05)

    assert plan.collector.tolist() == [0, 1]
    assert plan.score.tolist() == pytest.approx([105.0, 120.0])


@pytest.mark.parametrize("limit", [0, 20_000])
def test_cases_that_are_all_alike_are_given_out_to_the_last_slot(monkeypatch, limit):
    monkeypatch.setattr(transport, "ARCS", limit)
    cases = Cases.of(ids=range(300), value=np.full(300, 7.0))
    collectors = Collectors.of(ids=range(10), capacity=np.full(10, 20))

    plan = assign(cases, collectors, bids=200)

    assert plan.certificate.primal == pytest.approx(200 * 7.0)
    assert plan.certificate.gap <= 1.5e-3
    assert (np.bincount(plan.collector[plan.collector >= 0]) == 20).all()


def test_one_giant_among_small_cases_does_not_make_the_others_coarse(monkeypatch):
    by_auction(monkeypatch)
    cases, collectors = a_book(800, 8, 5, load=1.3)
    value = cases.value.copy()
    value[17] = 1e12
    giant = Cases.of(**{**vars(cases), "value": value})

    plan, usual = assign(giant, collectors), assign(cases, collectors)

    rest = np.arange(800) != 17
    assert plan.collector[17] != NOBODY
    assert plan.score[rest].sum() > 0.98 * usual.score[rest].sum()


def test_cases_of_two_very_different_values_do_not_outbid_one_another_for_ever(monkeypatch):
    by_auction(monkeypatch)
    cases, collectors = a_book(2000, 10, 9)
    value = np.random.default_rng(1).choice([1.0, 1000.0], 2000)

    plan = assign(Cases.of(**{**vars(cases), "value": value}), collectors)

    assert plan.certificate.gap <= 1.5e-3
    assert plan.certificate.passes < 60 * 2000


def test_when_the_bids_run_out_no_slot_stays_empty_that_somebody_could_take(monkeypatch):
    by_auction(monkeypatch)
    cases, collectors = a_book(600, 12, 2, load=1.4)

    plan = assign(cases, collectors, accuracy=1e-6, bids=1)

    held = plan.per_collector(12)[0]
    for row in np.flatnonzero(plan.why == Why.OUTBID):
        fit = able(cases, collectors, row)
        assert (held[fit] == collectors.room[fit]).all()


def test_room_without_end_costs_no_memory(monkeypatch):
    by_auction(monkeypatch)
    cases, _ = a_book(500, 4, 1)
    plenty = Collectors.of(ids=range(4), capacity=np.full(4, 10**12), effect=np.ones((3, 4)),
                           languages=np.ones((2, 4)), regions=np.ones((2, 4)))  # fmt: skip

    plan = assign(cases, plenty, bands=3)

    assert (plan.collector != NOBODY).all()
    assert (plan.prices == 0).all()


def test_a_small_purse_of_bids_still_gives_a_lawful_plan_with_an_honest_gap(monkeypatch):
    by_auction(monkeypatch)
    cases, collectors = a_book(600, 12, 2)

    hasty, patient = (assign(cases, collectors, accuracy=1e-5, bids=bids) for bids in (1, 400))

    assert obeys(cases, collectors, hasty)
    assert hasty.certificate.passes <= 2 * 600
    assert hasty.certificate.primal <= patient.certificate.primal * (1 + 1e-9)
    assert hasty.certificate.bound >= patient.certificate.primal * (1 - 1e-9)
    assert patient.certificate.gap <= 1e-5


@pytest.mark.parametrize("factor", [0.0, 1.0, 50.0])
def test_prices_to_begin_with_may_be_wrong(monkeypatch, factor):
    by_auction(monkeypatch)
    cases, collectors = a_book(600, 12, 3)
    before = assign(cases, collectors)

    plan = assign(cases, collectors, start=before.prices[:, 0] * factor)

    assert plan.certificate.gap <= 1.5e-3
    assert obeys(cases, collectors, plan)


def test_yesterdays_prices_spare_most_of_the_bids(monkeypatch):
    by_auction(monkeypatch)
    cases, collectors = a_book(3000, 15, 8)
    cold = assign(cases, collectors)

    warm = assign(cases, collectors, start=cold.prices[:, 0])

    assert warm.certificate.passes < cold.certificate.passes
    assert warm.certificate.gap <= 1.5e-3


@pytest.mark.parametrize("exact", [True, False])
def test_when_one_is_away_the_others_keep_their_cases(monkeypatch, exact):
    monkeypatch.setattr(transport, "ARCS", 20_000 if exact else 0)
    cases, collectors = a_book(600, 12, 4, load=0.8)
    first = assign(cases, collectors)
    now = np.where(first.collector == NOBODY, -1, collectors.ids[first.collector])
    away = Collectors.of(**{
        field: getattr(collectors, field)[..., 1:]
        for field in ("ids", "capacity", "load", "effect", "languages", "regions")
    })  # fmt: skip

    second = rebalance(cases, away, now=now, margin=0.5)

    held = (now > 0) & (second.collector != NOBODY)
    moved = held & (away.ids[second.collector] != now)
    assert obeys(cases, away, second)
    assert (second.collector[now == 0] != NOBODY).mean() > 0.9
    assert (now > 0).sum() * 0.03 > moved.sum()
    assert second.score.sum() <= assign(cases, away, accuracy=1e-5).certificate.bound


def test_a_case_moves_only_for_more_than_the_margin():
    collectors = Collectors.of(ids=[1, 2], capacity=[5, 5], effect=[[1.0, 1.15], [1.0, 1.25]])
    cases = Cases.of(ids=[1, 2, 3], value=[100.0, 100.0, 100.0], skill=[0, 1, 0])

    plan = rebalance(cases, collectors, now=[1, 1, -1], margin=0.2)

    assert plan.collector.tolist() == [0, 1, 1]
    assert plan.score.tolist() == pytest.approx([100.0, 125.0, 115.0])


def test_bands_of_value_make_the_shares_even_and_say_what_it_costs(monkeypatch):
    by_auction(monkeypatch)
    cases, collectors = a_book(4000, 20, 6)

    curve = fairness_curve(cases, collectors, bands=(1, 4, 20))

    spreads, shares = [p.spread for p in curve], [p.share for p in curve]
    assert spreads == sorted(spreads, reverse=True)
    assert spreads[-1] <= 0.3
    assert shares[0] == 1.0
    assert min(shares) >= 0.9
    assert all(point.gap <= 1.5e-3 for point in curve)


def test_bands_leave_nobody_out_where_there_is_room(monkeypatch):
    collectors = Collectors.of(ids=[1, 2], capacity=[2, 4], effect=[[1, 0], [0, 1]])
    cases = Cases.of(ids=range(6), value=[1, 2, 3, 4, 5, 6], skill=[1, 1, 1, 1, 0, 0])

    plan = assign(cases, collectors, bands=3)

    assert (plan.collector != NOBODY).all()


@pytest.mark.parametrize("exact", [True, False])
def test_a_case_explains_itself_by_its_collector_and_the_runner_up(monkeypatch, exact):
    monkeypatch.setattr(transport, "ARCS", 20_000 if exact else 0)
    cases, collectors = a_book(300, 10, 7)
    plan = assign(cases, collectors, accuracy=1e-4)

    told = [explain(cases, collectors, plan, int(case)) for case in cases.ids]

    for row, story in enumerate(told):
        at = plan.collector[row]
        assert story.why == plan.why[row]
        if at == NOBODY:
            assert story.taken is None
            continue
        assert story.taken.collector == collectors.ids[at]
        assert story.taken.worth + story.taken.continuity == pytest.approx(plan.score[row])
        assert story.runner_up is None or story.runner_up.collector != story.taken.collector
    behind = -sum(min(story.lead, 0.0) for story in told)
    assert behind <= plan.certificate.bound - plan.certificate.primal + 1e-6
    with pytest.raises(KeyError):
        explain(cases, collectors, plan, -5)


def test_a_case_without_a_value_explains_that():
    cases = Cases.of(ids=[1], value=[float("nan")])
    collectors = Collectors.of(ids=[1], capacity=[1])

    story = explain(cases, collectors, assign(cases, collectors), 1)

    assert (story.why, story.taken, story.runner_up, story.lead) == (Why.NO_VALUE, None, None, 0.0)


def test_the_same_input_gives_the_same_plan(monkeypatch):
    by_auction(monkeypatch)
    cases, collectors = a_book(500, 9, 1)

    one, two = assign(cases, collectors), assign(cases, collectors)

    assert (one.collector == two.collector).all()
    assert (one.prices == two.prices).all()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Cases.of(ids=[1, 2, 1], value=[1.0, 1.0, 1.0]),
        lambda: Cases.of(ids=[1], value=[1.0, 2.0]),
        lambda: Cases.of(ids=[1.5], value=[1.0]),
        lambda: Cases.of(ids=["a"], value=[1.0]),
        lambda: Collectors.of(ids=[3, 3], capacity=[1, 1]),
        lambda: Collectors.of(ids=[3], capacity=[-1]),
        lambda: Collectors.of(ids=[3], capacity=[float("nan")]),
        lambda: Collectors.of(ids=[3], capacity=[1], effect=[[float("inf")]]),
        lambda: Collectors.of(ids=[3], capacity=[1], effect=[[1.0, 2.0]]),
        lambda: a_plan(skill=[5]),
        lambda: a_plan(skill=[-1]),
        lambda: a_plan(language=[0]),
        lambda: assign(*a_book(3, 2, 0), continuity=float("nan")),
        lambda: assign(*a_book(3, 2, 0), continuity=-1.0),
        lambda: assign(*a_book(3, 2, 0), bands=0),
        lambda: assign(*a_book(3, 2, 0), accuracy=0.0),
        lambda: assign(*a_book(3, 2, 0), start=[-1.0, 0.0]),
        lambda: assign(*a_book(3, 2, 0), start=[1.0]),
        lambda: rebalance(*a_book(3, 2, 0), now=[1]),
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        wrong()


def a_plan(**needs):
    return assign(Cases.of(ids=[1], value=[1.0], **needs), Collectors.of(ids=[1], capacity=[1]))


def test_the_price_of_fairness_of_few_cases_is_that_of_exact_plans_to_its_accuracy():
    cases, collectors = a_book(400, 8, 5)

    curve = fairness_curve(cases, collectors, bands=(1, 4))

    exact = [assign(cases, collectors, bands=bands) for bands in (1, 4)]
    assert all(plan.exact for plan in exact)
    for point, plan in zip(curve, exact, strict=True):
        assert point.value == pytest.approx(plan.certificate.primal, rel=5e-3)
        assert point.spread == pytest.approx(plan.spread(collectors), abs=0.05)
