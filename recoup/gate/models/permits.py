"""Permits, refusals, counters, and what people approved against a rule."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django.db import connection, models
from django_scopes import ScopedManager

from recoup.gate.models.texts import Template
from recoup.people.models import Book, Creditor
from recoup.portfolio.models import Case, ContactPoint
from recoup.strategy.models import Decision

SPEND = "UPDATE gate_permit SET state = 'used', used_at = %s WHERE id = %s AND state = 'issued'"


class Permit(models.Model):
    """
    A signed leave to make one contact, on one channel, to one contact point, with one text.

    Used once: `used_at` is set by a conditional update, and an attempt's permit is unique. `slots`
    fill the template the same way again, so that the text sent is the text permitted; they hold
    no personal data. `settled_as` is the first outcome, which frees the slots it did not use.
    `facts` are those that the verdict was given on, so that it can be given again by other rules.
    `request_key` is the key of whoever asked from outside: the same key is the same permit.
    """

    class State(models.TextChoices):
        ISSUED = "issued"
        USED = "used"
        RELEASED = "released"
        EXPIRED = "expired"

    id = models.CharField(max_length=26, primary_key=True)
    book = models.ForeignKey(Book, on_delete=models.PROTECT)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="permits")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True)
    contact_point = models.ForeignKey(ContactPoint, on_delete=models.PROTECT)
    channel = models.CharField(max_length=10)
    template = models.ForeignKey(Template, on_delete=models.PROTECT, null=True)
    slots = models.JSONField(default=dict)
    text_digest = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ISSUED)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    rulebook = models.CharField(max_length=64)
    verdict = models.JSONField()
    facts = models.JSONField(default=dict)
    counters = models.JSONField(default=list)
    settled_as = models.CharField(max_length=20, blank=True)
    signature = models.CharField(max_length=64)
    request_key = models.CharField(max_length=80, null=True, unique=True)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "expires_at"], name="permit_expiry")]

    def turn(self, **to: Any) -> bool:
        """Change, unless somebody was quicker: gives whether it was us. Does not touch this copy."""
        # Not through `objects`: the tenant's join makes an update's condition a subquery, which
        # PostgreSQL does not ask again after it waited for a row, and two callers would both win.
        rows = type(self)._base_manager.filter(
            pk=self.pk, state=self.state, settled_as=self.settled_as
        )
        return bool(rows.update(**to))

    @classmethod
    def spend(cls, permits: Iterable[Permit], at: datetime) -> set[str]:
        """Turn issued permits to used, each unless somebody was quicker: the ids that are ours."""
        ours = set()
        stored = connection.ops.adapt_datetimefield_value(at)
        with connection.cursor() as cursor:
            for permit in permits:
                cursor.execute(SPEND, [stored, permit.pk])
                if cursor.rowcount:
                    ours.add(permit.pk)
        return ours

    def __str__(self) -> str:
        return self.id


class Refusal(models.Model):
    """A contact that was not allowed: every rule that fired, with its source."""

    book = models.ForeignKey(Book, on_delete=models.PROTECT)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="refusals")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True)
    channel = models.CharField(max_length=10)
    at = models.DateTimeField()
    outcome = models.CharField(max_length=16)
    until = models.DateTimeField(null=True)
    rules = models.JSONField()
    rulebook = models.CharField(max_length=64)
    facts = models.JSONField(default=dict)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["book", "at"], name="refusal_book")]

    def __str__(self) -> str:
        return ", ".join(rule["id"] for rule in self.rules)


class Counter(models.Model):
    """
    How often something was done, or is reserved to be done, in one window.

    `key` names unit, subject and window, e.g. `effective_call:creditor=1:person=9:2026-11-23`.
    Claimed by `update(... where used < most)` and the row count: no lock is held and none is needed.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT)
    key = models.CharField(max_length=120, unique=True)
    unit = models.CharField(max_length=20)
    ends_at = models.DateTimeField()
    used = models.PositiveIntegerField(default=0)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ends_at"], name="counter_end")]

    def __str__(self) -> str:
        return f"{self.key} {self.used}"


class Approval(models.Model):
    """
    A named person's leave to contact a case although some rules stand in the way.

    Only rules that may be set aside: a compliance officer's for industry rules, a leader's for
    recommended ones and the house's; never a law. It holds for one case and channel until `until`.
    """

    class State(models.TextChoices):
        ASKED = "asked"
        GIVEN = "given"
        DENIED = "denied"
        REVOKED = "revoked"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="approvals")
    channel = models.CharField(max_length=10)
    rules = models.JSONField()
    role = models.CharField(max_length=12)
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    asked_by = models.CharField(max_length=80)
    asked_at = models.DateTimeField()
    until = models.DateTimeField()
    decided_by = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=300, blank=True)

    objects = ScopedManager(creditor="case__book__creditor")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["case", "until"], name="approval_case")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state="asked") | ~models.Q(decided_by=""),
                name="approval_decided_by_name",
            ),
            models.CheckConstraint(
                condition=~models.Q(decided_by=models.F("asked_by"))
                | models.Q(state__in=("asked", "revoked")),
                name="approval_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{', '.join(self.rules)} {self.state}"
