"""Who works here and for whom: creditors, books, agencies, teams, users."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models


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
