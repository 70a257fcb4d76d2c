"""What is kept: models with their evidence, and each night's run of scores."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django_scopes import ScopedManager

from recoup.people.models import Book


class ScoreModel(models.Model):
    """
    A trained model (or the documented starter score) for one target, with how it was judged.

    `target` is one of `Target`, or the name of an outcome that a lender's file gives. `card`
    holds metrics with intervals, the feature list and the drift reference; `file` the model
    itself under the data folder, checked by `digest`.
    """

    class Target(models.TextChoices):
        REPAY_30 = "repay_30"
        ROLL = "roll"
        LOST_CONTACT = "lost_contact"
        ABILITY = "ability"
        WILLINGNESS = "willingness"

    class State(models.TextChoices):
        CHAMPION = "champion"
        CANDIDATE = "candidate"
        RETIRED = "retired"
        NOT_TRAINABLE = "not_trainable"

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="score_models")
    target = models.CharField(max_length=60)
    family = models.CharField(max_length=12)
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=14, choices=State.choices)
    trained_at = models.DateTimeField()
    trained_from = models.DateField(null=True)
    trained_to = models.DateField(null=True)
    data_digest = models.CharField(max_length=64, blank=True)
    file = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    card = models.JSONField(default=dict)
    why_not = models.TextField(blank=True)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["book", "target", "family", "version"], name="model_version_once"
            ),
            models.UniqueConstraint(
                fields=["book", "target"],
                condition=models.Q(state="champion"),
                name="model_one_champion",
            ),
        ]

    def keep_reference(self, reference: dict[str, Any]) -> None:
        """Keep what drift is held against; for a model that training left without."""
        self.card = {**self.card, "reference": reference}
        self.save(update_fields=["card"])

    def retire(self, state: str) -> None:
        """Take the model out of use: retired, or kept as a candidate beside the champion."""
        self.state = state
        self.save(update_fields=["state"])

    @property
    def is_starter(self) -> bool:
        """Whether this is the documented starter score, which no outcome has trained."""
        return self.family == "starter"

    def __str__(self) -> str:
        return f"{self.target} {self.family} v{self.version}"


class ScoreRun(models.Model):
    """One night's scores of a book: a columnar file, one row per case, and the drift seen."""

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="score_runs")
    on = models.DateField()
    at = models.DateTimeField()
    file = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    rows = models.BigIntegerField()
    models_used = models.JSONField(default=dict)
    drift = models.JSONField(default=dict)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "on"], name="score_run_once")
        ]

    def __str__(self) -> str:
        return f"{self.book_id} {self.on}"
