"""What is kept: creditors, books, agencies, teams, users, persons and their sealed fields."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django_scopes import ScopedManager


class Creditor(models.Model):
    """
    A lender: the tenant. Agencies that work for it share its counters (CN-FREQ-002).

    `kind` is what the law calls it (bank, consumer finance company, debt buyer ...); while it is not
    said, the rules of every kind bind.
    """

    class Kind(models.TextChoices):
        BANK = "bank"
        CONSUMER_FINANCE = "consumer_finance"
        MICROLOAN = "microloan"
        PLATFORM = "platform"
        DEBT_BUYER = "debt_buyer"
        PRIVATE = "private"
        OTHER = "other"

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    complaint_phone = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=20, choices=Kind.choices, blank=True)

    def __str__(self) -> str:
        return self.name


class Book(models.Model):
    """
    A set of accounts placed for collection together.

    A demo book meets only simulated borrowers and carriers; a live book only real ones. The mode
    never changes.
    """

    class Mode(models.TextChoices):
        DEMO = "demo"
        LIVE = "live"

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, related_name="books")
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    mode = models.CharField(max_length=4, choices=Mode.choices)
    jurisdiction = models.CharField(max_length=2, default="CN")
    currency = models.CharField(max_length=3, default="CNY")
    time_zone = models.CharField(max_length=40, default="Asia/Shanghai")
    opened_on = models.DateField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(mode__in=["demo", "live"]), name="book_demo_or_live"
            )
        ]

    @property
    def is_demo(self) -> bool:
        """Whether everything outside this book is simulated."""
        return self.mode == self.Mode.DEMO

    def __str__(self) -> str:
        return self.name


class Agency(models.Model):
    """An outside collection agency (委外机构), listed by the creditors it works for."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    creditors = models.ManyToManyField(Creditor, related_name="agencies")

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """Collectors who work together, of a creditor or of an agency."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, related_name="teams")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A person who signs in."""

    class Role(models.TextChoices):
        ADMINISTRATOR = "administrator"
        EXECUTIVE = "executive"
        ANALYST = "analyst"
        TEAM_LEADER = "team_leader"
        COLLECTOR = "collector"
        REVIEWER = "reviewer"
        COMPLIANCE = "compliance"
        AGENCY = "agency"

    name = models.CharField(max_length=80)
    role = models.CharField(max_length=20, choices=Role.choices)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, blank=True)
    creditors = models.ManyToManyField(Creditor, blank=True, related_name="users")
    language = models.CharField(max_length=10, default="zh-hans")

    def __str__(self) -> str:
        return self.name or self.username


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
