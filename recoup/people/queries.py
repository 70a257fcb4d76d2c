"""What is asked: whom a value belongs to, and how a person is shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from django.db.models import Count, QuerySet

from recoup.kernel.actors import Viewer
from recoup.people import vault
from recoup.people.models import Book, Person, Sealed
from recoup.people.sealing import vault_key
from recoup.people.staff import (
    Abilities,
    Barred,
    Colleague,
    abilities,
    absences,
    as_colleagues,
    colleagues,
    conflicts,
    employer_index,
    empty_teams,
    has_conflict,
    kept_of,
    led,
    own_conflicts,
    skilled,
    staff,
)

__all__ = [
    "Abilities", "Barred", "Colleague", "abilities", "absences", "as_colleagues", "book", "colleagues", "conflicts",
    "employer_index", "empty_teams", "find", "has_conflict", "kept_of", "led", "masked", "own_conflicts", "same_people", "skilled", "staff",
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


def same_people(*, creditor: int, persons: Collection[int] | None = None) -> dict[int, int]:
    """
    Rows of natural persons who stand in the vault of a creditor more than once, each to the oldest:
    of everybody, or of some `persons` and whoever is the same as one of them.

    As the gate sees it (`gate.subjects`): rows with the same identity number; and with the same
    phone number, those without an identity number. Only hashes are compared.
    """
    found: dict[int, int] = {}
    named: set[int] = set()
    for kind in (Sealed.Kind.IDENTITY, Sealed.Kind.PHONE):
        rows = Sealed.objects.filter(creditor=creditor, kind=kind).exclude(index="")
        theirs = rows if persons is None else rows.filter(index__in=_indexes(rows, persons))
        twice = theirs.values("index").annotate(rows=Count("person", distinct=True))
        shared = twice.filter(rows__gt=1).order_by().values_list("index", flat=True)
        groups: dict[str, list[int]] = {}
        for index, person in _in_parts(rows, list(shared)):
            groups.setdefault(index, []).append(person)
        if kind == Sealed.Kind.PHONE:
            touched = {person for members in groups.values() for person in members}
            named = _with_identity(touched)
        for members in groups.values():
            alike = sorted(set(members) - named)
            found |= {person: alike[0] for person in alike[1:] if person not in found}
    return found


def _indexes(rows: QuerySet[Sealed], persons: Collection[int]) -> list[str]:
    return list(rows.filter(person__in=persons).values_list("index", flat=True))


def _in_parts(rows: QuerySet[Sealed], shared: list[str]) -> Iterator[tuple[str, int]]:
    for start in range(0, len(shared), 5000):
        some = rows.filter(index__in=shared[start : start + 5000])
        yield from some.values_list("index", "person_id")


def _with_identity(persons: set[int]) -> set[int]:
    found: set[int] = set()
    every = sorted(persons)
    for start in range(0, len(every), 5000):
        rows = Sealed.objects.filter(person__in=every[start : start + 5000], kind="identity")
        found |= set(rows.exclude(index="").values_list("person_id", flat=True))
    return found


def masked(*, persons: Iterable[int], kind: str) -> dict[int, str]:
    """The half-hidden form of one kind of data for each person id."""
    rows = Sealed.objects.filter(person__in=list(persons), kind=kind).order_by("-pk")
    return dict(rows.values_list("person_id", "masked"))


def book(code: str) -> Book | None:
    """The book of a code."""
    return Book.objects.select_related("creditor").filter(code=code).first()
