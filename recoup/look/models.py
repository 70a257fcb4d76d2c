"""What is kept: forms already submitted, so that a second click does nothing."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from recoup.people.models import User


class Submission(models.Model):
    """A form that was carried out. Its token was drawn when the form was shown."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    token = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "token"], name="submission_once")
        ]

    def __str__(self) -> str:
        return self.token
