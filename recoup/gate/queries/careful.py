"""Whose cases want somebody who works with people in distress."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from recoup.gate.models import Stop
from recoup.people.models import Book

# The stops by which the rules of China and the United Kingdom know a vulnerable person.
VULNERABLE = (Stop.Reason.VULNERABLE, Stop.Reason.MENTAL_HEALTH, Stop.Reason.BEREAVEMENT)


def vulnerable_cases(*, book: Book, at: datetime) -> frozenset[int]:
    """The cases of a book that are marked vulnerable at an instant. Ids only; for jobs."""
    rows = Stop.objects.filter(case__book=book, reason__in=VULNERABLE, lifted_at=None)
    standing = rows.filter(Q(until=None) | Q(until__gt=at))
    return frozenset(standing.values_list("case_id", flat=True))
