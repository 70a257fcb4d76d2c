"""The bound lies above what policies net, and above what it must by construction."""

from __future__ import annotations

import numpy as np
import pytest

from bench.collectbench import bound as bounding
from bench.collectbench import world
from bench.collectbench.bound import Cases, Grid, bound
from bench.collectbench.paired import ratio, regret
from bench.collectbench.stage import play
from tests.collectbench.test_referee import Chair

TERMS = world.terms(variant="mid", cases=300, days=16)
GRID = Grid(
    np.array([0.0, 4.0, 17.0]), np.linspace(-1.0, 3.0, 6), np.array([0.0, 1.0, 3.0, 6.0]),
    np.array([0.0, 0.03]),
)  # fmt: skip


def book(seed: int = 3) -> world.Book:
    return world.Book(terms=TERMS, seed=seed)


@pytest.fixture(scope="module")
def worths() -> np.ndarray:
    """U at no price and without contact, of every fourth case of a book."""
    cases = Cases(book(), TERMS)
    return np.array([cases.worth(case, {}, GRID) for case in range(0, 300, 4)])


def test_contact_can_only_help_and_nobody_brings_more_than_is_owed(worths: np.ndarray) -> None:
    cases = Cases(book(), TERMS)

    assert (worths[:, 0] >= worths[:, 1] - 1e-6).all()
    assert (worths[:, 0] <= cases.most[::4] + 1e-6).all()
    assert (worths >= 0).all()


def test_a_case_is_worth_less_at_higher_prices(worths: np.ndarray) -> None:
    cases = Cases(book(), TERMS)
    dear = dict.fromkeys(bounding.PRICED, 50_000.0)
    at_dear = np.array([cases.worth(case, dear, GRID) for case in range(0, 300, 20)])

    assert (at_dear[:, 0] <= worths[::5, 0] + 1e-6).all()
    assert at_dear[:, 1] == pytest.approx(worths[::5, 1])


def test_without_contact_the_program_expects_at_least_what_the_simulator_gives(
    worths: np.ndarray,
) -> None:
    alone = worths[:, 1].sum()
    paid = []
    for chance in range(60):
        one = book().laboratory.fork(seed=chance)
        for _ in range(TERMS.days):
            one.play()
        paid.append(float(one.log().paid[::4].sum()))

    error = np.std(paid, ddof=1) / np.sqrt(len(paid))
    assert np.mean(paid) - 3 * error <= alone
    assert alone <= 1.25 * np.mean(paid), "relaxed, but not loose"


def test_the_bound_lies_above_policies_on_every_seed_but_for_sampling() -> None:
    for seed in (3, 4):
        above = bound(book(seed), TERMS, prices={}, sample=40, seed=1)
        for name in ("Honest", "Base"):
            played = play(Chair(name), book(seed), TERMS, name=name)  # type: ignore[arg-type]
            assert played.net <= above.value + 4 * above.error


def test_budgets_at_a_price_are_part_of_the_bound() -> None:
    one = bound(book(), TERMS, prices={"sms": 1e9}, sample=3, seed=1)

    assert one.value >= 1e9 * TERMS.budgets["sms"] * TERMS.days


def test_regret_and_ratios_have_intervals() -> None:
    missed = regret([9.0, 18.1, 27.0], [10.0, 20.0, 30.0])
    more = ratio([11.0, 22.0, 33.3], [10.0, 20.0, 30.0])

    assert missed.low < 0.1 < missed.high + 1e-3
    assert more.low < more.mean < more.high
    assert ratio([1.0], [1.0]).low == -np.inf
