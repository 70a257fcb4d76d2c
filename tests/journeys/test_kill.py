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
    return [seconds * (i + rng.random()) / TIMES for i in range(TIMES)]


def survive(house: House, stretch: str, folder: Path) -> tuple[dict, list[dict], int]:
    """The facts of a whole run, the facts of ten killed and resumed ones, and how many were hit."""
    whole = house.copy(folder / "whole")
    seconds = whole.timed(stretch)
    hit, resumed = 0, []
    for number, after in enumerate(moments(seconds)):
        copy = house.copy(folder / f"kill{number}")
        hit += copy.kill(stretch, after)
        copy.run(stretch)
        resumed.append(copy.facts())
    return whole.facts(), resumed, hit


@pytest.mark.parametrize("stretch", ["accept", "night"])
def test_what_was_killed_is_finished_by_running_it_again(stretch, prepared, opened, tmp_path):
    house = {"accept": prepared, "night": opened}[stretch]
    whole, resumed, hit = survive(house, stretch, tmp_path)

    assert hit >= TIMES // 2
    assert whole["rows"]["Case"] > 300
    for facts in resumed:
        assert facts["whole"] == []
        for what in ("rows", "sums", "placements", "cases", "decisions"):
            assert facts[what] == whole[what], what


def test_a_killed_day_contacts_nobody_twice(planned, tmp_path):
    """
    reserved -> handing -> [kill -9] -> ?      the message may have left: never sent again blindly
    """
    from recoup.synth import carriers

    whole_count, hit = None, 0
    seconds = 6.0
    for number in range(TIMES + 1):
        house = planned.copy(tmp_path / f"day{number}")
        world = carriers.start(home=house.home)
        try:
            if number == 0:
                seconds = house.timed("day")
            else:
                hit += house.kill("day", moments(seconds)[number - 1])
                house.run("day")
            facts = house.facts()
            received = Counter(item.key for item in world.received(since=0))
        finally:
            world.stop()
        whole_count = whole_count or len(facts["keys"])
        assert facts["whole"] == []
        assert max(received.values(), default=0) <= 1
        assert set(received) <= set(facts["keys"])
        assert facts["attempts"].get("handing", 0) == facts["attempts"].get("reserved", 0) == 0
        lost = set(facts["keys"]) - set(received)
        assert lost <= set(facts["unknown"])
        assert len(facts["keys"]) == whole_count
    assert whole_count
    assert hit >= TIMES // 2
