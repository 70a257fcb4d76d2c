"""Personal data in the vault: keys, persons and their sealed fields."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from recoup.people.models.house import Creditor


class VaultKey(models.Model):
    """
    A data key of the vault itself, wrapped by the key-encryption key.

    `index` keys the blind index and never changes, or search would be lost.
    """

    purpose = models.CharField(max_length=20)
    version = models.PositiveIntegerField(default=1)
    kek = models.CharField(max_length=16)
    wrapped = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["purpose", "version"], name="vault_key_once")
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.version}"


class Person(models.Model):
    """
    A natural person, known everywhere outside the vault by this row's token.

    `wrapped` is the person's own data key under the key-encryption key `kek`; destroying it
    erases the person while every other record stays whole.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT)
    token = models.CharField(max_length=26, unique=True)
    kek = models.CharField(max_length=16)
    wrapped = models.BinaryField(null=True)

    objects = ScopedManager(creditor="creditor")

    def __str__(self) -> str:
        return self.token


class Sealed(models.Model):
    """
    One piece of personal data: ciphertext, its half-hidden form, and a blind index for search.

    `index` is a keyed hash of the normalised value, within one creditor.
    """

    class Kind(models.TextChoices):
        NAME = "name"
        PHONE = "phone"
        EMAIL = "email"
        IDENTITY = "identity"
        ADDRESS = "address"
        CARD = "card"
        TEXT = "text"

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="sealed")
    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    masked = models.CharField(max_length=120)
    index = models.CharField(max_length=32, blank=True)
    ciphertext = models.BinaryField()

    objects = ScopedManager(creditor="creditor")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["creditor", "kind", "index"], name="sealed_blind"),
        ]

    def __str__(self) -> str:
        return self.masked
