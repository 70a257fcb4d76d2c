"""What changes: sealing, unmasking, erasing, rotating; creditors, books and accounts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from recoup.journal.operations import record
from recoup.kernel.actors import Actor, Viewer
from recoup.kernel.errors import Invalid, Refused
from recoup.people import scopes, vault
from recoup.people.events import (
    PersonErased,
    PersonUnmasked,
    VaultRotated,
)
from recoup.people.importing import Imported, import_staff
from recoup.people.models import (
    Creditor,
    Person,
    Sealed,
    VaultKey,
)
from recoup.people.registering import (
    add_agency,
    add_creditor,
    add_team,
    add_user,
    change_creditor,
    check_password,
    open_book,
    set_password,
    unlist_agency,
)
from recoup.people.sealing import (
    HOLDER,
    Holder,
    NewPerson,
    Piece,
    SealedMany,
    seal_known,
    seal_many,
    vault_key,
)
from recoup.people.staffing import (
    Leave,
    check_absence,
    declare_conflict,
    drop_absence,
    end_absence,
    keep_absence,
    lift_conflict,
    mark_away,
    qualify,
    seat,
)

REASON_LENGTH = 4

__all__ = [
    "HOLDER",
    "Holder",
    "Imported",
    "Leave",
    "NewPerson",
    "Piece",
    "SealedMany",
    "SealedPerson",
    "TextSealer",
    "add_agency",
    "add_creditor",
    "add_team",
    "add_user",
    "change_creditor",
    "check_absence",
    "check_key",
    "check_password",
    "declare_conflict",
    "drop_absence",
    "end_absence",
    "erase",
    "import_staff",
    "keep_absence",
    "lift_conflict",
    "mark_away",
    "open_book",
    "qualify",
    "rotate",
    "seal",
    "seal_known",
    "seal_many",
    "seal_note",
    "seal_text",
    "seat",
    "set_password",
    "unlist_agency",
    "unmask",
    "unseal_note",
    "unseal_text",
]  # fmt: skip


@dataclass(frozen=True)
class SealedPerson:
    """A person, sealed: the row and the sealed fields in the order given."""

    person: Person
    sealed: Sequence[Sealed] = field(default_factory=tuple)


def check_key() -> str:
    """The fingerprint of the configured key. :raises Invalid: if it is no key"""
    return vault.current_key().id


def seal(*, creditor: Creditor, fields: Sequence[tuple[str, str]], at: datetime) -> SealedPerson:
    """Put one person's data in the vault."""
    (one,) = seal_many(creditor=creditor, people=[NewPerson(fields)], at=at)
    rows = Sealed.objects.filter(person=one.person.pk).select_related("person").order_by("pk")
    return SealedPerson(Person.objects.get(pk=one.person.pk), list(rows))


def unmask(
    *, viewer: Viewer, sealed: Sealed, reason: str, at: datetime, case: object = None
) -> str:
    """
    Show one piece of personal data to a viewer: permission, reason and event.

    :raises Refused: without the permission, for another creditor's person, or an erased one
    :raises Invalid: without a reason
    """
    scopes.demand(viewer, scopes.UNMASK)
    if sealed.creditor_id not in viewer.creditors:
        raise Refused("This person belongs to another creditor.", rules=("people.tenant",))
    if len(reason.strip()) < REASON_LENGTH:
        raise Invalid("Say why you need to see this.", hint="A few words are enough.")
    value = _open(sealed)
    with record(
        PersonUnmasked, by=viewer.actor(), at=at, case=case, creditor=sealed.creditor_id,
        kind=sealed.kind, token=sealed.person.token, reason=reason.strip(),
    ) as event:  # fmt: skip
        event.about(sealed)
    return value


def _open(sealed: Sealed) -> str:
    person = sealed.person
    if person.wrapped is None:
        raise Refused("This person was erased.", rules=("people.erased",))
    key = vault.key_of(person.kek).unwrap(bytes(person.wrapped))
    return vault.unseal(key, bytes(sealed.ciphertext), token=person.token, kind=sealed.kind)


def erase(*, person: Person, reason: str, by: Actor, at: datetime) -> None:
    """Destroy a person's data key and blind indexes. Tokens, events and figures stay."""
    with record(
        PersonErased, by=by, at=at, creditor=person.creditor_id,
        token=person.token, reason=reason,
    ) as event:  # fmt: skip
        Sealed.objects.filter(person=person).update(index="", masked="****", ciphertext=b"")
        Person.objects.filter(pk=person.pk).update(wrapped=None)
        event.about(person)


def seal_text(*, text: str, label: str) -> bytes:
    """Seal a text that belongs to no one person, such as a raw row in quarantine."""
    return vault.seal_blob(vault_key("blob"), text, label=label)


def unseal_text(*, viewer: Viewer, ciphertext: bytes, label: str) -> str:
    """
    Read such a text again. :raises Refused: unless the viewer may correct rows
    """
    scopes.demand(viewer, scopes.CORRECT_ROWS)
    return vault.unseal_blob(vault_key("blob"), bytes(ciphertext), label=label)


def seal_note(*, person: Person, text: str) -> bytes:
    """
    Seal a collector's note under the person's own key, so that erasing the person erases it.

    :raises Refused: if the person was erased
    """
    return vault.seal(_key_of(person), text, token=person.token, kind="note")


def unseal_note(*, viewer: Viewer, person: Person, ciphertext: bytes) -> str:
    """
    Read such a note again.

    :raises Refused: without the permission, for another creditor's person, or an erased one
    """
    scopes.demand(viewer, scopes.SEE_CASES)
    if person.creditor_id not in viewer.creditors:
        raise Refused("This person belongs to another creditor.", rules=("people.tenant",))
    return vault.unseal(_key_of(person), bytes(ciphertext), token=person.token, kind="note")


def _key_of(person: Person) -> bytes:
    if person.wrapped is None:
        raise Refused("This person was erased.", rules=("people.erased",))
    return vault.key_of(person.kek).unwrap(bytes(person.wrapped))


class TextSealer:
    """Seals or reads many texts with one look-up of the key: for staging files of intake."""

    def __init__(self) -> None:
        self._key = vault_key("blob")

    def seal(self, text: str, *, label: str) -> bytes:
        """The sealed text."""
        return vault.seal_blob(self._key, text, label=label)

    def unseal(self, ciphertext: bytes, *, label: str) -> str:
        """The text again. :raises Failed: if it was changed"""
        return vault.unseal_blob(self._key, ciphertext, label=label)


def rotate(
    *, by: Actor, at: datetime, batch: int = 1000, progress: Callable[[int], object] | None = None
) -> int:
    """
    Wrap every data key under the current key-encryption key; gives how many were wrapped anew.

    Resumable: a key already under the current one is left alone. Ciphertexts do not change.
    """
    kek, total = vault.current_key(), 0
    for row in VaultKey.objects.exclude(kek=kek.id):
        plain = vault.key_of(row.kek).unwrap(bytes(row.wrapped))
        VaultKey.objects.filter(pk=row.pk).update(kek=kek.id, wrapped=kek.wrap(plain))
    while True:
        with transaction.atomic():
            old = Person.objects.exclude(kek=kek.id).filter(wrapped__isnull=False)[:batch]
            people = list(old)
            for person in people:
                plain = vault.key_of(person.kek).unwrap(bytes(person.wrapped))
                person.kek, person.wrapped = kek.id, kek.wrap(plain)
            Person.objects.bulk_update(people, ["kek", "wrapped"])
        total += len(people)
        if progress:
            progress(total)
        if len(people) < batch:
            break
    with record(VaultRotated, by=by, at=at, count=total, kek=kek.id):
        pass
    return total
