"""What is kept: attempts, receipts, and what borrowers wrote back."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from recoup.gate.models import Permit
from recoup.people.models import Book
from recoup.portfolio.models import Borrower, Case, ContactPoint


class Attempt(models.Model):
    """
    One contact with one borrower, made under exactly one permit.

    reserved -> handing -> accepted -> delivered | undelivered, or failed, or unknown. `key` is
    the idempotency key given to the provider. What was said is sealed in `content`.
    """

    class State(models.TextChoices):
        RESERVED = "reserved"
        HANDING = "handing"
        ACCEPTED = "accepted"
        DELIVERED = "delivered"
        UNDELIVERED = "undelivered"
        FAILED = "failed"
        UNKNOWN = "unknown"

    permit = models.OneToOneField(Permit, on_delete=models.PROTECT)
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="attempts")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="attempts")
    contact_point = models.ForeignKey(ContactPoint, on_delete=models.PROTECT)
    channel = models.CharField(max_length=10)
    state = models.CharField(max_length=12, choices=State.choices, default=State.RESERVED)
    key = models.CharField(max_length=40, unique=True)
    carrier = models.CharField(max_length=30)
    provider_id = models.CharField(max_length=80, blank=True)
    content = models.BinaryField()
    segments = models.PositiveSmallIntegerField(default=1)
    cost = models.BigIntegerField(default=0)
    reserved_at = models.DateTimeField()
    handed_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, blank=True)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["book", "state"], name="attempt_state"),
            models.Index(fields=["carrier", "provider_id"], name="attempt_provider"),
            models.Index(fields=["case", "reserved_at"], name="attempt_case"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


class Receipt(models.Model):
    """What a provider said about an attempt, as it said it. The same receipt twice is one row."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="receipts")
    at = models.DateTimeField()
    status = models.CharField(max_length=20)
    detail = models.CharField(max_length=120, blank=True)

    objects = ScopedManager(creditor="attempt__book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["attempt", "status", "at"], name="receipt_once")
        ]

    def __str__(self) -> str:
        return self.status


class Reply(models.Model):
    """What a borrower wrote to us. The text is sealed; `meaning` is what was made of it."""

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="replies")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="replies")
    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, null=True)
    channel = models.CharField(max_length=10)
    at = models.DateTimeField()
    text = models.BinaryField()
    provider_id = models.CharField(max_length=80)
    meaning = models.CharField(max_length=20, blank=True)
    handled_at = models.DateTimeField(null=True)
    handled_by = models.CharField(max_length=80, blank=True)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "channel", "provider_id"], name="reply_once")
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.at:%Y-%m-%d}"
