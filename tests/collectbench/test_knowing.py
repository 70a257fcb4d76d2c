"""Everything known, under the same referee: better than leaving all alone, and below the bound."""

from __future__ import annotations

import numpy as np
import pytest

from bench.collectbench import contest, world
from bench.collectbench.bound import bound
from bench.collectbench.house import Way
from bench.collectbench.knowing import Knowing, net
from bench.collectbench.policies.nothing import Nothing
from bench.collectbench.seat import HIDDEN
from tests.collectbench.test_contest import SMALL

TERMS = world.terms(variant="mid", cases=250, days=16)
SEEDS = contest.TUNING[:3]


@pytest.fixture(scope="module")
def knowing() -> Knowing:
    policy = Knowing()
    policy.learn(contest.past_of(variant="mid", size=SMALL), TERMS, seed=1)
    return policy


def test_who_knows_everything_keeps_the_caps_and_nets_more_than_nothing(knowing: Knowing) -> None:
    ours = [net(knowing, seed, TERMS)[0] for seed in SEEDS]
    alone = [net(Nothing(), seed, TERMS)[0] for seed in SEEDS]  # type: ignore[arg-type]

    assert np.sum(ours) > 1.1 * np.sum(alone)


def test_nobody_nets_more_than_the_bound_but_for_chance_and_sampling(knowing: Knowing) -> None:
    ours, most = [], []
    for seed in SEEDS:
        ours.append(net(knowing, seed, TERMS)[0])
        above = bound(world.Book(terms=TERMS, seed=seed), TERMS, prices={}, sample=40, seed=1)
        most.append(above.value + 2 * above.error)

    assert np.sum(ours) < np.sum(most)


def test_it_sees_chances_and_what_is_beyond_reach(knowing: Knowing) -> None:
    book = world.Book(terms=TERMS, seed=SEEDS[0])
    knowing.sit(book, TERMS)
    cases = np.arange(TERMS.cases)
    ways = [Way("sms", "moral"), Way("call", "moral", "senior"), Way("letter", "moral")]

    found = knowing._true_ways(book.log(), cases, ways, np.zeros(3), 0)

    hidden = knowing._truth.hidden
    dead = hidden.days >= hidden.traits.lost_after
    assert (found.heard >= 0).all() and (found.heard + found.brushed <= 1 + 1e-6).all()
    assert dead.any() and not found.heard[dead, :2].any()
    assert found.promises[~dead, 1].mean() > found.promises[~dead, 0].mean() > 0
    assert not found.promises[:, 2].any(), "nobody promises to a letter"


def test_no_entry_can_read_it() -> None:
    assert "bench.collectbench.knowing" in HIDDEN
