"""
kill -9 in the middle of accept, night and day, ten times each.

After the same command is run again nothing is lost and nothing doubled: rows and events exactly
once, contacts at most once with the unknown ones listed.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.journeys.houses import House

TIMES = 10

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kill")]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> House:
    """A house with a lender's files and nothing taken in."""
    house = House.build(tmp_path_factory.mktemp("kill") / "prepared")
    house.run("prepare")
    return house


@pytest.fixture(scope="module")
def opened(prepared, tmp_path_factory) -> House:
    """The same with its cases open and a strategy in force."""
    house = prepared.copy(tmp_path_factory.mktemp("kill") / "opened")
    house.run("accept")
    house.run("activate")
    return house


@pytest.fixture(scope="module")
def planned(opened, tmp_path_factory) -> House:
    """The same after its night."""
    house = opened.copy(tmp_path_factory.mktemp("kill") / "planned")
    house.run("night")
    return house


def moments(seconds: float) -> list[float]:
    """Ten moments spread over the length of the work, seeded."""
    rng = random.Random(5)
    return [0.9 * seconds * (i + rng.random()) / TIMES for i in range(TIMES)]


def killed(house: House, stretch: str, after: float, folder: Path) -> House:
    """A copy of a house in which a stretch was killed at work: earlier, if it was done by then."""
    for attempt in range(6):
        copy = house.copy(folder.with_name(f"{folder.name}-{attempt}"))
        if copy.kill(stretch, after * 0.6**attempt):
            return copy
    raise AssertionError(f"{stretch} was never hit at work.")


def survive(house: House, stretch: str, folder: Path) -> tuple[dict, list[dict]]:
    """The facts of a whole run, and of ten that were killed at work and run again."""
    whole = house.copy(folder / "whole")
    seconds = whole.timed(stretch)
    resumed = [
        killed(house, stretch, after, folder / f"kill{number}").facts(stretch)
        for number, after in enumerate(moments(seconds))
    ]
    return whole.facts(), resumed


@pytest.mark.parametrize("stretch", ["accept", "night"])
def test_what_was_killed_is_finished_by_running_it_again(stretch, prepared, opened, tmp_path):
    house = {"accept": prepared, "night": opened}[stretch]
    whole, resumed = survive(house, stretch, tmp_path)

    assert len(resumed) == TIMES
    assert whole["rows"]["Case"] > 200
    for facts in resumed:
        assert facts["whole"] == []
        for what in ("rows", "sums", "placements", "cases", "decisions"):
            assert facts[what] == whole[what], what


def test_a_killed_day_contacts_nobody_twice(planned, tmp_path):
    """
    reserved -> handing -> [kill -9] -> ?      the message may have left: never sent again blindly
    """
    from recoup.synth import carriers

    house = planned.copy(tmp_path / "whole")
    world = carriers.start(home=house.home)
    try:
        seconds = house.timed("day")
        whole = house.facts()
    finally:
        world.stop()
    assert len(whole["keys"]) > 20

    for number, after in enumerate(moments(seconds)):
        house, facts, received = day_killed(planned, after, tmp_path / f"day{number}")
        assert facts["whole"] == []
        assert max(received.values()) == 1
        assert set(received) <= set(facts["keys"])
        assert not facts["attempts"].keys() & {"handing", "reserved"}
        assert set(facts["keys"]) - set(received) <= set(facts["unknown"]) | set(facts["failed"])
        # Whoever was to be contacted was, once, or is listed as unknown.
        assert facts["contacted"] == whole["contacted"]


def day_killed(planned: House, after: float, folder: Path) -> tuple[House, dict, Counter]:
    """A day killed at work and run again: the house, its facts, what the carriers received."""
    from recoup.synth import carriers

    for attempt in range(6):
        house = planned.copy(folder.with_name(f"{folder.name}-{attempt}"))
        world = carriers.start(home=house.home)
        try:
            if house.kill("day", after * 0.6**attempt):
                facts = house.facts("day")
                return house, facts, Counter(item.key for item in world.received(since=0))
        finally:
            world.stop()
    raise AssertionError("The day was never hit at work.")
