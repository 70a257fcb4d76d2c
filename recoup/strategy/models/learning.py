"""What is kept of learning: what was asked of the log, and what is believed of effects."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from recoup.people.models import Book
from recoup.portfolio.models import Case
from recoup.strategy.models.nights import Plan, StrategyVersion


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


class Learned(models.Model):
    """
    What is believed of a book's effects after a night's learning, from all nights up to `through`.

    `file` holds the posterior, checked by `digest`; `before` is the digest of what it grew from.
    `nights` has for each night that was learnt from its rows and how far outcomes were from what was
    believed, in standard errors; `watch` the sums of `decision.drift` after them.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="learned")
    on = models.DateField()
    at = models.DateTimeField()
    through = models.DateField()
    file = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    before = models.CharField(max_length=64, blank=True)
    rows = models.BigIntegerField()
    nights = models.JSONField(default=list)
    watch = models.JSONField(default=dict)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "on"], name="learned_once_a_night")
        ]

    def __str__(self) -> str:
        return f"{self.book_id} {self.on}"


class LogCheck(models.Model):
    """
    Whether a night's log is what its own chances say (`decision.drift.shares`).

    `drawn` has by arm how many were drawn at random, how many were expected and of how many; `idle`
    the same of those left alone; `chance` is that of differences as large as these.
    """

    plan = models.OneToOneField(Plan, on_delete=models.PROTECT, related_name="check_of_log")
    at = models.DateTimeField()
    drawn = models.JSONField(default=dict)
    idle = models.JSONField(default=dict)
    chance = models.FloatField(default=1.0)
    is_wrong = models.BooleanField(default=False)

    objects = ScopedManager(creditor="plan__book__creditor")

    def __str__(self) -> str:
        return f"{self.plan_id}"


class RouteEntry(models.Model):
    """
    A case that was drawn into a group (robot, message, human), as it was on the first night that saw
    it. Sums in minor units; the draw is its person's, for good.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="route_entries")
    salt = models.CharField(max_length=60)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    group = models.CharField(max_length=10)
    segment = models.CharField(max_length=40)
    on = models.DateField()
    owed = models.BigIntegerField()
    repay_30 = models.FloatField(null=True)
    days_past_due = models.IntegerField()

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["salt", "case"], name="route_entry_once")
        ]
        indexes: ClassVar = [models.Index(fields=["book", "salt", "on"], name="route_entered")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.group}"


class RouteLook(models.Model):
    """
    One look at what each group brings in a year (`decision.routing`).

    `compared` lists every comparison, `closed` by segment the groups that another is clearly better
    than; `cases` counts the drawn by group, and those of them whose year is over.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="route_looks")
    salt = models.CharField(max_length=60)
    on = models.DateField()
    at = models.DateTimeField()
    cases = models.JSONField(default=dict)
    compared = models.JSONField(default=list)
    closed = models.JSONField(default=dict)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "salt", "on"], name="route_look_once")
        ]

    def __str__(self) -> str:
        return f"{self.salt} {self.on}"
