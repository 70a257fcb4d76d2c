"""What is kept: daily figures, from which every board reads, and the snapshots behind them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from recoup.people.models import Book


class Figure(models.Model):
    """
    One measured number: a metric of a book on a day, for one slice.

    Amounts are minor units, counts plain numbers; `reporting.metrics` defines each. `dimension` is
    `all` or what `slice` is a value of: channel, outcome, team, arm, stage, vintage, state, rule,
    why, or `move` and `month_move` (from stage to stage).
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="figures")
    on = models.DateField()
    metric = models.CharField(max_length=40)
    dimension = models.CharField(max_length=12)
    slice = models.CharField(max_length=60)
    value = models.BigIntegerField()

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["book", "on", "metric", "dimension", "slice"], name="figure_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.metric} {self.slice} {self.value}"


class Snapshot(models.Model):
    """
    How a book stood when a day was counted: one row for each case in `file`.

    `aged_on` is the day that what is owed was last brought to, which may be the morning after.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="snapshots")
    on = models.DateField()
    aged_on = models.DateField()
    at = models.DateTimeField()
    file = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    rows = models.BigIntegerField()

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "on"], name="snapshot_once")
        ]

    def __str__(self) -> str:
        return f"{self.book_id} {self.on}"


class Fee(models.Model):
    """The share of what is recovered that the lender pays for the servicing of a book."""

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="fees")
    since = models.DateField()
    rate = models.DecimalField(max_digits=7, decimal_places=6)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "since"], name="fee_once"),
            models.CheckConstraint(
                condition=models.Q(rate__gte=0, rate__lte=1), name="fee_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rate} from {self.since}"
