"""
A form is carried out once, however often it is sent.

The token is drawn when the form is shown; the database's own constraint decides which of two
clicks came first, also across processes.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.http import HttpRequest

from recoup.kernel.clock import now
from recoup.look.models import Submission

FIELD = "once"
KEPT = timedelta(days=2)


def token() -> str:
    """A new token for a form."""
    return secrets.token_hex(12)


def carry_out(request: HttpRequest, act: Callable[[], object]) -> bool:
    """
    Do what a form asks, unless this very form was carried out before; says whether it was done.

    Claim and act are one transaction: an act that fails may be sent again.
    """
    at = now()
    drawn = request.POST.get(FIELD, "")[:32] or token()
    mine = Submission.objects.filter(user=request.user)
    with transaction.atomic():
        if not _claim(request, drawn, at):
            return False
        mine.filter(at__lt=at - KEPT).delete()
        act()
    return True


def _claim(request: HttpRequest, drawn: str, at: object) -> bool:
    try:
        with transaction.atomic():
            Submission.objects.create(user=request.user, token=drawn, at=at)  # type: ignore[misc]
    except IntegrityError:
        return False
    return True
