"""
The declared features by the compiled kernel: batches of events in, a matrix out.

    kernel = Kernel(accounts=1000, on=day, instant=start)
    kernel.add("payments", {"row": ..., "paid_on": ..., "amount": ...})
    kernel.matrix({"overdue": ..., ...})       # (1000, features), single precision, NaN is missing

`row` is the place of an account, from 0 without gaps; the columns are those of `tables`. Batches
of a source come in any number and order; nothing depends on either.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.kernel.errors import Invalid
from recoup.scoring.declared import BY_NAME, FEATURES, NAMES, Feature, code
from recoup.scoring.tables import MISSING, TABLES, day_number, microsecond

Array = NDArray[Any]
EVER = 2**40  # days: no window
ALL = -1  # every bit
OPEN = code("state", "open")


def _mask(column: str, words: tuple[str, ...]) -> int:
    return sum(1 << code(column, word) for word in words) if words else ALL


class Kernel:
    """
    Counts the histories of some accounts up to the start of the day `on`, the `instant`.

    :raises Invalid: from `add`, if an event belongs to none of the accounts
    """

    def __init__(self, *, accounts: int, on: date, instant: datetime) -> None:
        from recoup.decision import scatter

        self.accounts, self.scatter = accounts, scatter
        self.today, self.cut = day_number(on), microsecond(instant)
        self.slots: dict[str, int] = {}
        self.tallies = {source: self._tallies(source) for source in TABLES if source != "cases"}
        sums = [one.name for one in FEATURES if one.aggregate == "sum"]
        self.sums = np.zeros((accounts, len(sums)), np.int64)
        self.whole = np.zeros((accounts, len(self.slots) - len(sums)), np.int32)
        self.attempts: list[tuple[Array, ...]] = []
        self.made, self.due = self._never(np.int32)
        self.judged, self.state = self._never(np.int8)

    def _never(self, kind: type) -> tuple[Array, Array]:
        return np.full(self.accounts, self.scatter.NEVER), np.zeros(self.accounts, kind)

    def _tallies(self, source: str) -> Array:
        """The figures of a source as the loops take them; slots of sums and of the rest apart."""
        how = {
            "count": self.scatter.COUNT, "sum": self.scatter.SUM, "months": self.scatter.SPANS,
            "days_since": self.scatter.SINCE,
        }  # fmt: skip
        found = []
        for one in FEATURES:
            if one.source != source or one.aggregate not in how:
                continue
            if one.aggregate == "months" and not 0 < (one.window or 0) <= 30 * self.scatter.SPAN:
                raise ValueError(f"{one.name} counts months without a window of at most 30.")
            same = [name for name in self.slots if (BY_NAME[name].aggregate == "sum")
                    == (one.aggregate == "sum")]  # fmt: skip
            self.slots[one.name] = len(same)
            first, second = _masks(one)
            found.append((how[one.aggregate], one.window or EVER, first, second, len(same)))
        return np.array(found, np.int64).reshape(-1, 5)

    def add(self, source: str, batch: Mapping[str, Array]) -> None:
        """Count a batch of events: the columns of the source's table, with `row` for `case`."""
        rows = batch["row"]
        if source == "contacts":
            self.attempts.append(
                (rows, batch["at"], batch["known_at"], batch["channel"], batch["outcome"])
            )
            return
        counted, outside = (self.tallies[source], self.whole, self.sums), 0
        if source == "payments":
            outside = self.scatter.count_days(
                rows, batch["paid_on"], batch["amount"], self.today, *counted
            )
        elif source == "promises":
            none = np.zeros(len(rows), np.int8)
            self.scatter.count_instants(rows, batch["at"], none, self.cut, *counted)
            outside = self.scatter.newest(
                rows, batch["at"], batch["due_on"], self.cut, self.made, self.due
            )
        else:
            self.scatter.count_instants(rows, batch["at"], batch["state"], self.cut, *counted)
            outside = self.scatter.newest(
                rows, batch["at"], batch["state"], self.cut, self.judged, self.state
            )
        self._refuse(source, outside)

    def _refuse(self, source: str, outside: int) -> None:
        if outside:
            raise Invalid(
                f"{outside:,} rows of {source} belong to none of the {self.accounts:,} accounts.",
                hint="Write the tables of this bucket again, from one state of the book.",
            )

    def _count_attempts(self) -> None:
        for batch in self.attempts[:1] if len(self.attempts) == 1 else self._joined():
            starts = np.zeros(self.accounts + 1, np.int64)
            told = np.empty((len(batch[0]), 3), np.int64)
            self._refuse("contacts", self.scatter.gather(*batch, self.cut, starts, told))
            self.scatter.count_attempts(
                starts, told, self.cut, self.tallies["contacts"], self.whole, self.sums
            )
        self.attempts.clear()

    def _joined(self) -> list[tuple[Array, ...]]:
        # What was told later of an attempt may stand in any batch.
        return (
            [tuple(map(np.concatenate, zip(*self.attempts, strict=True)))] if self.attempts else []
        )

    def matrix(
        self, cases: Mapping[str, Array], names: tuple[str, ...] = NAMES
    ) -> NDArray[np.float32]:
        """
        The features of every account, (accounts, names), column by column in memory.

        `cases` has a column (accounts,) of whole numbers for each feature that is a value of the
        case itself, `MISSING` where there is none. Called once, after all batches.
        """
        self._count_attempts()
        self.cases = cases
        found = np.empty((self.accounts, len(names)), np.float32, order="F")
        for place, name in enumerate(names):
            found[:, place] = self._column(BY_NAME[name])
        return found

    def _column(self, one: Feature) -> Array:
        if one.parts:
            return self._ratio(one)
        if one.aggregate == "value":
            numbers = self.cases[one.name]
            return np.where(numbers == MISSING, np.float32(np.nan), numbers)
        if one.aggregate == "open":
            return self._open
        if one.aggregate == "sum":
            return self.sums[:, self.slots[one.name]]
        numbers = self.whole[:, self.slots[one.name]]
        if one.aggregate == "months":
            return np.asarray(self.scatter.bits(numbers))
        if one.aggregate == "days_since":
            return np.where(numbers > 0, numbers, np.float32(np.nan))
        return numbers

    def _ratio(self, one: Feature) -> Array:
        top, *below = (self._number(name) for name in (one.parts[0], *one.parts[1].split("+")))
        whole = reduce(np.add, below)
        known = (whole > 0) & ~reduce(np.logical_or, (part == MISSING for part in (top, *below)))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(known, top / whole, np.nan)

    def _number(self, name: str) -> Array:
        """A value, count or sum in whole numbers."""
        one = BY_NAME[name]
        if one.aggregate == "value":
            return self.cases[name]
        kept = self.sums if one.aggregate == "sum" else self.whole
        return kept[:, self.slots[name]]

    @cached_property
    def _open(self) -> Array:
        """Days to the due day of the promise that is open."""
        never = self.made == self.scatter.NEVER
        closed = (self.state != OPEN) & (self.judged >= self.made)
        days = self.due - np.int32(self.today)
        return np.where(never | closed | (days < 0), np.float32(np.nan), days)


def _masks(one: Feature) -> tuple[int, int]:
    """Which words of the source's first and second column count, a bit for each."""
    if one.source == "contacts":
        return _mask("channel", one.channels), _mask("outcome", one.only)
    if one.source == "judgments":
        return _mask("state", one.only), ALL
    return ALL, ALL


def rows_of(cases: Array, events: Array) -> NDArray[np.int32]:
    """
    The place of each event's case among `cases`, which stand in rising order; -1 where it is none.

    >>> rows_of(np.array([3, 7]), np.array([7, 5, 3, 9])).tolist()
    [1, -1, 0, -1]
    """
    if not len(cases):
        return np.full(len(events), -1, np.int32)
    first, span = int(cases[0]), int(cases[-1] - cases[0]) + 1
    if span <= 8 * len(cases) + 1024:  # a table by number is one address for each event
        places = np.full(span + 1, -1, np.int32)
        places[cases - first] = np.arange(len(cases), dtype=np.int32)
        inside = (events >= first) & (events < first + span)
        return places[np.where(inside, events - first, span)]
    found = np.searchsorted(cases, events).clip(max=len(cases) - 1)
    return np.where(cases[found] == events, found, -1).astype(np.int32)
