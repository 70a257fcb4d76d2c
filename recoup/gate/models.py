"""What is kept: permits, refusals, counters, and the facts that restrict contact."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django.db import connection, models
from django_scopes import ScopedManager

from recoup.people.models import Book, Creditor, Person
from recoup.portfolio.models import Borrower, Case, ContactPoint
from recoup.strategy.models import Decision

# Not a person: stated as such wherever the approval is shown.
STARTER_ROLE = "system: starter set (no person has reviewed it)"


class Template(models.Model):
    """
    An approved text (话术, 模板). Only an approved version can be sent.

    `text` has `{slots}` from a closed list; `discloses_debt` says whether it states that a debt
    exists, which a one-way message never may.
    """

    class State(models.TextChoices):
        DRAFT = "draft"
        APPROVED = "approved"
        WITHDRAWN = "withdrawn"

    code = models.SlugField(max_length=60)
    version = models.PositiveIntegerField()
    channel = models.CharField(max_length=10)
    jurisdiction = models.CharField(max_length=2)
    language = models.CharField(max_length=10)
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    discloses_debt = models.BooleanField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    approved_by = models.CharField(max_length=80, blank=True)
    approved_at = models.DateTimeField(null=True)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "version"], name="template_version_once"),
            models.CheckConstraint(
                condition=~models.Q(state="approved") | ~models.Q(approved_by=""),
                name="template_approval_has_a_name",
            ),
        ]

    def state_in(self, book: Book) -> str:
        """Its state for a book: what no person has reviewed is a draft where borrowers are real."""
        approved = self.state == self.State.APPROVED
        if approved and self.approved_by == STARTER_ROLE and not book.is_demo:
            return self.State.DRAFT
        return self.state

    @classmethod
    def approved_in(cls, book: Book) -> models.QuerySet[Template]:
        """The texts that may be sent in a book."""
        rows = cls.objects.filter(jurisdiction=book.jurisdiction, state=cls.State.APPROVED)
        return rows if book.is_demo else rows.exclude(approved_by=STARTER_ROLE)

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


SPEND = "UPDATE gate_permit SET state = 'used', used_at = %s WHERE id = %s AND state = 'issued'"


class Permit(models.Model):
    """
    A signed leave to make one contact, on one channel, to one contact point, with one text.

    Used once: `used_at` is set by a conditional update, and an attempt's permit is unique. `slots`
    fill the template the same way again, so that the text sent is the text permitted; they hold
    no personal data. `settled_as` is the first outcome, which frees the slots it did not use.
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
    counters = models.JSONField(default=list)
    settled_as = models.CharField(max_length=20, blank=True)
    signature = models.CharField(max_length=64)

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


class Stop(models.Model):
    """
    A flag that stops contact while it stands (停催): dispute, complaint, hardship, death, plan ...
    """

    class Reason(models.TextChoices):
        DISPUTE = "dispute"
        COMPLAINT = "complaint"
        HARDSHIP = "hardship"
        DECEASED = "deceased"
        MINOR = "minor"
        BANKRUPTCY = "bankruptcy"
        ATTORNEY = "attorney"
        PLAN = "plan"
        PROMISE = "promise"
        WRONG_PERSON = "wrong_person"
        LENDER = "lender"
        MANUAL = "manual"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="stops")
    reason = models.CharField(max_length=14, choices=Reason.choices)
    source = models.CharField(max_length=80)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=80, blank=True)

    objects = ScopedManager(creditor="case__book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "reason", "source"], condition=models.Q(lifted_at=None),
                name="stop_once",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.reason


class OptOut(models.Model):
    """
    A person's refusal, monotone: only their own recorded act (`lifted_act`) lifts it.

    `scope` is `all` for every unasked contact, a medium (`sms`, `email`, `call`), or
    `point:<id>` for one number.
    """

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="opt_outs")
    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    scope = models.CharField(max_length=40)
    source = models.CharField(max_length=80)
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    lifted_act = models.CharField(max_length=120, blank=True)

    objects = ScopedManager(creditor="borrower__book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["borrower", "scope", "source", "at"], name="opt_out_once"
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_at=None) | ~models.Q(lifted_act=""),
                name="opt_out_lifted_by_own_act",
            ),
        ]

    def __str__(self) -> str:
        return self.scope


class Consent(models.Model):
    """What a person agreed to (hours, a channel, AI, location ...), with source and date."""

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=40)
    value = models.CharField(max_length=80, blank=True)
    source = models.CharField(max_length=80)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    objects = ScopedManager(creditor="borrower__book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["borrower", "purpose", "source", "given_at"], name="consent_once"
            )
        ]

    def __str__(self) -> str:
        return self.purpose


class SenderIdentity(models.Model):
    """A number, signature or address from the creditor's registry (码号台账, CN-CALL-004)."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT)
    channel = models.CharField(max_length=10)
    address = models.CharField(max_length=80)
    signature = models.CharField(max_length=40, blank=True)
    valid_until = models.DateField(null=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["creditor", "channel", "address"], name="sender_once")
        ]

    def __str__(self) -> str:
        return self.address
