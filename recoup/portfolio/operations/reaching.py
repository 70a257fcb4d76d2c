"""Ways to reach borrowers, and the contacts a lender made before: batches of their rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from recoup.intake.models import Placement
from recoup.people import operations as people
from recoup.portfolio import bulk
from recoup.portfolio.models import Borrower, Case, ContactPoint, PastContact
from recoup.portfolio.sideways import Sideways

Row = dict[str, Any]


POINT = [
    "borrower", "medium", "party", "sealed", "masked", "source", "lawful_basis", "state",
    "preferred", "expires_on",
]  # fmt: skip
POINT_IDS = [f"{name}_id" if name in ("borrower", "sealed") else name for name in POINT]


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


def add_points(points: list[tuple[Borrower, Point]]) -> int:
    """
    Add contact points, each value once for a borrower; gives how many are new.

    A value that is known keeps its row: it may become verified or preferred or get a date of
    expiry, but nothing already known about it is taken away.
    """
    grouped: dict[int, list[tuple[Borrower, Point]]] = {}
    for borrower, point in points:
        grouped.setdefault(borrower.pk, []).append((borrower, point))
    sealed = people.seal_known(
        people=[
            (mine[0][0].person, [(point.medium, point.value) for _, point in mine])
            for mine in grouped.values()
        ]
    )
    known = {
        point.sealed_id: point for point in ContactPoint.objects.filter(borrower__in=list(grouped))
    }
    new: dict[int, ContactPoint] = {}
    changed: dict[int, ContactPoint] = {}
    for mine, found in zip(grouped.values(), sealed, strict=True):
        for (borrower, point), (row, _is_new) in zip(mine, found, strict=bool(found)):
            standing = known.get(row.pk) or new.get(row.pk)
            if standing is None:
                new[row.pk] = ContactPoint(
                    borrower=borrower, medium=point.medium, party=point.party, sealed=row,
                    masked=row.masked, source=point.source, lawful_basis=point.lawful_basis,
                    state="verified" if point.verified else "unverified",
                    preferred=point.preferred, expires_on=point.expires_on,
                )  # fmt: skip
            elif _learn(standing, point) and standing.pk:
                changed[standing.pk] = standing
    bulk.insert(
        ContactPoint,
        POINT,
        [tuple(getattr(p, column) for column in POINT_IDS) for p in new.values()],
    )
    ContactPoint.objects.bulk_update(
        changed.values(), ["state", "preferred", "expires_on", "source", "lawful_basis"],
        batch_size=500,
    )  # fmt: skip
    return len(new)


def _learn(standing: ContactPoint, point: Point) -> bool:
    before = (standing.state, standing.preferred, standing.expires_on, standing.source,
              standing.lawful_basis)  # fmt: skip
    if point.verified and standing.state == ContactPoint.State.UNVERIFIED:
        standing.state = ContactPoint.State.VERIFIED
    standing.preferred = standing.preferred or point.preferred
    standing.expires_on = point.expires_on or standing.expires_on
    if standing.source == ContactPoint.Source.UNKNOWN and point.source != standing.source:
        standing.source = point.source
    standing.lawful_basis = standing.lawful_basis or point.lawful_basis
    return before != (standing.state, standing.preferred, standing.expires_on, standing.source,
                      standing.lawful_basis)  # fmt: skip


def open_contact_points(
    *, placement: Placement, rows: list[Row], sideways: Sideways, at: datetime
) -> dict[str, int]:
    """Open rows of contact points; those of borrowers not in the book are left out and counted."""
    borrowers = _borrowers(placement, rows)
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
    borrowers = _borrowers(placement, rows)
    cases = dict(
        Case.objects.filter(borrower__in=[b.pk for b in borrowers.values()]).values_list(
            "borrower_id", "pk"
        )
    )
    found = [
        (cases[borrowers[row["borrower_ref"]].pk], row["at"], row["channel"], row["outcome"])
        for row in rows if row["borrower_ref"] in borrowers
    ]  # fmt: skip
    bulk.insert(PastContact, ["case", "at", "channel", "outcome"], found, or_skip=True)
    return {"past_contacts": len(found), "left_out": len(rows) - len(found)}


def _borrowers(placement: Placement, rows: list[Row]) -> dict[str, Borrower]:
    refs = {row["borrower_ref"] for row in rows}
    found = Borrower.objects.filter(book=placement.book, reference__in=refs)
    return {borrower.reference: borrower for borrower in found.select_related("person")}
