"""What collectors can do and carry, when they are away, and whose cases they may never have."""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from recoup.people.models.house import Creditor, Team, User
from recoup.people.models.vault import Person

EVERY_DAY = "1234567"  # Monday is 1


class Tier(models.TextChoices):
    """How experienced: what a step is worth is the strategy's to say."""

    JUNIOR = "junior"
    SENIOR = "senior"


def _of_one(name: str) -> models.CheckConstraint:
    """A row is of a collector or of a team, never of both or neither."""
    return models.CheckConstraint(
        condition=Q(user__isnull=False, team__isnull=True)
        | Q(user__isnull=True, team__isnull=False),
        name=name,
    )


class Seat(models.Model):
    """
    How a collector works: tier, how many cases at most, on which days and at which hours.

    `capacity` null means not said: an equal share. `weekdays` are digits, Monday is 1.
    """

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="seat")
    tier = models.CharField(max_length=6, choices=Tier.choices, default=Tier.JUNIOR)
    capacity = models.PositiveIntegerField(null=True)
    weekdays = models.CharField(max_length=7, default=EVERY_DAY)
    starts = models.TimeField(null=True)
    ends = models.TimeField(null=True)

    def __str__(self) -> str:
        return f"{self.user_id} {self.tier}"


class Skill(models.Model):
    """A skill of a collector, or of everybody in a team; which cases need it the strategy says."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="skills")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="skills")
    code = models.CharField(max_length=40)
    tier = models.CharField(max_length=6, choices=Tier.choices, default=Tier.JUNIOR)

    class Meta:
        constraints: ClassVar = [
            _of_one("skill_of_one"),
            models.UniqueConstraint(fields=["user", "code"], name="skill_once"),
            models.UniqueConstraint(fields=["team", "code"], name="skill_once_a_team"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.tier}"


class Language(models.Model):
    """A language that a collector, or everybody in a team, speaks: a BCP 47 code in small letters."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="languages")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="languages")
    code = models.CharField(max_length=10)

    class Meta:
        constraints: ClassVar = [
            _of_one("language_of_one"),
            models.UniqueConstraint(fields=["user", "code"], name="language_once"),
            models.UniqueConstraint(fields=["team", "code"], name="language_once_a_team"),
        ]

    def __str__(self) -> str:
        return self.code


class Licence(models.Model):
    """
    Leave to collect somewhere: `place` is a country (`US`) or a part of one (`US-MA`, `CN-浙江`).

    `valid_until` is the last day it holds; null means without end.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="licences")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="licences")
    place = models.CharField(max_length=64)
    number = models.CharField(max_length=60)
    valid_until = models.DateField(null=True)

    class Meta:
        constraints: ClassVar = [
            _of_one("licence_of_one"),
            models.UniqueConstraint(fields=["user", "place"], name="licence_once"),
            models.UniqueConstraint(fields=["team", "place"], name="licence_once_a_team"),
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.number}"


class Absence(models.Model):
    """
    Days `[since, until)` on which a collector is not here. `kind` is a class and nothing more: why
    somebody is ill is nobody's business here.
    """

    class Kind(models.TextChoices):
        LEAVE = "leave"
        UNPLANNED = "unplanned"
        TRAINING = "training"
        OTHER = "other"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="absences")
    since = models.DateField()
    until = models.DateField()
    kind = models.CharField(max_length=9, choices=Kind.choices)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=80)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(until__gt=F("since")), name="absence_has_days"),
            models.UniqueConstraint(
                fields=["user", "since", "until"], condition=Q(withdrawn_at=None),
                name="absence_once",
            ),
        ]  # fmt: skip

    @property
    def last(self) -> date:
        """The last day away."""
        day: date = self.until - timedelta(days=1)
        return day

    def __str__(self) -> str:
        return f"{self.user_id} {self.since} {self.until}"


class Conflict(models.Model):
    """
    Whose cases a collector may never have: a person by their token, or whoever has a value (a name,
    a telephone number, an employer) of which only the blind index is kept. Nothing here can be read
    back, and no page shows whose conflict a case meets.
    """

    class Tie(models.TextChoices):
        FAMILY = "family"
        HOUSEHOLD = "household"
        FRIEND = "friend"
        EMPLOYER = "employer"
        OTHER = "other"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="conflicts")
    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT)
    tie = models.CharField(max_length=9, choices=Tie.choices)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True)
    kind = models.CharField(max_length=10, blank=True)
    index = models.CharField(max_length=32, blank=True)
    declared_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, index="")
                | (Q(person__isnull=True) & ~Q(index="") & ~Q(kind="")),
                name="conflict_with_one",
            ),
            models.UniqueConstraint(
                fields=["user", "creditor", "person"],
                condition=Q(lifted_at=None, person__isnull=False), name="conflict_once",
            ),
            models.UniqueConstraint(
                fields=["user", "creditor", "kind", "index"],
                condition=Q(lifted_at=None, person__isnull=True), name="conflict_once_by_value",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"conflict {self.pk}"
