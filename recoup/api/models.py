"""What is kept: the keys that machines sign with, and the nonces they have spent."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from recoup.people.models import Agency, Creditor


class ApiKey(models.Model):
    """
    A key of one machine of one creditor. The secret is sealed, because signatures are computed.

    `may` holds scopes from `recoup.api.keys.SCOPES`.
    """

    id = models.CharField(max_length=26, primary_key=True)
    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, related_name="api_keys")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True)
    name = models.CharField(max_length=60)
    secret = models.BinaryField()
    may = models.JSONField(default=list)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=80)
    revoked_at = models.DateTimeField(null=True)

    objects = ScopedManager(creditor="creditor")

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"


class Nonce(models.Model):
    """A nonce that a key has spent. A second request with it is a replay."""

    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT)
    value = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)

    objects = ScopedManager(creditor="key__creditor")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "value"], name="api_nonce_once")
        ]

    def __str__(self) -> str:
        return self.value
