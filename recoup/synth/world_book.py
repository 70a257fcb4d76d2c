"""What the world knows of a demo book: its cases, what each loan owes today, and hidden state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from django.db.models import F, Max
from numpy.typing import NDArray

from recoup.people.models import Book
from recoup.portfolio.models import Case, Instalment, Loan
from recoup.simulator import chance, parameters, traits
from recoup.simulator.population import NEVER, Population

Ints = NDArray[np.int64]
CARRIED = (
    "lift", "excite", "irritation", "hardened", "contacts", "promised_on", "promised", "will_keep",
)  # fmt: skip
WORKED = (Case.State.PLACED, Case.State.OPEN, Case.State.RETAINED, Case.State.SUSPENDED)
EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Loans:
    """The loans that owe something, the most overdue first within a case."""

    case: Ints
    reference: list[str]
    overdue: Ints


@dataclass(slots=True)
class Known:
    """A book on a morning: cases in the order of the population, and their loans."""

    cases: Ints
    population: Population
    loans: Loans

    def places(self, cases: Ints) -> Ints:
        """Where these cases stand in the population; -1 for those that are not there."""
        if not len(self.cases):
            return np.full(len(cases), -1, dtype=np.int64)
        spot = np.minimum(np.searchsorted(self.cases, cases), len(self.cases) - 1)
        return np.where(self.cases[spot] == cases, spot, -1)


def day_number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - EPOCH


def meet(*, book: Book, seed: int, carried: dict[str, NDArray[np.generic]]) -> Known:
    """
    The borrowers of a book this morning, with what they carry from earlier days.

    Traits come from the seed and the lender's reference alone.
    """
    numbers = parameters.load()
    rows = list(
        Case.objects.filter(book=book, state__in=WORKED).order_by("pk")
        .values_list("pk", "borrower__reference", "days_past_due", "overdue", "owed")
    )  # fmt: skip
    cases = np.array([row[0] for row in rows], dtype=np.int64)
    keys = chance.keys_of(seed, [row[1] for row in rows])
    loans, monthly = _loans(book, cases)
    figures = np.array([row[2:] for row in rows], dtype=np.int64).reshape(-1, 3)
    population = Population(
        traits=traits.of(keys, numbers), days=figures[:, 0], arrears=figures[:, 1],
        owed=figures[:, 2], instalment=monthly, parameters=numbers,
    )  # fmt: skip
    known = Known(cases, population, loans)
    if carried:
        spot = known.places(carried["cases"].astype(np.int64))
        there = spot >= 0
        for name in set(CARRIED) & set(carried):
            getattr(population, name)[spot[there]] = carried[name][there]
    return known


def _loans(book: Book, cases: Ints) -> tuple[Loans, Ints]:
    rows = list(
        Loan.objects.filter(book=book, owed__gt=0, case__state__in=WORKED)
        .order_by("case_id", "-overdue", "pk")
        .values_list("pk", "case_id", "reference", "overdue", "principal")
    )
    due = dict(
        Instalment.objects.filter(loan__book=book)
        .values_list("loan_id")
        .annotate(most=Max(F("principal") + F("interest")))
    )
    case = np.array([row[1] for row in rows], dtype=np.int64)
    overdue = np.array([row[3] for row in rows], dtype=np.int64)
    # A twelfth of the principal stands for an instalment that the lender's file does not give.
    monthly = np.array([due.get(row[0]) or row[4] // 12 for row in rows], dtype=np.int64)
    loans = Loans(case, [row[2] for row in rows], overdue)
    total = np.zeros(len(cases), dtype=np.int64)
    np.add.at(total, np.searchsorted(cases, case), monthly)
    return loans, np.maximum(total, 1000)


def remember(
    *, path: Path, known: Known, last: int, on: date, letters: Sequence[tuple[date, str, str]]
) -> None:  # fmt: skip
    """Keep what borrowers carry to the next day, whole or not at all."""
    hidden = known.population
    busy = (hidden.contacts > 0) | (hidden.promised_on != NEVER) | (hidden.excite > 0)
    spot = np.flatnonzero(busy)
    partial = path.with_suffix(".partial.npz")
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        partial, cases=known.cases[spot], last=np.int64(last), on=np.int64(day_number(on)),
        letters=np.array([(day.isoformat(), key, its) for day, key, its in letters], dtype=str),
        **{name: getattr(hidden, name)[spot] for name in CARRIED},
    )  # fmt: skip
    partial.replace(path)


def recall(path: Path) -> dict[str, NDArray[np.generic]]:
    """What was kept, or nothing."""
    if not path.exists():
        return {}
    with np.load(path) as kept:
        return {name: kept[name] for name in kept.files}


def letters_of(carried: dict[str, NDArray[np.generic]]) -> list[tuple[date, str, str]]:
    """Letters on their way: the day they were handed over, our key, the print house's id."""
    rows = carried["letters"].tolist() if carried else []
    return [(date.fromisoformat(day), key, its) for day, key, its in rows]
