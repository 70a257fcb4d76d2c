"""
Does the ranking hold over the ranges of the simulator's parameters, or only at its one point?

Draws sets of parameters (Latin hypercube over part of the ranges), lets the product, score-sort and
uplift greedy learn and play in each of these worlds, and counts in how many the product is ahead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bench.collectbench import contest, table
from bench.collectbench.contest import JUDGING, Size
from bench.collectbench.entries import ENTRIES, PRODUCT
from bench.collectbench.stage import Result
from recoup.simulator import parameters
from recoup.simulator.ranges import draws

AGAINST = ("score-sort", "uplift greedy")
SEED = 7


def over(*, size: Size, count: int, within: float, say: Callable[[str], None]) -> None:
    """Print a line a draw and how often the product nets more, and complains less."""
    entries = {name: ENTRIES[name] for name in (*AGAINST, PRODUCT)}
    small = replace(size, seeds=1)
    ahead = dict.fromkeys(AGAINST, 0)
    gentler, broken = 0, 0
    sets = draws(parameters=parameters.load(), count=count, seed=SEED, within=within)
    for number, drawn in enumerate(sets):
        seed = JUDGING[number % len(JUDGING)]
        results = contest.hold(entries, small, seeds=[seed], parameters=drawn)
        nets = {name: _net(results, name) for name in entries}
        loud = {name: sum(one.complaints for one in results if one.policy == name)
                for name in entries}  # fmt: skip
        for name in AGAINST:
            ahead[name] += nets[PRODUCT] > nets[name]
        gentler += loud[PRODUCT] <= 0.8 * loud["uplift greedy"]
        broken += sum(bool(one.broken) for one in results)
        say(
            f"draw {number}: "
            + ", ".join(f"{name} {net / table.FEN:.3f}" for name, net in nets.items())
            + f" M yuan; complaints {loud[PRODUCT]} against {loud['uplift greedy']}"
        )
    for name in AGAINST:
        say(f"the product nets more than {name} in {ahead[name]} of {count} draws")
    say(f"at most 0.8 x the complaints of uplift greedy in {gentler} of {count}; broken {broken}")


def _net(results: list[Result], name: str) -> float:
    return float(np.sum([one.net for one in results if one.policy == name and not one.broken]))
