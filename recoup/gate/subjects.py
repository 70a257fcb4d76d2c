"""
Who is one natural person, across a creditor's books.

The same person may stand in the vault twice, once for each book. Rows that share the blind index
of an identity number are one person; without an identity number, rows that share a phone number;
without either, a row is a person by itself. Only hashes are compared, nothing is opened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from recoup.people.models import Sealed
from recoup.portfolio.models import ContactPoint

KINDS = ("identity", "phone")
CHUNK = 5000


@dataclass(frozen=True)
class Subjects:
    """The natural person behind each person row, and the other rows of the same one."""

    of: dict[int, str] = field(default_factory=dict)
    rows: dict[str, list[int]] = field(default_factory=dict)

    def same(self, person: int) -> list[int]:
        """All rows of the natural person that this row is."""
        return self.rows.get(self.of[person], [person])


def subjects(persons: Iterable[int]) -> Subjects:
    """The natural persons behind some person rows, within the creditors in scope."""
    wanted = sorted(set(persons))
    indexes = _indexes(wanted)
    of = {person: _name(person, indexes.get(person, {})) for person in wanted}
    named = {name: person for person, name in of.items() if not name.startswith("row-")}
    rows: dict[str, list[int]] = defaultdict(list)
    for start in range(0, len(named), CHUNK):
        some = [name.partition("-")[2] for name in sorted(named)[start : start + CHUNK]]
        found = Sealed.objects.filter(kind__in=KINDS, index__in=some)
        twins = sorted(set(found.values_list("person_id", flat=True)))
        for person, kinds in _indexes(twins).items():
            name = _name(person, kinds)
            if name in named:
                rows[name].append(person)
    for person, name in of.items():
        if person not in rows[name]:
            rows[name].append(person)
    return Subjects(of, dict(rows))


def _indexes(persons: list[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for start in range(0, len(persons), CHUNK):
        rows = Sealed.objects.filter(
            person__in=persons[start : start + CHUNK], kind__in=KINDS
        ).exclude(index="")
        for person, kind, index in rows.order_by("-pk").values_list("person_id", "kind", "index"):
            found[person][kind] = index  # the oldest of a kind stands, so that names stay
    return found


def _name(person: int, indexes: dict[str, str]) -> str:
    for kind in KINDS:
        if kind in indexes:
            return f"{kind}-{indexes[kind]}"
    return f"row-{person}"


def persons_named(names: Iterable[str]) -> dict[str, list[int]]:
    """The rows of natural persons known by name, as `Subjects.of` gives them."""
    wanted = set(names)
    found: dict[str, list[int]] = defaultdict(list)
    for name in wanted:
        kind, _, rest = name.partition("-")
        if kind == "row" and rest.isdigit():
            found[name].append(int(rest))
    indexes = sorted(name.partition("-")[2] for name in wanted if not name.startswith("row-"))
    for start in range(0, len(indexes), CHUNK):
        rows = Sealed.objects.filter(kind__in=KINDS, index__in=indexes[start : start + CHUNK])
        twins = sorted(set(rows.values_list("person_id", flat=True)))
        for person, kinds in _indexes(twins).items():
            name = _name(person, kinds)
            if name in wanted:
                found[name].append(person)
    return dict(found)


def with_same_numbers(found: dict[int, set[str]]) -> dict[int, set[str]]:
    """A refusal of one number holds for every row that is the same number."""
    points = {
        int(scope.partition(":")[2])
        for scopes in found.values()
        for scope in scopes
        if scope.startswith("point:") and scope.partition(":")[2].isdigit()
    }
    if not points:
        return found
    indexes = dict(
        ContactPoint.objects.filter(pk__in=points)
        .exclude(sealed__index="")
        .values_list("pk", "sealed__index")
    )
    twins: dict[str, set[int]] = defaultdict(set)
    rows = ContactPoint.objects.filter(sealed__index__in=set(indexes.values()))
    for pk, index in rows.values_list("pk", "sealed__index"):
        twins[index].add(pk)
    for scopes in found.values():
        for scope in list(scopes):
            number = scope.partition(":")[2]
            if scope.startswith("point:") and number.isdigit() and int(number) in indexes:
                scopes |= {f"point:{pk}" for pk in twins[indexes[int(number)]]}
    return found
