"""What is kept: strategies, each night's run, and its decisions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from recoup.people.models import Book, User
from recoup.portfolio.models import Case, ContactPoint


class StrategyVersion(models.Model):
    """A strategy as it was written: the YAML text, its hash, and whether it is in force."""

    class State(models.TextChoices):
        DRAFT = "draft"
        ACTIVE = "active"
        RETIRED = "retired"

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="strategies")
    name = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    source = models.TextField()
    digest = models.CharField(max_length=64)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=80)
    activated_at = models.DateTimeField(null=True)
    activated_by = models.CharField(max_length=80, blank=True)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "name", "version"], name="strategy_once"),
            models.UniqueConstraint(
                fields=["book"], condition=models.Q(state="active"), name="strategy_one_active"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class Plan(models.Model):
    """
    The decisions of one night: what was admissible, what the budgets bought, what they were worth.

    `file` holds one row for every case, the decisions to do nothing too, with propensities.
    `budgets` has what was `used` of the `most` of each, `prices` what one more unit would have won,
    in minor units. `refused` counts why nothing was done, `rules` the rules that fired, once for
    each case and channel.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="plans")
    strategy = models.ForeignKey(StrategyVersion, on_delete=models.PROTECT)
    on = models.DateField()
    at = models.DateTimeField()
    file = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    rows = models.BigIntegerField()
    chosen = models.BigIntegerField()
    budgets = models.JSONField(default=dict)
    prices = models.JSONField(default=dict)
    certificate = models.JSONField(default=dict)
    refused = models.JSONField(default=dict)
    rules = models.JSONField(default=dict)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "on"], name="plan_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.book_id} {self.on}"


class Decision(models.Model):
    """
    One action chosen for one case and day.

    `arm` is the arm of the champion-challenger experiment, `propensity` the chance that this
    action was chosen (0 < p <= 1), `offer` the envelope no later stage may leave, `reason` data
    for one sentence, `not_before` and `not_after` the window in UTC. Contacts need a
    `contact_point`; a task for a collector (`channel="task"`) has none.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        DONE = "done"
        REFUSED = "refused"
        LAPSED = "lapsed"

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="decisions")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="decisions")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions")
    on = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    segment = models.CharField(max_length=40)
    treatment = models.CharField(max_length=60)
    step = models.PositiveIntegerField(default=0)
    channel = models.CharField(max_length=10)
    template = models.CharField(max_length=60, blank=True)
    contact_point = models.ForeignKey(ContactPoint, on_delete=models.PROTECT, null=True)
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    arm = models.CharField(max_length=40)
    propensity = models.FloatField()
    value = models.BigIntegerField(default=0)
    priority = models.IntegerField(default=0)
    offer = models.JSONField(default=dict)
    assignee = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
    reason = models.JSONField(default=dict)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["plan", "case", "channel"], name="decision_once_a_channel"
            ),
            models.CheckConstraint(
                condition=models.Q(propensity__gt=0, propensity__lte=1), name="decision_propensity"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["book", "on", "state", "not_before"], name="decision_due"),
            models.Index(fields=["case", "on"], name="decision_case"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.on} {self.treatment}"
