"""What is kept: placements, and the rows that were refused, sealed until somebody corrects them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from recoup.people.models import Book


class Placement(models.Model):
    """
    One file, or one API call, taken in for a book (入催 placement).

    The same content for the same book and mapping is the same placement: re-import changes
    nothing. `staged` is the folder of columnar files, personal data sealed, that later stages
    read. `counts` says per table what was read, accepted, refused by kind and not for collection;
    `notices` what was found out or left aside on the way.
    """

    class State(models.TextChoices):
        READING = "reading"
        ACCEPTED = "accepted"
        OPENED = "opened"
        REJECTED = "rejected"

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="placements")
    state = models.CharField(max_length=10, choices=State.choices, default=State.READING)
    source = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    mapping = models.CharField(max_length=60)
    mapping_version = models.CharField(max_length=20)
    as_of = models.DateField()
    received_at = models.DateTimeField()
    staged = models.CharField(max_length=200, blank=True)
    rows_read = models.BigIntegerField(default=0)
    rows_accepted = models.BigIntegerField(default=0)
    rows_refused = models.BigIntegerField(default=0)
    rows_opened = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    notices = models.JSONField(default=list)
    problem = models.TextField(blank=True)
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["book", "digest", "mapping"], name="placement_same_file_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} ({self.state})"


class QuarantinedRow(models.Model):
    """
    A row that was refused: where it stood, what is wrong with it, and itself, sealed.

    `problems` are kinds, column names and limits (`intake.problems`), never what was in a cell.
    """

    class State(models.TextChoices):
        OPEN = "open"
        REPLAYED = "replayed"
        DISCARDED = "discarded"

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="quarantined")
    table = models.CharField(max_length=30)
    row_number = models.BigIntegerField()
    problems = models.JSONField()
    raw = models.BinaryField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=80, blank=True)

    objects = ScopedManager(creditor="placement__book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["placement", "table", "row_number"], name="quarantine_row_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.table} row {self.row_number}"
