"""What is asked: whom a value belongs to, and how a person is shown."""

from __future__ import annotations

from collections.abc import Iterable

from recoup.kernel.actors import Viewer
from recoup.people import vault
from recoup.people.models import Book, Person, Sealed
from recoup.people.sealing import vault_key
from recoup.people.staff import (
    Barred,
    Colleague,
    absences,
    colleagues,
    conflicts,
    employer_index,
    empty_teams,
    led,
    own_conflicts,
    staff,
)

__all__ = [
    "Barred", "Colleague", "absences", "book", "colleagues", "conflicts", "employer_index",
    "empty_teams", "find", "led", "masked", "own_conflicts", "staff",
]  # fmt: skip


def find(*, viewer: Viewer, kind: str, value: str, limit: int = 100) -> list[Person]:
    """The persons of the viewer's creditors who have this phone, name, e-mail or number."""
    key = vault_key("index")
    found: list[Person] = []
    for creditor in sorted(viewer.creditors):
        index = vault.blind_index(key, creditor=creditor, kind=kind, value=value)
        rows = Sealed.objects.filter(creditor=creditor, kind=kind, index=index)
        found += [row.person for row in rows.select_related("person")[:limit]]
    return found[:limit]


def masked(*, persons: Iterable[int], kind: str) -> dict[int, str]:
    """The half-hidden form of one kind of data for each person id."""
    rows = Sealed.objects.filter(person__in=list(persons), kind=kind).order_by("-pk")
    return dict(rows.values_list("person_id", "masked"))


def book(code: str) -> Book | None:
    """The book of a code."""
    return Book.objects.select_related("creditor").filter(code=code).first()
