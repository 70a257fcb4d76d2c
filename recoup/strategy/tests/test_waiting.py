"""A strategy that looks ahead: nights, the day and the log all weigh a contact the same way."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from django.conf import settings
from django.utils import translation

from recoup.decision.complaints import ComplaintRisk
from recoup.kernel.errors import Invalid
from recoup.scoring import operations as scoring
from recoup.strategy import operations, reasons, valuing, waiting
from recoup.strategy.effects.complaints import Objecting, complaints_of
from recoup.strategy.effects.measured import Effects
from recoup.strategy.nextbest import Known, Prepared
from recoup.strategy.onestand import Stands
from recoup.strategy.reading import read, shipped
from recoup.strategy.schema import Waiting
from recoup.strategy.sentences import by_prices
from recoup.strategy.sequence import Standing
from recoup.strategy.tests.conftest import facts_of, many
from recoup.strategy.waiting import Expected, Outlook
from recoup.strategy.words import Words
from tests.cast import approved

BLOCK = "\nwaiting: {days: 45, half_life: 8, cooling: 12, irritation: 0.2, decline: 0.7}\n"
DEAR = shipped().replace(
    "  minute: 80 ", "  complaint: 0.004\n  complaint_cost: 9000\n  minute: 80 "
)
AHEAD = DEAR + BLOCK


# -- What it says ------------------------------------------------------------------------------------


def test_a_block_is_read_and_what_it_leaves_out_is_usual():
    assert read(AHEAD).waiting == Waiting(45, 8.0, 12.0, 0.2, 0.7)
    assert read(shipped() + "\nwaiting: {}\n").waiting == Waiting()
    assert read(shipped()).waiting is None


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("waiting: {days: 3}", "days"),
        ("waiting: {half_life: 0}", "half_life"),
        ("waiting: {decline: 1.5}", "decline"),
        ("waiting: {patience: 3}", "patience"),
        ("waiting: {}\nlearning: {arm: patient}", "learns by draws"),
    ],
)
def test_a_block_that_makes_no_sense_is_told_where(block, said):
    with pytest.raises(Invalid) as caught:
        read(f"{shipped()}\n{block}\n")

    (problem,) = caught.value.problems
    assert problem.where.startswith("waiting")
    assert said in f"{problem.where} {problem.what}"


# -- Sequences ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("segment", "codes", "steps", "follows", "gaps"),
    [
        # early: a reminder, another after five days, then nothing.
        ("early", {"sms-reminder", "sms-plan"}, (0, 1), (1, -1), (4, 5)),
        # m2-m3: plan, a person after 7, a letter after 10, again after 21.
        ("m2-m3", {"sms-plan", "collector-review", "letter-notice"}, (0, 1, 2), (1, 2, 0), (21, 7, 10)),
        # Who can get no letter goes from the person to the plan: the longer wait of both counts.
        ("m2-m3", {"sms-plan"}, (0, 1), (1, 0), (21, 7)),
        # Who can get letters alone is at the third step only, again and again.
        ("m2-m3", {"letter-notice"}, (2,), (0,), (21,)),
    ],
)  # fmt: skip
def test_steps_a_case_can_take_with_their_waits(segment, codes, steps, follows, gaps):
    strategy = read(AHEAD)
    of = next(one for one in strategy.segments if one.code == segment)

    found = waiting._order(
        of, tuple(code for code in strategy.treatments if code in codes), strategy
    )

    assert (found.steps, found.follows, found.gaps) == (steps, follows, gaps)


# -- One case and a book -----------------------------------------------------------------------------

RISK = ComplaintRisk(0.004, {"sms": 2.0, "task": 0.5}, (*([0.0] * 5), *([0.2] * 16)))


def frame(n=60):
    rng = np.random.default_rng(4)
    month = rng.integers(0, 5, n)
    return pl.DataFrame({
        "repay_30": rng.random(n), "lost_contact": rng.random(n),
        "overdue": (10 ** rng.uniform(3.5, 6, n)).astype(np.int64),
        "owed": np.full(n, 900_000), "days_past_due": np.full(n, 40),
        "contacts_30": month, "contacts_7": np.minimum(rng.integers(0, 3, n), month),
        "contacted_ago": [one if had else None for one, had in
                          zip(rng.integers(1, 7, n).tolist(), month > 0, strict=True)],
    })  # fmt: skip


def stood(strategy, n, step):
    """Cases at a step of m2-m3 who can get all that it offers."""
    of = next(one for one in strategy.segments if one.code == "m2-m3")
    codes = list(strategy.treatments)
    fits = np.isin(codes, list(of.offers))
    words = {"arm": "champion", "segment": "m2-m3"}
    made = {}
    for name, word in words.items():
        made[name] = Words(n)
        made[name].put(np.arange(n), word)
    allowed = np.isin(codes, of.steps[step % 3].choose)
    return Standing(
        arm=made["arm"], follows=made["arm"], share=np.ones(n), segment=made["segment"],
        step=np.full(n, step), step_code=Words(n), why=Words(n), allowed=np.tile(allowed, (n, 1)),
        route=Words(n), fits=np.tile(fits, (n, 1)),
    )  # fmt: skip


@pytest.mark.parametrize("measured", [False, True])
@pytest.mark.parametrize("step", [0, 4])
def test_one_case_from_memory_is_worth_what_the_night_says(step, measured):
    strategy, cases = read(AHEAD), frame()
    n, standing = cases.height, stood(read(AHEAD), cases.height, step)
    effects = Effects(1, {"sms-plan": np.linspace(0, 0.02, n)} if measured else {})
    complaints = complaints_of(strategy=strategy, cases=cases, objecting=None)
    prices = dict.fromkeys(("sms", "email", "letter", "task_minutes", "spend"), 0.0) | {"sms": 7.0}
    night, expected = valuing.values_ahead(
        strategy=strategy, ahead=prices, cases=cases, standing=standing, due=np.arange(n),
        allowed=standing.allowed, complaints=complaints, effects=effects,
    )  # fmt: skip
    prepared = Prepared.of(strategy, [0.0] * 5, None, None, expected)
    codes = list(strategy.treatments)
    stands = Stands("", "m2-m3", step, "", (), tuple(np.flatnonzero(standing.fits[0]).tolist()))

    assert expected.prices == {"sms": 7.0}
    assert set(expected.rises) == ({"sms-plan"} if measured else set())
    for row, values in enumerate(cases.iter_rows(named=True)):
        mine = {codes.index(code): float(by[row]) for code, by in effects.by.items()}
        known = Known(
            arm="champion", follows="champion", media=frozenset(), past={}, windows=(), points={},
            closed=frozenset(), measured=mine, stopped=False,
        )  # fmt: skip
        gains = prepared._gains(known, values, stands)
        for at in np.flatnonzero(standing.allowed[0]).tolist():
            said = prepared.value(known, values, at, gains)
            assert said == pytest.approx(night[row, at], abs=1e-4)
    assert np.isneginf(night[~standing.allowed]).all()


def test_a_contact_is_worth_less_than_alone_where_a_better_one_would_be_spoilt():
    strategy, cases = read(AHEAD), frame()
    n = cases.height
    standing = stood(strategy, n, 0)
    common = {
        "strategy": strategy, "cases": cases, "allowed": standing.allowed,
        "complaints": complaints_of(strategy=strategy, cases=cases, objecting=None),
        "effects": Effects(),
    }  # fmt: skip
    alone = valuing.values(**common)
    ahead, _ = valuing.values_ahead(ahead=None, standing=standing, due=np.arange(n), **common)
    best = [table.max(axis=1) for table in (alone, ahead)]

    assert (best[1] <= best[0] + 0.02 * np.abs(best[0]) + 30).mean() > 0.9
    assert ((best[1] > 0) & (best[0] > 0)).any()
    assert ((best[1] <= 0) & (best[0] > 0)).any()


def test_future_objections_are_those_of_the_model_in_use_of_somebody_left_in_peace():
    strategy = read(AHEAD)
    sms, task = (strategy.treatments[code] for code in ("sms-plan", "collector-review"))
    assumed, seen = (Outlook(strategy, Expected(), one) for one in (None, Objecting(1, RISK)))

    assert assumed._objection(sms) == assumed._objection(task) == 0.004
    assert seen._objection(sms) == pytest.approx(0.008, rel=0.01)
    assert seen._objection(task) == pytest.approx(0.002, rel=0.01)


def test_prices_of_budgets_that_go_by_the_case_are_not_looked_ahead_at():
    text = AHEAD.replace(
        "  spend: 3000000\n",
        "  spend: 3000000\n  lines: {most: 9, unit: contacts, channel: task}\n"
        '  south: {most: 9, unit: contacts, when: stage == "M2"}\n'
        "  loud: {most: 5, unit: complaints}\n",
    )
    strategy = read(text)
    dear = dict.fromkeys(("lines", "south", "loud"), 100.0) | {"task_minutes": 2.0}
    outlook = Outlook(strategy, Expected(dear))

    assert outlook._charge(strategy.treatments["collector-review"]) == 6 * 2.0 + 100.0
    assert outlook._charge(strategy.treatments["sms-plan"]) == 0.0


def test_what_was_expected_is_kept_to_two_digits_and_read_back():
    expected = Expected.of(
        prices={"sms": 47.678, "email": 0.0}, rises={"sms-plan": np.array([0.0123456, 0.02])}
    )

    assert expected == Expected({"sms": 48.0}, {"sms-plan": 0.0162})
    assert Expected.from_dict(expected.as_dict()) == expected


# -- In a book ---------------------------------------------------------------------------------------


@pytest.fixture
def plan(book, team, system, at, today):
    """A night over four hundred cases under a strategy that looks ahead."""
    version = operations.add(book=book, source=f"{DEAR}\nwaiting: {{}}\n", by=system, at=at)
    operations.activate(version=approved(version), by=system, at=at)
    many(book, team, 400, today)
    scoring.score_book(book=book, on=today, by=system, at=at)
    return operations.decide(book=book, on=today, facts=facts_of(book), by=system, at=at)


@translation.override("en")
def test_a_night_says_who_is_left_for_a_later_one_and_what_it_expected(plan):
    rows = pl.read_parquet(settings.DATA_DIR / plan.file)
    left = rows.filter(pl.col("why") == "better_later")

    assert plan.effects["waiting"] == {"prices": {}, "rises": {}}
    assert plan.refused["better_later"] == left.height > 0
    assert left["best_worth"].is_not_null().all()
    assert (left["admissible"] > 0).all()
    assert (rows.filter(pl.col("treatment") != "")["value"] > 0).sum() > 0
    told = [str(part) for part in by_prices(
        reasons.told(left.row(0, named=True), read(DEAR)), "", why="better_later")]  # fmt: skip
    assert "less tonight than on a later night" in told[0]
    assert waiting.of_plan(plan, read(AHEAD)) == Expected()
    assert waiting.of_plan(plan, read(shipped())) is None
