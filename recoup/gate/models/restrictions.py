"""The facts that restrict or allow contact: stops, refusals, agreements, what is on file."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from recoup.people.models import Agency, Book, Creditor, Person
from recoup.portfolio.models import Borrower, Case, ContactPoint


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
        CEASE = "cease"
        DEBT_ADVISER = "debt_adviser"
        MORATORIUM = "moratorium"
        MENTAL_HEALTH = "mental_health_crisis"
        VULNERABLE = "vulnerable"
        BEREAVEMENT = "bereavement"
        SETTLED = "settled"
        BUREAU = "bureau_dispute"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="stops")
    reason = models.CharField(max_length=24, choices=Reason.choices)
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

    `scope` is `all` for every unasked contact, a medium (`sms`, `email`, `call`), `point:<id>` for
    one number, or `automated` for decisions and calls by a machine alone.
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


class Declared(models.Model):
    """
    What somebody recorded of a creditor, agency, book, case, borrower or contact point, for rules.

    A mark (`transferred`, `time_barred`, `landline` ...) says how things are; a paper
    (`licence`, `validation_notice` ...) that something the law asks for exists. The words are the
    rulebook's. Whatever is on file counts for everything below it: a creditor's for all its cases.
    """

    class Kind(models.TextChoices):
        MARK = "mark"
        PAPER = "paper"

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, related_name="declared")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True)
    book = models.ForeignKey(Book, on_delete=models.PROTECT, null=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="declared")
    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, null=True)
    contact_point = models.ForeignKey(ContactPoint, on_delete=models.PROTECT, null=True)
    kind = models.CharField(max_length=5, choices=Kind.choices)
    word = models.CharField(max_length=40)
    source = models.CharField(max_length=120)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    declared_by = models.CharField(max_length=80)
    withdrawn_at = models.DateTimeField(null=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["creditor", "word"], name="declared_creditor"),
            models.Index(fields=["case"], name="declared_case"),
        ]

    def __str__(self) -> str:
        return self.word
