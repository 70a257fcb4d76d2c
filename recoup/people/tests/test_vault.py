"""The vault, and the attacks on it."""

from __future__ import annotations

import secrets

import pytest

from recoup.journal.models import Event
from recoup.kernel.errors import Failed, Invalid, Refused
from recoup.people import operations, queries, scopes
from recoup.people.models import Person, Sealed

FIELDS = [("name", "王明"), ("phone", "138 1234 1234"), ("identity", "110101199003071234")]


@pytest.fixture
def wang(book, at):
    return operations.seal(creditor=book.creditor, fields=FIELDS, at=at)


def viewer(user):
    return scopes.viewer_of(user)


def test_what_is_kept_is_not_readable(wang):
    for row in Sealed.objects.all():
        raw = bytes(row.ciphertext) + row.index.encode() + row.masked.encode()
        for _, value in FIELDS:
            assert value.encode() not in raw


def test_unmasking_needs_a_permission_a_reason_and_leaves_an_event(wang, li_na, reviewer, at):
    phone = wang.sealed[1]

    with pytest.raises(Refused):
        operations.unmask(viewer=viewer(reviewer), sealed=phone, reason="to look", at=at)
    with pytest.raises(Invalid):
        operations.unmask(viewer=viewer(li_na), sealed=phone, reason=" ", at=at)
    shown = operations.unmask(viewer=viewer(li_na), sealed=phone, reason="回拨 13812341234", at=at)

    assert shown == "138 1234 1234"
    event = Event.objects.get(kind="people.unmasked")
    assert "13812341234" not in event.data
    assert event.by == "user:lina"


def test_an_outsider_cannot_unmask_even_with_the_permission(wang, outsider, at):
    with pytest.raises(Refused, match="another creditor"):
        operations.unmask(viewer=viewer(outsider), sealed=wang.sealed[0], reason="curious", at=at)


def test_a_person_is_found_by_another_spelling_of_the_phone(wang, li_na, outsider):
    found = queries.find(viewer=viewer(li_na), kind="phone", value="+86-13812341234")

    assert [person.pk for person in found] == [wang.person.pk]
    with scopes.acting_for(viewer(outsider)):
        assert queries.find(viewer=viewer(outsider), kind="phone", value="13812341234") == []


def test_a_ciphertext_moved_to_another_person_does_not_open(wang, book, li_na, at):
    """
    王明  phone: [sealed A]   ->  the intruder copies A
    张三  phone: [sealed A]   ->  must not open: the token is part of what was sealed
    """
    other = operations.seal(creditor=book.creditor, fields=[("phone", "13900000000")], at=at)
    Sealed.objects.filter(pk=other.sealed[0].pk).update(ciphertext=wang.sealed[1].ciphertext)

    with pytest.raises(Failed, match="changed or moved"):
        operations.unmask(
            viewer=viewer(li_na), sealed=Sealed.objects.get(pk=other.sealed[0].pk),
            reason="回拨客户", at=at,
        )  # fmt: skip


def test_rotation_changes_every_key_and_no_value(wang, li_na, at, settings, system):
    old = settings.VAULT_KEY
    settings.VAULT_KEY, settings.VAULT_OLD_KEYS = secrets.token_hex(32), [old]

    assert operations.rotate(by=system, at=at) == 1
    settings.VAULT_OLD_KEYS = []

    fresh = Sealed.objects.select_related("person").get(pk=wang.sealed[0].pk)
    shown = operations.unmask(viewer=viewer(li_na), sealed=fresh, reason="核对姓名", at=at)
    assert shown == "王明"
    assert queries.find(viewer=viewer(li_na), kind="name", value="王明")


def test_without_the_old_key_the_message_says_what_to_do(wang, li_na, at, settings):
    settings.VAULT_KEY = secrets.token_hex(32)

    with pytest.raises(Failed, match="RECOUP_VAULT_OLD_KEYS"):
        operations.unmask(viewer=viewer(li_na), sealed=wang.sealed[0], reason="核对姓名", at=at)


def test_erasing_destroys_the_data_and_keeps_the_record_whole(wang, li_na, at, system):
    operations.erase(person=wang.person, reason="right to erasure", by=system, at=at)

    fresh = Sealed.objects.select_related("person").get(pk=wang.sealed[0].pk)
    with pytest.raises(Refused, match="erased"):
        operations.unmask(viewer=viewer(li_na), sealed=fresh, reason="核对姓名", at=at)
    assert queries.find(viewer=viewer(li_na), kind="phone", value="13812341234") == []
    assert Person.objects.filter(pk=wang.person.pk).exists()


def test_a_text_in_quarantine_is_sealed_and_read_only_by_who_may_correct(book, analyst, li_na):
    sealed = operations.seal_text(text="王明,13812341234", label="row:1")

    assert b"13812341234" not in sealed
    read = operations.unseal_text(viewer=viewer(analyst), ciphertext=sealed, label="row:1")
    assert read == "王明,13812341234"
    with pytest.raises(Refused):
        operations.unseal_text(viewer=viewer(li_na), ciphertext=sealed, label="row:1")


def test_many_are_sealed_in_the_order_given(book, at):
    people = [operations.NewPerson([("name", f"客户{i}")]) for i in range(300)]
    sealed = operations.seal_many(creditor=book.creditor, people=people, at=at)

    assert [len(one.sealed) for one in sealed] == [1] * 300
    assert len({one.person.token for one in sealed}) == 300
    assert all(one.sealed[0].person == one.person.pk for one in sealed)
