"""What is kept: daily facts, from which every board reads."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from recoup.people.models import Book


class Figure(models.Model):
    """
    One measured number: a metric of a book on a day, for one slice.

    Amounts are minor units, counts plain numbers. `dimension` is `all`, `channel`, `team`, `arm`,
    `stage`, `vintage` or `move` (from stage to stage); `slice` its value.
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
