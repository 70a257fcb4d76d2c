"""
Sealing many persons' data at once: plain rows, since a book has millions of them.

Private to people; others call `people.operations`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from recoup.kernel import ids, mask
from recoup.kernel.errors import Refused
from recoup.people import bulk, vault
from recoup.people.models import Creditor, Person, Sealed, VaultKey
from recoup.people.scopes import unjoined

SEARCHABLE = frozenset({"name", "phone", "email", "identity", "card"})
PERSON = ["id", "creditor", "token", "kek", "wrapped"]
SEALED = ["id", "person", "creditor", "kind", "masked", "index", "ciphertext"]


@dataclass(frozen=True)
class NewPerson:
    """A person to be sealed: `(kind, value)` pairs in the order wanted back."""

    fields: Sequence[tuple[str, str]]


class Holder(NamedTuple):
    """
    A person's row in the vault, in the order of `HOLDER`; `wrapped` is `None` if erased.
    """

    pk: int
    creditor: int
    token: str
    kek: str
    wrapped: bytes | None


HOLDER = ("pk", "creditor_id", "token", "kek", "wrapped")


class Piece(NamedTuple):
    """A sealed piece of personal data: its row, whose it is and how it may be shown."""

    pk: int
    person: int
    kind: str
    masked: str


@dataclass(frozen=True, slots=True)
class SealedMany:
    """One of many persons, sealed: the row and the pieces in the order given."""

    person: Holder
    sealed: list[Piece]


class _Standing(NamedTuple):
    """A piece as it is compared with those that come."""

    piece: Piece
    index: str
    ciphertext: bytes


def vault_key(purpose: str) -> bytes:
    """A key of the vault itself, made on first use."""
    row = VaultKey.objects.filter(purpose=purpose).order_by("-version").first()
    if row is None:
        kek = vault.current_key()
        row, _ = VaultKey.objects.get_or_create(
            purpose=purpose,
            version=1,
            defaults={"kek": kek.id, "wrapped": kek.wrap(vault.new_data_key())},
        )
    return vault.key_of(row.kek).unwrap(bytes(row.wrapped))


class _Sealer:
    """Seals pieces with one look-up of each key-encryption key and of the index key."""

    def __init__(self) -> None:
        self._index_key = vault_key("index")
        self._keks: dict[str, vault.KeyEncryptionKey] = {}

    def key_of(self, person: Holder) -> bytes:
        """The data key of a person. :raises Refused: if the person was erased"""
        if person.wrapped is None:
            raise Refused("This person was erased.", rules=("people.erased",))
        kek = self._keks.get(person.kek)
        if kek is None:
            kek = self._keks[person.kek] = vault.key_of(person.kek)
        return kek.unwrap(bytes(person.wrapped))

    def index_of(self, person: Holder, kind: str, value: str) -> str:
        """The blind index of a value; empty for a kind that is not searched for."""
        if kind not in SEARCHABLE:
            return ""
        return vault.blind_index(self._index_key, creditor=person.creditor, kind=kind, value=value)


def masked_of(kind: str, value: str) -> str:
    """The half-hidden form, as long as it may be kept."""
    return mask.of(kind, value)[:120]


def seal_many(*, creditor: Creditor, people: Sequence[NewPerson], at: datetime) -> list[SealedMany]:
    """
    Put many persons' data in the vault, in the caller's transaction and in the order given.

    Writes no event of its own: the operation that takes the persons in does.
    """
    kek, sealer = vault.current_key(), _Sealer()
    kek_id, found = kek.id, list[SealedMany]()
    pieces = iter(bulk.reserve(Sealed, sum(len(new.fields) for new in people)))
    rows: list[tuple[object, ...]] = []
    for pk, new in zip(bulk.reserve(Person, len(people)), people, strict=True):
        key = vault.new_data_key()
        person = Holder(pk, creditor.pk, ids.new_id(at), kek_id, kek.wrap(key))
        mine = SealedMany(person, [])
        for kind, value in new.fields:
            piece = Piece(next(pieces), pk, kind, masked_of(kind, value))
            mine.sealed.append(piece)
            rows.append(_row(piece, person, key, sealer.index_of(person, kind, value), value))
        found.append(mine)
    bulk.insert(Person, PERSON, [one.person for one in found])
    bulk.insert(Sealed, SEALED, rows)
    return found


def _row(piece: Piece, person: Holder, key: bytes, index: str, value: str) -> tuple[object, ...]:
    ciphertext = vault.seal(key, value, token=person.token, kind=piece.kind)
    return (piece.pk, piece.person, person.creditor, piece.kind, piece.masked, index, ciphertext)


def seal_known(
    *, people: Sequence[tuple[Holder, Sequence[tuple[str, str]]]]
) -> list[list[tuple[Piece, bool]]]:
    """
    Add data of many persons already in the vault, each piece once.

    Gives, for each person and field in the order given, the sealed piece and whether it is new: a
    value the person already has, in any spelling, is not sealed again. An erased person's fields
    are left out, and their list is empty.
    """
    sealer, known = _Sealer(), _standing(people)
    most = sum(len(fields) for person, fields in people if person.wrapped is not None)
    pieces = iter(bulk.reserve(Sealed, most))
    found: list[list[tuple[Piece, bool]]] = []
    rows: list[tuple[object, ...]] = []
    for person, fields in people:
        found.append([])
        if person.wrapped is None:
            continue
        key = sealer.key_of(person)
        for kind, value in fields:
            masked, index = masked_of(kind, value), sealer.index_of(person, kind, value)
            mine = known.setdefault((person.pk, kind), [])
            same = next(
                (old for old in mine if _is_same(old, masked, index, person, key, value)), None
            )
            if same is None:
                piece = Piece(next(pieces), person.pk, kind, masked)
                rows.append(_row(piece, person, key, index, value))
                mine.append(_Standing(piece, index, rows[-1][-1]))  # type: ignore[arg-type]
            found[-1].append((same.piece if same else mine[-1].piece, same is None))
    bulk.insert(Sealed, SEALED, rows)
    return found


def _standing(
    people: Sequence[tuple[Holder, Sequence[tuple[str, str]]]],
) -> dict[tuple[int, str], list[_Standing]]:
    """What the persons have in the vault of the kinds that come, by person and kind."""
    kinds = {kind for _, fields in people for kind, _ in fields}
    rows = unjoined(Sealed).filter(person__in={person.pk for person, _ in people}, kind__in=kinds)
    known: dict[tuple[int, str], list[_Standing]] = {}
    for *piece, index, ciphertext in rows.order_by("pk").values_list(
        "pk", "person_id", "kind", "masked", "index", "ciphertext"
    ):
        standing = Piece(*piece)
        known.setdefault((standing.person, standing.kind), []).append(
            _Standing(standing, index, ciphertext)
        )
    return known


def _is_same(
    old: _Standing, masked: str, index: str, person: Holder, key: bytes, value: str
) -> bool:
    if index:
        return old.index == index
    if old.piece.masked != masked:
        return False
    kind = old.piece.kind
    opened = vault.unseal(key, bytes(old.ciphertext), token=person.token, kind=kind)
    return vault.normal(kind, opened) == vault.normal(kind, value)
