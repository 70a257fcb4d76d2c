"""The version is frozen with its numbers, and seeds are for one thing each."""

from __future__ import annotations

import pytest

from recoup.kernel.errors import Invalid
from recoup.simulator import parameters, ranges, version


def test_a_changed_number_needs_a_new_version() -> None:
    assert version.FROZEN[version.VERSION] == version.digest(), (
        "parameters.yaml, a fact or a variant changed: give the simulator a new version, freeze "
        "its digest in recoup/simulator/version.py, and say in CHANGELOG.md which figures move."
    )


def test_every_output_can_say_which_simulator_it_came_from() -> None:
    assert version.VERSION in version.stamp() and version.digest()[:12] in version.stamp()
    assert "simulated" in version.stamp() and "CHANGED" not in version.stamp()


def test_a_changed_fact_shows_in_the_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version, "digest", lambda: "0" * 64)

    assert "CHANGED" in version.stamp()


def test_no_seed_is_for_two_things() -> None:
    seeds = [seed for each in version.SEEDS.values() for seed in each]

    assert len(seeds) == len(set(seeds))
    assert version.purpose_of(1) == "fit" and version.purpose_of(1500) == "tune"
    with pytest.raises(Invalid):
        version.purpose_of(0)


def test_draws_stay_in_the_ranges_and_spread_over_them() -> None:
    shipped = parameters.load()

    found = ranges.draws(parameters=shipped, count=8, seed=3)

    calls = sorted(drawn["effect.call"] for drawn in found)
    row = shipped.rows["effect.call"]
    width = (row.high - row.low) / 8
    assert all(
        row.low + i * width <= each <= row.low + (i + 1) * width for i, each in enumerate(calls)
    )
    assert {drawn["calls.lines"] for drawn in found} == {shipped["calls.lines"]}


def test_a_part_of_the_ranges_is_nearer_to_the_values() -> None:
    shipped = parameters.load()

    near = ranges.draws(parameters=shipped, count=6, seed=3, within=0.1)

    far = [abs(drawn["drive.spread"] - shipped["drive.spread"]) for drawn in near]
    assert 0 < max(far) < 0.08
    with pytest.raises(Invalid):
        ranges.draws(parameters=shipped, count=0, seed=1)
