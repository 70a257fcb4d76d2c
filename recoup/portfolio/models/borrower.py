"""Borrowers and the ways to reach them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from recoup.people.models import Book, Person, Sealed


class Borrower(models.Model):
    """
    A person who owes, within one book. `reference` is the lender's customer number.

    `time_zones` are all zones the borrower may be in, comma-separated; empty means not known,
    and then nothing is sent. `name_masked` is the half-hidden name.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="borrowers")
    person = models.OneToOneField(Person, on_delete=models.PROTECT)
    reference = models.CharField(max_length=64)
    name_masked = models.CharField(max_length=120, blank=True)
    region = models.CharField(max_length=60, blank=True)
    time_zones = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=10, default="zh-hans")
    birth_year = models.PositiveSmallIntegerField(null=True)

    objects = ScopedManager(creditor="book__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "reference"], name="borrower_reference_once")
        ]

    def __str__(self) -> str:
        return self.name_masked or self.reference


class ContactPoint(models.Model):
    """
    A number or address, with where it came from and why it may be used (CN-DATA-001, -009).

    `party` is whose it is: the debtor's, a co-debtor's, a guarantor's, a contact person's.
    """

    class Medium(models.TextChoices):
        PHONE = "phone"
        EMAIL = "email"
        ADDRESS = "address"

    class Party(models.TextChoices):
        DEBTOR = "debtor"
        CO_DEBTOR = "co_debtor"
        GUARANTOR = "guarantor"
        CONTACT_PERSON = "contact_person"

    class Source(models.TextChoices):
        CONTRACT = "contract"
        DEBTOR_AUTHORISED = "debtor_authorised"
        LAWFUL_PUBLIC = "lawful_public"
        UNKNOWN = "unknown"

    class State(models.TextChoices):
        UNVERIFIED = "unverified"
        VERIFIED = "verified"
        INVALID = "invalid"

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="contact_points")
    medium = models.CharField(max_length=8, choices=Medium.choices)
    party = models.CharField(max_length=16, choices=Party.choices)
    sealed = models.ForeignKey(Sealed, on_delete=models.PROTECT)
    masked = models.CharField(max_length=120)
    source = models.CharField(max_length=20, choices=Source.choices)
    lawful_basis = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UNVERIFIED)
    preferred = models.BooleanField(default=False)
    expires_on = models.DateField(null=True)

    objects = ScopedManager(creditor="borrower__book__creditor")

    def __str__(self) -> str:
        return self.masked
