"""
The facts the simulator must reproduce, measured on it: each an experiment in miniature.

`size` is the number of simulated borrowers in each group; at 200,000 the sampling error of a
share is about 0.1 points. Groups share their chance, so differences between them are finer.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from recoup.simulator.laboratory import Laboratory
from recoup.simulator.moments import callers, contacts, offers, payments
from recoup.simulator.moments.base import Moment
from recoup.simulator.parameters import Parameters

__all__ = ["Moment", "moments"]


def moments(*, size: int, seed: int, parameters: Parameters) -> Iterator[Moment]:
    """All of them, in the order of the sources."""
    make = partial(_laboratory, size, seed, parameters)
    for part in (payments, contacts, callers, offers):
        yield from part.moments(make)


def _laboratory(size: int, seed: int, parameters: Parameters, days: int) -> Laboratory:
    return Laboratory(size=size, seed=seed, days=days, parameters=parameters)
