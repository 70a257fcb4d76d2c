"""
Machine, message or person: routed on what each brings in a year, not in a month.

People are drawn into groups for good. The outcome of a case is what it repaid in 360 days, discounted
and less what contact cost, as a share of what it owed when it entered. Two groups are compared within
a segment over cases whose year is over, less what was known at entry (`evidence.adjusted`), by a
sequence that holds at all looks and for all comparisons together (`sequential`). A group is closed to
a segment only where another is clearly better over the whole year.

Before that there is an interim answer, which closes nothing: the year is predicted from the first
months by cases whose year is over, and groups are compared by the prediction (surrogate index: Athey,
Chetty, Imbens, Kang 2019, doi:10.3386/w26463). It is right only if the early months carry all that a
group does to the year; that machines gain in a month what they lose in a year is the reason not to
trust it (Choi, Huang, Yang, Zhang 2025, doi:10.3386/w33669).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from recoup.decision.evidence import Evidence, adjusted
from recoup.decision.metrics import Interval
from recoup.decision.sequential import Plan, sequence
from recoup.kernel.said import Said

Floats = NDArray[np.float64]
HORIZONS = (30, 90, 180, 360)
LEAST = 200  # cases whose year is over, for it to be predicted
RIDGE = 1.0


@dataclass(frozen=True)
class Cases:
    """
    Drawn cases: `group` and `segment` (n,), the days since each entered (`age`), its net repayment
    so far at each of `HORIZONS` (n, 4), of which only those reached count, and what was known at entry
    (n, k).
    """

    group: NDArray[np.str_]
    segment: NDArray[np.str_]
    age: NDArray[np.int64]
    net: Floats
    known: Floats

    def __post_init__(self) -> None:
        n = len(self.group)
        shapes = (self.segment.shape, self.age.shape, self.net.shape, self.known.shape[:1])
        if shapes != ((n,), (n,), (n, len(HORIZONS)), (n,)):
            raise ValueError("Every case has a group, a segment, an age, and a figure by horizon.")
        if not np.isfinite(self.known).all() or not np.isfinite(self.net[self.reached]).all():
            raise ValueError("Some figures of cases are missing or infinite.")

    @property
    def reached(self) -> NDArray[np.bool_]:
        """Which horizons each case has reached, (n, 4)."""
        return self.age[:, None] >= np.array(HORIZONS)

    @property
    def is_over(self) -> NDArray[np.bool_]:
        """Whose year is over."""
        return self.age >= HORIZONS[-1]


@dataclass(frozen=True)
class Compared:
    """
    How much more `group` brings than `against` in a segment, as a share of what was owed, with an
    interval valid at all looks; `cases` of the smaller group. `interim` is predicted from `horizon`
    days and routes nothing; `doubt` says why there is no interval.
    """

    segment: str
    group: str
    against: str
    difference: Interval
    cases: int
    horizon: int
    interim: bool
    doubt: str = ""

    @property
    def is_clear(self) -> bool:
        """Whether one of the two is better over the whole year for certain."""
        return not self.interim and (self.difference.low > 0 or self.difference.high < 0)


@dataclass(frozen=True)
class Routes:
    """Every comparison, and by segment the groups that are closed because another is better."""

    compared: tuple[Compared, ...]
    closed: dict[str, tuple[str, ...]]


def compare(
    cases: Cases, *, groups: Sequence[str], segments: Sequence[str], effect: float
) -> Routes:
    """
    Compare every two groups in every segment. All comparisons share the error, of these segments and
    groups, whether they have cases or not; `effect` is the smallest difference that matters.

    :raises ValueError: for fewer than two groups, or no segment
    """
    pairs = list(combinations(sorted(groups), 2))
    if not pairs or not segments:
        raise ValueError("Routing compares two groups or more, in a segment or more.")
    plan = Plan(effect=effect, challengers=len(pairs) * len(segments))
    index = _index(cases)
    found: list[Compared] = []
    for segment in segments:
        here = cases.segment == segment
        for one, other in pairs:
            found.append(_final(cases, here, segment, one, other, plan))
            if index is not None:
                interim = _interim(cases, here, index, segment, one, other, plan)
                found += [interim] if interim is not None else []
    return Routes(tuple(found), _closed(found))


def _final(
    cases: Cases, here: NDArray[np.bool_], segment: str, one: str, other: str, plan: Plan
) -> Compared:
    over = here & cases.is_over
    return _compared(cases, over, cases.net[:, -1], segment, one, other, plan, HORIZONS[-1], False)


def _interim(
    cases: Cases, here: NDArray[np.bool_], index: tuple[Floats, NDArray[np.int64]], segment: str,
    one: str, other: str, plan: Plan,
) -> Compared | None:  # fmt: skip
    """By the predicted year, of cases whose own is not over yet, at the longest horizon of most."""
    value, horizon = index
    young = here & ~cases.is_over & (horizon >= 0)
    mine = young & ((cases.group == one) | (cases.group == other))
    if not mine.any():
        return None
    usual = HORIZONS[int(np.bincount(horizon[mine]).argmax())]
    return _compared(cases, young, value, segment, one, other, plan, usual, True)


def _compared(
    cases: Cases, rows: NDArray[np.bool_], outcome: Floats, segment: str, one: str, other: str,
    plan: Plan, horizon: int, interim: bool,
) -> Compared:  # fmt: skip
    first, second = (np.flatnonzero(rows & (cases.group == name)) for name in (one, other))
    evidence: Evidence = adjusted(
        arm=outcome[first], other=outcome[second], arm_before=cases.known[first],
        other_before=cases.known[second],
    )  # fmt: skip
    seen = sequence(evidence, plan)
    return Compared(
        segment, one, other, seen.difference, min(len(first), len(second)), horizon, interim,
        seen.doubt,
    )  # fmt: skip


def _index(cases: Cases) -> tuple[Floats, NDArray[np.int64]] | None:
    """The year as predicted for each case, (n,), and from which horizon, -1 for none."""
    over = np.flatnonzero(cases.is_over)
    if len(over) < LEAST:
        return None
    value, horizon = np.zeros(len(cases.age)), np.full(len(cases.age), -1, dtype=np.int64)
    for last in range(len(HORIZONS) - 1):
        x = np.column_stack([np.ones(len(cases.age)), cases.known, cases.net[:, : last + 1]])
        here = cases.reached[:, last] & ~cases.is_over
        learnt = x[over]
        pull = RIDGE * np.eye(x.shape[1])
        pull[0, 0] = 1e-9
        line = np.linalg.solve(learnt.T @ learnt + pull, learnt.T @ cases.net[over, -1])
        value[here] = x[here] @ line
        horizon[here] = last
    return value, horizon


def _closed(found: Sequence[Compared]) -> dict[str, tuple[str, ...]]:
    worse: dict[str, set[str]] = {}
    for one in found:
        if one.is_clear:
            loser = one.against if one.difference.low > 0 else one.group
            worse.setdefault(one.segment, set()).add(loser)
    return {segment: tuple(sorted(names)) for segment, names in worse.items()}


def told(one: Compared) -> Said:
    """What a comparison says, in one sentence."""
    values = {
        "group": one.group, "against": one.against, "segment": one.segment,
        "gap": one.difference.value, "low": one.difference.low, "high": one.difference.high,
        "days": one.horizon,
    }  # fmt: skip
    if one.doubt:
        return Said("{segment}: {group} and {against} cannot be compared yet.", **values)
    if one.interim:
        return Said(
            "{segment}: by the first {days} days, {group} is expected to bring {gap:+.2%} of what is"
            " owed against {against} in a year; nothing is routed by that.", **values,
        )  # fmt: skip
    return Said(
        "{segment}: in a year {group} brings {gap:+.2%} of what is owed against {against}"
        " ({low:+.2%} to {high:+.2%}).", **values,
    )  # fmt: skip
