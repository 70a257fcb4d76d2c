"""Cases: one borrower's overdue loans of one book, worked together."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from recoup.people.models import Agency, Book, Team, User
from recoup.portfolio.models.borrower import Borrower, ContactPoint


class Case(models.Model):
    """
    What is worked. States and their Chinese terms are in `portfolio.states`.

    `owed`, `overdue`, `days_past_due` and `stage` are sums and maxima over the loans, as of
    `aged_on`.
    """

    class State(models.TextChoices):
        PLACED = "placed"
        OPEN = "open"
        RETAINED = "retained"
        SUSPENDED = "suspended"
        RECALLED = "recalled"
        SETTLED = "settled"
        CLOSED = "closed"

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="cases")
    borrower = models.OneToOneField(Borrower, on_delete=models.PROTECT, related_name="case")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLACED)
    state_reason = models.CharField(max_length=200, blank=True)
    placed_on = models.DateField()
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True)
    collector = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
    owed = models.BigIntegerField(default=0)
    overdue = models.BigIntegerField(default=0)
    days_past_due = models.IntegerField(default=0)
    stage = models.CharField(max_length=3, default="C")
    aged_on = models.DateField(null=True)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["book", "state", "-overdue"], name="case_list"),
            models.Index(fields=["book", "state", "stage"], name="case_stage"),
        ]

    def __str__(self) -> str:
        return f"{self.borrower_id} ({self.state})"


class Note(models.Model):
    """A collector's note (催记). The text is sealed: people write names and numbers in notes."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notes")
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
    at = models.DateTimeField()
    text = models.BinaryField()

    objects = ScopedManager(creditor="case__book__creditor")

    def __str__(self) -> str:
        return f"note {self.pk}"


class PastContact(models.Model):
    """A contact made before the case came here, from the lender's own history."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="past_contacts")
    contact_point = models.ForeignKey(ContactPoint, on_delete=models.PROTECT, null=True)
    at = models.DateTimeField()
    channel = models.CharField(max_length=10)
    outcome = models.CharField(max_length=20)

    objects = ScopedManager(creditor="case__book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "at", "channel"], name="past_contact_once")
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.outcome}"
