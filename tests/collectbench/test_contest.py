"""A whole contest in small: everybody keeps the caps, the table says who did what and who broke what."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from bench.collectbench import contest, table
from bench.collectbench.contest import JUDGING, TRAINING, TUNING, Learned, Size
from bench.collectbench.entries import ENTRIES
from bench.collectbench.paired import Ratio
from bench.collectbench.stage import Result
from recoup.simulator.version import purpose_of

SMALL = Size(cases=250, days=12, books=1, book=700, seeds=2, sample=3, variants=("mid",))
CHEAP = ("none", "random", "bucket rules", "bandit, knapsacks", "recoup")
CHEAT = "tests.collectbench.entries:Texts"


@pytest.fixture(scope="module")
def told() -> list[Result | Learned]:
    heard: list[Result | Learned] = []
    entries = {name: ENTRIES[name] for name in CHEAP} | {"cheat": CHEAT}
    contest.hold(entries, SMALL, seeds=TUNING, tell=heard.append)
    return heard


@pytest.fixture
def results(told: list[Result | Learned]) -> Iterator[list[Result]]:
    yield [one for one in told if isinstance(one, Result)]


def test_every_policy_that_comes_with_the_contest_keeps_the_caps(results: list[Result]) -> None:
    broken = {one.policy: one.broken for one in results if one.broken}

    assert set(broken) == {"cheat"}
    assert len(results) == SMALL.seeds * (len(CHEAP) + 1)


def test_whoever_is_left_alone_costs_nothing(results: list[Result]) -> None:
    alone = [one for one in results if one.policy == "none"]

    assert all(one.cost == one.contacts == one.complaints == 0 for one in alone)


def test_the_same_seed_is_the_same_book_for_all(results: list[Result]) -> None:
    openings = {(one.seed, one.opening) for one in results}

    assert len(openings) == SMALL.seeds


def test_the_table_names_who_is_disqualified_and_why(results: list[Result]) -> None:
    lines = list(table.lines(results, variant="mid"))

    assert any("cheat" in line and "disqualified" in line and "Day 2" in line for line in lines)
    assert sum("[" in line for line in lines) >= len(CHEAP) - 1, "intervals over paired seeds"


def test_a_clause_is_ok_only_with_its_interval(results: list[Result]) -> None:
    wide = Ratio(0.05, -0.2, 0.3)

    clauses = {one.asked: one for one in table.p5(results, variant="mid", regret=wide, seeds=2)}

    assert not next(one for asked, one in clauses.items() if asked.startswith("regret")).holds
    assert not clauses["10 paired seeds"].holds
    assert clauses["violations exactly 0, caps asserted daily"].holds


def test_seeds_for_training_tuning_and_judging_never_meet() -> None:
    assert not set(TRAINING) & set(TUNING) and not set(TUNING) & set(JUDGING)
    assert {purpose_of(seed) for seed in (*TRAINING, *TUNING)} == {"tune"}
    assert {purpose_of(seed) for seed in JUDGING} == {"judge"}


def test_the_training_log_tries_everything_and_says_with_what_chance() -> None:
    past = contest.past_of(variant="mid", size=SMALL)[0]
    kinds = {(one.channel, one.tone, one.tier) for day in past.contacts for one in day}

    assert len(past.logs) == SMALL.days + 1
    assert len(kinds) == len({(way.channel, way.tone, way.tier) for way, _ in past.shares})
    assert sum(share for _, share in past.shares) == pytest.approx(1.0)
    assert {float(chance) for chance in np.unique(past.chance[0])} <= {
        np.float32(one).item() for one in (0.0, 0.05, 0.15, 0.3, 0.6)
    }
