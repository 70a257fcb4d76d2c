"""Budgets that a strategy names itself: read, counted by case, and never exceeded."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.decision.uses import Factored
from recoup.kernel.errors import Invalid
from recoup.scoring import operations as scoring
from recoup.strategy import operations, uses
from recoup.strategy.choosing import choose, too_large
from recoup.strategy.models import Decision
from recoup.strategy.reading import read, shipped
from recoup.strategy.tests.conftest import facts_of
from tests.cast import approved, place

OWN = """
  evening:
    most: 4
    unit: contacts
    title: 晚间短信
    channel: sms
    slot: ["18:00", "20:00"]
  senior: {most: 30, unit: minutes, tier: senior}
  south: {most: 6, unit: contacts, when: region == "广东"}
  north: {most: 5, unit: contacts, when: region == "北京"}
  concessions: {most: 900000, unit: concession}
  complaints: {most: 0.5, unit: complaints}
  plans: {most: 9, unit: contacts, offer: plan_months}
  letters-cost: {most: 1000, unit: money, treatments: [letter-notice]}
"""


def written(own=OWN, **changes):
    """The shipped strategy with budgets of its own."""
    text = shipped().replace("  spend: 3000000\n", f"  spend: 3000000\n{own.strip(chr(10))}\n")
    text = text.replace("  minute: 80", "  complaint: 0.02\n  minute: 80")
    text = text.replace("    minutes: 6\n", "    minutes: 6\n    tier: senior\n")
    text = text.replace("offer: {plan_months: 12, promise_days: 30}",
                        "offer: {plan_months: 12, promise_days: 30, waive_share: 0.1}")  # fmt: skip
    for was, now in changes.items():
        text = text.replace(was, now)
    return text


def frame(n=5, **columns):
    known = {"region": "浙江", "owed": 1_000_000, "contacts_30": 0, "stage": "M2", "agency": None}
    return pl.DataFrame({"case": range(n)} | {
        name: columns.get(name, [value] * n) for name, value in known.items()
    })  # fmt: skip


def test_a_strategy_names_budgets_beside_those_of_the_house():
    strategy = read(written())

    assert uses.names(strategy)[5:] == (
        "evening", "senior", "south", "north", "concessions", "complaints", "plans",
        "letters-cost",
    )  # fmt: skip
    assert uses.limits(strategy)[5:8].tolist() == [4, 30, 6]
    assert strategy.own[0].title == "晚间短信"


def test_strategies_without_budgets_of_their_own_read_as_before():
    assert read(shipped()).own == ()
    assert uses.names(read(shipped())) == ("sms", "email", "letter", "task_minutes", "spend")


@pytest.mark.parametrize(
    ("own", "where", "said"),
    [
        ("  x: {most: 5}", "budgets.x", "'unit' is missing"),
        ("  x: {most: 5, unit: hours}", "budgets.x.unit", "is not one of contacts"),
        ("  x: {most: -1, unit: contacts}", "budgets.x.most", "out of bounds"),
        ("  x: {most: .nan, unit: contacts}", "budgets.x.most", "out of bounds|must be a number"),
        ("  x: {most: 5, unit: contacts, chanel: sms}", "budgets.x", "'chanel' is not known"),
        ("  x: {most: 5, unit: contacts, channel: fax}", "budgets.x.channel", "no channel 'fax'"),
        ("  x: {most: 5, unit: minutes, tier: junior}", "budgets.x.tier", "no tier 'junior'"),
        ("  x: {most: 5, unit: contacts, treatments: [a]}", "budgets.x.treatments", "'a'"),
        ("  x: {most: 5, unit: contacts, slot: [\"20:00\", \"18:00\"]}", "budgets.x.slot", "later"),
        ("  x: {most: 5, unit: contacts, when: shoe == 3}", "budgets.x.when", "'shoe'"),
        ("  x: {most: 5, unit: minutes, channel: sms}", "budgets.x", "No treatment draws"),
        ("  x: 5", "budgets", "'x' is not known"),
        ("  x y: {most: 5, unit: contacts}", "budgets.x y", "is not a code"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_budget_says_where(own, where, said):
    with pytest.raises(Invalid) as caught:
        read(written(own))

    (problem,) = caught.value.problems
    assert problem.where.startswith(f"{where} (line ")
    assert any(each in problem.what for each in said.split("|"))


def test_complaints_are_only_counted_where_their_chance_is_given():
    text = written("  x: {most: 5, unit: complaints}").replace("  complaint: 0.02\n", "")

    with pytest.raises(Invalid) as caught:
        read(text)

    assert "assumptions.complaint" in caught.value.problems[0].hint


def test_each_case_draws_on_what_it_and_its_action_fit():
    strategy = read(written())
    cases = frame(3, region=["广东", "北京", "浙江"], contacts_30=[0, 2, 0])

    found = uses.of_cases(strategy, cases)

    listed = found.listed(np.arange(3))
    names, codes = uses.names(strategy), list(strategy.treatments)

    def taken(case, treatment):
        row = codes.index(treatment)
        return {
            names[m]: round(float(amount), 6)
            for m, amount in zip(listed.which[case, row], listed.amount[case, row], strict=True)
            if m >= 0 and amount > 0 and m >= 5
        }

    assert taken(0, "sms-plan") == {"evening": 1, "south": 1, "plans": 1, "complaints": 0.02}
    assert taken(1, "collector-review") == {
        "senior": 6, "north": 1, "plans": 1, "complaints": 0.04, "concessions": 100_000,
    }  # fmt: skip
    assert taken(2, "sms-reminder") == {"complaints": 0.02}
    assert taken(2, "letter-notice") == {
        "plans": 1, "complaints": 0.02, "concessions": 100_000, "letters-cost": 260,
    }  # fmt: skip


def test_many_conditions_that_overlap_say_the_same_as_segments(monkeypatch):
    strategy = read(written())
    cases = frame(6, region=["广东", "北京", "浙江"] * 2, contacts_30=[0, 1, 2, 3, 4, 5])
    by_segment = uses.of_cases(strategy, cases)

    monkeypatch.setattr(uses, "LARGEST", 0)
    by_factor = uses.of_cases(strategy, cases)

    assert len(by_segment.rates) == 3
    assert len(by_factor.rates) == 1
    every = np.arange(6)
    assert np.allclose(dense(by_segment, every), dense(by_factor, every))


def dense(use, rows):
    listed = use.listed(rows)
    whole = np.zeros((len(rows), use.actions, use.budgets + 1))
    for part in range(listed.which.shape[2]):
        here = np.indices(listed.which.shape[:2])
        np.add.at(whole, (*here, listed.which[..., part]), listed.amount[..., part])
    return whole[..., :-1]


@given(seed=st.integers(0, 9999), n=st.integers(0, 120), explore=st.sampled_from([0.0, 0.03]),
       scale=st.floats(0.01, 1.0))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_the_slice_and_the_plan_keep_within_every_budget(seed, n, explore, scale):
    rng = np.random.default_rng(seed)
    rates = rng.gamma(1, 1, (3, 4, 7)) * (rng.random((3, 4, 7)) < 0.5)
    use = Factored(rates, rng.integers(0, 3, n), rng.gamma(1, 1, (2, n)),
                   np.array([-1, -1, -1, 0, 0, 1, -1]))  # fmt: skip
    values = rng.gamma(1.5, 100, (n, 4)) - 50
    values[rng.random((n, 4)) < 0.3] = -np.inf
    budgets = scale * (n + 1) * rng.gamma(1, 1, 7)

    made = choose(values=values, use=use, budgets=budgets, explore=explore, seed=seed)

    written = dense(use, np.arange(n))
    taken = np.flatnonzero(made.action >= 0)
    used = written[taken, made.action[taken]].sum(axis=0)
    assert (used <= budgets * (1 + 1e-9)).all()
    assert np.allclose(used, made.used)
    assert ((made.propensity > 0) & (made.propensity <= 1)).all()
    assert (too_large(use, budgets) == (written > budgets).any(axis=2)).all()
    assert np.isfinite(values[taken, made.action[taken]]).all()


def test_the_logged_chance_is_how_often_it_happens_in_each_segment():
    segments, cases, explore = 2, 400, 0.03
    rates = np.zeros((segments, 2, 3))
    rates[:, :, 0] = 1.0
    rates[0, 0, 1] = rates[1, 0, 2] = 1.0
    use = Factored(rates, np.repeat([0, 1], cases // 2), np.empty((0, cases)), np.full(3, -1))
    values = np.tile([[30.0, 20.0]], (cases, 1))
    budgets = np.array([1e9, 1e9, 10.0])  # the first action is scarce in the second segment
    counts, chance = np.zeros((2, 3)), np.zeros((2, 3))

    rounds = 200
    for seed in range(rounds):
        made = choose(values=values, use=use, budgets=budgets, explore=explore, seed=seed)
        for segment in (0, 1):
            mine = made.action[use.segment == segment]
            counts[segment] += np.bincount(mine + 1, minlength=3)
        first = use.segment == 0
        for action in (-1, 0, 1):
            here = made.propensity[first & (made.action == action)]
            if len(here):
                chance[0, action + 1] = here[0]

    assert made.weights[0, 0] == 1
    assert made.weights[1, 0] < 1
    times = rounds * cases / 2
    for action in range(3):
        expected = chance[0, action]
        assert abs(counts[0, action] / times - expected) < 4 * np.sqrt(expected / times)


@pytest.fixture
def crowd(book, team):
    return [
        place(book=book, team=team, reference=f"C{n:04}", days_past_due=35 + n, phone=f"138{n:08}")
        for n in range(30)
    ]  # fmt: skip


def test_a_night_keeps_within_every_budget_it_was_given(book, crowd, system, at, today):
    for n, case in enumerate(crowd):
        case.borrower.region = ("广东", "北京", "浙江")[n % 3]
        case.borrower.save()
    version = operations.add(book=book, source=written(), by=system, at=at)
    operations.activate(version=approved(version), by=system, at=at)
    scoring.score_book(book=book, on=today, by=system, at=at)

    plan = operations.decide(book=book, on=today, facts=facts_of(book), by=system, at=at)

    assert set(plan.budgets) == set(uses.names(read(written()))) == set(plan.prices)
    assert all(one["used"] <= one["most"] for one in plan.budgets.values())
    assert plan.chosen > 3
    regions = [d.case.borrower.region for d in Decision.objects.select_related("case__borrower")]
    assert regions.count("广东") <= 6
    assert regions.count("北京") <= 5
    tasks = Decision.objects.filter(channel="task").count()
    assert tasks * 6 <= 30
    assert plan.budgets["concessions"]["used"] >= tasks * 0.1 * 1_000_000 * 0.99
    assert any(row.reason["priced"].get("barrier") for row in Decision.objects.all())
