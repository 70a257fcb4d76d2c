"""
The loops of a simulated day, compiled: who pays, and how a day fades everything.

Chance is a number mixed from the day's salt and a case's place (SplitMix64, as in `chance`), so
that what happens to one case never depends on what was done to another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]
Function = TypeVar("Function", bound=Callable[..., object])

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
UNIT = 2.0**-53


def compiled(function: Function) -> Function:
    """The same function as machine code, compiled at its first call and kept on disk."""
    try:
        return cast("Function", njit(cache=True, nogil=True)(function))
    except RuntimeError:  # no directory that can be written: compile in every process
        return cast("Function", njit(nogil=True)(function))


@compiled
def mixed(value: np.uint64) -> np.uint64:
    """SplitMix64 of one number."""
    z = value + GOLDEN
    z = (z ^ (z >> np.uint64(30))) * FIRST
    z = (z ^ (z >> np.uint64(27))) * SECOND
    return z ^ (z >> np.uint64(31))


@compiled
def unit(place: int, salt: np.uint64) -> float:
    """A uniform number in (0, 1) for a place under a salt."""
    bits = mixed(np.uint64(place) * GOLDEN ^ salt) >> np.uint64(11)
    return (float(bits) + 0.5) * UNIT


@compiled
def draw(places: Array, salts: Array, out: Array) -> None:
    """Fill out[k, i] with uniform numbers for place i under salt k."""
    for k in range(len(salts)):
        for i in range(len(places)):
            out[k, i] = unit(places[i], salts[k])


@compiled
def pay(
    days: Array, arrears: Array, lift: Array, excite: Array, cure_weight: Array,
    partial_weight: Array, relief: Array, relief_until: Array, regime: Array, cure: Array,
    partial: Array, factor: Array, whole_factor: Array, economy: float, write_down: float, excited_whole: float,
    on: int, salt: np.uint64, second: np.uint64, index: Array, whole: Array,
) -> int:  # fmt: skip
    """
    Who pays today, into `index`, and whether all arrears, into `whole`; gives how many.

    The intensity of the day is `(cure e^drive e^relief + partial e^own) e^(lift + economy)` by
    regime, and the part that earlier payments excited. `1 - exp(-x) < x` spares most exponentials.
    """
    count = 0
    market = np.exp(economy)
    last = len(cure) - 1
    for i in range(len(days)):
        if arrears[i] <= 0:
            continue
        day = min(days[i], last)
        full = cure[day] * cure_weight[i]
        if relief[i] > 0 and relief_until[i] >= on:
            full *= np.exp(write_down * relief[i])
        push = market if lift[i] == 0 else market * np.exp(lift[i])
        some, all_ = factor[regime[i]], whole_factor[regime[i]]
        full *= push * all_
        excited = excite[i] * min(some, 1.0)  # more asking does not make payments contagious
        rate = full + partial[day] * partial_weight[i] * push * some + excited
        chance = unit(i, salt)
        if chance < rate and chance < 1.0 - np.exp(-rate):
            index[count] = i
            clears = full + excited_whole * all_ * excite[i]
            whole[count] = unit(i, second) * rate < clears
            count += 1
    return count


@compiled
def fade(
    days: Array, arrears: Array, lift: Array, excite: Array, irritation: Array,
    lift_left: float, excite_left: float, irritation_left: float,
) -> None:  # fmt: skip
    """Let a day pass: another day late, effects, excitement and irritation fade."""
    for i in range(len(days)):
        days[i] += arrears[i] > 0
        lift[i] *= lift_left
        excite[i] *= excite_left
        irritation[i] *= irritation_left
