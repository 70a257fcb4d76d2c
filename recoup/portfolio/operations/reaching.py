"""Ways to reach borrowers, and the contacts a lender made before: batches of their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from recoup.intake.models import Placement
from recoup.people import operations as people
from recoup.people.models import Book
from recoup.people.operations import HOLDER, Holder
from recoup.people.scopes import unjoined
from recoup.portfolio import bulk
from recoup.portfolio.models import Borrower, Case, ContactPoint, PastContact
from recoup.portfolio.sideways import Sideways

Row = dict[str, Any]

# What may be learned of a contact point that is known.
LEARNED = ("state", "preferred", "expires_on", "source", "lawful_basis")
POINT = ["borrower", "medium", "party", "sealed", "masked", *LEARNED]
TOLD = ("region", "time_zones", "language", "birth_year")


class Debtor(NamedTuple):
    """A borrower of a batch: the row, the person in the vault, and what the lender told (`TOLD`)."""

    pk: int
    person: Holder
    told: tuple[Any, ...]


@dataclass(frozen=True)
class Point:
    """A number or address as a lender gives it, not sealed yet."""

    medium: str
    value: str
    party: str
    source: str
    lawful_basis: str = ""
    verified: bool = False
    preferred: bool = False
    expires_on: date | None = None


class _Learned(NamedTuple):
    """What is known of a contact point, in the order of `LEARNED`."""

    state: str
    preferred: bool
    expires_on: date | None
    source: str
    lawful_basis: str


def debtors(*, book: Book, references: Sequence[str]) -> dict[str, Debtor]:
    """The borrowers of a book that have these references."""
    columns = ("reference", "pk", *TOLD, *(f"person__{column}" for column in HOLDER))
    rows = Borrower.objects.filter(book=book, reference__in=references).values_list(*columns)
    told = len(TOLD)
    return {ref: Debtor(pk, Holder(*rest[told:]), tuple(rest[:told])) for ref, pk, *rest in rows}


def add_points(points: Sequence[tuple[Debtor, Point]]) -> int:
    """
    Add contact points, each value once for a borrower; gives how many are new.

    A value that is known keeps its row: it may become verified or preferred or get a date of
    expiry, but nothing already known about it is taken away.
    """
    grouped: dict[int, list[tuple[Debtor, Point]]] = {}
    for debtor, point in points:
        grouped.setdefault(debtor.pk, []).append((debtor, point))
    sealed = people.seal_known(
        people=[
            (mine[0][0].person, [(point.medium, point.value) for _, point in mine])
            for mine in grouped.values()
        ]
    )
    known = _known(list(grouped))
    new: dict[int, tuple[Any, ...]] = {}
    learned: dict[int, _Learned] = {}
    for mine, found in zip(grouped.values(), sealed, strict=True):
        for (debtor, point), (piece, _is_new) in zip(mine, found, strict=bool(found)):
            key, before = piece.pk, learned.get(piece.pk)
            if key not in known and before is None:
                new[key] = (debtor.pk, point.medium, point.party, key, piece.masked)
                learned[key] = _begin(point)
            else:
                learned[key] = _learn(before or known[key][1], point)
    bulk.insert(ContactPoint, POINT, [(*row, *learned[key]) for key, row in new.items()])
    changed = [
        (pk, *learned[key])
        for key, (pk, before) in known.items()
        if learned.get(key, before) != before
    ]
    bulk.update(ContactPoint, LEARNED, changed)
    return len(new)


def _known(borrowers: list[int]) -> dict[int, tuple[int, _Learned]]:
    """The contact points of borrowers by what is sealed: their row, and what is known of them."""
    rows = unjoined(ContactPoint).filter(borrower__in=borrowers)
    return {
        sealed: (pk, _Learned(*learned))
        for sealed, pk, *learned in rows.values_list("sealed_id", "pk", *LEARNED)
    }


def _begin(point: Point) -> _Learned:
    state = ContactPoint.State.VERIFIED if point.verified else ContactPoint.State.UNVERIFIED
    return _Learned(
        state.value, point.preferred, point.expires_on, point.source, point.lawful_basis
    )


def _learn(known: _Learned, point: Point) -> _Learned:
    unverified = known.state == ContactPoint.State.UNVERIFIED
    told = known.source != ContactPoint.Source.UNKNOWN
    return _Learned(
        state=ContactPoint.State.VERIFIED.value if point.verified and unverified else known.state,
        preferred=known.preferred or point.preferred,
        expires_on=point.expires_on or known.expires_on,
        source=known.source if told else point.source,
        lawful_basis=known.lawful_basis or point.lawful_basis,
    )


def open_contact_points(
    *, placement: Placement, rows: list[Row], sideways: Sideways, at: datetime
) -> dict[str, int]:
    """Open rows of contact points; those of borrowers not in the book are left out and counted."""
    borrowers = _debtors(placement, rows)
    points = [
        (borrowers[row["borrower_ref"]], Point(
            medium=row["medium"], value=row["value"], party=row["party"],
            source=row.get("source") or "unknown", lawful_basis=row.get("lawful_basis") or "",
            verified=bool(row.get("verified")), preferred=bool(row.get("preferred")),
            expires_on=row.get("expires_on"),
        ))
        for row in rows if row["borrower_ref"] in borrowers
    ]  # fmt: skip
    return {"contact_points": add_points(points), "left_out": len(rows) - len(points)}


def open_past_contacts(
    *, placement: Placement, rows: list[Row], sideways: Sideways, at: datetime
) -> dict[str, int]:
    """Open rows of contacts made before the placement; the same contact is kept once."""
    borrowers = _debtors(placement, rows)
    cases = dict(
        unjoined(Case)
        .filter(borrower__in=[d.pk for d in borrowers.values()])
        .values_list("borrower_id", "pk")
    )
    found = [
        (cases[borrowers[row["borrower_ref"]].pk], row["at"], row["channel"], row["outcome"])
        for row in rows if row["borrower_ref"] in borrowers
    ]  # fmt: skip
    bulk.insert(PastContact, ["case", "at", "channel", "outcome"], found, or_skip=True)
    return {"past_contacts": len(found), "left_out": len(rows) - len(found)}


def _debtors(placement: Placement, rows: list[Row]) -> dict[str, Debtor]:
    references = sorted({row["borrower_ref"] for row in rows})
    return debtors(book=placement.book, references=references)
