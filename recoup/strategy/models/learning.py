"""What is kept of learning: what was asked of the log."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from recoup.people.models import Book
from recoup.strategy.models.nights import StrategyVersion


class Judgement(models.Model):
    """
    What a version would have brought, by the log of another, or why the log cannot say.

    `version` was asked about, `log` made the nights from `since` to `until` for the cases of `arm`.
    `result` has counts, `outside` (what the log could not have done), `support`, `reasons` (why
    there is no answer) and `answers` by estimator; money in minor units for each decision.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="judgements")
    version = models.ForeignKey(StrategyVersion, on_delete=models.PROTECT, related_name="judged")
    log = models.ForeignKey(StrategyVersion, on_delete=models.PROTECT, related_name="judged_by")
    arm = models.CharField(max_length=40)
    since = models.DateField()
    until = models.DateField()
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    result = models.JSONField(default=dict)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["book", "at"], name="judgement_newest")]

    def __str__(self) -> str:
        return f"{self.version} by {self.log}"
