"""Loans and their instalments."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from recoup.intake.models import Placement
from recoup.people.models import Book
from recoup.portfolio.models.borrower import Borrower
from recoup.portfolio.models.case import Case


class Loan(models.Model):
    """
    One debt. `reference` is the lender's account number; amounts are minor units of `currency`.

    `allocation` is the contract's order of appropriation, if it differs from the law's
    (`cost,interest,principal`, Civil Code art. 561). `days_past_due`, `stage` and `owed` are as
    of `aged_on`, recomputed each night.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="loans")
    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="loans")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="loans")
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT)
    reference = models.CharField(max_length=64)
    product = models.CharField(max_length=30)
    currency = models.CharField(max_length=3)
    principal = models.BigIntegerField()
    annual_rate = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    issued_on = models.DateField(null=True)
    matures_on = models.DateField(null=True)
    overdue_since = models.DateField(null=True)
    charged_off_on = models.DateField(null=True)
    allocation = models.CharField(max_length=60, blank=True)
    owed = models.BigIntegerField(default=0)
    overdue = models.BigIntegerField(default=0)
    days_past_due = models.IntegerField(default=0)
    stage = models.CharField(max_length=3, default="C")
    aged_on = models.DateField(null=True)
    facts = models.JSONField(default=dict)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "reference"], name="loan_reference_once")
        ]

    def __str__(self) -> str:
        return self.reference


class Instalment(models.Model):
    """What falls due on one day: principal, interest and cost, in minor units."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="instalments")
    number = models.PositiveIntegerField()
    due_on = models.DateField()
    principal = models.BigIntegerField(default=0)
    interest = models.BigIntegerField(default=0)
    cost = models.BigIntegerField(default=0)

    objects = ScopedManager(creditor="loan__book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["loan", "number"], name="instalment_once"),
            models.CheckConstraint(
                condition=models.Q(principal__gte=0, interest__gte=0, cost__gte=0),
                name="instalment_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id} #{self.number}"


class PastPayment(models.Model):
    """
    A payment made before the ledger begins, where a lender gives balances but no full history.

    Read by scoring, never posted.
    """

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="past_payments")
    paid_on = models.DateField()
    amount = models.BigIntegerField()
    reference = models.CharField(max_length=80)

    objects = ScopedManager(creditor="loan__book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["loan", "reference"], name="past_payment_once")
        ]

    def __str__(self) -> str:
        return f"{self.paid_on} {self.amount}"
