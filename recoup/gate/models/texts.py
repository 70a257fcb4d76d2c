"""Texts and senders: what may be sent, and in whose name."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from recoup.people.models import Book, Creditor
from recoup.rulebook.vocabulary import PURPOSES

# Not a person: stated as such wherever the approval is shown.
STARTER_ROLE = "system: starter set (no person has reviewed it)"


class Template(models.Model):
    """
    An approved text (话术, 模板). Only an approved version can be sent.

    `text` has `{slots}` from a closed list; `discloses_debt` says whether it states that a debt
    exists, which a one-way message never may. `purpose` is what it is sent for, which the law asks.
    """

    class State(models.TextChoices):
        DRAFT = "draft"
        APPROVED = "approved"
        WITHDRAWN = "withdrawn"

    code = models.SlugField(max_length=60)
    version = models.PositiveIntegerField()
    channel = models.CharField(max_length=10)
    jurisdiction = models.CharField(max_length=2)
    language = models.CharField(max_length=10)
    purpose = models.CharField(
        max_length=20, choices=[(word, word) for word in PURPOSES], default="reminder"
    )
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    discloses_debt = models.BooleanField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    approved_by = models.CharField(max_length=80, blank=True)
    approved_at = models.DateTimeField(null=True)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "version"], name="template_version_once"),
            models.CheckConstraint(
                condition=~models.Q(state="approved") | ~models.Q(approved_by=""),
                name="template_approval_has_a_name",
            ),
        ]

    def state_in(self, book: Book) -> str:
        """Its state for a book: what no person has reviewed is a draft where borrowers are real."""
        approved = self.state == self.State.APPROVED
        if approved and self.approved_by == STARTER_ROLE and not book.is_demo:
            return self.State.DRAFT
        return self.state

    @classmethod
    def approved_in(cls, book: Book) -> models.QuerySet[Template]:
        """The texts that may be sent in a book."""
        rows = cls.objects.filter(jurisdiction=book.jurisdiction, state=cls.State.APPROVED)
        return rows if book.is_demo else rows.exclude(approved_by=STARTER_ROLE)

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class SenderIdentity(models.Model):
    """A number, signature or address from the creditor's registry (码号台账, CN-CALL-004)."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT)
    channel = models.CharField(max_length=10)
    address = models.CharField(max_length=80)
    signature = models.CharField(max_length=40, blank=True)
    valid_until = models.DateField(null=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["creditor", "channel", "address"], name="sender_once")
        ]

    def __str__(self) -> str:
        return self.address
