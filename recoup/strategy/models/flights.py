"""What is kept of flights: what was flown with which results, and who approved what was not."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from recoup.people.models import Book
from recoup.strategy.models.nights import StrategyVersion


class Flight(models.Model):
    """
    A strategy flown over the book before it is in force. All its figures are simulated.

    `source` is the text that was flown and `digest` its hash: the candidate's own, or with the
    budgets in `changes` (name to `{"from", "to"}`). `position` is the journal's when the book was
    read, `inputs` the hashes and seeds that give the same figures again. `results` is as
    `flights.weighing.weigh` and `flights.changes.summary` give them, `file` holds the first night's
    changes case by case. `done` of `total` nights are played; `seen_at` is when its process last
    said so.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        FLYING = "flying"
        FLOWN = "flown"
        FAILED = "failed"
        RECALLED = "recalled"

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="flights")
    candidate = models.ForeignKey(StrategyVersion, on_delete=models.PROTECT, related_name="flights")
    champion = models.ForeignKey(
        StrategyVersion, on_delete=models.PROTECT, related_name="defended", null=True
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    source = models.TextField()
    digest = models.CharField(max_length=64)
    changes = models.JSONField(default=dict)
    days = models.PositiveSmallIntegerField()
    repetitions = models.PositiveSmallIntegerField()
    seed = models.PositiveBigIntegerField()
    most = models.PositiveIntegerField()
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=80)
    began_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=300, blank=True)
    position = models.BigIntegerField(default=0)
    inputs = models.JSONField(default=dict)
    results = models.JSONField(default=dict)
    file = models.CharField(max_length=200, blank=True)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["book", "digest", "state"], name="flight_of_text"),
            models.Index(fields=["state", "asked_at"], name="flight_waiting"),
        ]

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it unless it is flown again."""
        return self.state in (self.State.FLOWN, self.State.FAILED, self.State.RECALLED)

    def __str__(self) -> str:
        return f"flight {self.pk}"


class StrategyApproval(models.Model):
    """
    A named person's leave to put a version in force without a flight, or against what one says.

    `why` is the code of what stood in the way when it was asked for, `flight` the one that predicts
    harm, if it is that. It holds until an instant, for that flight and no later one.
    """

    class State(models.TextChoices):
        ASKED = "asked"
        GIVEN = "given"
        DENIED = "denied"

    version = models.ForeignKey(StrategyVersion, on_delete=models.PROTECT, related_name="approvals")
    flight = models.ForeignKey(Flight, on_delete=models.PROTECT, null=True)
    why = models.CharField(max_length=20)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    reason = models.CharField(max_length=300)
    asked_by = models.CharField(max_length=80)
    asked_at = models.DateTimeField()
    until = models.DateTimeField()
    decided_by = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=300, blank=True)

    objects = ScopedManager(creditor="version__book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["version"], condition=models.Q(state="asked"), name="strategy_asked_once"
            ),
        ]

    def __str__(self) -> str:
        return f"approval {self.pk} of {self.version_id}: {self.state}"
