"""
The declared features of some cases, and what they are made from.

A feature is a source, a filter, a window and an aggregate (`declared`); the model cards, the
reasons and the documentation are made from the same list. The cut-off is the start of a day in the
book's place: what happened on that day or later never enters, nor what became known later.

Contact points are no source: a number's state carries no date, so its value at an earlier
cut-off is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.scoring.declared import NAMES
from recoup.scoring.kernel import Kernel, rows_of
from recoup.scoring.tables import EVENTS, MISSING, TABLES, coded

CASE_COLUMNS = tuple(TABLES["cases"])


@dataclass(frozen=True, slots=True)
class Sources:
    """
    What features are made from, one frame each.

    `cases` is the state of each case at the cut-off (case, days_past_due, overdue, owed, loans);
    the others may hold later rows, which are left out here, and rows of other cases: `payments`
    (case, paid_on, amount), `contacts` (case, at, known_at, channel, outcome), `promises` (case,
    at, due_on) and `judgments` (case, at, state).
    """

    cases: pl.DataFrame
    payments: pl.DataFrame
    contacts: pl.DataFrame
    promises: pl.DataFrame
    judgments: pl.DataFrame

    def of(self, cases: pl.DataFrame) -> Sources:
        """The same history, asked about these cases."""
        return Sources(cases, self.payments, self.contacts, self.promises, self.judgments)

    def tables(self) -> Iterator[tuple[str, pl.DataFrame]]:
        """The tables of `tables.EVENTS`, in whole numbers."""
        for name in EVENTS:
            yield name, coded(name, getattr(self, name))


def matrix_at(
    *, sources: Sources, on: date, instant: datetime, names: tuple[str, ...] = NAMES
) -> NDArray[np.float32]:
    """
    The features of `sources.cases` in its order, (cases, names), column by column in memory.

    `instant` is when the day `on` begins. NaN is missing (never paid: no days since).

    :raises ValueError: if a case stands there twice
    """
    cases = sources.cases.select(CASE_COLUMNS)
    numbers = cases["case"].to_numpy()
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    if (ordered[1:] == ordered[:-1]).any():
        raise ValueError("A case stands twice among those that features are asked of.")
    kernel = Kernel(accounts=len(numbers), on=on, instant=instant)
    for name, frame in sources.tables():
        rows = rows_of(ordered, frame["case"].to_numpy())
        ours = rows >= 0
        columns = {column: frame[column].to_numpy() for column in frame.columns}
        batch = columns | {"row": rows}
        if not ours.all():
            batch = {column: values[ours] for column, values in batch.items()}
        kernel.add(name, batch)
    sorted_cases = cases if (order[1:] > order[:-1]).all() else cases[order]
    states = sorted_cases.fill_null(MISSING)
    found = kernel.matrix({name: states[name].to_numpy() for name in CASE_COLUMNS}, names)
    if sorted_cases is cases:
        return found
    back = np.empty_like(found)
    back[order] = found
    return back


def features_at(
    *, sources: Sources, on: date, instant: datetime, names: tuple[str, ...] | None = None
) -> pl.DataFrame:
    """
    One row per case of `sources.cases`, in its order: case, then each feature as a number.

    `instant` is when the day `on` begins. A null is missing.
    """
    wanted = names or NAMES
    found = matrix_at(sources=sources, on=on, instant=instant, names=wanted)
    columns = {name: pl.Series(found[:, place]) for place, name in enumerate(wanted)}
    frame = pl.DataFrame({"case": sources.cases["case"], **columns})
    return frame.with_columns(pl.col(wanted).fill_nan(None))
