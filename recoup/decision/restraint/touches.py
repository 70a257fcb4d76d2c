"""
The contacts of a log as one list in time, and what of them still lasts on a day.

A contact *touches* if it arrived at all and is *heard* if the borrower read or answered it. What a
contact adds fades by half in so many days: exposure and irritation are sums of fading terms, kept
day by day, so that a night costs one pass over the cases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Touches:
    """
    Contacts (m,), sorted by day: with which `case` (0..cases-1), on which `day`, of what `kind`
    (0..kinds-1), whether it `touched` and was `heard`, and its `part`: the row of weights of
    irritation that it has (an answered call irritates as another thing than one that rang).
    """

    case: Ints
    day: Ints
    kind: Ints
    part: Ints
    touched: Flags
    heard: Flags
    cases: int
    kinds: int
    parts: int

    def days(self) -> Iterator[tuple[int, slice]]:
        """Each day of the log that has contacts, and where they are."""
        found, first = np.unique(self.day, return_index=True)
        ends = np.r_[first[1:], len(self.day)]
        for day, start, end in zip(found.tolist(), first.tolist(), ends.tolist(), strict=True):
            yield day, slice(start, end)


def kept(half_life: float) -> float:
    """
    What is left of an effect after a day.

    >>> kept(1.0)
    0.5
    """
    return float(0.5 ** (1.0 / half_life))


def load(touches: Touches, *, half_life: float) -> Floats:
    """
    The decayed counts of touches by part just after each contact, itself included: (m, parts).

    >>> import numpy as np
    >>> two = np.array([0, 0]); on = np.array([0, 2]); yes = np.ones(2, dtype=bool)
    >>> load(Touches(two, on, two, two, yes, yes, 1, 1, 1), half_life=2.0).ravel().tolist()
    [1.0, 1.5]
    """
    level = np.zeros((touches.cases, touches.parts))
    at, fading = np.zeros((len(touches.case), touches.parts)), kept(half_life)
    last = 0
    for day, some in touches.days():
        level *= fading ** (day - last)
        last = day
        who = touches.case[some][touches.touched[some]]
        np.add.at(level, (who, touches.part[some][touches.touched[some]]), 1.0)
        at[some] = level[touches.case[some]]
    return at


@dataclass
class Lasting:
    """
    What lasts of contacts by the evening of a day: `heard` (cases, kinds) and `strain` (cases,
    knots), to be read between calls of `pass_to`.
    """

    cases: int
    kinds: int
    knots: int
    half_life: float
    heard: Floats = field(init=False)
    strain: Floats = field(init=False)
    count: Floats = field(init=False)
    day: int = 0

    def __post_init__(self) -> None:
        """Nothing has been done yet."""
        self.heard = np.zeros((self.cases, self.kinds))
        self.strain = np.zeros((self.cases, self.knots))
        self.count = np.zeros(self.cases)

    def pass_to(self, day: int) -> None:
        """Let what there is fade until a day."""
        fading = kept(self.half_life) ** (day - self.day)
        self.heard *= fading
        self.strain *= fading
        self.day = day

    def add(
        self, *, case: Ints, kind: Ints, touched: Flags, heard: Flags, over: Floats, fatigue: float
    ) -> None:
        """
        Contacts of the day, at most one a case; `over` (m, knots) is the irritation beyond each
        knot, and each contact does `fatigue` of what the one before did.
        """
        rows = np.flatnonzero(heard)
        worn = fatigue ** self.count[case]
        self.heard[case[rows], kind[rows]] += worn[rows]
        self.strain[case] += np.where(touched[:, None], over, 0.0)
        self.count[case] += touched
