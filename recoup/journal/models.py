"""What is kept: events, and the head of the chain."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.db import models

GENESIS = "0" * 64


class EditForbidden(TypeError):
    """Somebody tried to change the record. Append a correcting event instead."""


class Head(models.Model):
    """The end of the chain. One row; its lock orders all writers."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    position = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, default=GENESIS)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(id=1), name="journal_one_head")
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.digest[:12]}"


class Event(models.Model):
    """
    One operation, as it was done.

    `data` is canonical JSON text: the hash is over these very characters, so it must not pass
    through a database's own JSON type. `case` and `book` are plain numbers, because the journal
    stands below the stages that own them.
    """

    position = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=64, db_index=True)
    by = models.CharField(max_length=80)
    by_user = models.BigIntegerField(null=True)
    creditor = models.BigIntegerField(null=True)
    book = models.BigIntegerField(null=True)
    case = models.BigIntegerField(null=True)
    subject = models.CharField(max_length=80, blank=True)
    data = models.TextField(default="{}")
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["digest"], name="journal_digest_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["case", "position"], name="journal_case"),
            models.Index(fields=["creditor", "position"], name="journal_creditor"),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Append; an event that exists is never saved again."""
        if not self._state.adding:
            raise EditForbidden(f"Event {self.position} cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise EditForbidden(f"Event {self.position} cannot be deleted.")

    def __str__(self) -> str:
        return f"{self.position} {self.kind}"
