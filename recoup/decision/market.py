"""Cases and collectors as they are handed in, and the market that the auction trades on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recoup.decision.auction import CASE, Floats, Ints, Market, Rows

Marks = NDArray[np.bool_]
NONE = -1  # no language, no region, nobody before
GIANT = 1e15  # a value beyond this is no money


@dataclass(frozen=True)
class Cases:
    """
    The cases to be given out, N rows.

    `ids` (N,) once each; `value` (N,) what a case is expected to bring, in money, not a number where
    that is not known; `skill` (N,) the skill it needs, a row of `Collectors.effect`; `language` and
    `region` (N,) the language spoken and the place whose licence is needed, rows of theirs, -1 for
    none; `before` (N,) the id of the collector who had the case, -1 for nobody; `conflicts` (M, 2)
    pairs of case and collector ids that must never meet, also of cases and people not here.
    """

    ids: Ints
    value: Floats
    skill: Ints
    language: Ints
    region: Ints
    before: Ints
    conflicts: Ints

    @classmethod
    def of(
        cls, *, ids: ArrayLike, value: ArrayLike, skill: ArrayLike | None = None,
        language: ArrayLike | None = None, region: ArrayLike | None = None,
        before: ArrayLike | None = None, conflicts: ArrayLike | None = None,
    ) -> Cases:  # fmt: skip
        """
        The cases of whatever is like an array; what is left out is not needed of anybody.

        :raises ValueError: if lengths differ, or an id comes twice
        """
        names = _ids(ids, "case")
        none = np.full(len(names), NONE)
        made = cls(
            names, np.asarray(value, dtype=np.float64), _ints(skill, np.zeros(len(names))),
            _ints(language, none), _ints(region, none), _ints(before, none),
            _ints(conflicts, np.empty((0, 2))).reshape(-1, 2),
        )  # fmt: skip
        for name in ("value", "skill", "language", "region", "before"):
            if getattr(made, name).shape != names.shape:
                raise ValueError(f"{name} is not one for each case.")
        return made


@dataclass(frozen=True)
class Collectors:
    """
    Who can take cases, J rows.

    `ids` (J,) once each; `capacity` (J,) how many cases each may hold, `load` (J,) how many each
    holds already; `effect` (S, J) the share of a case's value that each brings with a skill,
    nothing for who does not have it; `languages` (L, J) and `regions` (R, J) who speaks what and
    holds which licence.
    """

    ids: Ints
    capacity: Ints
    load: Ints
    effect: Floats
    languages: Marks
    regions: Marks

    @classmethod
    def of(
        cls, *, ids: ArrayLike, capacity: ArrayLike, load: ArrayLike | None = None,
        effect: ArrayLike | None = None, languages: ArrayLike | None = None,
        regions: ArrayLike | None = None,
    ) -> Collectors:  # fmt: skip
        """
        The collectors of whatever is like an array; without `effect` there is one skill, all have it.

        :raises ValueError: if lengths differ, an id comes twice, or a capacity or effect is no number
        """
        names = _ids(ids, "collector")
        count = len(names)
        brings = np.ones((1, count)) if effect is None else np.asarray(effect, dtype=np.float64)
        made = cls(
            names, _ints(capacity, names), _ints(load, np.zeros(count)),
            np.where(np.isnan(brings) | (brings < 0), 0.0, brings), _marks(languages, count),
            _marks(regions, count),
        )  # fmt: skip
        if made.capacity.shape != names.shape or made.load.shape != names.shape:
            raise ValueError("capacity and load are one for each collector.")
        if (made.capacity < 0).any() or (made.load < 0).any():
            raise ValueError("A capacity or load cannot be negative.")
        for table in (made.effect, made.languages, made.regions):
            if table.ndim != 2 or table.shape[1] != count:
                raise ValueError("effect, languages and regions have a column for each collector.")
        if (made.effect > GIANT).any():
            raise ValueError("An effect is a share of a case's value.")
        return made

    @property
    def room(self) -> Ints:
        """How many more cases each can take."""
        return np.asarray(np.maximum(self.capacity - self.load, 0), dtype=np.int64)

    def rows_of(self, ids: Ints) -> Ints:
        """The rows of these collectors, -1 for who is not here."""
        if not len(self.ids):
            return np.full(ids.shape, NONE)
        order = np.argsort(self.ids)
        place = np.minimum(np.searchsorted(self.ids[order], ids), len(order) - 1)
        found = order[place]
        return np.where(self.ids[found] == ids, found, NONE)


@dataclass(frozen=True)
class Stage:
    """
    The market of these cases and collectors, and `table` (K, J), who has all that a kind needs.

    The market's cases are in the order of their kinds and values, so that what is read together
    lies together: its n-th is the case of row `order[n]`. `rows` are those of it that can be
    traded; `kind` (N,) is by the rows of the cases; `needs` (K, 3) are the skill, language and
    region of each kind.
    """

    market: Market
    order: Ints
    rows: Rows
    kind: Ints
    table: Marks
    needs: Ints


def stage(
    cases: Cases, collectors: Collectors, *, continuity: float, now: Ints | None, margin: float
) -> Stage:
    """
    Make the market: the lists of the kinds, the bonuses and the conflicts.

    :raises ValueError: for a skill, language or region that the collectors' tables do not have, or
        a bonus that is negative or not a number
    """
    for name, bonus in (("continuity", continuity), ("margin", margin)):
        if not 0 <= bonus <= GIANT:
            raise ValueError(f"{name} is a share of a case's value, not negative.")
    needs, kind = _kinds(cases, collectors)
    table = _table(needs, collectors)
    of_kind, who = np.nonzero(table)
    starts = np.searchsorted(of_kind, np.arange(len(needs) + 1))
    known = np.isfinite(cases.value) & (np.abs(cases.value) <= GIANT)
    value = np.where(known, cases.value, 0.0)
    order = np.lexsort((value, kind))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    bonuses = [(cases.before, continuity), *([] if now is None else [(now, margin)])]
    pair_starts, pair_who, pair_more = _pairs(cases, collectors, value, place, bonuses)
    records = np.zeros(len(value), dtype=CASE)
    records["value"], records["kind"] = value[order], kind[order]
    records["first"], records["last"] = pair_starts[:-1], pair_starts[1:]
    market = Market(
        records, starts.astype(np.uint64), who.astype(np.uint32),
        collectors.effect[needs[of_kind, 0], who], pair_who, pair_more, collectors.room,
    )  # fmt: skip
    traded = known & somebody(table)[kind]
    rows = np.flatnonzero(traded[order]).astype(np.uint32)
    return Stage(market, order, rows, kind, table, needs)


def _kinds(cases: Cases, collectors: Collectors) -> tuple[Ints, Ints]:
    """The kinds that there are, (K, 3), and the kind of each case."""
    tables = {"skill": collectors.effect, "language": collectors.languages,
              "region": collectors.regions}  # fmt: skip
    key = np.zeros(len(cases.ids), dtype=np.int64)
    for name, held in tables.items():
        asked = getattr(cases, name)
        least = 0 if name == "skill" else NONE
        if ((asked < least) | (asked >= len(held))).any():
            raise ValueError(f"A case needs a {name} that the collectors' table does not have.")
        key = key * (len(held) + 1) + asked + 1
    kinds, kind = np.unique(key, return_inverse=True)
    needs = np.empty((len(kinds), 3), dtype=np.int64)
    for column, name in ((2, "region"), (1, "language"), (0, "skill")):
        needs[:, column] = kinds % (len(tables[name]) + 1) - 1
        kinds = kinds // (len(tables[name]) + 1)
    return needs, kind.astype(np.int64)


def _table(needs: Ints, collectors: Collectors) -> Marks:
    """Who has all that each kind needs, (K, J)."""
    table: Marks = collectors.effect[needs[:, 0]] > 0
    for column, held in ((1, collectors.languages), (2, collectors.regions)):
        asked = needs[:, column] != NONE
        table[asked] &= held[needs[asked, column]]
    return table


def _pairs(
    cases: Cases, collectors: Collectors, value: Floats, place: Ints,
    bonuses: list[tuple[Ints, float]],
) -> tuple[Ints, Rows, Floats]:  # fmt: skip
    """What is added to single pairs of case and collector: where each case's begin, whom, what."""
    count, people = len(cases.ids), max(len(collectors.ids), 1)
    keys: list[Ints] = []
    more: list[Floats] = []
    for whose, share in bonuses:
        person = collectors.rows_of(whose)
        here = np.flatnonzero((person != NONE) & (value > 0) & (share > 0))
        keys.append(place[here] * people + person[here])
        more.append(share * value[here])
    barred = conflicts(cases, collectors)
    keys.append(place[barred[:, 0]] * people + barred[:, 1])
    more.append(np.full(len(barred), -np.inf))
    key, amount = np.concatenate(keys), np.concatenate(more)
    order = np.argsort(key, kind="stable")
    key, amount = key[order], amount[order]
    first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if len(key) else np.empty(0, np.int64)
    merged = np.add.reduceat(amount, first) if len(key) else amount
    key = key[first]
    starts = np.zeros(count + 1, dtype=np.int64)
    starts[1:] = np.cumsum(np.bincount(key // people, minlength=count))
    return starts, (key % people).astype(np.uint32), merged


def conflicts(cases: Cases, collectors: Collectors) -> Ints:
    """The conflicts (M, 2) as rows of the cases and collectors that are here."""
    if not len(cases.conflicts) or not len(cases.ids):
        return np.empty((0, 2), dtype=np.int64)
    order = np.argsort(cases.ids)
    place = np.searchsorted(cases.ids[order], cases.conflicts[:, 0])
    case = order[np.minimum(place, len(order) - 1)]
    person = collectors.rows_of(cases.conflicts[:, 1])
    here = (cases.ids[case] == cases.conflicts[:, 0]) & (person != NONE)
    return np.column_stack([case[here], person[here]])


def rows_by_value(stage: Stage, rows: Rows, bands: int) -> list[Rows]:
    """These tradeable cases in so many bands of even size, the least valuable first."""
    value = stage.market.cases["value"][rows]
    rank = np.empty(len(value), dtype=np.int64)
    rank[np.argsort(value, kind="stable")] = np.arange(len(value))
    band = rank * bands // max(len(value), 1)
    return [rows[band == number] for number in range(bands)]


def reach(cases: Cases, collectors: Collectors) -> Ints:
    """
    How many of the cases each collector may have, by skill, language and licence (J,).

    :raises ValueError: as `stage`
    """
    needs, kind = _kinds(cases, collectors)
    table = _table(needs, collectors)
    return np.bincount(kind, minlength=len(needs)).astype(np.int64) @ table.astype(np.int64)


def somebody(table: Marks) -> Marks:
    """In which lines of a table (K, J) there is anybody."""
    return np.asarray(table.any(axis=1), dtype=bool)


def barred_from_all(cases: Cases, collectors: Collectors, stage: Stage) -> Marks:
    """Which cases (N,) conflict with everybody who has all they need."""
    pairs, kind = np.unique(conflicts(cases, collectors), axis=0), stage.kind
    fit = stage.table[kind[pairs[:, 0]], pairs[:, 1]]
    barred = np.bincount(pairs[fit, 0], minlength=len(cases.ids))
    return np.asarray((barred > 0) & (barred == stage.table.sum(axis=1)[kind]))


def _ids(ids: ArrayLike, what: str) -> Ints:
    names = _ints(ids, np.empty(0))
    if names.ndim != 1:
        raise ValueError(f"The ids of the {what}s are one row.")
    known, times = np.unique(names, return_counts=True)
    if (times > 1).any():
        raise ValueError(f"The {what} {known[times > 1][0]} comes twice.")
    return names


def _ints(given: ArrayLike | None, otherwise: ArrayLike) -> Ints:
    raw = np.asarray(otherwise if given is None else given)
    if raw.dtype.kind == "f" and not (np.isfinite(raw).all() and (raw == np.floor(raw)).all()):
        raise ValueError("Ids, capacities and needs are whole numbers.")
    if raw.dtype.kind not in "iufb":
        raise ValueError("Ids, capacities and needs are whole numbers.")
    return raw.astype(np.int64)


def _marks(given: ArrayLike | None, count: int) -> Marks:
    return np.empty((0, count), dtype=bool) if given is None else np.asarray(given, dtype=bool)
