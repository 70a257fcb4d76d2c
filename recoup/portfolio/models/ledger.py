"""
The double-entry ledger.

An entry has a column for each account and the database checks that they add up to nothing, so an
unbalanced entry cannot exist. Debits are positive. Entries are posted, never edited.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.db import models
from django_scopes import ScopedManager

from recoup.portfolio.models.loan import Loan

# What the borrower owes (receivables), then where the other side stands.
RECEIVABLES = ("principal", "interest", "penalty", "cost")
CONTRA = ("cash", "opening", "income", "waived", "overpaid", "written_off")
ACCOUNTS = RECEIVABLES + CONTRA


class Entry(models.Model):
    """
    One posting to a loan, in minor units of the loan's currency; debits positive, sum zero.

    `cause` says what it was posted for and is unique within the loan, so that posting twice does
    nothing. `reverses` points at the entry that this one undoes.
    """

    class Kind(models.TextChoices):
        OPENING = "opening"
        ACCRUAL = "accrual"
        PAYMENT = "payment"
        REVERSAL = "reversal"
        WAIVER = "waiver"
        WRITE_OFF = "write_off"
        CORRECTION = "correction"

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    cause = models.CharField(max_length=80)
    value_on = models.DateField()
    posted_at = models.DateTimeField()
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="reversed_by"
    )
    principal = models.BigIntegerField(default=0)
    interest = models.BigIntegerField(default=0)
    penalty = models.BigIntegerField(default=0)
    cost = models.BigIntegerField(default=0)
    cash = models.BigIntegerField(default=0)
    opening = models.BigIntegerField(default=0)
    income = models.BigIntegerField(default=0)
    waived = models.BigIntegerField(default=0)
    overpaid = models.BigIntegerField(default=0)
    written_off = models.BigIntegerField(default=0)

    objects = ScopedManager(creditor="loan__book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["loan", "cause"], name="entry_cause_once"),
            models.CheckConstraint(
                condition=models.Q(
                    principal=0 - models.F("interest") - models.F("penalty") - models.F("cost")
                    - models.F("cash") - models.F("opening") - models.F("income")
                    - models.F("waived") - models.F("overpaid") - models.F("written_off")
                ),
                name="entry_balances",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["loan", "value_on"], name="entry_loan_day"),
            models.Index(fields=["kind", "value_on"], name="entry_kind_day"),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Post; an entry that exists is never saved again."""
        if not self._state.adding:
            raise TypeError("A ledger entry is never edited. Post a reversal.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise TypeError("A ledger entry is never deleted. Post a reversal.")

    @property
    def owed(self) -> int:
        """How much this entry adds to what is owed, in minor units."""
        return self.principal + self.interest + self.penalty + self.cost

    def __str__(self) -> str:
        return f"{self.value_on} {self.kind} {self.owed}"


class Statement(models.Model):
    """The lender's own balance of a loan on a day: the ledger must agree with it."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="statements")
    on = models.DateField()
    balance = models.BigIntegerField()
    difference = models.BigIntegerField(null=True)

    objects = ScopedManager(creditor="loan__book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["loan", "on"], name="statement_once")
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.balance}"
