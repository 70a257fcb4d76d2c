"""What is kept: promises, repayment plans, payments, bank files."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from recoup.people.models import Book
from recoup.portfolio.models import Case, Loan


class Promise(models.Model):
    """A borrower's promise to pay (承诺还款): an amount by a day, judged after the grace days."""

    class State(models.TextChoices):
        OPEN = "open"
        KEPT = "kept"
        PARTIAL = "partial"
        BROKEN = "broken"
        SUPERSEDED = "superseded"
        CANCELLED = "cancelled"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="promises")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    due_on = models.DateField()
    made_at = models.DateTimeField()
    made_to = models.CharField(max_length=80)
    channel = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    paid = models.BigIntegerField(default=0)
    judged_on = models.DateField(null=True)

    objects = ScopedManager(creditor="case__book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="promise_positive"),
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(state="open"), name="promise_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} by {self.due_on} ({self.state})"


class Plan(models.Model):
    """
    A repayment plan (分期还款计划) agreed for a case; performing plans stop collection.

    `terms` keeps the mandatory contents of a card agreement (CN-STOP-002); an oral one names its
    `recording` (CN-STOP-003).
    """

    class State(models.TextChoices):
        PERFORMING = "performing"
        COMPLETED = "completed"
        BROKEN = "broken"
        CANCELLED = "cancelled"

    class Form(models.TextChoices):
        WRITTEN = "written"
        ORAL = "oral"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="plans")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PERFORMING)
    agreed_at = models.DateTimeField()
    agreed_with = models.CharField(max_length=80)
    total = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    form = models.CharField(max_length=7, choices=Form.choices, default=Form.WRITTEN)
    recording = models.CharField(max_length=200, blank=True)
    terms = models.JSONField(default=dict)
    paid = models.BigIntegerField(default=0)
    judged_on = models.DateField(null=True)

    objects = ScopedManager(creditor="case__book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(state="performing"), name="plan_one_performing"
            )
        ]

    def __str__(self) -> str:
        return f"{self.total} ({self.state})"


class PlanInstalment(models.Model):
    """One payment that a plan expects."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="instalments")
    number = models.PositiveIntegerField()
    due_on = models.DateField()
    amount = models.BigIntegerField()

    objects = ScopedManager(creditor="plan__case__book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "number"], name="plan_instalment_once")
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.amount} by {self.due_on}"


class BankFile(models.Model):
    """
    A file of payments from a bank, imported once by its content.

    `repeated` is what its lines had that an earlier file brought already.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="bank_files")
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    imported_at = models.DateTimeField()
    lines = models.PositiveIntegerField()
    total = models.BigIntegerField()
    repeated = models.BigIntegerField(default=0)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "digest"], name="bank_file_once")
        ]

    def __str__(self) -> str:
        return self.name


class Payment(models.Model):
    """
    Money received, once for each `external_id` of a source.

    In suspense until it is known whose it is; `loan` and the ledger entry follow then.
    """

    class State(models.TextChoices):
        POSTED = "posted"
        SUSPENSE = "suspense"
        REVERSED = "reversed"
        RETURNED = "returned"

    class Source(models.TextChoices):
        BANK_FILE = "bank_file"
        WEBHOOK = "webhook"
        DESK = "desk"

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="payments")
    source = models.CharField(max_length=10, choices=Source.choices)
    external_id = models.CharField(max_length=80)
    reference = models.CharField(max_length=80, blank=True)
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, null=True, related_name="payments")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="payments")
    bank_file = models.ForeignKey(BankFile, on_delete=models.PROTECT, null=True)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    value_on = models.DateField()
    received_at = models.DateTimeField()
    posted_at = models.DateTimeField(null=True)
    reversed_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=State.choices)
    problem = models.CharField(max_length=200, blank=True)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "source", "external_id"], name="payment_once"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="payment_positive"),
            models.CheckConstraint(
                condition=~models.Q(state="posted") | models.Q(loan__isnull=False),
                name="payment_posted_to_a_loan",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["case", "value_on"], name="payment_case")]

    def __str__(self) -> str:
        return f"{self.amount} on {self.value_on} ({self.state})"
