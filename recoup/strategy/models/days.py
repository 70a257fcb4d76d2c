"""What a day keeps of its night: what is left of the budgets, and which cases to choose for anew."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from recoup.people.models import Book
from recoup.portfolio.models import Case
from recoup.strategy.models.nights import Plan


class BudgetUse(models.Model):
    """
    How much of a budget of a plan is taken, in hundred-thousandths of its unit.

    Whole numbers, so that what is taken and given back all day adds up; taken by conditional
    update, so that two who choose at once never share the last of it.
    """

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="uses")
    name = models.CharField(max_length=40)
    most = models.BigIntegerField()
    used = models.BigIntegerField(default=0)

    objects = ScopedManager(creditor="plan__book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "name"], name="budget_use_once")
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.name} {self.used}/{self.most}"


class Reconsideration(models.Model):
    """
    A case whose next action is to be chosen anew: something happened after it was decided.

    Written in the transaction of the event, one row for a case however much happens; `position` is
    that of the last event and `after` its kind. Whoever chooses takes the row away in the same
    transaction, if it still says the same position. `superseded` are decisions that lapsed.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="reconsideration")
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="reconsiderations")
    position = models.BigIntegerField()
    after = models.CharField(max_length=64)
    at = models.DateTimeField()
    superseded = models.JSONField(default=list)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["book", "at"], name="reconsider_oldest")]

    def __str__(self) -> str:
        return f"{self.case_id} after {self.after}"
