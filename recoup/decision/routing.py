"""
Machine, message or person: routed on what each brings in a year, not in a month.

People are drawn into groups for good. The outcome is what their cases repaid in 360 days, discounted
and less what contact cost, over what they owed when they entered: R = sum(net) / sum(owed) of a group,
so that a difference times a sum owed is money. Two groups are compared within a segment over cases
whose year is over, a person with all of theirs there being one observation (they were drawn together),
by the linearised ratio z = R + (net - R owed) / mean(owed) (delta method: Deng, Knoblich, Lu 2018,
doi:10.1145/3219819.3219919) less what was known at entry (`evidence.adjusted`), by a sequence that
holds at all looks and for all comparisons together (`sequential`). A group is closed to a segment only
where another is clearly better over the whole year.

Before that there is an interim answer, which closes nothing: the year is predicted from the first
months by cases whose year is over, and groups are compared by the prediction (surrogate index: Athey,
Chetty, Imbens, Kang 2019, doi:10.3386/w26463). It is right only if the early months carry all that a
group does to the year; that machines gain in a month what they lose in a year is the reason not to
trust it (Choi, Huang, Yang, Zhang 2025, doi:10.3386/w33669).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    Drawn cases: `group` and `segment` (n,), who owes each (`person`), what was owed when it entered
    (`owed`, above 0) and the days since (`age`), its net repayment so far at each of `HORIZONS` (n, 4),
    in the unit of `owed`, of which only those reached count, and what was known at entry (n, k).
    """

    group: NDArray[np.str_]
    segment: NDArray[np.str_]
    person: NDArray[np.int64]
    owed: Floats
    age: NDArray[np.int64]
    net: Floats
    known: Floats

    def __post_init__(self) -> None:
        n = len(self.group)
        flat = (self.segment, self.person, self.owed, self.age)
        shapes = (*(one.shape for one in flat), self.net.shape, self.known.shape[:1])
        if shapes != (*(((n,),) * 4), (n, len(HORIZONS)), (n,)):
            raise ValueError("Every case has a group, a segment, an age, and a figure by horizon.")
        if not np.isfinite(self.known).all() or not np.isfinite(self.net[self.reached]).all():
            raise ValueError("Some figures of cases are missing or infinite.")
        if not (np.isfinite(self.owed) & (self.owed > 0)).all():
            raise ValueError("Every case owed something when it entered.")

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
    interval valid at all looks; `people` of the smaller group. `interim` is predicted from `horizon`
    days and routes nothing; `doubt` says why there is no interval.
    """

    segment: str
    group: str
    against: str
    difference: Interval
    people: int
    horizon: int
    interim: bool
    doubt: str = ""

    @property
    def is_clear(self) -> bool:
        """Whether one of the two is clearly better over the whole year."""
        return not self.interim and (self.difference.low > 0 or self.difference.high < 0)


@dataclass(frozen=True)
class Routes:
    """Every comparison, and by segment the groups that are closed because another is better."""

    compared: tuple[Compared, ...]
    closed: dict[str, tuple[str, ...]]


def compare(cases: Cases, *, offered: Mapping[str, Sequence[str]], effect: float) -> Routes:
    """
    Compare every two groups that a segment offers (`offered`, by segment). All comparisons share the
    error, whether they have cases or not; `effect` is the smallest difference that matters.

    :raises ValueError: if no segment offers two groups
    """
    pairs = {name: list(combinations(sorted(set(groups)), 2)) for name, groups in offered.items()}
    count = sum(map(len, pairs.values()))
    if not count:
        raise ValueError("Routing compares two groups or more, in a segment or more.")
    plan = Plan(effect=effect, challengers=count)
    index = _index(cases)
    found: list[Compared] = []
    for segment in sorted(pairs):
        here = cases.segment == segment
        for one, other in pairs[segment]:
            found.append(_final(cases, here, segment, one, other, plan))
            if index is not None:
                interim = _interim(cases, here, index, segment, one, other, plan)
                found += [interim] if interim is not None else []
    return Routes(tuple(found), _closed(found, offered))


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
    both = np.flatnonzero(rows & ((cases.group == one) | (cases.group == other)))
    scale = float(cases.owed[both].mean()) if len(both) else 1.0
    first, second = (
        _by_person(cases, both[cases.group[both] == name], outcome, scale) for name in (one, other)
    )
    evidence: Evidence = adjusted(
        arm=first[0], other=second[0], arm_before=first[1], other_before=second[1]
    )
    seen = sequence(evidence, plan)
    return Compared(
        segment, one, other, seen.difference, min(len(first[0]), len(second[0])), horizon, interim,
        seen.doubt,
    )  # fmt: skip


def _by_person(
    cases: Cases, rows: NDArray[np.int64], outcome: Floats, scale: float
) -> tuple[Floats, Floats]:
    """
    The linearised ratio of each person, (p,), and what was known of them, (p, k + 1): what they owed
    and, weighed by it as the ratio is, the columns of `known`.
    """
    people, place = np.unique(cases.person[rows], return_inverse=True)
    owed = cases.owed[rows]

    def summed(values: Floats) -> Floats:
        return np.bincount(place, values, minlength=len(people)).astype(np.float64)

    weight = summed(owed)
    known = [weight, *(summed(owed * column) for column in cases.known[rows].T)]
    before = np.column_stack(known) / scale
    if not len(people):
        return weight, before
    net = summed(outcome[rows])
    ratio = net.sum() / weight.sum()
    return ratio + (net - ratio * weight) / weight.mean(), before


def _index(cases: Cases) -> tuple[Floats, NDArray[np.int64]] | None:
    """The year as predicted for each case, (n,), and from which horizon, -1 for none."""
    over = np.flatnonzero(cases.is_over)
    if len(over) < LEAST:
        return None
    value, horizon = np.zeros(len(cases.age)), np.full(len(cases.age), -1, dtype=np.int64)
    share = cases.net / cases.owed[:, None]
    for last in range(len(HORIZONS) - 1):
        x = np.column_stack([np.ones(len(cases.age)), cases.known, share[:, : last + 1]])
        here = cases.reached[:, last] & ~cases.is_over
        learnt = x[over]
        pull = RIDGE * np.eye(x.shape[1])
        pull[0, 0] = 1e-9
        line = np.linalg.solve(learnt.T @ learnt + pull, learnt.T @ share[over, -1])
        value[here] = x[here] @ line * cases.owed[here]
        horizon[here] = last
    return value, horizon


def _closed(
    found: Sequence[Compared], offered: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Who is clearly worse than another, by segment; nobody where that would leave no group open."""
    worse: dict[str, set[str]] = {}
    for one in found:
        if one.is_clear:
            loser = one.against if one.difference.low > 0 else one.group
            worse.setdefault(one.segment, set()).add(loser)
    return {
        segment: tuple(sorted(names))
        for segment, names in worse.items()
        if set(offered[segment]) - names
    }


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
