"""
What any careful house keeps: who may be contacted today, and what of the day is left.

Helpers for policies. Nothing here is the referee's: a policy may use it, or keep its own books.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.collectbench.protocol import (
    FIRST_HOUR,
    LINES,
    SLOTS,
    Contact,
    Log,
    Offer,
    Terms,
    kind,
    slot_name,
)  # fmt: skip

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Way:
    """One way of contacting somebody: all of a `Contact` but the cases."""

    channel: str
    tone: str
    tier: str = "junior"
    hour: int = 10
    offer: Offer | None = None

    def to(self, cases: Ints) -> Contact:
        """The contact with these cases."""
        return Contact(self.channel, self.tone, cases, self.hour, self.tier, self.offer)


def uses_of(ways: Sequence[Way], terms: Terms) -> tuple[Floats, tuple[str, ...]]:
    """What each way uses of each finite budget, (ways, budgets), and the budgets' names."""
    names = tuple(name for name, most in terms.budgets.items() if np.isfinite(most))
    uses = np.zeros((len(ways), len(names)))
    for row, way in enumerate(ways):
        for name, amount in terms.uses[kind(way.to(np.zeros(0, dtype=np.int64)))].items():
            full = f"{name}_{slot_name(way.hour)}" if name in LINES else name
            if full in names:
                uses[row, names.index(full)] += amount
    return uses, names


def hours() -> list[int]:
    """An hour in each two-hour slot."""
    return [FIRST_HOUR + 2 * slot for slot in range(SLOTS)]


class Diary:
    """
    A policy's own memory of whom it contacted, for the rules about persons.

    For policies that contact a case at most once a day.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._lettered = np.full(terms.cases, -1000, dtype=np.int64)
        self._complaints: list[int] = []

    def open(self, log: Log, ways: Sequence[Way], *, day: int) -> Bools:
        """Who may be contacted today in which way, (cases, ways)."""
        terms = self._terms
        known = int(log.complained.sum())
        self._complaints.append(known)
        month = self._complaints[-30] if len(self._complaints) >= 30 else 0
        anybody = (log.arrears > 0) & ~log.opted_out & ~log.complained
        if known - month >= terms.complaint_ceiling:
            anybody = np.zeros_like(anybody)
        letters = anybody & (day - self._lettered >= 30)
        return np.stack([letters if way.channel == "letter" else anybody for way in ways], axis=1)

    def note(self, contacts: Sequence[Contact], *, day: int) -> None:
        """Remember a day."""
        for contact in contacts:
            if contact.channel == "letter":
                self._lettered[contact.cases] = day


def fill(
    cases: Ints, ways: Ints, *, uses: Floats, left: Floats, taken: Bools
) -> NDArray[np.bool_]:  # fmt: skip
    """
    Which of these offers, asked in order, still find room: one a case, `left` (budgets,) and
    `taken` (all cases,) being brought up to date.
    """
    from bench.collectbench.filling import fill as compiled

    return np.asarray(compiled(cases, ways, uses, left, taken))


def contacts_of(cases: Ints, ways: Ints, menu: Sequence[Way]) -> list[Contact]:
    """Contacts from pairs of case and way."""
    return [menu[way].to(np.sort(cases[ways == way])) for way in np.unique(ways).tolist()]


def limits(terms: Terms, names: Sequence[str]) -> Floats:
    """The budgets by these names."""
    return np.array([terms.budgets[name] for name in names], dtype=np.float64)
